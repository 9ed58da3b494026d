"""The server: the page's files, and the socket on which everything else happens."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles

from digitscope.lab.lab import Lab
from digitscope.lab.reader import warm
from digitscope.lab.session import Session

STATIC = Path(__file__).parent / "static"

# Some systems call JavaScript plain text, which a browser then does not run.
for suffix, kind in {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.items():
    mimetypes.add_type(kind, suffix)


def create_app(lab: Lab) -> FastAPI:
    """The application of a lab, as yet without a guard; `serve` puts one before it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(warm))
        yield
        await asyncio.gather(warming, lab.close())

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await Session(lab, socket).run()

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app
