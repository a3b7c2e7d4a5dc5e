# The only commands to know. Each makes .venv as it needs, once, and again only when pyproject.toml or a lock file changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK_WITH := pip-tools==7.6.2

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint sim bench lock clean

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while read -r name what; do printf '  make %-7s %s\n' "$$name" "$$what"; done

demo: $(VENV)/.runtime ## deploy the example service and roll it under load (KEEP=1 leaves it running)
	@$(BIN)/slipway demo $(if $(KEEP),--keep)

test: $(VENV)/.dev ## run the tests (ARGS="-k rolling -x" goes to pytest)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy $(wildcard bench examples)

sim: $(VENV)/.dev ## random trials in virtual time (SLIPWAY_SIM_SEEDS=1000, SLIPWAY_SIM_FIRST=1; MUTANTS=1 plants mistakes that they must find)
	@$(BIN)/python -m $(if $(MUTANTS),tests.mutations,slipway.sim) $(ARGS)
	@$(if $(MUTANTS),:,SLIPWAY_SIM_EXAMPLES=$${SLIPWAY_SIM_EXAMPLES:-200} $(BIN)/python -m pytest -q $(wildcard tests/scenarios tests/sim))

bench: $(VENV)/.dev ## measure, each number as a ratio taken in the same run (ARGS goes to bench)
	@$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/.lock ## write both lock files anew (UPGRADE=1 takes the newest versions that pyproject.toml allows)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "make: the lock files are made with Python 3.11, the oldest that Slipway serves: make clean lock PYTHON=python3.11" >&2; exit 1; }
	$(call compile,requirements.lock)
	$(call compile,requirements-dev.lock) --extra dev --constraint requirements.lock

compile = CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/pip-compile pyproject.toml --output-file $(1) --quiet $(if $(UPGRADE),--upgrade) \
  --strip-extras --generate-hashes --allow-unsafe --build-deps-for editable --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## remove .venv and every cache
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find slipway tests bench examples -name __pycache__ -type d -prune -exec rm -rf {} +

# The development packages include the runtime's: the second stamp says so to a later `make demo`.
$(VENV)/.dev: $(BIN)/python requirements-dev.lock pyproject.toml
	@echo "Installing what Slipway and its tests need into $(VENV) ..."
	@$(PIP) --requirement requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.runtime $@

$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	@echo "Installing what Slipway needs into $(VENV) ..."
	@$(PIP) --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.lock: $(BIN)/python Makefile
	@$(BIN)/python -m venv --clear $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip --disable-pip-version-check install --quiet $(LOCK_WITH)
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "make: there is no $(PYTHON) here: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Slipway needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V 2>&1): name another: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) lacks the venv module: install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
