"""Files that last: written whole or not at all, tensors as safetensors with JSON metadata, never
pickle.

A file is written to a temporary name in its own folder, synced, and renamed. Whoever looks sees the
old file or the new one; a full disk or a kill in between loses nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from digitscope.arrays import Weights
from digitscope.errors import ModelFileError, StorageError

METADATA_KEY = "digitscope"
METADATA_DIGEST = "metadata_sha256"
SUFFIX = ".safetensors"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file as described above; StorageError says why it could not be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "a.txt", b"hello")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'hello'
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=".tmp", dir=path.parent
        )
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        os.replace(temporary, path)  # noqa: PTH105 - the one call that promises to replace
        _sync(path.parent)
    except OSError as error:
        raise StorageError(unwritable(path, error)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def free(path: Path) -> Path:
    """A path where nothing stands yet, in a folder that can be written to; StorageError if not.

    To be asked before the work whose outcome is to stand there.
    """
    if path.exists() or path.is_symlink():
        raise StorageError(f"{path}: exists, nothing is overwritten: choose another")
    try:
        with tempfile.TemporaryFile(dir=path.parent):  # what rights alone say is not true of root
            return path
    except OSError as error:
        raise StorageError(unwritable(path, error)) from None


@contextlib.contextmanager
def folder_atomically(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `path` when the block ends without an error.

    `path` must be free. StorageError says why it could not be written; nothing is left behind then.

    >>> with tempfile.TemporaryDirectory() as root:
    ...     with folder_atomically(Path(root) / "new") as folder:
    ...         _ = (folder / "a.txt").write_bytes(b"hello")
    ...     [str(p.relative_to(root)) for p in Path(root).rglob("*.txt")] == [
    ...         str(Path("new", "a.txt"))
    ...     ]
    True
    """
    draft = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        yield draft
        draft.chmod(0o777 & ~_umask())
        for part in (draft, *draft.rglob("*")):
            _sync(part)
        draft.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise StorageError(unwritable(path, error)) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def unwritable(path: Path, error: OSError) -> str:
    """One line on why a file could not be written, and what to do."""
    advice = {
        errno.ENOSPC: "free some space; nothing that was there is lost",
        errno.EDQUOT: "free some space; nothing that was there is lost",
        errno.EACCES: "choose a folder that you may write to",
        errno.EROFS: "choose a folder that you may write to",
        errno.ENOENT: "choose a folder that you may write to"  # such as /proc, as root
        if path.parent.is_dir()
        else "make the folder first",
        errno.ENOTDIR: "a part of this path is a file: choose another folder",
    }.get(error.errno or 0, "choose another place")
    return f"{path}: cannot be written: {error.strerror or error}: {advice}"


def write_tensors(path: Path, tensors: Weights, metadata: dict[str, Any]) -> None:
    """A safetensors file with one metadata entry, JSON with sorted keys, so equal content is equal
    bytes.

    The metadata gains "sha256", the digest of the tensors, and "metadata_sha256", that of all the
    rest, so that damage is noticed at load.
    """
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    metadata = json.loads(_sorted_json({**metadata, "sha256": digest(ordered)}))  # as it is read
    text = _sorted_json({**metadata, METADATA_DIGEST: _digest_of(metadata)})
    write_atomically(path, save(ordered, {METADATA_KEY: text}))


def read_tensors(path: Path, kind: str, version: int) -> tuple[Weights, dict[str, Any]]:
    """Tensors and metadata of a file of this `kind` and major version, whole and undamaged.

    Anything else, from a truncated file to one that another program wrote, is one ModelFileError.
    """
    tensors, text = _read_safetensors(path)
    metadata = _parse_metadata(path, text, kind, version)
    if metadata.get("sha256") != digest(tensors):
        raise ModelFileError(
            f"{path}: corrupt: its numbers do not match their SHA-256: use another copy"
        )
    return tensors, metadata


def read_metadata(path: Path, kind: str, version: int) -> dict[str, Any]:
    """The metadata alone: of many files, faster. Whether the tensors are undamaged is not looked
    at; a file that is cut short is a ModelFileError all the same.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
    except FileNotFoundError:
        raise
    except SafetensorError as error:
        raise ModelFileError(_damaged(path, error)) from None
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path}: cannot be read ({type(error).__name__}: {error})") from None
    return _parse_metadata(path, text, kind, version)


def _parse_metadata(path: Path, text: str | None, kind: str, version: int) -> dict[str, Any]:
    """The metadata of a file of this `kind` and major version."""
    if text is None:
        raise ModelFileError(
            f"{path}: a safetensors file, but not one of digitscope's: expected a file that "
            "'digitscope train' wrote"
        )
    try:
        metadata = json.loads(text)
        found, number = metadata["format"], metadata["version"]
        major = int(str(number).split(".")[0])
        told = metadata.pop(METADATA_DIGEST, None)  # files before it was written have none
        if told is not None and told != _digest_of(metadata):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, AttributeError):
        raise ModelFileError(f"{path}: corrupt metadata: use another copy of the file") from None
    if found != kind:
        raise ModelFileError(f"{path}: expected a {kind}, got a {str(found)[:40]}")
    if major > version:
        raise ModelFileError(
            f"{path}: written in format {str(number)[:20]}, this digitscope reads up to "
            f"{version}.x: "
            "install a newer digitscope"
        )
    return dict(metadata)


def _digest_of(metadata: dict[str, Any]) -> str:
    return hashlib.sha256(_sorted_json(metadata).encode()).hexdigest()


def _sorted_json(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, allow_nan=False)


def digest(tensors: Weights) -> str:
    """SHA-256 over names, types, shapes and bytes of the tensors, in the order of their names."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        sha.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def _read_safetensors(path: Path) -> tuple[Weights, str | None]:
    """All tensors, and digitscope's metadata if there is any."""
    from safetensors import SafetensorError, safe_open

    try:
        if path.is_dir():
            raise ModelFileError(f"{path}: expected a model file, got a folder without one")
        if not path.exists():
            raise ModelFileError(f"{path}: no such file")
        if path.stat().st_size == 0:
            raise ModelFileError(f"{path}: the file is empty: use another copy")
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            tensors = {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except ModelFileError:
        raise
    except SafetensorError as error:
        raise ModelFileError(_damaged(path, error)) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, MemoryError) as error:
        raise ModelFileError(f"{path}: cannot be read ({type(error).__name__}: {error})") from None
    return tensors, text


def _damaged(path: Path, error: Exception) -> str:
    return f"{path}: truncated, corrupt, or no safetensors file ({error}): use another copy"


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    """Make a file, or the renames in a folder, last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
