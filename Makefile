# `make run` starts the daemon on config/, `make test` passes the tests; both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests at a time: many wait for a process of theirs.
JOBS ?= 3
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: help setup run test coverage check lint format clean

help:           ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup: $(VENV)/.run-ready   ## .venv with tocsin in it

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Tocsin needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: $(BIN)/python requirements/run.txt pyproject.toml
	@echo 'Setting up $(VENV) ...'
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements/dev.txt
	@echo 'Setting up the tests ...'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

run: setup      ## the daemon on config/: watches seeds/ and public feeds, alerts on the console
	@exec $(BIN)/tocsin run

test: $(VENV)/.dev-ready    ## the tests; make test ARGS='-k name' for some of them
	@$(BIN)/pytest --numprocesses=$(JOBS) --dist=worksteal $(ARGS)

# What only daemons and commands run that are processes of their own is tested and not counted. It takes several times
# as long as the tests by themselves, so that it is no part of .ci/run.
coverage: $(VENV)/.dev-ready    ## the tests, and which lines and branches they run
	@$(MAKE) --silent test ARGS="--cov --cov-report=term --cov-fail-under=97 $(ARGS)"

check: setup    ## what is wrong with config/, and the tests of its rules
	@$(BIN)/tocsin check

lint: $(VENV)/.dev-ready    ## format, lint, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev-ready  ## rewrite to the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:          ## forget the environment and the database of `make run`
	@rm -rf $(VENV) data
