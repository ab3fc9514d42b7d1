# `make demo` and `make test` need Python 3.11 or newer, pip, gcc and make, and install everything else.

PYTHON ?= python3
RUN = .venv/bin/python -m
# Training steps of the demo:
STEPS ?= 1000
.DEFAULT_GOAL = help
.PHONY: help environment demo docs test check fix wheel clean

help:         ## List the targets.
	@sed -n 's/^\([a-z]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

environment:  ## Install what is missing into .venv.
	@$(PYTHON) .ci/environment.py

demo: environment  ## Train a small CycleGAN, translate a folder and write demo/sheet.png.
	rm -rf demo
	$(RUN) translate train --config cyclegan-small --steps $(STEPS) --out demo/run
	$(RUN) translate infer demo/run datasets/summer/test demo/winter --size 64
	@.venv/bin/python benchmarks/sheet.py demo/sheet.png datasets/summer/test demo/winter datasets/winter/test
	@echo "demo/sheet.png: summer | translated | ground truth"

docs: environment  ## Build the documentation, build/site/index.html, and check its links.
	@PYTHONPATH=.ci $(RUN) documentation

test: environment  ## Run all tests that take seconds and need no GPU.
	@OMP_NUM_THREADS=1 $(RUN) pytest -m "not gpu and not slow" -n 3 --dist loadfile --no-loadscope-reorder

check: environment docs  ## Lint, formatting, types, the API reference and the documentation.
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	.venv/bin/python .ci/reference.py

fix: environment  ## Fix what the linter can, format, and write the table of recipes.
	$(RUN) ruff check --fix .
	$(RUN) ruff format .
	PYTHONPATH=.ci $(RUN) documentation.gallery

wheel: environment  ## Build dist/*.whl, install it into a clean environment and train there.
	$(RUN) build --wheel --no-isolation
	@OMP_NUM_THREADS=1 $(RUN) pytest tests/test_wheel.py

clean:        ## Remove the output of the other targets, but neither shared dependencies nor runs/.
	rm -rf .venv build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
