# make demo     install into .venv and run the whole pipeline on the sample disk
# make walkthrough  walk through the pages in Chromium and take docs/pictures anew
# make test     install the tools too and run all tests
# make check    tests, linters, types and walls: what .ci/run asks for
# make bench    measure beside other tools: SIZE=XS, S or L, or ENTRIES="10000 1000000"
# make clean    remove what was made here, .venv included

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo walkthrough test lint types walls pages check bench clean

help:
	@sed -n 's/^# make/make/p' Makefile

install: $(VENV)/installed

demo: $(VENV)/installed
	$(BIN)/python scripts/demo.py

walkthrough: $(VENV)/tools
	$(BIN)/python scripts/walkthrough.py

test: $(VENV)/tools
	$(BIN)/python -m pytest -q -n auto

lint: $(VENV)/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tools
	$(BIN)/mypy

walls: $(VENV)/tools
	$(BIN)/lint-imports --no-logo

pages: $(VENV)/installed
	$(BIN)/python scripts/errors_page.py

check: lint types walls test

# BENCH=... chooses the folder of images and raw results; it takes 5 GB for S and 20 GB for L.
SIZE := S
BENCH := bench
ENTRIES :=
bench: $(VENV)/installed
	$(BIN)/python tests/bench/run.py --size $(SIZE) --out $(BENCH) \
		--page docs/benchmarks.md $(if $(ENTRIES),--entries $(ENTRIES)) $(BENCH_OPTIONS)

clean:
	rm -rf $(VENV) demo build dist triage_dfu.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/tools: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/installed

# PYTHON=... chooses the interpreter; without it, the first one that is new enough.
$(BIN)/pip:
	@sh scripts/make_venv.sh $(VENV) $(PYTHON)
