# The front door: `make` alone lists what there is. What is set up already is not set up again.

PYTHON ?= python3
CHROMIUM ?= /usr/bin/chromium
ARGS ?=

PY := .venv/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps
PYTEST := $(PY) -m pytest
SOURCES := hafiportrait events gallery engagement portfolio analytics demo tests scripts benchmarks

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
STATIC_FILES := $(shell find static -type f 2>/dev/null)

# Settings of a real site, for the checks that only count there.
PRODUCTION := ENV_FILE=/dev/null SITE_URL=https://photos.example.com \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')

.DEFAULT_GOAL := help
.PHONY: help run dev setup setup-dev messages static test test-postgres test-celery browser-test \
	check check-code check-types check-layers check-templates check-django check-catalogues \
	bench lighthouse screenshots lock clean

help: ## List what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

# --- run ---------------------------------------------------------------------------------------

run: setup .env messages static ## Serve the site and its jobs at http://127.0.0.1:8000 (PORT=…)
	@exec $(PY) -m scripts.run Procfile

dev: export DEBUG = 1
dev: setup-dev .env messages ## The same with DEBUG on, and without collected static files
	@exec $(PY) -m scripts.run Procfile.dev

# --- set up ------------------------------------------------------------------------------------

setup: .venv/installed node_modules/installed ## Install what the site needs
setup-dev: .venv/installed-dev node_modules/installed-dev ## Install what developers need too

$(PY):
	@scripts/make_venv.sh "$(PYTHON)"

.venv/installed: requirements.lock | $(PY)
	@echo "Installing the locked Python packages"
	@$(PIP) -r requirements.lock
	@touch $@

# The developers' lock holds the other one's packages in the same versions.
.venv/installed-dev: requirements-dev.lock | .venv/installed
	@echo "Installing the locked Python packages for developers"
	@$(PIP) -r requirements-dev.lock
	@touch $@

# npm empties the folder first, stamps included: what is there is what its stamps say.
NPM_CI := scripts/npm.sh ci --ignore-scripts --no-progress

node_modules/installed: package-lock.json .npmrc | $(PY)
	@echo "Installing the locked front-end packages"
	@$(NPM_CI) --omit=dev
	@touch $@

# The developers' packages hold the others, so that `setup` has nothing to do after `setup-dev`.
node_modules/installed-dev: package-lock.json .npmrc | $(PY)
	@echo "Installing the locked front-end packages for developers"
	@$(NPM_CI) --include=dev
	@touch node_modules/installed $@

.env: | $(PY)
	@$(PY) -m scripts.first_env

messages: $(CATALOGUES) ## Compile the translations

%.mo: %.po | .venv/installed
	@.venv/bin/pybabel --quiet compile -i $< -o $@

static: var/static/staticfiles.json ## Collect the static files

var/static/staticfiles.json: $(STATIC_FILES) hafiportrait/lib/packages.py .venv/installed \
		node_modules/installed | .env
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@

# --- test --------------------------------------------------------------------------------------

test: setup-dev messages ## The suite on SQLite (ARGS="-k likes" and the like)
	$(PYTEST) -n auto -m "not celery and not browser" $(ARGS)

test-postgres: export DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
test-postgres: setup-dev messages ## The suite on PostgreSQL (DATABASE_URL=…); slow tests bring databases of their own
	$(PYTEST) -n auto -m "not celery and not browser and not slow" $(ARGS)

test-celery: export REDIS_URL ?= redis://127.0.0.1:6379/9
test-celery: setup-dev messages ## The job tests on real Celery and Redis (REDIS_URL=…)
	CELERY_BROKER_URL="$$REDIS_URL" $(PYTEST) -n0 -m celery $(ARGS)

browser-test: export CHROMIUM := $(CHROMIUM)
browser-test: setup-dev messages ## The pages in a real Chromium (CHROMIUM=…)
	@test -x "$(CHROMIUM)" || { echo "hafiportrait: no Chromium at $(CHROMIUM); on Debian: apt-get install chromium" >&2; exit 1; }
	$(PYTEST) -n 2 --dist loadfile -m browser tests/browser $(ARGS)

check: check-code check-types check-layers check-templates check-django check-catalogues ## Everything that CI checks without running the site

check-code: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

check-types: setup-dev
	$(PY) -m mypy $(SOURCES) manage.py gunicorn.conf.py

check-layers: setup-dev
	.venv/bin/lint-imports

check-templates: setup-dev
	.venv/bin/djlint templates --lint --quiet
	.venv/bin/djlint templates --check --quiet

check-django: setup-dev messages
	$(PRODUCTION) $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

check-catalogues: setup-dev
	$(PY) -m scripts.check_catalogues

bench: setup-dev messages ## Measure speed beside bare code; writes benchmarks/RESULTS.md
	$(PY) -m benchmarks.run $(ARGS)

lighthouse: export CHROMIUM := $(CHROMIUM)
lighthouse: setup-dev messages ## Measure a guest's pages on a simulated phone; writes benchmarks/RESULTS.md
	$(PY) -m benchmarks.lighthouse $(ARGS)

screenshots: setup-dev messages ## Draw the pictures of the README
	CHROMIUM=$(CHROMIUM) $(PY) -m scripts.screenshots $(ARGS)

# --- housekeeping ------------------------------------------------------------------------------

COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

lock: setup-dev ## Lock the newest allowed versions of all packages
	$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	$(COMPILE) --extra anymail --constraint requirements.lock pyproject.toml -o requirements-anymail.lock
	$(COMPILE) --upgrade --extra dev --extra anymail --constraint requirements.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) --upgrade requirements-node.in -o requirements-node.lock
	scripts/npm.sh update --package-lock-only --ignore-scripts

clean: ## Remove everything that was made, except .env, the database and the photographs
	rm -rf .venv node_modules var/static .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f $(CATALOGUES) .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
