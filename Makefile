# Evenload. Two commands are enough: `make run` shows a simulated site, `make test` tests it all. `make help` lists all.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest
PORT ?= 8000
WORKERS ?= 2
CORE_SOURCES := $(wildcard csrc/src/*.c csrc/include/evenload/*.h csrc/linux/* csrc/*.cdef) csrc/build_core.py setup.py
C_FILES := $(wildcard csrc/src/*.c csrc/include/evenload/*.h csrc/linux/*.c csrc/linux/*.h tests/c/*.c tests/c/*.h tests/target/m3/*.c tests/target/m3/*.h)
C_TESTS := $(MAKE) --no-print-directory -C tests/c

# PROGRAM:PACKAGE pairs (Debian); tools/install_missing.sh installs what is not there.
TEST_TOOLS := cc:gcc /usr/include/stdint.h:libc6-dev clang:clang /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-14-dev \
	clang-19:clang-19 llvm-cov-19:llvm-19 /usr/lib/llvm-19/lib/clang/*/lib/linux/libclang_rt.profile-*.a:libclang-rt-19-dev \
	chromium:chromium chromedriver:chromium-driver spin:spin \
	qemu-system-arm:qemu-system-arm arm-none-eabi-gcc:gcc-arm-none-eabi /usr/lib/arm-none-eabi:libnewlib-arm-none-eabi \
	/usr/share/fonts/*/noto/NotoSansCJK-Regular.*:fonts-noto-cjk git:git
PROOF_TOOLS := frama-c:frama-c-base why3:why3 z3:z3 cvc4:cvc4
MODEL_TOOLS := spin:spin cc:gcc

.DEFAULT_GOAL := check
.PHONY: run test check bench sim gen fuzz fuzz-smoke prove mcdc model model-smoke docs prepare core format clean help

run: $(VENV)/.run $(VENV)/.core ## Show a simulated garage and a cooling cluster at http://127.0.0.1:8000 (PORT=8000).
	@$(BIN)/evenload sim site --port $(PORT)

sim: run

test: prepare ## Install what the tests need, as far as that is possible here, and run them all.
	@$(MAKE) --no-print-directory core
	$(PYTEST) -n $(WORKERS) -m "not alone" --benchmark-disable
	@$(PYTEST) -m alone --benchmark-disable; status=$$?; test $$status -eq 0 -o $$status -eq 5

prepare:
	@tools/install_missing.sh $(TEST_TOOLS)
	@$(PYTHON) -c 'import os, sysconfig as s, sys; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' || \
		tools/install_missing.sh Python.h:python3-dev

check: core ## Format, lint, types, tidy, generated files: in less than two minutes.
	$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)
	$(BIN)/mypy
	$(BIN)/python tools/gen_wire.py --check && $(BIN)/python tools/gen_board_keys.py --check
	$(PYTEST) -q tests/tidy

format: $(VENV)/.test ## Lay out Python and C.
	$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .
	$(BIN)/clang-format -i $(C_FILES)

gen: $(VENV)/.test ## Write the generated files: wire.h, wire.cdef, SPEC's tables.
	$(BIN)/python tools/gen_wire.py && $(BIN)/python tools/gen_board_keys.py

bench: core ## Measure; the pytest-benchmark JSON is kept in var/bench.
	@mkdir -p var/bench
	$(PYTEST) tests/bench --benchmark-only --benchmark-json=var/bench/$(shell date -u +%Y%m%dT%H%M%SZ).json
	$(BIN)/evenload bench

fuzz-smoke: prepare ## Fuzz each C target for a few seconds, as CI does.
	$(C_TESTS) fuzz-smoke

fuzz: prepare core ## Random trees, streams, bytes and clusters for up to 50 minutes on two cores.
	@tools/install_missing.sh $(PROOF_TOOLS)
	$(C_TESTS) fuzz
	EVENLOAD_HYPOTHESIS_PROFILE=fuzz $(PYTEST) -n $(WORKERS) --slow -m slow
	$(BIN)/evenload sim cluster --soak 20 --seed $$(date +%s)

prove: ## Prove the contracts of waterfill with Frama-C.
	@tools/install_missing.sh $(PROOF_TOOLS)
	$(C_TESTS) prove

mcdc: prepare ## Print line, branch and MC/DC coverage of csrc/src.
	$(C_TESTS) mcdc

model: ## Search the Spin models of election and lease: about ten minutes, less than 4 GB.
	@tools/install_missing.sh $(MODEL_TOOLS)
	$(PYTHON) tests/model/run.py full

model-smoke: ## Search the small models, and catch every spoiled rule, in less than a minute.
	@tools/install_missing.sh $(MODEL_TOOLS)
	$(PYTHON) tests/model/run.py smoke

docs: core ## Execute every code block of README and docs/.
	$(PYTEST) -q tests/docs

core: $(VENV)/.test $(VENV)/.core ## Prepare the virtual environment and build the C core in place.

clean: ## Remove everything that was built.
	rm -rf $(VENV) build *.egg-info csrc/evenload_core/_core.c csrc/evenload_core/_core*.so
	@if [ -f tests/c/Makefile ]; then $(C_TESTS) clean; fi

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Evenload needs Python 3.11 or newer; choose one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/install_missing.sh ensurepip:python3-venv
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }

# What `make run` needs. The compiler's absence is no error here: .core says which backend serves.
$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt setuptools cffi
	$(PIP) install -c constraints.txt --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(PIP) install -c constraints.txt --no-build-isolation -e ".[test]"
	@touch $@

# The core carries the hash of its sources and refuses to load with others, so importing it is the question to ask.
# Without a compiler the stamp is not written, and the next make tries again.
$(VENV)/.core: $(VENV)/.run $(CORE_SOURCES)
	@$(BIN)/python -c "import evenload_core" 2>/dev/null || $(BIN)/python setup.py --quiet build_ext --inplace
	@case $$($(BIN)/python -c "from evenload.core import BACKEND; print(BACKEND)") in \
		c) touch $@ ;; \
		python) echo "Kernels: Python (EVENLOAD_CORE=python, or no C core could be built)." ;; \
		*) exit 1 ;; \
	esac
