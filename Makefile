# `make demo` and `make test` need nothing beforehand but make and Python 3.11 or newer: each sets up .venv first.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PEERS := .venv-peers/bin
EXAMPLES ?= 200
FUZZ := .venv-fuzz/bin
SECONDS ?= 60
JOBS ?= auto

.PHONY: demo demo-serve test coverage mutate check bench bench-http differential fuzz-smoke api-fuzz format schemas clean

demo: .venv/server
	@$(BIN)/eigendata demo

# Register and verifier service stay, to click through, until Ctrl-C.
demo-serve: .venv/server
	@$(BIN)/eigendata demo --serve

test: .venv/development
	$(BIN)/pytest -n $(JOBS) -r s

# Do the tests of the rooms that decide what is believed reach each line and branch of them? Those that bound the
# processor's time run under `test` alone: measuring would lengthen it.
COVERED := tests/formats tests/laws/test_dcql.py tests/laws/test_openid4vp.py tests/laws/test_policies.py \
  tests/unit/crypto/test_access.py tests/unit/crypto/test_jwe.py tests/unit/formats tests/unit/openid tests/unit/policies \
  tests/unit/store \
  tests/unit/test_attacks_on_verifying.py tests/unit/test_encoding.py tests/unit/test_files.py tests/unit/test_once*.py \
  tests/unit/test_formats_*.py tests/unit/test_query_*.py tests/unit/test_trust*.py tests/unit/test_verifier.py \
  tests/unit/wallet
coverage: .venv/development
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(JOBS) -m "not cost" $(COVERED)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Half an hour or so the first time; afterwards only what changed. MUTATE="trust query" for those rooms alone.
mutate: .venv/development
	$(BIN)/python tools/mutate.py $(MUTATE)

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

# Some minutes; needs wrk (apt install wrk). `make bench-http BENCH="--flat 100000"` sees whether memory grows.
bench-http: .venv/development
	$(BIN)/python -m bench.service $(BENCH)

# The same presentations to us and to the peers (docs/explanation/peers.md); `make differential EXAMPLES=20000` goes on
# for longer. They are installed in an environment of their own: two of the packages that come with it are under LGPL.
differential: .venv-peers/ready
	EXAMPLES=$(EXAMPLES) $(PEERS)/pytest tests/differential

# A minute for each reader of what strangers send; SECONDS=3600 for longer. It begins with what tests/fuzz/corpus holds,
# and goes on where it ended the last time. What it finds lies in .fuzz, and belongs in that corpus once it is mended.
FUZZED := cbor mdoc sd_jwt
fuzz-smoke: .venv-fuzz/ready
	@mkdir -p $(FUZZED:%=.fuzz/%)
	@set -e; for target in $(FUZZED); do echo "fuzzing $$target for $(SECONDS) s"; \
	  $(FUZZ)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 -max_len=8192 \
	    -artifact_prefix=.fuzz/found-$$target- -print_final_stats=1 -verbosity=0 \
	    .fuzz/$$target tests/fuzz/corpus/$$target </dev/null; done

# The whole API of a service that runs, by its own document; EXAMPLES=5000 for longer.
api-fuzz: .venv/development
	EIGENDATA_API_EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/web/test_serve_verifier.py -k schemathesis

format: .venv/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: .venv/base
	$(BIN)/eigendata schemas
	$(BIN)/python tools/reference.py

clean:
	rm -rf .venv .venv-peers .venv-fuzz .fuzz tests/interop/.venv tests/interop/node_modules dist .mypy_cache .ruff_cache \
	  .pytest_cache .hypothesis .coverage .mutation

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "eigendata needs Python 3.11 or newer; none was found" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

.venv/base: pyproject.toml | $(BIN)/python
	@echo "Setting up .venv (once; about half a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[server]'
	@touch $@

.venv/server: pyproject.toml .venv/base
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[server]'
	@touch $@

.venv/development: pyproject.toml .venv/server | $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

.venv-peers/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "eigendata needs Python 3.11 or newer; none was found" >&2; exit 1; }
	@echo "Setting up .venv-peers (once; about a minute)"
	@rm -rf .venv-peers && $(PYTHON) -m venv .venv-peers
	@$(PEERS)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(PEERS)/pip install --quiet --disable-pip-version-check --editable . --group differential
	@touch $@

.venv-fuzz/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "eigendata needs Python 3.11 or newer; none was found" >&2; exit 1; }
	@echo "Setting up .venv-fuzz (once; about a minute)"
	@rm -rf .venv-fuzz && $(PYTHON) -m venv .venv-fuzz
	@$(FUZZ)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(FUZZ)/pip install --quiet --disable-pip-version-check --editable . --group fuzz
	@touch $@
