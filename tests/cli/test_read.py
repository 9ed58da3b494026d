"""`digitscope read`: pure data on standard output, files that are new, one bad image never stops
the rest.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from digitscope.cli.main import main
from digitscope.cli.read import Wanted
from digitscope.errors import StorageError
from digitscope.reader import Reader
from digitscope.reading.crops import from_crop
from digitscope.reading.tree import Page
from tests.cli.test_errors import complaint
from tests.conftest import Cli
from tests.reading.pages import compose_page

PAGES = {"a.png": ["2024 17", "815"], "sub/b.png": ["31 690"]}


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "scans"
    for seed, (name, lines) in enumerate(PAGES.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(compose_page(lines, seed=seed)).save(path)
    (root / ".hidden.png").write_bytes(b"no image")
    (root / "notes.txt").write_text("no image")
    return root


def test_one_image_prints_its_lines_alone(cli: Cli, folder: Path) -> None:
    done = cli("read", folder / "a.png")
    assert done.returncode == 0, done.stderr
    assert done.stdout == Reader().read(folder / "a.png").text + "\n"
    assert done.stderr == ""


def test_a_folder_names_its_images(cli: Cli, folder: Path) -> None:
    done = cli("read", folder)
    assert done.returncode == 0, done.stderr
    reader = Reader()
    expected = [
        f"{folder / name}: {line.text}"
        for name in PAGES
        for line in reader.read(folder / name).lines
    ]
    assert done.stdout.splitlines() == expected
    assert done.stderr == ""  # no bar where nobody looks


def test_json(cli: Cli, folder: Path) -> None:
    done = cli("read", folder, "--json")
    data = json.loads(done.stdout)
    assert {k: data[k] for k in ("format", "version", "model")} == {
        "format": "digitscope reading",
        "version": "1.1",
        "model": "reader",
    }
    reader = Reader()
    assert data["pages"] == [
        json.loads(json.dumps(reader.read(folder / name).to_dict())) for name in PAGES
    ]


def test_csv_to_a_file_and_to_standard_output(cli: Cli, folder: Path, tmp_path: Path) -> None:
    plain = cli("read", folder, "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(plain.stdout)))
    assert [row["text"] for row in rows] == [
        n for lines in PAGES.values() for line in lines for n in line.split()
    ]
    both = cli("read", folder, "--csv", "out.csv")
    assert (tmp_path / "out.csv").read_text() == plain.stdout
    assert len(both.stdout.splitlines()) == 3
    again = complaint(cli("read", folder, "--csv", "out.csv"))
    assert "out.csv: exists, nothing is overwritten" in again
    assert "--json and --csv - both print" in complaint(cli("read", folder, "--json", "--csv", "-"))


def test_one_bad_image_never_stops_the_rest(cli: Cli, folder: Path) -> None:
    (folder / "aa.png").write_bytes(b"no image at all")
    done = cli("read", folder, "missing.png", folder / "a.png", "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["pages"]) == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("digitscope: error: ") for line in lines)
    assert "aa.png: not an image" in lines[0]
    assert "missing.png: no such file" in lines[1]


def test_one_bad_page_never_stops_the_rest(cli: Cli, tmp_path: Path) -> None:
    first, last = (Image.fromarray(compose_page([line])) for line in ("2024 17", "815"))
    tiny = Image.new("L", (2, 2))  # too small to be read
    first.save(tmp_path / "scan.tiff", save_all=True, append_images=[tiny, last])
    done = cli("read", "scan.tiff")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["2024 17", "815"]
    assert done.stderr.count("digitscope: error: ") == 1
    assert "digitscope: error: scan.tiff page 2: " in done.stderr


def test_nothing_readable(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty: a folder without images" in complaint(cli("read", "empty"))
    done = cli("read", "missing.png", "--json")
    assert "no such file" in complaint(done)
    assert json.loads(done.stdout)["pages"] == []
    assert "standard input: expected an image, got nothing" in complaint(cli("read", "-", input=""))


def test_standard_input(cli: Cli, folder: Path) -> None:
    data = (folder / "sub/b.png").read_bytes()
    done = cli("read", "-", input=data, text=False)
    assert done.stdout.decode().strip() == "31 690"


def test_a_blank_page_is_a_note(cli: Cli, tmp_path: Path) -> None:
    Image.new("L", (200, 100), 250).save(tmp_path / "blank.png")
    done = cli("read", "blank.png")
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == "digitscope: note: blank.png: nothing to read\n"
    (page,) = json.loads(cli("read", "blank.png", "--json").stdout)["pages"]
    assert (page["confidence"], page["warnings"]) == (0, ["nothing to read"])


def test_annotate(cli: Cli, folder: Path, tmp_path: Path) -> None:
    one = cli("read", folder / "a.png", "--annotate", "out.png")
    assert one.returncode == 0, one.stderr
    assert one.stderr == "annotated: out.png\n"
    np.testing.assert_array_equal(
        pixels(tmp_path / "out.png"), np.asarray(Reader().read(folder / "a.png").draw())
    )
    assert "many.png is one file" in complaint(cli("read", folder, "--annotate", "many.png"))
    assert not list(tmp_path.glob("many*"))
    cli("read", folder, folder / "a.png", "--annotate", "drawn")
    assert {p.name for p in (tmp_path / "drawn").iterdir()} == {"a.png", "a-2.png", "b.png"}
    assert "nothing is overwritten" in complaint(cli("read", folder, "--annotate", "drawn"))


def test_pages_beside_a_file_take_free_names(cli: Cli, tmp_path: Path) -> None:
    first, second = (Image.fromarray(compose_page([line])) for line in ("2024 17", "815"))
    first.save(tmp_path / "scan.tiff", save_all=True, append_images=[second])
    (tmp_path / "out-2.png").write_bytes(b"mine")
    done = cli("read", "scan.tiff", "--annotate", "out.png", "--json")
    assert done.returncode == 0, done.stderr
    assert [page["text"] for page in json.loads(done.stdout)["pages"]] == ["2024 17", "815"]
    assert {p.name for p in tmp_path.glob("out*")} == {"out.png", "out-2.png", "out-3.png"}
    assert (tmp_path / "out-2.png").read_bytes() == b"mine"
    assert done.stderr == "annotated: 2 pages, a file each, in .: out.png, out-3.png\n"
    done = cli("read", "scan.tiff", "--annotate", "drawn")
    assert done.stderr == "annotated: 2 pages, in drawn\n"


@pytest.mark.parametrize("name", ["seen.jpg", "seen.TIFF", "seen.pdf"])
def test_an_image_of_another_kind_is_no_folder(cli: Cli, folder: Path, name: str) -> None:
    said = complaint(cli("read", folder / "a.png", "--annotate", name))
    assert said == (
        f"--annotate {name}: pictures are PNG files: name it seen.png, or give a new folder"
    )
    assert not list(folder.parent.glob("seen*"))


@pytest.mark.parametrize("option", ["--csv", "--annotate", "--explain"])
def test_files_that_cannot_be_written_are_known_of_before_reading(
    cli: Cli, folder: Path, option: str
) -> None:
    out = "/proc/x.csv" if option == "--csv" else "/proc/x.png"
    done = cli("read", folder / "a.png", option, out)
    assert done.stdout == ""
    said = complaint(done)
    assert f"{out}: cannot be written: " in said
    assert said.endswith("choose a folder that you may write to")


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, StorageError])
def test_what_was_read_is_kept_when_the_rest_is_not(
    folder: Path,
    tmp_path: Path,
    stopped_by: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(self: Wanted, page: Page, progress: object) -> None:
        if page.name.endswith("b.png"):
            raise stopped_by("no more")
        add(self, page, progress)  # type: ignore[arg-type]

    add = Wanted.add
    monkeypatch.setattr(Wanted, "add", stop)
    out = tmp_path / "out.csv"
    main(["read", str(folder), "--json", "--csv", str(out)])
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["text"] for row in rows] == page["text"].split() == ["2024", "17", "815"]


def test_crops(cli: Cli, folder: Path, tmp_path: Path) -> None:
    done = cli("read", folder, "--crops", "crops", "--crops-below", 1)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "crops/labels.csv").read_text().splitlines()))
    reader = Reader()
    digits = [d for name in PAGES for d in reader.read(folder / name).digits]
    digits = [d for d in digits if d.confidence < 1]
    assert {row["label"] for row in rows} == {""}  # no guess is ever taken for a label
    assert [row["guess"] for row in rows] == [d.guess[0] for d in digits]
    assert f"crops: {len(rows)} unsure digits, listed in crops/labels.csv" in done.stderr
    for row, digit in zip(rows, digits, strict=True):
        kept = from_crop(pixels(tmp_path / "crops" / row["file"]))
        np.testing.assert_array_equal(kept, digit.image)
    assert {p.name for p in (tmp_path / "crops").iterdir()} == {
        "labels.csv",
        *(row["file"] for row in rows),
    }
    none = complaint(cli("adapt", "crops", "--out", "mine"))
    assert f"none of {len(rows)} crops has a label: write the digit" in none
    assert "crops: is not empty" in complaint(cli("read", folder, "--crops", "crops"))


def test_explain(cli: Cli, folder: Path, tmp_path: Path) -> None:
    done = cli("read", folder / "a.png", "--explain", "steps.png")
    assert done.returncode == 0, done.stderr
    assert pixels(tmp_path / "steps.png").shape[1] == 1440
    said = complaint(cli("read", folder / "a.png", "missing.png", "--explain", "more.png"))
    assert "--explain draws one page" in said
    said = complaint(cli("read", folder, "--explain", "more.png"))
    assert "--explain draws one page" in said


def test_fields_and_refusals(cli: Cli, tmp_path: Path) -> None:
    Image.fromarray(compose_page(["24122026"])).save(tmp_path / "date.png")
    assert cli("read", "date.png", "--pattern", "dd.dd.dddd").stdout == "24.12.2026\n"
    assert cli("read", "date.png", "--reject-below", 1).stdout == "????????\n"
    assert "unknown checksum" in complaint(cli("read", "date.png", "--checksum", "lun"))


def test_a_note_goes_to_standard_error(cli: Cli, tmp_path: Path) -> None:
    Image.fromarray(compose_page(["2024"])).save(tmp_path / "four.png")
    done = cli("read", "four.png", "--length", 9)
    assert done.returncode == 0
    assert done.stderr.startswith("digitscope: note: four.png: ")


def test_numbers_that_do_not_fit_are_counted(cli: Cli, tmp_path: Path) -> None:
    """They are no failure: what stands there was read. But a script must be able to tell them."""
    Image.fromarray(compose_page(["2024", "12"])).save(tmp_path / "both.png")
    Image.fromarray(compose_page(["2024"])).save(tmp_path / "four.png")
    done = cli("read", "both.png", "--length", 4, "--json")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == ("digitscope: 1 of 2 numbers does not fit the length 4")
    (page,) = json.loads(done.stdout)["pages"]
    assert [line["numbers"][0]["fits"] for line in page["lines"]] == [True, False]
    done = cli("read", "both.png", "four.png", "--length", 9, "--csv", "-")
    assert done.stderr.splitlines()[-1] == "digitscope: 3 of 3 numbers do not fit the length 9"
    assert [line.rpartition(",")[2] for line in done.stdout.splitlines()] == ["fits", *"000"]
    done = cli("read", "four.png", "--length", 9)
    assert done.stderr.splitlines()[-1] == "digitscope: the number does not fit the length 9"
    assert "not fit" not in cli("read", "four.png", "--length", 4).stderr
    (page,) = json.loads(cli("read", "four.png", "--json").stdout)["pages"]
    assert page["lines"][0]["numbers"][0]["fits"] is None


def test_help_says_what_signs_and_words_mean(cli: Cli) -> None:
    said = " ".join(cli("read", "--help").stdout.replace("│", " ").split())
    assert "A ? stands for a mark that is no digit" in said
    assert "is repaired where the number then fits" in said
    assert "a number that does not fit changes nothing" in said
