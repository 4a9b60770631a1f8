# The commands of this project. `make demo` and `make test` need Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV ?= .venv
OUT ?= demo-output
CT ?=
CASES ?=
# One test process a core, at most four: each takes up to 2 GB.
JOBS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 4 ? cores : 4)))
BIN := $(VENV)/bin
# Quick tests go to whichever process has nothing left to do. Of slow ones a file stays together,
# as its tests share what takes long to make; each process takes up to 2 GB.
QUICK = -n $(JOBS) --dist worksteal -m "not slow"
SLOW = -n $(JOBS) --dist loadfile --no-loadscope-reorder -m slow
SLICER_VENV ?= .venv-slicer
API ?=

.PHONY: help demo demo-cohort test coverage test-slicer-source test-slicer-versions golden slicer-api check-slicer-api lint format constants check-index benchmark benchmark-accuracy benchmark-anatomy benchmark-continuity benchmark-speed benchmark-panel benchmark-batch benchmark-cohort benchmark-sensitivity clean check-python check-egl check-qt

help:
	@echo "make demo             measure the built-in chest phantom; CT=path for a scan, OUT=folder"
	@echo "make demo-cohort      a study from scans to its table, on made-up data; OUT=folder"
	@echo "make test             run every test, in JOBS processes"
	@echo "make coverage         the quick tests, and how much of the library they run"
	@echo "make test-slicer-versions  the quick tests with the package versions that Slicer bundles"
	@echo "make test-slicer-source SLICER_SOURCE=dir   the panel's tests on the Python files of a Slicer checkout"
	@echo "make golden           take over what the analysis measures now as the golden numbers"
	@echo "make check-slicer-api API=file  what a newer Slicer has and lacks, beside what tests rest on"
	@echo "make slicer-api API=file  take that over"
	@echo "make lint             check style, what loading the module does, docs/constants.md, and what the Extensions Index asks"
	@echo "make format           mend style as far as a program can"
	@echo "make constants        write the tuned numbers of the method -> docs/constants.md"
	@echo "make check-index      the last of these; STRICT=1 before a release: no placeholder may be left"
	@echo "make benchmark        both benchmarks; QUICK=1 for a small cut of each, RESUME=1 to go on"
	@echo "make benchmark-accuracy   sizes and volumes on phantoms -> benchmarks/accuracy.md"
	@echo "make benchmark-anatomy    lungs, opacities and findings on 200 random chests -> benchmarks/anatomy.md; SEEDS=1000-1019"
	@echo "make benchmark-continuity  what must not move a result, and what may a little -> benchmarks/continuity.md; CT=path"
	@echo "make benchmark-reproducibility  one chest imaged again, scans read again -> benchmarks/reproducibility.md; SEEDS=0-2 SCALE=1 CT=path"
	@echo "make benchmark-speed      seconds and memory -> benchmarks/speed.md"
	@echo "make benchmark-panel      seconds of the panel's work -> benchmarks/panel.md; CASES=\"folder=ct ...\""
	@echo "make benchmark-batch  batch beside single analyses, killed and resumed -> benchmarks/batch.md"
	@echo "make benchmark-cohort  seconds of bv5 cohort by number of rows -> benchmarks/cohort.md"
	@echo "make benchmark-sensitivity  what each constant of the method moves -> benchmarks/sensitivity.md; CT=path for a real scan too"
	@echo "make clean            remove the virtual environment and what demo made"

demo: check-egl $(VENV)/.installed
	@$(BIN)/bv5 demo -o "$(OUT)" --overwrite $(if $(CT),--ct "$(CT)")

# A folder of its own, unless another is named on the command line.
demo-cohort: OUT = demo-cohort-output
demo-cohort: check-egl $(VENV)/.installed
	@$(BIN)/bv5 demo-cohort -o "$(OUT)" --overwrite

# Quick tests first: a mistake shows soon. Only files that have slow tests are loaded for those.
test: check-egl check-qt $(VENV)/.installed
	$(BIN)/pytest -q $(QUICK)
	$(BIN)/pytest -q $(SLOW) $$(grep -rlE --include='test_*.py' 'mark\.slow' Testing/Python)

# Apart from `test`, as it takes the quick tests half as long again. Fails if the share is less than
# pyproject.toml asks for.
coverage: check-egl check-qt $(VENV)/.installed
	$(BIN)/pytest -q $(QUICK) --cov --cov-report=

# Slicer's own ScriptedLoadableModule.py, i18n.py and parameterNodeWrapper in place of stand-ins.
test-slicer-source: check-egl check-qt $(VENV)/.installed
	@test -d "$(SLICER_SOURCE)/Base/Python/slicer" || { \
	  echo "Name a checkout of Slicer: make test-slicer-source SLICER_SOURCE=dir" >&2; exit 1; }
	SLICER_SOURCE="$(abspath $(SLICER_SOURCE))" $(BIN)/pytest -q Testing/Python/panel Testing/Python/standins

# In an environment of its own, with the versions that Testing/slicer-versions.txt pins. It is made
# by the same Python as the other one; Slicer's own is better, where there is one: PYTHON=python3.12.
test-slicer-versions: check-egl check-qt $(SLICER_VENV)/.installed
	$(SLICER_VENV)/bin/pytest -q $(QUICK) $(TESTS)

$(SLICER_VENV)/.installed: pyproject.toml Testing/slicer-versions.txt | check-python
	@echo "Installing into $(SLICER_VENV), once; this takes a minute or two."
	@test -x $(SLICER_VENV)/bin/python || $(PYTHON) -m venv $(SLICER_VENV)
	@$(SLICER_VENV)/bin/python -m pip install -q --disable-pip-version-check \
	  -c Testing/slicer-versions.txt -r Testing/slicer-versions.txt -e '.[dev]'
	@touch $@

golden: $(VENV)/.installed
	PYTHONPATH=Testing/Python $(BIN)/python -m helpers.golden

# What stand-ins know of Slicer, from a listing (api.json) made inside a running one.
slicer-api check-slicer-api: $(VENV)/.installed
	@test -n "$(API)" || { echo "Name a listing made inside Slicer: make $@ API=file" >&2; exit 1; }
	PYTHONPATH=Testing/Python $(BIN)/python -m standins.slicer_api $(if $(filter check-%,$@),check,make) "$(API)"

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_file_scope.py
	$(BIN)/python tools/check_index.py
	$(BIN)/python tools/constants.py --check

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constants: $(VENV)/.installed
	$(BIN)/python tools/constants.py

check-index: $(VENV)/.installed
	$(BIN)/python tools/check_index.py $(if $(STRICT),--release)

# One after the other also with -j: speed is measured on an idle machine.
benchmark:
	$(MAKE) benchmark-accuracy
	$(MAKE) benchmark-speed

benchmark-accuracy: $(VENV)/.installed
	$(BIN)/python benchmarks/accuracy.py $(if $(QUICK),--quick) $(if $(RESUME),--resume)

benchmark-anatomy: $(VENV)/.installed
	$(BIN)/python benchmarks/anatomy.py $(if $(QUICK),--quick) $(if $(RESUME),--resume) $(if $(SEEDS),--seeds $(SEEDS))

benchmark-continuity: $(VENV)/.installed
	$(BIN)/python benchmarks/continuity.py $(if $(QUICK),--quick) $(if $(RESUME),--resume) $(if $(CT),--scan "$(CT)") $(if $(SEEDS),--seeds $(SEEDS))

benchmark-reproducibility: $(VENV)/.installed
	$(BIN)/python benchmarks/reproducibility.py $(if $(QUICK),--quick) $(if $(RESUME),--resume) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SCALE),--scale $(SCALE)) $(if $(CT),--scan "$(CT)")

benchmark-speed: $(VENV)/.installed
	$(BIN)/python benchmarks/speed.py $(if $(QUICK),--quick)

benchmark-panel: $(VENV)/.installed
	$(BIN)/python benchmarks/panel_speed.py $(CASES)

benchmark-batch: check-egl $(VENV)/.installed
	$(BIN)/python benchmarks/batch.py

benchmark-cohort: $(VENV)/.installed
	$(BIN)/python benchmarks/cohort.py $(if $(QUICK),--quick)

benchmark-sensitivity: $(VENV)/.installed
	$(BIN)/python benchmarks/sensitivity.py $(if $(QUICK),--quick) $(if $(RESUME),--resume) $(if $(CT),--scan "$(CT)") $(if $(LEAVE_OUT),--leave-out $(LEAVE_OUT))

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

# The panel's tests use Qt, which brings its own libraries but these.
check-qt: | check-python
	@for library in libGL.so.1 libxkbcommon.so.0 libdbus-1.so.3 libfontconfig.so.1 libglib-2.0.so.0; do \
	  $(PYTHON) -c "import ctypes; ctypes.CDLL('$$library')" 2> /dev/null || { \
	    echo "$$library is missing; the panel's tests need it. Debian, Ubuntu: sudo apt-get install libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 fonts-dejavu-core" >&2; exit 1; }; done

clean:
	rm -rf $(VENV) $(SLICER_VENV) demo-output demo-cohort-output
