# `make demo` and `make test` need python3 with venv, and make; nothing else.
PYTHON ?= /usr/bin/python3
BIN := .venv/bin
SCRIPTS = $(shell git ls-files '*.sh')

.PHONY: help demo test check lint types fix lock

help:            ## list what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/'

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/installed  ## run the main job on a small fleet on loopback
	$(BIN)/lamsach demo

test: .venv/installed  ## every test that can run here, then what could not and why
	$(BIN)/pytest -n auto -q

check: lint test  ## everything CI asks for

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	shellcheck --shell=sh $(filter-out controller/collectors/%,$(SCRIPTS))
	for script in controller/collectors/*/linux.sh; do cat controller/collectors/frame.sh controller/collectors/frame-awk.sh $${script%.sh}*.sh | shellcheck --shell=sh - || exit 1; done
	@if [ -n "$$LAMSACH_PWSH" ]; then \
	  for script in controller/collectors/*/windows.ps1; do \
	    cat controller/collectors/frame.ps1 $${script%.ps1}*.ps1 | "$$(dirname "$$LAMSACH_PWSH")/pslint" - || exit 1; \
	  done; \
	  folder=controller/transports/scripts; \
	  "$$(dirname "$$LAMSACH_PWSH")/pslint" --module-path $$folder $$folder/*.ps1 controller/tasks/scripts/*.ps1; \
	elif [ "$$CI" = true ]; then echo "LAMSACH_PWSH names no PowerShell"; exit 1; \
	else echo "The Windows scripts were not linted: LAMSACH_PWSH names no PowerShell."; fi

fix: .venv/installed  ## let the tools tidy up
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:            ## resolve requirements.txt anew (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --only-binary :all: \
	  --no-emit-index-url --no-header --extra lab --group dev pyproject.toml -o requirements.txt
