# The two commands are `make demo` and `make test`; `make help` lists the rest.
# PYTHON: the interpreter that the virtual environment is made with, 3.11 or newer.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
.NOTPARALLEL:
.DEFAULT_GOAL := help

.PHONY: help demo test bench bench-desk bench-purge faults lint venv servers clean

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s%s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: venv  ## show one mail becoming one ticket; stays up until Ctrl-C, with ONCE=1 until the story ends
	@$(BIN)/python helpdeskd.py demo $(if $(ONCE),--once)

test: venv servers  ## set up what is missing, then lint, types and all tests
	@tests/check.sh all

lint: venv  ## style and types only
	@tests/check.sh lint

bench: venv servers  ## measure intake; ARGS="--json FILE" keeps the figures
	@$(BIN)/python -m bench.intake $(ARGS)

bench-desk: venv servers  ## measure the shell on a million tickets; ARGS="--json FILE --tickets N"
	@$(BIN)/python -m bench.desk $(ARGS)

bench-purge: venv servers  ## measure intake while five million audit rows are purged; ARGS="--rows N --json FILE"
	@$(BIN)/python -m bench.purge $(ARGS)

faults: venv servers  ## make every fault and count what is lost; QUICK=1: ten minutes, ARGS="--only kills"
	@$(BIN)/python -m tests.faults $(if $(QUICK),--quick) $(ARGS)

venv:  ## make or renew the virtual environment
	@PYTHON="$(PYTHON)" tests/setup.sh venv

servers:  ## install the test servers that are missing (Debian, as root), or say what to install
	@tests/setup.sh servers

clean:  ## remove the virtual environment and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
