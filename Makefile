# The commands of coplink. `make` alone lists them.
# Needed: Debian (or the like), Python 3.11 or newer, git, make. Browser tests also need chromium.

PYTHON ?= python3
BIN := .venv/bin
# Only what a package client needs may come from the machine; the environment itself is made from pinned hashes.
LOCK := env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL $(BIN)/uv pip compile --quiet --no-config --universal \
	--python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

.DEFAULT_GOAL := help
.PHONY: help sim demo demo-reset test test-again test-long bench lint suite format lock clean screenshots

help:  ## list the commands
	@grep -hE '^[a-z./-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z.\/-]+):.*## */\1\t/' | expand -t 14

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "coplink needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo "This Python cannot make environments. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making .venv from pinned packages (a minute or two, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready  ## try coplink in a browser, on pretended Canvas, Teams and Google
	@exec $(BIN)/coplink demo

demo-reset: .venv/ready  ## forget everything the demo kept, and start over
	@exec $(BIN)/coplink demo --reset

lint: .venv/ready  ## style, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Compiled files are kept, whatever the machine's own setting: else every test process, and every coplink that a test
# starts, compiles all of it anew.
test test-again test-long: export PYTHONDONTWRITEBYTECODE =

test: .venv/ready  ## the whole suite: style, types, tests, the dependency rule
	@$(MAKE) --no-print-directory -j 2 lint suite

# The files are compiled by one process before three of them would do it, while the types are checked beside it.
suite: .venv/ready
	@mkdir -p test-results
	@$(BIN)/pytest -m "not long" --collect-only -qq >/dev/null || true
	$(BIN)/pytest -m "not long" -n 3 --dist loadfile --no-loadscope-reorder; code=$$?; echo $$code > test-results/exit-code; exit $$code

test-again: lint  ## what failed in the last run, one test after another
	$(BIN)/pytest -m "not long" --last-failed --last-failed-no-failures none --verbose

test-long: lint  ## the suite and the tests that take long
	$(BIN)/pytest -m long
	$(BIN)/pytest -m "not long" -n 3 --dist loadfile --no-loadscope-reorder

sim: .venv/ready  ## five hundred simulated worlds, or one: make sim SEED=17
	$(BIN)/coplink-sim $(if $(SEED),--seed $(SEED) --trace,--seeds 500)

bench: .venv/ready  ## what launches and rosters cost, side by side with other ways (some minutes)
	$(BIN)/python bench/launch.py
	$(BIN)/python bench/roster.py
	$(BIN)/python bench/start.py
	$(BIN)/python bench/apply.py
	$(BIN)/python bench/membership.py

format: .venv/ready  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: .venv/ready  ## take the pictures in docs/ anew
	$(BIN)/python tests/browser/screenshots.py

lock: .venv/ready  ## resolve the dependencies anew; no registry address is written
	$(LOCK) --upgrade --group dev -o requirements/dev.txt pyproject.toml
	$(LOCK) --upgrade -c requirements/dev.txt -o requirements/run.txt pyproject.toml

clean:  ## remove the environment, caches and builds; the demo's state stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find src integrations tests -name __pycache__ -type d -prune -exec rm -rf {} +
