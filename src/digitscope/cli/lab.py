"""`digitscope lab`."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from digitscope.lab.serve import PORT, listen, serve


def command(
    browser: bool = typer.Option(True, help="Open the page in the browser."),
    port: int = typer.Option(PORT, help="The port; a free one if it is taken.", min=0, max=65535),
    host: str = typer.Option(
        "127.0.0.1", help="Another address than this machine's own; a token is needed then."
    ),
    runs: Path = typer.Option(Path("runs"), help="Where run folders are, and are made."),
) -> int:
    """Open the lab."""
    place = listen(host, port)
    if place.note:
        print(f"digitscope: note: {place.note}", file=sys.stderr)
    print(f"{place.address}  (Ctrl-C ends it)", flush=True)
    serve(place, runs, browser)
    return 0
