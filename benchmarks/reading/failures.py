"""Pictures of what was read wrongly, into a folder that is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reading.readers.reader import Answer
from reading.work import Task

TILE, CAPTION, ACROSS, MOST = 110, 16, 14, 280  # pixels, pixels, tiles, tiles


def draw_failures(folder: Path, what: str, answers: Sequence[Answer], task: Task) -> Path | None:
    """A sheet of the wrong answers, the surest first: "truth > answer, how sure"."""
    from PIL import Image, ImageDraw

    wrong = [i for i, true in enumerate(task.truth) if answers[i].text != true]
    wrong = sorted(wrong, key=lambda i: -answers[i].confidence)[:MOST]
    if not wrong:
        return None
    wide = 2 if what == "strings" else 1
    across = ACROSS // wide
    rows = -(-len(wrong) // across)
    sheet = Image.new("RGB", (across * wide * TILE, rows * (TILE + CAPTION)), "white")
    drawn = ImageDraw.Draw(sheet)
    for n, i in enumerate(wrong):
        x, y = n % across * wide * TILE, n // across * (TILE + CAPTION)
        with Image.open(task.paths[i]) as image:
            room = (wide * TILE - 4, TILE - 4)
            scale = min(room[0] / image.width, room[1] / image.height)
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            sheet.paste(image.convert("RGB").resize(size), (x + 2, y + 2))
        told = f"{task.truth[i]} > {answers[i].text or 'nothing'}, {answers[i].confidence:.2f}"
        drawn.text((x + 2, y + TILE), told, fill="black")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{what}, {task.name.replace('/', '-')}.png"
    sheet.save(path)
    return path
