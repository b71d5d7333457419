# Python that makes .venv; empty: the first one found that is new enough.
PYTHON ?=
PORT ?= 8000
# Processes that run the tests: more than cores, because some tests wait for processes of their own.
WORKERS ?= 3

BIN := .venv/bin
READY := .venv/.installed
# Sphinx would not repeat a warning about a page that it has read before.
OR_FORGET = || { rm -rf $(1)/.doctrees; exit 1; }
export PYTHON
# Without bytecode on disk every process compiles its modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup book quick slides serve test verify lint unit site-test bench lock format clean pristine

help: ## Print every target with one line
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv and install the hash-checked lock and the package

.venv/.locked: requirements.lock tools/install.sh
	@tools/install.sh

$(READY): .venv/.locked pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY) ## Sample what is missing, build the site, print where it is
	@JINGJINJI_DRAWS=full $(BIN)/jingjinji book $(call OR_FORGET,_build)
	@echo "$(CURDIR)/_build/html/index.html"

quick: $(READY) ## Draft of the site with few draws, in _build/quick; never to be published
	@$(BIN)/jingjinji book --quick $(call OR_FORGET,_build/quick/_build)
	@echo "$(CURDIR)/_build/quick/_build/html/index.html"

slides: $(READY) ## Slides of the lessons, in _build/slides, from the cells of their page
	@JINGJINJI_DRAWS=full $(BIN)/jingjinji slides

serve: book ## Build the site and serve it at http://127.0.0.1:8000 (PORT=8000)
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

test: lint unit book slides verify site-test ## Linters, data check, unit tests, the build, slides, findings against the published ones, site tests

verify: book ## Compare this machine's findings with the published ones
	@$(BIN)/jingjinji verify

lint: $(READY) ## Check the code's style and the data package
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/jingjinji data check

unit: $(READY) ## Unit tests, without the built site
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not site"

site-test: $(READY) ## Tests of the built site in headless Chromium
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) -m site

bench: $(READY) ## Measure the book in clones and write benchmarks/report.md
	@$(BIN)/python benchmarks/bench.py

format: $(READY) ## Format the code
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

lock: $(READY) ## Write requirements.lock from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	@$(BIN)/uv pip compile pyproject.toml --extra test --universal --python-version 3.12 --generate-hashes \
	    --no-config --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet $(UPGRADE) \
	    --output-file requirements.lock

clean: ## Delete the built site and the notebook cache; fits and .venv stay
	@rm -rf _build .cache/jupyter

pristine: clean ## Delete everything that make has made: site, fits, caches, .venv
	@rm -rf .venv .cache .pytest_cache .ruff_cache
