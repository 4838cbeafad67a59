# `make demo` and `make test` need nothing beforehand but make and Python 3.11 or newer: each sets up .venv first.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
JOBS ?= auto

.PHONY: demo test check bench format schemas clean

demo: .venv/base
	@$(BIN)/eigendata demo

test: .venv/development
	$(BIN)/pytest -n $(JOBS) -r s

check: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/eigendata schemas --check
	$(BIN)/python tools/population.py --check
	$(BIN)/python tools/testkit.py --check
	$(BIN)/python tools/reference.py --check

# A few seconds; `make bench BENCH="--rounds 60"` for steadier figures. Peers: `pip install --group peers` beforehand.
bench: .venv/base
	$(BIN)/python -m bench $(BENCH)

format: .venv/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: .venv/base
	$(BIN)/eigendata schemas
	$(BIN)/python tools/reference.py

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "eigendata needs Python 3.11 or newer; none was found" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

.venv/base: pyproject.toml | $(BIN)/python
	@echo "Setting up .venv (once; about half a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/development: pyproject.toml .venv/base | $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@
