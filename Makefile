# `make demo` and `make test` need Python 3.11 or newer, pip, gcc and make; they install the rest.

PYTHON ?= python3
RUN = .venv/bin/python -m
# of the demo, two fifths of those of cyclegan-small:
STEPS ?= 1000
.DEFAULT_GOAL = help
.PHONY: help environment demo test check fix wheel clean

help:         ## Say what each target does.
	@sed -n 's/^\([a-z]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

environment:  ## Install what is missing into .venv.
	@$(PYTHON) .ci/environment.py

demo: environment  ## Train a short CycleGAN, translate a folder and draw demo/sheet.png.
	rm -rf demo
	$(RUN) translate train --config cyclegan-small --steps $(STEPS) --out demo/run
	$(RUN) translate infer demo/run datasets/summer/test demo/winter --size 64
	@.venv/bin/python benchmarks/sheet.py demo/sheet.png datasets/summer/test demo/winter datasets/winter/test
	@echo "demo/sheet.png: summer | translated | hidden truth"

test: environment  ## Run every test that takes seconds and needs no GPU.
	@OMP_NUM_THREADS=1 $(RUN) pytest -m "not gpu and not slow" -n 2 --dist loadfile

check: environment  ## Lint, formatting, types and the API reference.
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	.venv/bin/python .ci/reference.py

fix: environment  ## Mend what the linter can.
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

wheel: environment  ## Build dist/*.whl, install it into a clean environment and train there.
	$(RUN) build --wheel --no-isolation
	@OMP_NUM_THREADS=1 $(RUN) pytest tests/test_wheel.py

clean:        ## Remove what the other targets made here; shared dependencies and runs/ stay.
	rm -rf .venv build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
