# What a learner, an instructor or an author runs. `make` alone lists it.
# Each target makes .venv first where it needs it. ARGS passes options through.

ARGS   ?=
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN    := .venv/Scripts
else
PYTHON ?= python3
BIN    := .venv/bin
endif
PY     := $(BIN)/python
STAMP  := .venv/.installed
# Programs start others by name: a terminal in JupyterLab `course`, nbgrader `alembic`.
RUN    := PATH="$$PWD/$(BIN):$$PATH" $(PY)

.DEFAULT_GOAL := help
.PHONY: help lab test demo notebooks check lessons lint bench models clean lock

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# JupyterLab would ask its publisher for updates and extensions: nothing here phones home.
# Jupyter refuses to run as root unless it is told that this is meant, as in a container.
lab: $(STAMP) ## open JupyterLab on the first lesson (ARGS="--no-browser --port 8890")
	@$(RUN) -m jupyterlab --LabApp.default_url=lab/tree/lessons/00_start_here.ipynb \
	    --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
	    --LabApp.extension_manager=readonly \
	    $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

test: $(STAMP) ## run all tests (ARGS="tests/test_notebooks.py -k ids")
	@$(RUN) -m pytest -n 2 --dist loadgroup $(ARGS)

demo: $(STAMP) ## train a small translator; then grade a class of twelve, some of it hostile
	@$(RUN) -m course.demo
	@$(RUN) -m autograder demo

notebooks: $(STAMP) ## write each .ipynb anew from the .py beside it
	@$(RUN) -m tools.notebooks write

check: $(STAMP) ## say where an .ipynb differs from its .py, and an exercise from its solution
	@$(RUN) -m tools.notebooks check
	@$(RUN) -m autograder.release check

lessons: $(STAMP) ## execute every lesson top to bottom (ARGS="03 --html /tmp/pages")
	@$(RUN) -m tools.notebooks run $(ARGS)

lint: $(STAMP) ## check style and format with ruff
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

bench: $(STAMP) ## measure speed and memory
	@$(RUN) -m benchmarks $(ARGS)

models: $(STAMP) ## train the translators that ship anew, in some minutes (ARGS="words")
	@$(RUN) -m tools.pretrain $(ARGS)

clean: ## remove caches and build products (ALL=1: .venv too); never your work
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis $(if $(ALL),.venv)
	@find . \( -name .git -o -name .venv -o -name classroom \) -prune -o -type d \
	    \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# Keeps the versions that are locked; `make lock ARGS=--upgrade` takes the newest.
lock: $(STAMP)
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@$(PY) -m uv pip compile --quiet --universal --all-extras --no-annotate \
	    --custom-compile-command "make lock" -o requirements.lock $(ARGS) pyproject.toml

# The stamp holds this folder's path: a checkout that was moved or copied gets a new .venv.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif
$(STAMP): pyproject.toml requirements.lock
	@command -v "$(PYTHON)" >/dev/null || \
	    { echo "$(PYTHON): not found; install Python 3.11 or later, or say make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This course needs Python 3.11 or later, $(PYTHON) is %d.%d; say make PYTHON=..." % sys.version_info[:2])'
	@echo "Installing the course into .venv (a few minutes the first time)"
	@{ test "$$(cat $(STAMP) 2>/dev/null)" = "$(CURDIR)" && $(PY) -c ""; } 2>/dev/null || \
	    "$(PYTHON)" -m venv --clear .venv
	@$(PY) -m pip install -qq --disable-pip-version-check -c requirements.lock -e ".[dev]" || \
	    { echo "Not installed: this needs the network, and a Python that TensorFlow supports (3.11 to 3.13)" >&2; exit 1; }
	@echo "$(CURDIR)" > $(STAMP)
