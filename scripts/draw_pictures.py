"""Draw the README's picture from a finished run of `lesson`: its curves, and an image on its way to
an answer.

    digitscope train && python scripts/draw_pictures.py runs/lesson
"""

import io
import sys
from pathlib import Path

from PIL import Image

from digitscope.figures.table import FIGURES, figure_png
from digitscope.models.model import load
from digitscope.models.prediction import take_input
from digitscope.report.gallery import draw_prediction
from digitscope.report.history import read_history
from digitscope.store import write_atomically

HOME = Path(__file__).parent.parent


def main(run: Path) -> None:
    """Write docs/pictures/overview.png."""
    given = take_input(str(HOME / "examples" / "handwritten.jpg"))
    watched, history = read_history(run / "results.csv")
    figures = [
        FIGURES["curves"](history, watched),
        draw_prediction(given, load(run)),
    ]
    parts = [Image.open(io.BytesIO(figure_png(figure, dpi=100))) for figure in figures]
    size = (max(p.width for p in parts), sum(p.height for p in parts))
    sheet = Image.new("RGB", size, "white")
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    png = io.BytesIO()
    sheet.quantize(128).save(png, "PNG", optimize=True)
    target = HOME / "docs" / "pictures" / "overview.png"
    target.parent.mkdir(exist_ok=True)
    write_atomically(target, png.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
