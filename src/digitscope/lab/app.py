"""The server: the page's files, and the socket on which everything else happens."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles

from digitscope.drawing import MODULES
from digitscope.errors import DigitscopeError
from digitscope.lab.archive import Archive
from digitscope.lab.lab import Lab
from digitscope.lab.reader import warm
from digitscope.lab.session import Session

STATIC = Path(__file__).parent / "static"
# Python's own number, 6 on two cores, is used up by a page or two whose long questions wait: a
# drawing would wait behind them.
THREADS = 64

# Some systems call JavaScript plain text, which a browser then does not run.
for suffix, kind in {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.items():
    mimetypes.add_type(kind, suffix)


def create_app(lab: Lab) -> FastAPI:
    """The application of a lab, as yet without a guard; `serve` puts one before it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = ThreadPoolExecutor(THREADS, "lab")
        asyncio.get_running_loop().set_default_executor(pool)
        warming = asyncio.create_task(asyncio.to_thread(warm))
        yield
        await asyncio.gather(warming, lab.close())

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await Session(lab, socket).run()

    @app.get("/archive/{run:path}", response_model=None)
    def archive(run: str) -> Response:
        """A run as a zip, made while it is sent."""
        try:
            return Archive(lab.catalog.path(run))
        except DigitscopeError as error:
            return PlainTextResponse(f"{error}\n", 404)

    app.mount("/drawing/modules", StaticFiles(directory=MODULES))
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app
