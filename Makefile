# Needs Python 3.11 or newer and make, nothing else: `make demo` to look, `make test` to prove.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
INSTALL := $(RUN) -m pip --disable-pip-version-check --quiet install --no-compile
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate

# One more than there are processors: a part of the time is waiting for processes and clocks.
WORKERS = $(shell $(PYTHON) -c "import os; print(1 + (os.cpu_count() or 1))")

# Installed uncompiled, so what a program compiles has to be kept for the next.
unexport PYTHONDONTWRITEBYTECODE

# The slowest first, two at a time.
CHECKS := check-secrets check-types check-pages check-imports check-style check-recipes

.PHONY: demo setup run test quota-machine quota-rush corpus load crash scale check $(CHECKS) secrets \
	sbom format requirements clean

demo: $(VENV)/.demo ## Show the bot in a local browser page, without any account
	@$(RUN) -m bot demo

setup: $(VENV)/.run ## Make the environment that the real bot needs, with the script `easel`

run: $(VENV)/.run ## Run the real bot with the settings of the environment and .env
	@$(RUN) -m bot run

test: $(VENV)/.dev ## Run all tests (TEST="--database both": each on SQLite and on PostgreSQL)
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal $(TEST)

quota-machine: $(VENV)/.dev ## Live two thousand random lives of a server; the books must add up
	@QUOTA_MACHINE_RUNS=2000 $(RUN) -m pytest --timeout 0 tests/services/test_quota_machine.py

quota-rush: $(VENV)/.dev ## Ask a thousand times at once at a limit of 50, in twenty rounds
	@QUOTA_RUSH_ASKS=1000 QUOTA_RUSH_ROUNDS=20 $(RUN) -m pytest tests/services/test_quota_at_once.py

corpus: $(VENV)/.dev ## Send hostile pictures, and those in the folders of CORPUS, through the workers
	@$(RUN) -m tests.imaging.corpus $(CORPUS)

load: $(VENV)/.dev ## Press one Easel with many requests at once, on both databases (LOAD="--soak 20000")
	@$(RUN) benchmarks/load.py $(LOAD)

crash: $(VENV)/.dev ## Kill Easel at every moment of a request, with many seeds (CRASH="--seeds 20")
	@$(RUN) -m tests.process.crash $(CRASH)

scale: $(VENV)/.dev ## Kill one of several processes under load; the standby goes on (SCALE="--rounds 9")
	@$(RUN) -m tests.process.scale $(SCALE)

check: $(VENV)/.dev ## Check style, types, imports, pages, catalogues, secrets, Dockerfile, workflows
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target $(CHECKS)

$(CHECKS): $(VENV)/.dev

check-types:
	@$(BIN)/basedpyright --pythonpath $(RUN)

check-secrets:
	@$(RUN) scripts/no_secrets.py

check-style:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

check-imports:
	@$(BIN)/lint-imports --no-logo

check-pages:
	@$(RUN) scripts/written_pages.py --check
	@$(RUN) scripts/catalogues.py --check

check-recipes:
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/zizmor --offline --quiet --persona auditor .github

secrets: $(VENV)/.dev ## Write anew what check takes for no secret; look at every line that it adds
	@$(RUN) scripts/no_secrets.py --write

sbom: $(VENV)/.release ## Write the bill of materials of what is shipped, dist/easel-sbom.json
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml \
		--mc-type application --output-reproducible --output-file dist/easel-sbom.json

format: $(VENV)/.dev ## Format the code; write the settings pages and the catalogues anew
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(RUN) scripts/written_pages.py
	@$(RUN) scripts/catalogues.py

requirements: $(VENV)/.dev ## Choose the newest versions and pin them by their hashes
	@$(COMPILE) pyproject.toml --extra demo --extra fast --group dev -o requirements/dev.txt
	@$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
	@$(COMPILE) --group release -c requirements/dev.txt -o requirements/release.txt
	@$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	@$(COMPILE) pyproject.toml --extra demo -c requirements/dev.txt -o requirements/demo.txt
	@$(COMPILE) pyproject.toml --extra fast -c requirements/dev.txt -o requirements/fast.txt
	@$(COMPILE) pyproject.toml --extra heic -c requirements/dev.txt -o requirements/heic.txt

clean: ## Remove what was built; the database in data/ stays
	@rm -rf $(VENV) build dist *.egg-info .coverage* .hypothesis .pytest_cache .ruff_cache \
		.import_linter_cache
	@find bot cogs migrations tests scripts benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Each set holds the smaller ones, so one environment serves all; a stamp says what it has.

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Easel needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements/run.txt requirements/fast.txt requirements/build.txt pyproject.toml | $(VENV)/.python
	@$(call setup,run)

$(VENV)/.demo: requirements/demo.txt requirements/fast.txt requirements/build.txt pyproject.toml | $(VENV)/.python
	@$(call setup,demo)
	@touch $(VENV)/.run

$(VENV)/.dev: requirements/dev.txt requirements/build.txt pyproject.toml | $(VENV)/.python
	@$(call setup,dev)
	@touch $(VENV)/.run $(VENV)/.demo

$(VENV)/.release: requirements/release.txt requirements/build.txt | $(VENV)/.dev
	@$(INSTALL) --no-deps --require-hashes -r requirements/release.txt
	@touch $@

define setup
echo "Setting up $(VENV) for $(1); the first time takes a minute or two ..." >&2 \
	&& $(INSTALL) --no-deps --require-hashes -r requirements/build.txt -r requirements/$(1).txt \
	&& $(INSTALL) --no-deps --no-build-isolation --editable . \
	&& { $(INSTALL) --no-deps --only-binary :all: --require-hashes -r requirements/fast.txt \
		|| echo "No wheels of the extra fast for this machine: pictures take longer." >&2; } \
	&& touch $(VENV)/.$(1)
endef
