# make demo    set up a virtual environment, simulate a stack, process it, print what was found
# make test    the tests that are quick (golden trees included)
# make test-slow   the others; make test-all: both in one go
# make parity  every golden set and variant, with the number of variables compared
# make parity-stand-in   the same through the CuPy versions of the kernels, without a GPU
# make bench   timings; make bench-huge   with 3.5 million candidates
# make gpu     every kernel on the GPU against NumPy, parity and timings there; without a GPU the same with NumPy in its place
# make hostile the whole hostile corpus: broken input, attacks, faults injected into every write
# make frontends   jobs on SLURM and Dask, whole runs of SNAP's and ISCE's chains, HyP3, geocoded SLCs, weather, services; kills, faults
# make lint    code style, unused code, types
# make docs    the site into docs/_build/html; warnings are errors, the tutorial is run
# make robustness, make mutants   kill runs at random moments; run every option's test with the option ignored

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
DEMO   ?= demo

.PHONY: demo test test-slow test-all hostile frontends parity parity-stand-in bench bench-huge gpu robustness mutants lint docs install clean

install: $(VENV)/.installed

PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# installed once per state of the sources that matter for the build
$(VENV)/.installed: pyproject.toml setup.py $(wildcard stamps/native/_*.py) | $(BIN)/python
	@echo "Installing the package with all its test tools and compiling its kernels: 3 to 5 minutes on two cores …"
	$(PIP) --editable ".[test,plot,report,export]"
	touch $@
	@$(BIN)/stamps describe-backends

# what the demonstration needs, and nothing else: no compiler, no test tools
$(VENV)/.demo: pyproject.toml setup.py | $(BIN)/python
	@echo "Installing what the demonstration needs: about a minute …"
	STAMPS_NO_COMPILE=1 $(PIP) --editable ".[plot,report]"
	touch $@

demo:
	@test -e $(VENV)/.installed || $(MAKE) --no-print-directory $(VENV)/.demo
	@$(BIN)/python -m stamps.simulation.demo $(DEMO)

test: install
	$(BIN)/python -m pytest -n auto --dist worksteal

test-slow: install
	$(BIN)/python -m pytest -n auto --dist worksteal -m "slow and not exhaustive"

# both in one go: what tests of a module share is made once
test-all: install
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not exhaustive"

hostile: install
	$(BIN)/python -m pytest -n auto --dist worksteal -m "" tests/hostile

parity: install
	$(BIN)/python -m stamps.verify.parity

# the same through the CuPy versions of the kernels, with NumPy in CuPy's place: needs no GPU
parity-stand-in: install
	PYTHONPATH=$(CURDIR)/tests/helpers/cupy_stand_in STAMPS_BACKEND=cuda $(BIN)/python -m stamps.verify.parity

bench: install
	$(BIN)/python benchmarks/run.py

# 10^5 to 3.5 * 10^6 candidates in 30 interferograms: growth and peaks; an hour, 20 GB of disk
bench-huge: install
	$(BIN)/python benchmarks/run.py --sizes medium large huge --backends pythran --name huge

# CuPy for the CUDA of the driver (nvidia-smi tells it); the kernels are not compiled again. Without a driver: the stand-in
DRIVER_CUDA = nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9]*\).*/\1/p'
gpu: install
	@cuda=$$($(DRIVER_CUDA)); if [ -n "$$cuda" ] && ! $(BIN)/python -c "import cupy" 2>/dev/null; then \
		if [ "$$cuda" -ge 13 ]; then extra=cuda13; else extra=cuda; fi; \
		echo "Installing CuPy for CUDA $$cuda: about a minute …"; \
		STAMPS_NO_COMPILE=1 $(PIP) --editable ".[$$extra]"; \
	fi
	$(BIN)/python benchmarks/gpu.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m vulture
	$(BIN)/python -m mypy

# what the site needs: the package, Sphinx, what pictures and exports of the tutorial need
$(VENV)/.docs: pyproject.toml setup.py | $(BIN)/python
	@echo "Installing what the documentation needs: one to three minutes …"
	$(PIP) --editable ".[docs,plot,report,export]"
	touch $@

docs: $(VENV)/.docs
	rm -rf docs/api/generated docs/api/modules
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --doctree-dir docs/_build/doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:
	rm -rf $(VENV) build *.egg-info docs/_build docs/api/generated docs/api/modules $(DEMO) stamps/native/*.so stamps/native/*.cpp

# kill every step of ps_mini at ten random moments, then run it again; kill whole chains, on cores and on a Dask cluster
frontends: install
	$(BIN)/python -m pytest -n auto --dist loadfile -m "" tests/test_jobs*.py tests/test_processor.py tests/test_snap*.py tests/test_isce*.py \
		tests/test_sentinel1*.py tests/test_hyp3*.py tests/test_cslc*.py tests/test_mt_prep_cslc*.py tests/test_weather*.py \
		tests/test_aps_weather.py tests/test_service*.py tests/hostile/test_cslc*.py tests/hostile/test_gslc*.py

robustness: install
	STAMPS_KILLS=10 $(BIN)/python -m pytest tests/test_killed.py tests/test_mt_link_again.py tests/test_slurm.py -m ""
	$(BIN)/python tests/tools/kill_chain.py --kills 100

# run every option's test with the option ignored: each must fail
mutants: install
	$(BIN)/python tests/tools/run_mutants.py
