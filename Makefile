# Everything runs in .venv; only `make install` needs the package registries.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)

.PHONY: help install pages demo check format test soak screenshots clean

help:            ## What can be made.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: $(VENV)/.installed pages  ## The environment in .venv, and the pages.

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	touch $@

pages: src/millpond/serving/static/index.html

# Node.js comes from PyPI where the machine has none.
src/millpond/serving/static/index.html: web/package-lock.json $(SOURCES) | $(VENV)/.installed
	$(BIN)/python scripts/build_pages.py

# What the tests need beyond the rest: engines for batches, and a server for objects.
$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -e '.[train,dev,openvino,s3,kafka,spark,ray,test]'
	touch $@

demo: install    ## The whole loop on generated chest X-rays, unattended.
	$(BIN)/millpond demo

check: install   ## Format, lint, types, import contract, documentation, pages.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/build_pages.py --check

format:          ## Format the code and remake the reference documentation.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python scripts/reference.py

test: install $(VENV)/.tested  ## Every test; a browser and PostgreSQL are installed if allowed.
	scripts/install_browser
	MILLPOND_TEST_DATABASES=sqlite,postgresql scripts/postgresql \
	  $(BIN)/python -m pytest -m 'not soak' -n 2 --dist loadfile --no-loadscope-reorder

soak: install $(VENV)/.tested  ## The long proofs.
	MILLPOND_TEST_DATABASES=sqlite,postgresql scripts/postgresql \
	  $(BIN)/python -m pytest -m soak --timeout 7200 -n 2

screenshots: install  ## Pictures of every page of a demo project, in docs/images.
	$(BIN)/python scripts/screenshots.py

clean:           ## Remove what was made.
	rm -rf $(VENV) build src/millpond/serving/static web/node_modules web/dist
