"""Compile the kernels of engine `fast` while the package is built.

Where there is no C compiler the package is built without them; it says so, and so does the engine.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path("src/digitscope/engines/native")
LIBRARY = NATIVE / "kernels.so"
FLAGS = ["-std=gnu11", "-O3", "-fPIC", "-ffp-contract=fast"]
FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
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
        """Compile, and mark the wheel as one for this kind of machine."""
        if self.target_name != "wheel":
            return
        library = Path(self.root) / LIBRARY
        problem = compile_kernels(Path(self.root) / NATIVE, library)
        if problem:
            library.unlink(missing_ok=True)
            self.app.display_warning(f"engine fast is left out: {problem}")
            return
        machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{machine}"
        build_data["pure_python"] = False
        build_data["force_include"][str(library)] = str(LIBRARY.relative_to("src"))


def find_compiler() -> list[str]:
    """A C compiler: the one in CC, the system's, or Zig's, which is a Python package too."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    # Zig's default is the processor of this machine, which is not every user's.
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    for name in ("python-zig", "zig"):
        if found := shutil.which(name):
            return [found, "cc", "-mcpu=baseline"]
    return []


def compile_kernels(native: Path, library: Path) -> str:
    """Write the library; returns what stood in the way, if anything."""
    compiler = find_compiler()
    if not compiler:
        return "there is no C compiler (cc, gcc, clang): install one, or pip install ziglang"
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    with tempfile.TemporaryDirectory() as folder:
        variants = [("processor", "processor.c", [])]
        for numbers, number_flags in NUMBERS.items():
            for processor, flags in PROCESSORS.items():
                if x86 or not flags:
                    prefix = f"{numbers}_{processor}"
                    own = [*number_flags, *flags, f"-DPREFIX={prefix}"]
                    variants.append((prefix, "network.c", own))
        objects = [str(Path(folder) / f"{name}.o") for name, _, _ in variants]
        linked = str(Path(folder) / library.name)
        jobs = [
            [*compiler, *FLAGS, *flags, "-c", str(native / source), "-o", target]
            for (_, source, flags), target in zip(variants, objects, strict=True)
        ]
        link = [*compiler, "-shared", "-s", *objects, "-o", linked, "-lm", "-lpthread"]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for problem in [*pool.map(run, jobs), *map(run, [link])]:
                if problem:
                    return problem
        # Renamed into place: a process that has the old library open keeps it.
        fresh = library.with_suffix(".tmp")
        shutil.copyfile(linked, fresh)
        fresh.replace(library)
    return ""


def run(job: list[str]) -> str:
    """Run a compiler; returns what it says if it fails."""
    try:
        done = subprocess.run(job, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{job[0]} does not run: {error.strerror}"
    return f"{shlex.join(job)} failed: {done.stderr.strip()}" if done.returncode else ""
