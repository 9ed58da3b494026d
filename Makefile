# Everything is set up by the target that needs it; nothing is installed by hand.
SHELL := /bin/bash
IN_RANGE := import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first that runs: a name on the path may be a stand-in for a Python that is switched off.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c '$(IN_RANGE)' > /dev/null 2>&1 && { command -v $$p; break; }; done)
DEMO := .venv
TEST := .venv-test
PIP := -m pip install --quiet --disable-pip-version-check
CPUS := 2
# The kernels of engine fast are C. Where no compiler works, one comes as a Python package.
COMPILER = $(shell for c in "$${CC:-cc}" cc gcc clang; do \
  echo 'int main(void) { return 0; }' | $$c -include pthread.h -x c - -o /dev/null \
  > /dev/null 2>&1 && { echo $$c; break; }; done)
NO_COMPILER = $(if $(COMPILER),,requirements/compiler.txt)
KERNELS := hatch_build.py $(wildcard src/digitscope/engines/native/*.[ch])

.PHONY: demo test lint types unit fuzz kill bench bench-reading images-given results python clean help

help:
	@echo "make demo     train the lesson's network on all of MNIST and look at it"
	@echo "make test     every check: lint, types, the built wheel, all tests"
	@echo "make fuzz     the long fuzzing of every reader    make kill   200 kills of a training"
	@echo "make bench    every speed beside its peers, and write docs/benchmarks.md"
	@echo "make results  train every recipe, and write docs/results.md"
	@echo "make bench-reading IMAGES=FOLDER  reading beside its peers on labelled images, and write docs/reading.md"

python:
	@$(PYTHON) -c '$(IN_RANGE)' > /dev/null 2>&1 || { \
	  echo "digitscope needs Python 3.11 to 3.13 with venv, found none: install one, or name it: make demo PYTHON=python3.12"; \
	  exit 2; }

# --- the demo: the package as developers have it, its sources linked into .venv ---

$(DEMO)/.ready: requirements/base.txt pyproject.toml $(KERNELS) | python
	$(PYTHON) -m venv --clear $(DEMO)
	$(DEMO)/bin/python $(PIP) --require-hashes -r requirements/base.txt $(NO_COMPILER:%=-r %)
	$(DEMO)/bin/python $(PIP) --no-build-isolation --no-deps --editable .
	@$(DEMO)/bin/python -c 'from digitscope.engines.kernels import why_none as why; \
	  why() and print("engine fast", why())'
	@touch $@

demo: $(DEMO)/.ready
	@scripts/demo.sh $(DEMO)/bin/digitscope

# --- the tests: the wheel as users get it, in a fresh environment of its own ---

$(TEST)/.ready: requirements/base.txt requirements/tools.txt requirements/frameworks.txt | python
	$(PYTHON) -m venv --clear $(TEST)
	$(TEST)/bin/python $(PIP) --require-hashes -r requirements/base.txt $(NO_COMPILER:%=-r %)
	$(TEST)/bin/python $(PIP) --require-hashes -r requirements/tools.txt
	$(TEST)/bin/python $(PIP) -r requirements/frameworks.txt
	@touch $@

SOURCES := $(shell find src -type f -not -path '*/__pycache__/*' -not -name '*.so') \
  pyproject.toml hatch_build.py README.md LICENSE
$(TEST)/.wheel: $(TEST)/.ready $(SOURCES)
	rm -rf dist && $(TEST)/bin/python -m build --no-isolation --wheel --outdir dist . > /dev/null
	$(TEST)/bin/python $(PIP) --force-reinstall --no-deps dist/*.whl
	@touch $@

lint: $(TEST)/.ready
	$(TEST)/bin/ruff check . && $(TEST)/bin/ruff format --check .

types: $(TEST)/.wheel
	$(TEST)/bin/mypy

unit: $(TEST)/.wheel
	@scripts/ensure_chromium.sh
	$(TEST)/bin/python -m pytest -n $(CPUS) tests --pyargs digitscope

test: lint types unit

fuzz: $(TEST)/.wheel
	DIGITSCOPE_FUZZ=100 $(TEST)/bin/python -m pytest -n $(CPUS) tests -k "mutated or spoilt_files" --timeout 7200

kill: $(TEST)/.wheel
	DIGITSCOPE_KILLS=200 $(TEST)/bin/python -m pytest -n $(CPUS) tests/training -k killed --timeout 600

bench: $(DEMO)/.ready
	$(DEMO)/bin/python $(PIP) -r requirements/bench.txt
	$(DEMO)/bin/python benchmarks/all.py

# The peers have an environment of their own; Tesseract is the system's, where it has one.
PEERS := .venv-peers
$(PEERS)/.ready: requirements/bench-reading.txt | python
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python $(PIP) -r requirements/bench-reading.txt
	@touch $@

images-given:
	@test -n "$(IMAGES)" || { echo "which images? give a labelled folder (docs/formats.md):" \
	  "make bench-reading IMAGES=FOLDER"; exit 2; }

bench-reading: images-given $(DEMO)/.ready $(PEERS)/.ready
	$(DEMO)/bin/python $(PIP) $$(grep '^onnx' requirements/frameworks.txt)
	cd benchmarks && ../$(DEMO)/bin/python -m reading "$(abspath $(IMAGES))" \
	  --peers-python "$(abspath $(PEERS))/bin/python" $(if $(QUICK),--quick --out ../failures)

results: $(DEMO)/.ready
	$(DEMO)/bin/python scripts/measure_results.py

clean:
	rm -rf $(DEMO) $(TEST) $(PEERS) dist failures
