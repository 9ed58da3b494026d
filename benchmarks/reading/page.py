"""The tables of docs/reading.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from common.figures import table
from digitscope.data.mnist import SIZES
from reading.asked import PARTS
from reading.readers import TITLES
from reading.stamps import others, place
from reading.work import COMPOSED


def percent(part: float | None, digits: int = 2) -> str:
    """A part as a percentage, "" for None."""
    return "" if part is None else f"{100 * part:.{digits}f} %"


def digits(found: dict[str, Any]) -> str:
    """Single digits: a row a set, a column a reader."""
    rows = found["readers"]
    names = list(next(iter(rows.values()))["digits"])
    cells = []
    for name in names:
        ours = rows.get("ours", {}).get("digits", {}).get(name)
        interval = " to ".join(f"{100 * x:.2f}" for x in ours["interval_95"]) if ours else ""
        cells.append(
            [
                name,
                _counts(r["digits"].get(name) for r in rows.values()),
                *(percent(r["digits"].get(name, {}).get("accuracy")) for r in rows.values()),
                interval,
            ]
        )
    header = ["set", "images", *(TITLES[r] for r in rows), "ours, 95 % interval"]
    return table(header, cells)


def confidence(found: dict[str, Any]) -> str:
    """Whether ours means what it says, and what refusing buys."""
    ours = _ours(found)
    rows = dict(ours["digits"])
    rows |= {f"strings, {name}": row for name, row in ours["strings"].items()}
    header = [
        "",
        "calibration error",
        *(percent(c, 0) for c, _ in next(iter(rows.values()))["curve"]),
    ]
    cells = [
        [
            name,
            percent(row["calibration_error"]),
            *(percent(accuracy) for _, accuracy in row["curve"]),
            percent(row["safe_coverage"], 1),
        ]
        for name, row in rows.items()
    ]
    return table([*header, "99.9 % right on"], cells)


def refused(found: dict[str, Any]) -> str:
    """What is refused, of things that are no digit and of digits."""
    rows = found["readers"]
    names = [n for n in next(iter(rows.values()))["refused"] if n != "limit"]
    sets = list(next(iter(rows.values()))["digits"])
    cells = [[name, *(percent(r["refused"].get(name), 1) for r in rows.values())] for name in names]
    for name in sets:
        told = [r["digits"].get(name, {}).get("refused") for r in rows.values()]
        cells.append([f"digits, {name}", *(percent(part, 1) for part in told)])
    return table(["refused", *(TITLES[r] for r in rows)], cells)


def strings(found: dict[str, Any]) -> str:
    """Composed numbers: a row a kind, a column a reader."""
    rows = found["readers"]
    kinds = list(next(iter(rows.values()))["strings"])
    cells = [
        [
            kind,
            _counts(r["strings"].get(kind) for r in rows.values()),
            *(percent(r["strings"][kind]["accuracy"]) for r in rows.values()),
        ]
        for kind in kinds
    ]
    return table(["strings", "images", *(TITLES[r] for r in rows)], cells)


def pages(found: dict[str, Any]) -> str:
    """Pages: a row a set and reader."""
    cells = [
        [
            name,
            TITLES[reader],
            f"{row['exact']} of {row['lines']}",
            f"{row['spaced']}",
            f"{percent(row['error_rate'])} ({row['errors']} of {row['digits']})",
            f"{row['seconds']:.2f} s",
            f"{row['slowest']:.2f} s",
            f"{row['processor']:.2f} s",
        ]
        for name in _page_sets(found)
        for reader, rows in found["readers"].items()
        if (row := rows["pages"].get(name))
    ]
    if not cells:
        return "The folder that was given has no pages."
    header = ["set", "", "lines exact", "with their spaces", "digit errors"]
    return table([*header, "a page, median", "slowest", "processor"], cells)


def each_page(found: dict[str, Any]) -> str:
    """Lines exact of every page of the folder, a column a reader."""
    rows = found["readers"]
    cells = []
    for name in (name for name in _page_sets(found) if not name.startswith(COMPOSED)):
        results = [r["pages"].get(name, {}).get("pages", []) for r in rows.values()]
        by_reader = [{p["page"]: f"{p['exact']} of {p['lines']}" for p in r} for r in results]
        for page in max(by_reader, key=len):
            cells.append([page, *(told.get(page, "") for told in by_reader)])
    return table(["page", *(TITLES[r] for r in rows)], cells) if cells else ""


def speed(found: dict[str, Any]) -> str:
    """Milliseconds a digit."""
    s = found["speed"]
    cells = [
        *([f"the network, {name}", f"{ms:.2f}"] for name, ms in s["network"].items()),
        ["a piece of ink into the frame of 28x28", f"{s['frame']:.3f}"],
        ["the whole preparation of an image of 112x112", f"{s['preparation']:.2f}"],
    ]
    lines = [table(["one core, batches of " + str(s["batch"]), "milliseconds a digit"], cells)]
    lines += [f"- {name}: {why}" for name, why in s["failed"].items()]
    if len(s["network"]) > 1:
        lines.append(f"\nTheir probabilities differ by at most {s['difference']:.0e}.")
    return "\n".join(lines)


def peers_speed(found: dict[str, Any]) -> str:
    """Milliseconds a single digit, image file to answer, everyone as they were asked."""
    rows = found["readers"]
    cells = [
        [
            TITLES[name],
            f"{r['digits']['MNIST test']['milliseconds']:.1f}",
            f"{r['strings']['all']['milliseconds']:.1f}",
            r["version"],
        ]
        for name, r in rows.items()
    ]
    return table(["two cores", "ms an image of a digit", "ms a string", ""], cells)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "digits": digits,
    "confidence": confidence,
    "refused": refused,
    "strings": strings,
    "pages": pages,
    "eachpage": each_page,
    "speed": speed,
    "everyonesspeed": peers_speed,
}


def page(template: str, found: dict[str, Any]) -> str:
    """docs/reading.md."""
    around = found["surroundings"]
    filled = {
        "machine": place(around),
        "versions": "; ".join(r["version"] for r in found["readers"].values()),
        "date": around["date"],
        "load": f"{around['load']:.1f}",
        "command": around["command"],
        "failed": "".join(
            f"- **{TITLES[name]} failed**: {why}\n" for name, why in found["failed"].items()
        ),
        "sampled": _sampled(found),
        "others": _others(found),
        "limit": f"{_ours(found)['refused']['limit']:.3f}",
        **{name: make(found) for name, make in TABLES.items()},
    }
    for name, text in filled.items():
        template = template.replace(f"{{{name}}}", text)
    return template


def _counts(rows: Iterable[dict[str, Any] | None]) -> str:
    """How many images each reader was asked, once where that is the same for all.

    >>> _counts([{"images": 10_000}, {"images": 2_000}, {"images": 2_000}])
    '10,000; 2,000'
    """
    return "; ".join(dict.fromkeys(f"{row['images']:,}" for row in rows if row))


def _sampled(found: dict[str, Any]) -> str:
    """A sentence on samples, where not everyone read everything."""
    asked = {name: r["digits"]["MNIST test"]["images"] for name, r in found["readers"].items()}
    if min(asked.values()) == SIZES["test"]:
        return ""
    most = ", ".join(f"{n:,} by {TITLES[name]}" for name, n in asked.items())
    return (
        f"**Samples:** of MNIST's 10,000 test images {most} were read in this run, of the other "
        "sets and of what is no digit as many of each at most. They were drawn by lot with a fixed "
        "seed, and the smaller samples are parts of the larger. Where the counts differ, the "
        "tables have them in the order of the columns.\n"
    )


def _others(found: dict[str, Any]) -> str:
    """A list of what is not of the run that the page begins with."""
    lines = others(found, PARTS)
    if not lines:
        return ""
    told = "".join(f"- {line}\n" for line in lines)
    return f"**Of other runs** than the last, whose day and machine stand above:\n\n{told}\n"


def _ours(found: dict[str, Any]) -> dict[str, Any]:
    ours: dict[str, Any] = found["readers"]["ours"]
    return ours


def _page_sets(found: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for r in found["readers"].values() for name in r["pages"]))
