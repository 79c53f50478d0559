# Everything one types. `make help` lists it. Nothing but GNU make, bash and Python 3.11 or newer must be there before.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Where it is set (many images set it), each process that tests start compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

UV_VERSION := 0.13.9
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/dougong
UV := $(or $(shell command -v uv),$(CACHE)/uv/bin/uv)
PYTHON := .venv/bin/python
SYNCED := .venv/.synced
# Runs one named step and notes how long it took.
STEP := .ci/step

DEVELOPMENT := DOUGONG_MODE=development PYTHONWARNINGS=ignore
# A complete production environment that reaches nothing: what `check --deploy` judges are the settings.
PRODUCTION := DOUGONG_MODE=production DOUGONG_ALLOWED_HOSTS=dougong.example \
  DOUGONG_SECRET_KEY=check-only-4bE9zXw7Qp1LrT6yUvN2cMkJhGfDsAaPoIuYtReWq \
  DOUGONG_ENCRYPTION_KEYS=check:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
  DOUGONG_DIGEST_KEY=check-only \
  DOUGONG_AUDIT_KEYS=check:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= DOUGONG_AUDIT_OUTSIDE=file:///check/heads DATABASE_URL=postgresql:///check REDIS_URL=redis://127.0.0.1:1/0

PYTEST := $(PYTHON) -m pytest -q
CODE := paas clusters apps deploy bench examples tests manage.py

##@ Use

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo down
demo: ## Two clusters, Dougong on port 8000 and an application on both; KUBECONFIGS=a.yaml,b.yaml IMAGE=… for your own
	@python3 -m deploy.demo check
	@$(MAKE) sync
	@$(if $(KUBECONFIGS),,for part in slapd keycloak; do $(MAKE) $$part || echo "Going on without $$part."; done)
	@$(STEP) "demo" $(PYTHON) -m deploy.demo up
down: ## End the demo: processes, clusters, state
	@$(or $(wildcard $(PYTHON)),python3) -m deploy.demo down

##@ Develop

.PHONY: sync
sync: $(SYNCED) ## Make .venv as uv.lock says

# With the extra `ldap` where it can be compiled; nothing but its own tests needs it.
SYNC = $(UV) sync --locked --quiet $$(.ci/compiles-ldap && echo --extra ldap)

$(SYNCED): pyproject.toml uv.lock | $(UV)
	@$(STEP) "packages" $(SYNC)
	@touch $@

# Only where no uv is on PATH.
$(CACHE)/uv/bin/uv:
	@python3 -c 'import ensurepip' 2>/dev/null || { (($$(id -u) == 0)) && command -v apt-get >/dev/null; } || \
	  { echo "Python's venv is missing: install uv, or python3-venv, or run as root on Debian." >&2; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || $(STEP) "python3-venv" bash -c 'apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null'
	@$(STEP) "uv" bash -c 'python3 -m venv $(CACHE)/uv && $(CACHE)/uv/bin/pip install --quiet uv==$(UV_VERSION)'

CHECKS := check-lock check-format check-lint check-types check-imports check-templates check-django check-migrations \
  check-openapi check-tests
.PHONY: check $(CHECKS)
check: $(CHECKS) ## Linters, types, contracts, unit and database tests; no clusters needed

check-lock: $(SYNCED)
	@$(STEP) "lock file" $(UV) lock --check --quiet
check-format: $(SYNCED)
	@$(STEP) "format" .venv/bin/ruff format --check --quiet $(CODE)
check-lint: $(SYNCED)
	@$(STEP) "lint" .venv/bin/ruff check --quiet $(CODE)
check-types: $(SYNCED)
	@$(STEP) "types" .venv/bin/mypy
check-imports: $(SYNCED)
	@$(STEP) "imports" .venv/bin/lint-imports
check-templates: $(SYNCED)
	@$(STEP) "templates" .venv/bin/djlint --check --lint --quiet templates
check-django: $(SYNCED)
	@$(STEP) "deploy check" env $(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
check-migrations: $(SYNCED)
	@$(STEP) "migrations" env $(DEVELOPMENT) $(PYTHON) manage.py makemigrations --check --dry-run
check-openapi: $(SYNCED)
	@$(STEP) "openapi" bash -c '$(DEVELOPMENT) $(PYTHON) manage.py spectacular --validate --fail-on-warn | \
	  diff -u docs/openapi.yaml - || { echo "The API has changed: run make openapi and commit docs/openapi.yaml."; exit 1; }'
check-tests: $(SYNCED) slapd
	@$(STEP) "unit and database tests" $(PYTEST) -n 2 --dist worksteal -m "not lab and not browser and not keycloak and not soak"

.PHONY: format openapi answers settings-page problems-page block-pages cli-pages messages
format: $(SYNCED) ## Format code and templates
	@.venv/bin/ruff format --quiet $(CODE) && .venv/bin/ruff check --fix --quiet $(CODE); .venv/bin/djlint --reformat --quiet templates || true
openapi: $(SYNCED) ## Write docs/openapi.yaml anew
	@$(DEVELOPMENT) $(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
answers: $(SYNCED) ## Write apps/api/answers.json and tests/query_counts.txt anew, then docs/openapi.yaml
	@$(STEP) "answers" env DOUGONG_WRITE_ANSWERS=1 $(PYTEST) tests/apps/api/test_query_counts.py
	@$(MAKE) openapi
messages: $(SYNCED) gettext ## Gather the console's texts for translation and compile what is translated
	@$(DEVELOPMENT) $(PYTHON) manage.py makemessages --locale zh_Hans --no-location --no-obsolete --ignore '.venv/*' \
	  --ignore 'tests/*' --ignore 'deploy/*' --ignore 'bench/*'
	@$(DEVELOPMENT) $(PYTHON) manage.py compilemessages --locale zh_Hans --ignore '.venv/*'
settings-page: $(SYNCED) ## Write docs/settings.md anew
	@$(DEVELOPMENT) $(PYTHON) manage.py settings_reference > docs/settings.md
block-pages: $(SYNCED) ## Write a page for each building block anew
	@$(PYTHON) -m apps.reference docs/blocks
cli-pages: $(SYNCED) ## Write docs/cli.md and a page for each command anew
	@$(DEVELOPMENT) .venv/bin/dougong docs > docs/cli.md
	@$(DEVELOPMENT) .venv/bin/dougong docs --folder docs/cli
problems-page: $(SYNCED) ## Write docs/problems.md anew
	@$(DEVELOPMENT) $(PYTHON) manage.py problems_reference > docs/problems.md

.PHONY: test test-lab test-browser test-keycloak no-demo
test: no-demo check test-keycloak lab second-lab test-lab test-browser ## check, and the tests on two real clusters and in a browser

# Two labs, a control plane and the tests are too much for one small machine.
no-demo:
	@$(or $(wildcard $(PYTHON)),python3) -m deploy.demo down --because "to make room for the tests"

test-keycloak: $(SYNCED) keycloak
	@$(STEP) "tests with Keycloak" $(PYTEST) -m keycloak
test-lab: lab second-lab chromium
	@$(STEP) "lab tests" env DOUGONG_TEST_LAB=test,test-2 $(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder \
	  -m "lab and not browser and not soak"
test-browser: lab chromium
	@$(STEP) "browser tests" $(PYTEST) -m "browser and not soak"

.PHONY: bench soak
bench: $(SYNCED) ## Take every figure of bench/README.md on a lab of its own; an hour or two
	@$(PYTHON) -m bench --fresh --out docs/bench/results.json
soak: no-demo lab ## Everything marked soak, on the test lab; what it came to goes to docs/soak
	@$(STEP) "soak" $(PYTEST) -m soak --soak-results docs/soak

.PHONY: docs pictures
docs: | $(UV) ## The docs as a site with a search, in var/site
	@$(STEP) "docs" $(UV) run --isolated --locked --only-group docs --quiet zensical build --strict --clean
	@echo "Look at it: python3 -m http.server --bind 127.0.0.1 --directory var/site 8080"

pictures: $(SYNCED) chromium ## Take the pictures in docs/images anew, from the browser tests
	@$(STEP) "pictures" env DOUGONG_PICTURES=docs/images $(PYTEST) tests/apps/browser/test_pictures_of_the_docs.py

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { (($$(id -u) == 0)) && command -v apt-get >/dev/null; } || \
	  { echo "The browser tests need chromium on PATH: install it, or run as root on Debian." >&2; exit 1; }
	@command -v chromium >/dev/null || $(STEP) "chromium" bash -c 'apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null'

.PHONY: slapd
slapd: $(SYNCED)
	@PATH=$$PATH:/usr/sbin; { command -v slapd >/dev/null && .ci/compiles-ldap; } || \
	  { (($$(id -u) == 0)) && command -v apt-get >/dev/null; } || { echo "Sign-in by a directory needs slapd," \
	  "a C compiler and the headers of Python, libldap and libsasl2: install them, or run as root on Debian." >&2; exit 1; }
	@PATH=$$PATH:/usr/sbin; { command -v slapd >/dev/null && .ci/compiles-ldap; } || $(STEP) "slapd" bash -c \
	  'apt-get update -qq && debconf-set-selections <<< "slapd slapd/no_configuration boolean true" && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  slapd gcc libc6-dev python3-dev libldap2-dev libsasl2-dev >/dev/null'
	@$(PYTHON) -c 'import ldap' 2>/dev/null || $(STEP) "python-ldap" $(SYNC)

.PHONY: keycloak
keycloak: $(SYNCED)
	@[[ -z $$($(LACKS_KEYCLOAK)) ]] || { (($$(id -u) == 0)) && command -v apt-get >/dev/null; } || \
	  { echo "Keycloak cannot run here: $$($(LACKS_KEYCLOAK)). Install it, or run as root on Debian." >&2; exit 1; }
	@[[ -z $$($(LACKS_KEYCLOAK)) ]] || $(STEP) "Java and Maven" bash -c 'apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless maven >/dev/null'
	@$(STEP) "Keycloak" $(PYTHON) -c 'from deploy.lab import keycloak; keycloak.distribution()'

LACKS_KEYCLOAK := $(PYTHON) -c 'from deploy.lab import keycloak; print(keycloak.missing())'

.PHONY: gettext
gettext:
	@command -v msgfmt >/dev/null || { (($$(id -u) == 0)) && command -v apt-get >/dev/null; } || \
	  { echo "Translating needs gettext on PATH: install it, or run as root on Debian." >&2; exit 1; }
	@command -v msgfmt >/dev/null || $(STEP) "gettext" bash -c 'apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gettext >/dev/null'

.PHONY: lab second-lab lab-down
lab: $(SYNCED) ## Two real Kubernetes clusters for tests, on this machine
	@$(STEP) "lab" $(PYTHON) -m deploy.lab --lab test up
second-lab: $(SYNCED) ## Two more, for the other of the two processes of tests
	@$(STEP) "second lab" $(PYTHON) -m deploy.lab --lab test-2 up
lab-down: ## Take them away
	@$(STEP) "lab down" $(or $(wildcard $(PYTHON)),python3) -m deploy.lab --lab test down
	@$(STEP) "second lab down" $(or $(wildcard $(PYTHON)),python3) -m deploy.lab --lab test-2 down
