# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ENV ?= base

.PHONY: help run test lint viz bench docs clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info < (3, 13); sys.exit(None if ok else "Python 3.10 to 3.12 is needed, found %d.%d; say which: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		$$($(BIN)/python -c 'import sys; print("--constraint requirements.lock" if sys.version_info[:2] == (3, 11) else "")') \
		--editable ".[dev]"
	@touch $(READY)

run: $(READY)  ## environment, then track A on bundled data: verdict, figure, report
	$(BIN)/kedro run --pipelines track_a --env $(ENV)

test: $(READY)  ## the test suite with coverage
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report=term --cov-fail-under=90

lint: $(READY)  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

viz: $(READY)  ## the graph in the browser
	$(BIN)/kedro viz run --env $(ENV)

bench: $(READY)  ## benchmarks against named peers, in ratios; run it alone on the machine
	$(BIN)/pytest tests/benchmarks --override-ini addopts= -q -s --benchmark-only --benchmark-columns=median,iqr,rounds --benchmark-group-by=group

docs: $(READY)  ## what is generated in docs: docs/CONCEPTS.md, the table of studies, the sessions of docs/qa.md
	$(BIN)/kedro qa merge --output docs/CONCEPTS.md
	$(BIN)/kedro study --table-in docs/commands.md
	WRITE_TRANSCRIPT=1 $(BIN)/pytest tests/qa/test_documentation.py -k printed

clean:  ## remove what runs wrote
	rm -rf data/0[2-8]*/*
