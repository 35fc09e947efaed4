# The only commands to know. Each prepares what it needs; a second run is quick.
PYTHON ?= python3
BIN := .venv/bin
# A user's machine has a few cores; tests wait more than they compute.
WORKERS ?= 4

.PHONY: help setup demo test check fix dev bench lock openapi

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup:  ## Make .venv, install the locks, build the dashboard
	@$(PYTHON) scripts/setup.py

demo: setup  ## Run everything on a made-up studio; prints address and login
	@$(BIN)/mayak demo

test: setup  ## Run all tests
	@$(BIN)/python scripts/test.py -n $(WORKERS)

check: setup  ## Lint, types, layers, sizes, drift, docs
	@$(BIN)/python scripts/check.py

fix: setup  ## Format and apply the safe fixes
	@$(BIN)/ruff check -q --fix src tests bench scripts; $(BIN)/ruff format -q src tests bench scripts
	@$(BIN)/python scripts/web.py fix

dev: setup  ## The API with a worker, and the dashboard reloading itself
	@$(BIN)/python scripts/dev.py

bench: setup  ## Every performance claim, as JSON
	@for file in bench/*.py; do echo "== $$file" >&2; $(BIN)/python $$file || exit 1; done

openapi: setup  ## Write docs/reference/openapi.json and the types of the dashboard
	@$(BIN)/mayak openapi --output docs/reference/openapi.json && $(BIN)/python scripts/web.py api

lock:  ## Compile the locks again (needs uv)
	@$(PYTHON) scripts/lock.py
