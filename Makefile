# Everything a person runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV_VERSION := 0.13.9
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# Where this is set, each of the hundred processes of a test run compiles all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup build generate run up test test-slow check bench tf-check plan ingest clean

help: ## what there is to run
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## make .venv from the lock file (the others do it themselves)

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

run: build ## play days on the local cloud (CORPUS=zip FROM=date TO=date: real ones)
	$(BIN)/tipoff run $(if $(CORPUS),--corpus $(CORPUS) --from $(FROM) --to $(TO))

up: build ## the same, and keep the local cloud up until Ctrl-C
	$(BIN)/tipoff run --keep $(if $(CORPUS),--corpus $(CORPUS) --from $(FROM) --to $(TO))

check: build ## format, lint, import directions, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy -n 2

tf-check: build ## the terraform gate: format, schema, plan, policy, and that it bites
	$(BIN)/python tools/terraform/gate.py

plan: build ## the resources of an environment (ENV=dev) and a picture of the mesh
	$(BIN)/python tools/terraform/gate.py plan $(or $(ENV),dev)

test: check ## everything but what is marked slow
	$(BIN)/pytest -n 3 --dist loadfile -m "not slow"

test-slow: build ## what takes long: every requirements set installed, full ranges of dates
	$(BIN)/pytest -m slow

bench: build ## measurements, side by side in one run
	$(BIN)/python -m tests.performance

clean: ## remove what was built and played
	rm -rf dist .tipoff reports
