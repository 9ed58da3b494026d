"""Compile the kernels of engine `fast` while the package is built.

Where no C compiler works the package is built without them; it says so, and so does the engine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path("src/digitscope/engines/native")
LIBRARY = NATIVE / "kernels.so"
FLAGS = ["-std=gnu11", "-O3", "-fPIC", "-ffp-contract=fast"]
FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
WINDOWS = sys.platform == "win32"
LIBRARIES = ["-lm"] if WINDOWS else ["-lm", "-lpthread"]
AVX2 = ["-mavx2", "-mfma", "-mbmi", "-mbmi2"]
PROCESSORS = {
    "any": [],
    "avx2": AVX2,
    "avx512": [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"],
}
NUMBERS = {"float32": [], "float64": ["-DDOUBLE"]}


class KernelsHook(BuildHookInterface):  # type: ignore[misc]
    """The hook that hatchling calls before it collects the files of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one for this kind of machine.

        Only an editable installation has its library among the sources: it is used from there.
        """
        if self.target_name != "wheel":
            return
        native = Path(self.root) / NATIVE
        warn = self.app.display_warning
        if version == "editable":
            library = Path(self.root) / LIBRARY
        else:
            self.folder = tempfile.TemporaryDirectory()
            library = Path(self.folder.name) / LIBRARY.name
        if problem := compile_kernels(native, library, variants(), warn):
            if not is_of(native, library):
                library.unlink(missing_ok=True)
                warn(f"engine fast is left out: {problem}")
                return
            warn(f"engine fast keeps the library that it has: {problem}")
        build_data["tag"] = f"py3-none-{machine_tag()}"
        build_data["pure_python"] = False
        if version != "editable":
            build_data["force_include"][str(library)] = str(LIBRARY.relative_to("src"))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the library that is in the wheel now."""
        if hasattr(self, "folder"):
            self.folder.cleanup()


def machine_tag() -> str:
    """The machines that the library runs on, as wheels name them."""
    if sys.platform == "darwin":
        # A Python for both of Apple's processors calls its platform universal2; the library is
        # for one of them, and for this version of macOS.
        from packaging.tags import platform_tags  # noqa: PLC0415 - comes with hatchling

        return next(iter(platform_tags()))
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def compilers() -> Iterator[list[str]]:
    """What may be a C compiler: CC, the system's, and Zig's, which is a Python package too."""
    # Apple's compilers build for either processor.
    own = ["-arch", platform.machine()] if sys.platform == "darwin" else []
    if os.environ.get("CC"):
        yield [*shlex.split(os.environ["CC"]), *own]
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            yield [found, *own]
    # Zig's default is the processor of this machine, which is not every user's.
    if importlib.util.find_spec("ziglang"):
        yield [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    for name in ("python-zig", "zig"):
        if found := shutil.which(name):
            yield [found, "cc", "-mcpu=baseline"]


def find_compiler(native: Path, warn: Callable[[str], None]) -> list[str]:
    """The first compiler that makes a library of processor.c; [] where none does.

    To be there is not enough: macOS has a `cc` that only says how to get one, and others lack
    the headers of C. `warn` is told of each that fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = ["-include", "pthread.h", "-shared", str(native / "processor.c"), sources(native)]
        trial += ["-o", str(Path(folder) / "trial.so"), *LIBRARIES]
        for compiler in compilers():
            problem = run([*compiler, *FLAGS, *trial])
            if not problem:
                return compiler
            warn(problem)
    return []


def digest(native: Path) -> str:
    """The SHA-256 of the sources, as engines/kernels.py computes it of those that it finds."""
    files = sorted(native.glob("*.[ch]"), key=lambda path: path.name)
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def sources(native: Path) -> str:
    """The flag that tells processor.c the digest of the sources."""
    return f'-DSOURCES="{digest(native)}"'


def is_of(native: Path, library: Path) -> bool:
    """Whether a library is there and of these very sources: it holds their digest."""
    return library.is_file() and digest(native).encode() in library.read_bytes()


def variants() -> dict[str, list[str]]:
    """The kernels for this kind of machine: the prefix of their names, and their flags."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    # On Windows GCC puts AVX's vectors on the stack where AVX cannot read them (its bug 54412).
    kinds = PROCESSORS if x86 and not WINDOWS else {"any": []}
    return {
        f"{numbers}_{kind}": [*number_flags, *flags]
        for numbers, number_flags in NUMBERS.items()
        for kind, flags in kinds.items()
    }


def compile_kernels(
    native: Path, library: Path, variants: dict[str, list[str]], warn: Callable[[str], None]
) -> str:
    """Write the library; returns what stood in the way, if anything."""
    compiler = find_compiler(native, warn)
    if not compiler:
        return "no C compiler works (cc, gcc, clang): install one, or pip install ziglang"
    parts = [("processor", "processor.c", [sources(native)])]
    parts += [(name, "network.c", [*own, f"-DPREFIX={name}"]) for name, own in variants.items()]
    with tempfile.TemporaryDirectory() as folder:
        objects = [str(Path(folder) / f"{name}.o") for name, _, _ in parts]
        linked = str(Path(folder) / library.name)
        jobs = [
            [*compiler, *FLAGS, *own, "-c", str(native / source), "-o", target]
            for (_, source, own), target in zip(parts, objects, strict=True)
        ]
        link = [*compiler, "-shared", "-s", *objects, "-o", linked, *LIBRARIES]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for problem in [*pool.map(run, jobs), *map(run, [link])]:
                if problem:
                    return problem
        try:
            put(linked, library)
        except OSError as error:
            return f"cannot write {library}: {error.strerror}"
    return ""


def put(linked: str, library: Path) -> None:
    """Put a library in its place by a rename: a process that has the old one open keeps it.

    The name before that is of this build alone: another may be at work in the same folder.
    """
    handle, fresh = tempfile.mkstemp(".tmp", "kernels.", library.parent)
    os.close(handle)
    try:
        shutil.copy(linked, fresh)
        with Path(fresh).open("rb+") as file:
            os.fsync(file.fileno())
        Path(fresh).replace(library)
    finally:
        Path(fresh).unlink(missing_ok=True)


def run(job: list[str]) -> str:
    """Run a compiler; returns what it says if it fails."""
    try:
        done = subprocess.run(job, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{job[0]} does not run: {error.strerror}"
    return f"{shlex.join(job)} failed: {done.stderr.strip()}" if done.returncode else ""
