# Evenload. `make run` shows a simulated site; `make test` runs every test that fits ten minutes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CORE_SOURCES := $(wildcard csrc/src/*.c csrc/include/evenload/*.h csrc/*.cdef csrc/build_core.py)

.PHONY: default core gen check test run clean
default: check

$(STAMP): pyproject.toml constraints.txt setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt setuptools cffi
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation -c constraints.txt -e ".[test]"
	@touch $@

$(VENV)/.core: $(STAMP) $(CORE_SOURCES)
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

core: $(VENV)/.core ## Build the C core in place.

gen: $(STAMP) ## Write the generated files.
	$(BIN)/python tools/gen_wire.py

check: core
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/python tools/gen_wire.py --check

test: core
	EVENLOAD_CORE=c $(BIN)/pytest

clean:
	rm -rf $(VENV) build *.egg-info
