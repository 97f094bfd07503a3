# The commands of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV_VERSION := 0.13.9
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# If this is set, each of the hundred processes of a test run compiles every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup build generate run up test test-slow check bench tf-check plan ingest clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## create .venv from the lock file (other targets do it when needed)

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; assert sys.version_info[:2] == (3, 13), f"Python 3.13 is needed (.python-version), this is {sys.version.split()[0]}"'
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock .uv/bin/uv
	.uv/bin/uv sync --frozen --quiet --python $(PYTHON)
	@touch $@

build: .venv/.ready ## write dist/, which is what is deployed
	$(BIN)/tipoff build

generate: .venv/.ready ## write the generated files that are kept in git
	$(BIN)/tipoff generate

# `tipoff run` builds dist/ itself.
run: .venv/.ready ## play days on the local cloud (real days: CORPUS=zip FROM=date TO=date)
	$(BIN)/tipoff run $(if $(CORPUS),--corpus $(CORPUS) --from $(FROM) --to $(TO))

up: .venv/.ready ## the same, and keep the local cloud running until Ctrl-C
	$(BIN)/tipoff run --keep $(if $(CORPUS),--corpus $(CORPUS) --from $(FROM) --to $(TO))

check: build ## check formatting, lint, import directions and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy -n 2

tf-check: build ## check terraform: format, schema, plan and policy
	$(BIN)/python tools/terraform/gate.py

plan: build ## print the resources of an environment (ENV=dev) and the mesh
	$(BIN)/python tools/terraform/gate.py plan $(or $(ENV),dev)

test: check ## run every test that is not marked slow
	@export TIMEFORMAT='Processor time of the tests: %U s user, %S s system (%R s elapsed)'; \
	time $(BIN)/pytest -n 3 --dist loadfile -m "not slow"

test-slow: build ## run the slow tests: install every requirements.txt, whole seasons
	$(BIN)/pytest -m slow

bench: build ## run the measurements
	$(BIN)/python -m tests.performance

clean: ## remove built files and local data
	rm -rf dist .tipoff reports
