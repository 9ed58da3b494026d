#!/usr/bin/env bash
# Resolve the locks anew, for Python 3.11 to 3.13 at once: requirements/lock.sh (needs uv).
set -euo pipefail
cd "$(dirname "$0")/.."
options=(--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade)
uv pip compile "${options[@]}" pyproject.toml requirements/build.in -o requirements/base.txt
uv pip compile "${options[@]}" requirements/tools.in -c requirements/base.txt -o requirements/tools.txt
uv pip compile "${options[@]}" requirements/compiler.in -o requirements/compiler.txt
