"""The picture of the page: composed numbers of each kind, as they came, with what was read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from digitscope.store import write_atomically
from reading.readers.reader import Answer
from reading.work import Task

ACROSS, WIDTH, HEIGHT, CAPTION, HEAD = 5, 190, 70, 20, 24  # pictures a row; pixels
SIZE = 13  # pixels of the text
BLACK, RED = "#222222", "#b3261e"


def draw_examples(path: Path, rows: Sequence[tuple[Task, Sequence[Answer]]]) -> None:
    """The first strings of each task, right or wrong, a row a task; wrong answers in red."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(SIZE)
    high = HEAD + HEIGHT + CAPTION
    sheet = Image.new("RGB", (ACROSS * WIDTH, len(rows) * high), "white")
    drawn = ImageDraw.Draw(sheet)
    for row, (task, answers) in enumerate(rows):
        top = row * high
        drawn.text((8, top + 6), task.name, fill=BLACK, font=font)
        for i in range(min(ACROSS, len(answers))):
            with Image.open(task.paths[i]) as image:
                scale = min((WIDTH - 16) / image.width, (HEIGHT - 8) / image.height)
                size = (round(image.width * scale), round(image.height * scale))
                dark = image.convert("L").point(lambda grey: 255 - grey).resize(size)
            sheet.paste(dark, (i * WIDTH + 8, top + HEAD + 4))
            text, sure = answers[i].text or "nothing", answers[i].confidence
            place = (i * WIDTH + 8, top + HEAD + HEIGHT)
            colour = BLACK if text == task.truth[i] else RED
            drawn.text(place, f"{text}  {100 * sure:.0f} %", fill=colour, font=font)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, stream.getvalue())
