# Deux commandes : « make site » et « make test ». Chacune prépare son environnement et peut être répétée.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := tests/browser/node_modules/.ready

.PHONY: site test check format clean

site: $(READY)
	@$(BIN)/observatoire demo

test: check site $(TOOLS)
	$(BIN)/pytest --numprocesses auto

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf _build _site

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,notebooks]'
	@touch $@

$(TOOLS): tests/browser/package.json
	cd tests/browser && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@
