# Every target installs what it needs into .venv first; nothing else has to be prepared.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Without compiled modules each of the hundred processes that the tests start would compile them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-unoptimized test-optimized check format experiments bench bench-growth bench-zoo coverage clean

demo: $(VENV)/.demo
	@echo "Training LeNet-5 on 1,437 images of handwritten digits: 25 epochs, about half a minute."
	$(BIN)/neurona train digits --model lenet --output neurona-output/digits

test: test-unoptimized test-optimized

# Most tests compile many small programs and run each once: without XLA's optimizations they take a third of the
# time. The native kernels come from the C++ compiler in any case. The tests of OPTIMIZED train for long, compare
# bits or measure, so they compile as users do.
OPTIMIZED := $(addprefix tests/,cli datasets examples tasks test_benchmarks.py test_docs.py \
  callbacks/test_checkpoint.py $(addprefix training/test_,fit.py predict.py shards.py small_data.py))

test-unoptimized: $(VENV)/.dev
	UNOPTIMIZED=1 $(BIN)/python -m pytest -n 2 -m "not experiment" neurona tests $(addprefix --ignore=,$(OPTIMIZED))

test-optimized: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "not experiment" $(OPTIMIZED)

# All of them, or those whose name holds a word: make experiments ONLY=hopfield
ONLY ?=
experiments: $(VENV)/.dev
	$(BIN)/python -m pytest -m experiment -s $(if $(ONLY),-k "$(ONLY)")

coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "not experiment" --cov=neurona --cov-report=term

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest tests/test_house.py -p no:cacheprovider

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench:
	$(PYTHON) -m benchmarks.run

bench-growth:
	$(PYTHON) -m benchmarks.run --growth

bench-zoo:
	$(PYTHON) -m benchmarks.run --zoo

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# What the installation is made of: the native kernels are compiled by it.
PACKAGE := pyproject.toml setup.py $(wildcard neurona/kernels/cpp/*)

$(VENV)/.demo: $(VENV)/bin/python $(PACKAGE)
	@echo "Installing Neurona, JAX, NumPy and matplotlib into $(VENV), and compiling the native kernels."
	@echo "The first time this takes one to ten minutes, by network and processor; later nothing is done."
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[plot]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python $(PACKAGE)
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) build dist neurona-output .pytest_cache .ruff_cache
