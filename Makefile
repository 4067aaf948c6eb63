# Every target sets up what it needs. DATASET= names one dataset or description, SOURCE= where it comes from,
# ARGS= any other option of `rft`.

DATASET ?=
SOURCE ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RFT := $(BIN)/rft
STAGES := download normalize dedupe decontaminate split convert

# The first Python of the machine that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)

ifdef UV
install = $(UV) pip install --quiet --python $(BIN)/python
else
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

# The Kaggle client is an extra; the development lock has it.
SETUP := $(if $(filter kaggle,$(SOURCE)),$(VENV)/.dev,$(VENV)/.run)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help prepare validate $(STAGES) estimate export submit test test-sandbox check check-static bench demo docs lock clean

help: ## List the targets
	@echo "make TARGET [DATASET=NAME|FILE.toml] [SOURCE=demo|huggingface|kaggle|DIR] [ARGS=...]"
	@awk -F ':.*## ' '/^[a-z$$][^:]*:.*## /{ printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sed 's/\$$(STAGES)      /STAGE          /'
	@echo "  STAGE is one of $(STAGES)"

prepare: $(SETUP) ## Take the datasets through every stage, from the demo by default
	@$(RFT) prepare $(DATASET) $(if $(SOURCE),--source "$(SOURCE)") $(ARGS)

validate: prepare ## Run every stage, of which the last checks the files (`rft validate` runs none)

$(STAGES): $(SETUP) ## Take the datasets up to one stage
	@$(RFT) prepare $(DATASET) --until $@ $(if $(SOURCE),--source "$(SOURCE)") $(ARGS)

# (`export` alone at the start of a line would be make's own word.)
estimate export: $(VENV)/.run ## Say what a job on DATASET would take; write it for another trainer
	@$(RFT) $@ $(DATASET) $(ARGS)

submit: $(VENV)/.dev ## Ask, then create the job of DATASET; ARGS=--yes, or --dry-run, which sends nothing
	@$(RFT) submit $(DATASET) $(ARGS)

test: $(VENV)/.dev ## Run the tests; RFT_REAL_DATA=DIR adds those on real rows
	@$(BIN)/python -m pytest -n auto $(ARGS)

test-sandbox: $(VENV)/.dev ## Run the graders with the service's package versions (700 MB, minutes)
	@$(BIN)/python scripts/test_sandbox.py

check: check-static test ## Lint, types, tests, and whether the pages are up to date

check-static: $(VENV)/.dev ## The same without the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python scripts/docs.py --check
	@$(BIN)/sphinx-build -W --keep-going -q docs build/docs

bench: $(VENV)/.dev ## Measure CPU, memory and what is found, beside a naive script; ARGS="--scale 1 4"
	@$(BIN)/python scripts/bench_pipeline.py $(ARGS)
	@$(BIN)/python scripts/bench_validate.py
	@$(BIN)/python scripts/bench_similarity.py
	@$(BIN)/python scripts/bench_contaminated.py
	@$(BIN)/python scripts/bench_download.py
	@$(BIN)/python scripts/bench_sft.py
	@$(if $(RFT_REAL_DATA),$(BIN)/python scripts/bench_answers.py "$(RFT_REAL_DATA)/answers")
	@$(if $(RFT_REAL_DATA),$(BIN)/python scripts/bench_ablation.py "$(RFT_REAL_DATA)")

demo: $(VENV)/.dev ## Write raw/demo anew
	@$(BIN)/python scripts/demo

docs: $(VENV)/.dev ## Write what is generated of the pages, run their examples, build the site in build/docs
	@$(BIN)/python scripts/docs.py
	@$(BIN)/sphinx-build -W --keep-going -q docs build/docs
	@echo "build/docs/index.html"

lock: ## Resolve the locked requirements anew (needs uv)
	uv pip compile $(COMPILE) pyproject.toml --all-extras --group build --group dev \
		-o requirements-dev.lock
	uv pip compile $(COMPILE) pyproject.toml --group build -c requirements-dev.lock \
		-o requirements.lock
COMPILE := --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

clean: ## Remove what was prepared and the environment
	rm -rf $(VENV) .venv-sandbox processed/*/

# The environment: what the lock says, hashes checked, then this checkout in place. The development
# lock holds all of the other, so that one environment serves both.
$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on PATH" >&2; exit 2; }
	@echo "setting up $(VENV) with $(PYTHON)$(if $(UV), and uv)"
ifdef UV
	@$(UV) venv --quiet --seed --allow-existing --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.run: requirements.lock pyproject.toml $(VENV)/pyvenv.cfg
	@$(install) --require-hashes -r requirements.lock
	@$(install) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@$(install) --require-hashes -r requirements-dev.lock
	@touch $@
