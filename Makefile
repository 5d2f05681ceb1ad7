# Every command of this project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The distribution's Python comes first: it is built with profiles, and clicks take a tenth less time than with one that a
# version manager has built. uv cannot follow version managers' shims: name the interpreter that it really is.
PYTHON := $(firstword $(shell for each in /usr/bin/python3 python3; do $$each -c \
  'import sys, ensurepip; sys.version_info < (3, 11) or print(sys.executable)' 2>/dev/null; done) python3)
BIN := .venv/bin
PORT ?= 8000
WORKERS ?= auto
export DEBUG ?= 1

.PHONY: help install demo test check serve worker beat sandbox format schema migrations fuzz bench bench-peers chromium clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: .venv/installed ## Make .venv with the locked dependencies

.venv/installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; python3 is $$(python3 --version)."; exit 1; }
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(BIN)/uv sync --locked --quiet --python $(PYTHON)
	@touch $@

demo: install ## The main job, visibly, from nothing; then keeps serving. ONCE=1 stops after the last step
	@$(BIN)/python -m engage_stripe.demo $(if $(ONCE),--once)

test: install chromium ## The whole suite, in parallel, on real PostgreSQL and Redis
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal

check: install ## Everything that can be checked without running the product
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy (as production)"
	@env DEBUG=0 SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  FIELD_ENCRYPTION_KEYS=$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
	  DATABASE_URL=postgresql://postgres@db/engage REDIS_URL=redis://redis/0 PUBLIC_BASE_URL=https://engage.example \
	  ALLOWED_HOSTS=engage.example $(BIN)/python manage.py check --deploy --fail-level WARNING
	@echo "docs/openapi.yaml in step with the code"
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn | diff - docs/openapi.yaml || { echo "Run: make schema"; exit 1; }
	$(BIN)/uv lock --check --quiet
	@.ci/audit

schema: install ## Write docs/openapi.yaml from the code
	$(BIN)/python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn

migrations: install ## Write migrations for changed models
	$(BIN)/python manage.py makemigrations

format: install ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: install ## The web process
	@$(BIN)/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --workers 2 --blocking-threads 24 --respawn-failed-workers engage_stripe.wsgi:application

worker: install ## The background worker
	@$(BIN)/celery -A engage_stripe worker --loglevel INFO

beat: install ## The clock of the background work
	@$(BIN)/celery -A engage_stripe beat --loglevel INFO

sandbox: install ## The sandbox Stripe
	@$(BIN)/python -m engage_stripe.sandbox --port 12111

EXAMPLES ?= 50000
fuzz: install ## The property tests, much longer; EXAMPLES=2000 for less
	@HYPOTHESIS_PROFILE=fuzz FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -n $(WORKERS) -m fuzz

BENCHMARKS = events webhook_view latency identity_import reconciliation clicks pickers sandbox_scale
bench: install ## Speed, as ratios measured in one run; ONLY=events for one of them
	@for each in $(if $(ONLY),$(ONLY),$(BENCHMARKS)); do echo "== $$each"; \
	  $(BIN)/python -m engage_stripe.embedded run $(BIN)/python -m benchmarks.$$each || exit 1; done

bench-peers: install ## The same events through dj-stripe, in an environment of its own
	@$(BIN)/uv sync --locked --quiet --python $(PYTHON) --project benchmarks/peers
	@$(BIN)/python -m engage_stripe.embedded run $(BIN)/python -m benchmarks.peers.compare

chromium: # Browser tests need Chromium; root on Debian gets it by itself
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo "!! No Chromium: browser tests will be skipped. Get it with: sudo apt-get install chromium"; fi; }

clean: ## Forget all local data: databases, the sandbox's state, caches
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m engage_stripe.embedded stop; fi
	rm -rf .local .pytest_cache .mypy_cache .ruff_cache .hypothesis staticfiles
