# Sitrep. `make help` lists what there is.
# PYTHON names the interpreter that .venv is made from; without it, the first fitting one is taken.

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)

# A stamp carries the hash of what was installed: nothing is done twice, and a changed lock is seen
# whatever git did to the files' times.
HASH := $(shell cat Makefile pyproject.toml requirements/*.lock | cksum | cut -d' ' -f1)
RUNTIME := $(VENV)/.runtime-$(HASH)
DEV := $(VENV)/.dev-$(HASH)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --require-virtualenv
UV := $(BIN)/python -m uv pip compile pyproject.toml --group build --universal --quiet \
	--python-version 3.11 --only-binary :all: --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help install dev demo test lint format catalogues bench chaos lock clean
MAKEFLAGS += --no-print-directory

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

install: $(RUNTIME) ## install Sitrep into .venv, from the hashed lock, with the demo's card renderer
	@$(BIN)/python -m bot.demo.assets

demo: install ## start the demo on http://127.0.0.1:3978/demo
	@$(BIN)/python -m bot demo $(ARGS)

# Where npm cannot be reached, the tests that need its packages are skipped and say so.
# The tests start hundreds of processes: what they import is compiled once, whatever a shell is set to.
test: $(DEV) ## run the whole suite; what was skipped, and why, is printed last
	@for set in "" --dev; do $(BIN)/python -m bot.demo.assets $$set || true; done
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV) ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(DEV) ## lay the code out as lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Without places and dates, so that a catalogue changes only where a text does.
CATALOGUE := --no-wrap --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date

catalogues: $(DEV) ## collect the letters' fixed texts into templates/locale, for translation
	@$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords marked --no-location \
		--add-comments TRANSLATORS: --strip-comments --sort-output --no-wrap \
		--project Sitrep --output-file $(VENV)/sitrep.pot bot comms templates
	@$(BIN)/pybabel --quiet update --domain sitrep --input-file $(VENV)/sitrep.pot \
		--output-dir templates/locale $(CATALOGUE)

bench: install $(DEV) ## measure, beside what others do in the same run: make bench WHAT=turns
	@$(BIN)/python -m bot.demo.assets --dev || true
	@failed=; for what in $(or $(WHAT),turns email status timers plan fanout); do \
		echo "sitrep bench $$what"; $(BIN)/python -m bot bench $$what $(ARGS) || failed=$$what; \
	done; test -z "$$failed"

chaos: install $(DEV) ## kill, freeze and starve it at random moments, the long form
	@SITREP_TEST_CHAOS=long $(BIN)/python -m pytest -m chaos $(ARGS)

lock: $(DEV) ## renew requirements/*.lock from pyproject.toml
	$(PIP) --quiet "uv>=0.5"
	$(UV) --upgrade --output-file requirements/runtime.lock
	$(UV) --upgrade --group dev --constraint requirements/runtime.lock --output-file requirements/dev.lock

clean: ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Sitrep needs Python 3.11, 3.12 or 3.13; none was found on PATH." \
		"Install one, or name it: make install PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(FITS)' || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1);" \
		"Sitrep needs Python 3.11, 3.12 or 3.13." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual" \
		"environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	@echo "Installing what Sitrep stands on (requirements/runtime.lock)"
	@$(PIP) --require-hashes -r requirements/runtime.lock
	@echo "Installing Sitrep"
	@$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.runtime-* && touch $@
	@echo "Sitrep is installed: $(BIN)/sitrep --help"

$(DEV): $(RUNTIME)
	@echo "Installing what the checks need (requirements/dev.lock)"
	@$(PIP) --require-hashes -r requirements/dev.lock
	@rm -f $(VENV)/.dev-* && touch $@
