"""When, where and of what a part was measured: parts of several runs stand in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from digitscope.models.model import load
from digitscope.models.shipped import committee_files, neighbours_file
from reading.readers import TITLES

UNKNOWN = {"date": "a day that was not kept", "machine": "", "of": ""}
HASHED = 12  # hexadecimal digits


def fingerprint(name: str) -> str:
    """What tells a model from another of the same name: a hash of all that its answers depend on.

    >>> fingerprint("reader") == fingerprint("reader"), len(fingerprint("reader"))
    (True, 12)
    """
    model = load(name)
    found = hashlib.sha256(repr((str(model.network.spec), model.temperature)).encode())
    for arrays in (model.network.weights, model.network.state):
        for key in sorted(arrays):
            found.update(f"{key} {arrays[key].dtype} {arrays[key].shape}".encode())
            found.update(arrays[key].tobytes())
    return found.hexdigest()[:HASHED]


def fingerprints(readers: Sequence[str], model: str) -> dict[str, str]:
    """The weights of those readers that are ours: figures of others belong to no table of these."""
    models = {"ours": [model], "committee": [str(file) for file in committee_files()]}
    beside = str(neighbours_file())  # it judges what touches, whoever reads
    return {
        name: " ".join(map(fingerprint, [*models[name], beside]))
        for name in readers
        if name in models
    }


def stamped(
    before: dict[str, Any],
    new: dict[str, Any],
    parts: Sequence[str],
    around: dict[str, Any],
    of: str,
) -> dict[str, Any]:
    """A reader's figures with the new ones among them, each part with its own stamp; the newest
    stamps stand last.
    """
    stamp = {"date": around["date"], "machine": place(around), "of": of}
    older = {part: known for part, known in before.get("measured", {}).items() if part not in parts}
    return before | new | {"measured": older | dict.fromkeys(parts, stamp)}


def place(around: dict[str, Any]) -> str:
    """The machine, in words."""
    machine = around["machine"]
    return f"{machine['cores']} cores, {machine['system']}, {machine['processor']}"


def others(found: dict[str, Any], parts: Sequence[str]) -> list[str]:
    """A line for each part that is of another day, machine, version or model than the page says;
    none for figures of before stamps were kept, which are all of one run.
    """
    around, lines = found["surroundings"], []
    if not any("measured" in reader for reader in found["readers"].values()):
        return []
    for name, reader in found["readers"].items():
        known = reader.get("measured", {})
        last = next(reversed(known.values()))["of"] if known else ""
        here = {"date": around["date"], "machine": place(around), "of": last}
        for part in parts:
            stamp = known.get(part, UNKNOWN)
            if stamp != here:
                told = [
                    stamp["date"],
                    *(stamp[k] for k in ("machine", "of") if stamp[k] != here[k]),
                ]
                lines.append(f"{TITLES[name]}, {part}: {', '.join(word for word in told if word)}")
    return lines
