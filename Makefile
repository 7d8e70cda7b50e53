# make audit            audit the lab's estate contoso, end to end (ESTATE=drifted for another one)
# make test             the project's own tests
# make bench            measure every row of docs/performance.md (ROW=A1 for one)
# make lint             ruff, mypy, layers, generated documents
# make docs             write the generated documents and the sample report
# make snapshots        record what the lab answers, for the tests
# make pictures         take the pictures of docs/report.md again (needs Chromium)
# make lock             compile requirements*.in into requirements*.txt
# make clean            remove what was made here
#
# Every command sets itself up: a virtual environment in .venv with the locked packages. A second run installs nothing.

PYTHON ?= python3
ESTATE ?= contoso
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate
export ESTATE

.PHONY: audit test bench lint docs snapshots pictures lock clean help
.DELETE_ON_ERROR:

audit: $(VENV)/.lab
	@test -f "fixtures/estates/$$ESTATE.yaml" || { \
	  echo "There is no estate $$ESTATE. Choose one of:" $$(ls fixtures/estates | sed -n 's/\.yaml$$//p') >&2; exit 4; }
	@$(PY) -m lab --estate "fixtures/estates/$$ESTATE.yaml" -- \
	  $(PY) -m pytest --target {target} --waivers {waivers}; \
	code=$$?; \
	if [ $$code -ne 0 ]; then echo "The audit of $$ESTATE ended with exit code $$code (README.md, Exit codes)."; fi; \
	exit $$code

# pytest.ini names no test plugins; these are the tests' own. Sockets reach loopback only.
TEST_PLUGINS := -p pytest_socket --allow-hosts=127.0.0.1,::1 --allow-unix-socket -p pytest_randomly \
                -p _hypothesis_pytestplugin -p time_machine
# They are tests of a program, so they have everything of pytest's that an audit does without.
TEST_PLUGINS += -o "addopts=--disable-plugin-autoload -p pytest_metadata.plugin -p pytest_html.plugin -p no:cacheprovider \
                --import-mode=importlib"
TESTS ?= tests

test: $(VENV)/.dev
	$(PY) -m pytest $(TESTS) -W error $(TEST_PLUGINS) $(TEST_OPTIONS)

# Both sides of each row run in turn; bench/results.json keeps the newest figures. Nothing fails for being slow.
bench: $(VENV)/.dev
	$(PY) -m bench $(ROW)

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m fedready docs --check

docs: $(VENV)/.lab
	$(PY) -m fedready docs --write
	$(PY) -m pytest -q --snapshot fixtures/snapshots/contoso.json --waivers fixtures/waivers/contoso.yaml \
	  --as-of 2026-11-23T12:00:00Z --report-dir reports/sample

# What the lab answers, recorded over the wire for the tests that judge without one.
snapshots: $(VENV)/.dev
	$(PY) -m tests.record

pictures: $(VENV)/.dev
	$(PY) docs/pictures.py

lock: $(VENV)/.dev
	$(LOCK) -o requirements.txt requirements.in
	$(LOCK) -c requirements.txt -o requirements-lab.txt requirements-lab.in
	$(LOCK) -c requirements-lab.txt -o requirements-dev.txt requirements-dev.in
	$(LOCK) -o requirements-build.txt requirements-build.in

clean:
	rm -rf $(VENV) .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed. Say which: make PYTHON=python3.12 ..." >&2; exit 4; }
	$(PYTHON) -m venv $(VENV)

# An audit's and the lab's packages, and the project itself in editable form.
$(VENV)/.lab: requirements-lab.txt requirements-build.txt pyproject.toml | $(PY)
	$(PIP) install --quiet --require-hashes -r requirements-build.txt -r requirements-lab.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.lab
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
