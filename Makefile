# make demo            try it: web app, worker and a local Railway, no account needed
# make test            the whole suite, on SQLite
# make test-postgres   the same on a PostgreSQL server of its own
# make reliability     kill and freeze everything in every step (an hour); writes docs/reliability.md
# make crowd           50 creates at once, and 200 redeploys of one selection; prints the figures
# make pictures        docs/pictures anew, taken by the tests in a browser
# make railway-cli     Railway's own CLI, built so that it talks to the local Railway; needs cargo
# make live            one instance on the real Railway, made and deleted; needs LIVE=yes and a token
# make check           every check that CI runs beside the tests
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
CLI_VERSION := $(shell cat tests/contract/cli-version)
CLI_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/luthien_admin/railway-$(CLI_VERSION)
CLI := $(CLI_ROOT)/bin/railway

.PHONY: demo test test-postgres reliability reliability-short crowd pictures railway-cli live check lint format types imports migrations deploy-check clean

demo: $(READY)
	@$(BIN)/python -m luthien_admin.demo

test: $(READY)
	$(BIN)/pytest $(ARGS)

test-postgres: $(READY)
	@# The databases go with the server, so nothing has to be dropped.
	$(BIN)/python tests/with_postgres.py $(BIN)/pytest --reuse-db $(ARGS)

# First the control: with one of the guards taken out there have to be violations.
reliability: $(READY)
	mkdir -p var/reliability
	$(BIN)/python -m tests.reliability --each-step-once --turn 0 --without lease --json var/reliability/lease.json
	$(BIN)/python -m tests.reliability --each-step-once --turn 0 --without look --json var/reliability/look.json
	$(BIN)/python -m tests.reliability --write docs/reliability.md --json var/reliability/whole.json \
		--controls var/reliability/lease.json var/reliability/look.json $(ARGS)

# Every step once; which fault strikes it changes from day to day (ARGS="--turn N" for a certain one).
reliability-short: $(READY)
	$(BIN)/python -m tests.reliability --each-step-once $(ARGS)

crowd: $(READY)
	mkdir -p var
	$(BIN)/python tests/with_postgres.py $(BIN)/python tests/crowd.py creates --out var/creates.json
	$(BIN)/python tests/with_postgres.py $(BIN)/python tests/crowd.py redeploys --out var/redeploys.json

pictures: $(READY)
	PICTURES=docs/pictures $(BIN)/pytest tests/browser -n 0 $(ARGS)

railway-cli: $(CLI)

# Only a debug build lets RAILWAY_BACKBOARD_URL say where Railway is. It stays outside this folder.
$(CLI):
	cargo install railwayapp --version $(CLI_VERSION) --debug --locked --quiet --root $(CLI_ROOT)

live: $(READY)
	$(BIN)/python tests/live.py

check: lint types imports migrations deploy-check

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

migrations: $(READY)
	$(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: $(READY)
	ENV_FILE=tests/production.env $(BIN)/python manage.py check --deploy --fail-level WARNING

# uv when it is there, the machine's own python3 and pip otherwise; versions from constraints.txt.
$(READY): pyproject.toml constraints.txt
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
		uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	fi
	@touch $@

clean:
	rm -rf .venv var build *.egg-info .mypy_cache .pytest_cache .ruff_cache
