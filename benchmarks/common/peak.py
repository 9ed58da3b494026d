"""Run a command, and say the most memory that it held: a line of JSON, the last on standard output.

    python benchmarks/common/peak.py COMMAND...

A program inherits the peak of the process that starts it, so this one stays small: nothing but the
standard library, and no digitscope.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def main(command: list[str]) -> int:
    """Run it; its exit code. What it prints goes to standard error."""
    process = subprocess.Popen(command, stdout=sys.stderr)
    _, status, used = os.wait4(process.pid, 0)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, else kilobytes
    print(json.dumps({"bytes": used.ru_maxrss * unit}))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
