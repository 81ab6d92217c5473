# `make` prints the targets. Everything runs in .venv, made on first use.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lab fmt lint types notebooks browser wheel

help:  ## Print this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lab]' --group dev
	@touch $@

demo: $(STAMP)  ## Run the whole loop on the bundled traces; results in demo-output/
	@$(BIN)/erroranalysis demo --out demo-output

test: $(STAMP)  ## Run all tests; says which browser tests it skipped
	@$(BIN)/python -m pytest -n 2 -q

lab: $(STAMP)  ## Open the tour notebook in JupyterLab
	@$(BIN)/jupyter lab notebooks/00_tour.ipynb

fmt: $(STAMP)  ## Format and fix what can be fixed
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(STAMP)  ## Check format, style and the layers of the architecture
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports

types: $(STAMP)  ## Check types
	@$(BIN)/mypy

notebooks: $(STAMP)  ## Run every notebook from top to bottom
	@$(BIN)/python -m pytest -q -m notebook

browser: $(STAMP)  ## Run the widget in a real JupyterLab in Chromium
	@$(BIN)/python -m pytest -q -m browser

wheel: $(STAMP)  ## Build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
