# The commands of this project. `make demo` and `make test` need Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV ?= .venv
OUT ?= demo-output
CT ?=
BIN := $(VENV)/bin

.PHONY: help demo test lint benchmark benchmark-accuracy benchmark-speed clean check-python check-egl

help:
	@echo "make demo             measure the built-in chest phantom; CT=path for a scan, OUT=folder"
	@echo "make test             run every test"
	@echo "make lint             check style"
	@echo "make benchmark        both benchmarks; QUICK=1 for a small cut of each, RESUME=1 to go on"
	@echo "make benchmark-accuracy   sizes and volumes on phantoms -> benchmarks/accuracy.md"
	@echo "make benchmark-speed      seconds and memory -> benchmarks/speed.md"
	@echo "make clean            remove the virtual environment and what demo made"

demo: check-egl $(VENV)/.installed
	@$(BIN)/bv5 demo -o "$(OUT)" --overwrite $(if $(CT),--ct "$(CT)")

# Quick tests first: a mistake shows within seconds.
test: check-egl $(VENV)/.installed
	$(BIN)/pytest -q -m "not slow"
	$(BIN)/pytest -q -m slow

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# One after the other also with -j: speed is measured on an idle machine.
benchmark:
	$(MAKE) benchmark-accuracy
	$(MAKE) benchmark-speed

benchmark-accuracy: $(VENV)/.installed
	$(BIN)/python benchmarks/accuracy.py $(if $(QUICK),--quick) $(if $(RESUME),--resume)

benchmark-speed: $(VENV)/.installed
	$(BIN)/python benchmarks/speed.py $(if $(QUICK),--quick)

# Made once, and again when the packages change. Moved to its name when whole, so that an
# interrupted installation is not taken for a finished one.
$(VENV)/.installed: pyproject.toml | check-python
	@echo "Installing into $(VENV), once; this takes a minute or two."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

check-python:
	@command -v $(PYTHON) > /dev/null || { \
	  echo "$(PYTHON) is missing. Debian, Ubuntu: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V | cut -d' ' -f2). Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || { \
	  echo "Python's venv is missing. Debian, Ubuntu: sudo apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }

# The 3D picture is drawn without a window, by EGL.
check-egl: | check-python
	@$(PYTHON) -c 'import ctypes; ctypes.CDLL("libEGL.so.1")' 2> /dev/null || { \
	  echo "libEGL is missing; the 3D picture needs it. Debian, Ubuntu: sudo apt-get install libegl1 libgl1-mesa-dri" >&2; exit 1; }

clean:
	rm -rf $(VENV) demo-output
