# The commands of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV_VERSION := 0.13.9
# Any Python can install uv. uv then takes this one if it is a 3.13, or finds one; `automatic` lets it download one.
PYTHON ?= $(firstword $(shell command -v python3.13 python3))
PYTHON_313 = $(or $(if $(PYTHON),$(shell $(PYTHON) -c 'import sys; print(sys.executable if sys.version_info[:2] == (3, 13) else "3.13")')),3.13)
BIN := .venv/bin
UV_PYTHON_DOWNLOADS ?= never
export UV_PYTHON_DOWNLOADS
# If this is set, each of the hundred processes of a test run compiles every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help needs setup build generate run up test test-slow check bench tf-check plan clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## create .venv from the lock file (other targets do it when needed)
	@echo "ready: $(BIN)/tipoff"

.uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.13 is needed: install it, or give PYTHON=/path/to/python3.13"; exit 1; }
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock .uv/bin/uv
	@.uv/bin/uv python find $(PYTHON_313) >/dev/null 2>&1 || [ "$(UV_PYTHON_DOWNLOADS)" != never ] || { \
	echo "Python 3.13 is needed: install it, give PYTHON=/path/to/python3.13, or UV_PYTHON_DOWNLOADS=automatic"; exit 1; }
	.uv/bin/uv sync --frozen --quiet --python $(PYTHON_313)
	@touch $@

build: .venv/.ready ## write dist/, which is what is deployed
	$(BIN)/tipoff build

generate: .venv/.ready ## write the generated files that are kept in git
	$(BIN)/tipoff generate

RANGE = $(if $(CORPUS),--corpus $(CORPUS)) $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO))

# `tipoff run` builds dist/ itself.
run: .venv/.ready ## play days on the local cloud (real days: CORPUS=zip FROM=date TO=date)
	$(BIN)/tipoff run $(RANGE)

up: .venv/.ready ## the same, and keep the local cloud running until Ctrl-C
	$(BIN)/tipoff run --keep $(RANGE)

check: build ## check formatting, lint, import directions and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy -n 2

tf-check: build ## check terraform: format, schema, plan and policy
	$(BIN)/python tools/terraform/gate.py

plan: build ## print the resources of an environment (ENV=dev) and the mesh
	$(BIN)/python tools/terraform/gate.py plan $(or $(ENV),dev)

needs:
	@command -v terraform >/dev/null || { \
	echo "the tests need terraform 1.9 or newer: https://developer.hashicorp.com/terraform/install"; exit 1; }

test: needs check ## run every test that is not marked slow
	@export TIMEFORMAT='Processor time of the tests: %U s user, %S s system (%R s elapsed)'; \
	time $(BIN)/pytest -n 3 --dist loadfile -m "not slow"

test-slow: build ## run the slow tests: install every requirements.txt, whole seasons
	$(BIN)/pytest -m slow

bench: build ## run the measurements
	$(BIN)/python -m tests.performance

clean: ## remove built files and local data
	rm -rf dist .tipoff reports
