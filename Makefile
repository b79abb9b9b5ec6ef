# Every step of working on Team Suite. `make` alone explains itself; nothing but make is needed, and Docker or Python.
# Works with the make 3.81 of macOS.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PACKAGES := service_kit user_team_service task_meeting_service notification_service debezium local_stack
LOCKS := dev mail-catcher kafka-ui build
# What each image holds: what its package says, at the versions of dev.txt.
IMAGES := user_team_service task_meeting_service notification_service debezium
UV ?= $(shell command -v uv || { $(BIN)/python -m uv --version >/dev/null 2>&1 && echo "$(BIN)/python -m uv"; })
STACK := $(BIN)/python -m local_stack
FASTAPI := task-meeting-api task-meeting-consumer task-meeting-jobs notification-api notification-consumer notification-sender
# A command with the addresses and passwords of the stack.
IN_STACK := $(STACK) run $(BIN)/python -m

# Containers. CONSUMERS=3 runs so many of each consumer; COMPOSE_FILE and COMPOSE_PROFILES are Docker Compose's own.
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
COMPOSE_FILE ?= docker-compose.yml$(if $(CONSUMERS),:docker-compose.consumer.yml)$(patsubst %,:%,$(wildcard docker-compose.override.yml))
COMPOSE_PROFILES ?= tools
export COMPOSE COMPOSE_FILE COMPOSE_PROFILES CONSUMERS BUILD
# For what is about all containers, whatever profile they were started with.
EVERY := COMPOSE_PROFILES=tools,observability,tests $(COMPOSE)
IN_TASKS := $(COMPOSE) exec -T task-meeting-consumer python -m task_meeting
IN_MAILS := $(COMPOSE) exec -T notification-consumer python -m notification
OF_KEY = $(if $(KEY),--key '$(KEY)')
# Two commands: the second is run whatever the first one says, and either's failure is told.
both = failed=0; $(1) || failed=$$?; $(2) || failed=$$?; exit $$failed

.DEFAULT_GOAL := help

##@ Start here

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-zA-Z%-]+:.*## / { sub(/:.*/, "", $$1); sub(/%/, "SERVICE", $$1); printf "  %-23s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: install ## Run the main job on real parts and count what arrives (KEEP=1 leaves the stack running)
	@$(STACK) demo

.PHONY: install
install: .venv/.installed ## Make .venv with everything in it (done by the other targets when needed)

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.installed: .venv/.made requirements/dev.txt $(PACKAGES:%=%/pyproject.toml)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 5 --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@# Our processes all start at once: they should not each compile the same code.
	@$(BIN)/python -m compileall -q $(PACKAGES:%=%/src)
	@touch $@

##@ The suite in containers (Docker)

.PHONY: up
up: .env ## Start everything; returns when all is healthy (CONSUMERS=3, BUILD=no)
	@deploy/bin/up

.PHONY: up-django
up-django: .env ## Start the admin and what it needs
	@deploy/bin/up user-team

.PHONY: up-observability
up-observability: .env ## Start Prometheus and Grafana too
	@COMPOSE_PROFILES=$(COMPOSE_PROFILES),observability deploy/bin/up

.PHONY: .env
.env:
	@deploy/bin/secrets

.PHONY: down
down: .env ## Stop everything; the data stays
	@$(EVERY) down --remove-orphans

.PHONY: clean
clean: .env ## Stop everything and remove its data, networks and the images built here
	@$(EVERY) down --remove-orphans --volumes
	@docker image ls --quiet --filter 'reference=team-suite/*' | sort -u | xargs -r docker image rm --force >/dev/null
	@docker image prune --force --filter label=team-suite.stage >/dev/null

.PHONY: ps
ps: ## Show the containers and their health
	@$(EVERY) ps --all

.PHONY: logs
logs: ## Follow all logs
	@$(EVERY) logs --follow --tail 100

.PHONY: logs-django
logs-django: ## Follow the admin's log
	@$(COMPOSE) logs --follow --tail 100 user-team

.PHONY: logs-fastapi
logs-fastapi: ## Follow the logs of the FastAPI services
	@$(COMPOSE) logs --follow --tail 100 $(FASTAPI)

logs-%: ## Follow the log of one service
	@$(EVERY) logs --follow --tail 100 $*

.PHONY: restart-django
restart-django: ## Restart the admin
	@$(COMPOSE) restart user-team

restart-%: ## Restart one service
	@$(EVERY) restart $*

.PHONY: sh-django
sh-django: ## Open a shell in the admin's container
	@$(COMPOSE) exec user-team bash

.PHONY: sh-fastapi
sh-fastapi: ## Open a shell in the task service's container
	@$(COMPOSE) exec task-meeting-api bash

sh-%: ## Open a shell in the container of one service
	@$(EVERY) exec $* bash

.PHONY: db
db: ## Open psql (DB=db_task, DB=db_notification; django_db otherwise)
	@$(COMPOSE) exec postgres sh -c 'exec psql -U "$$POSTGRES_USER" -d $(or $(DB),django_db)'

.PHONY: images
images: .env ## Build the images
	@IMAGE_REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) \
		$(COMPOSE) build user-team-migrate task-meeting-migrate notification-migrate topics
	@docker image ls --filter label=org.opencontainers.image.title --format '{{.Repository}}:{{.Tag}} {{.Size}}'

.PHONY: prune
prune: ## Remove stopped containers, unused networks and dangling images of this Docker; asks first
	@printf 'This removes stopped containers, unused networks and dangling images of every project on this Docker, but no volume. Go on? [y/N] '; \
		read answer; case "$$answer" in y|Y|yes) docker system prune --force;; *) echo "Nothing was removed.";; esac

##@ Operating it

.PHONY: migrate
migrate: .env ## Bring the databases' schemas up to date
	@for service in user-team task-meeting notification; do $(COMPOSE) run --rm $$service-migrate || exit 1; done

.PHONY: createsuperuser
createsuperuser: ## Make another administrator
	@$(COMPOSE) exec user-team python -m user_team createsuperuser

.PHONY: setup-connector
setup-connector: .env ## Create the topics and register the Debezium connector; explains what is wrong
	@$(COMPOSE) run --rm topics
	@$(COMPOSE) run --rm connector

.PHONY: rotate-keys
rotate-keys: ## Sign tokens with a new key; the old one stays known while its tokens live
	@$(COMPOSE) exec -T user-team python -m user_team signing_keys rotate

.PHONY: clear-tokens
clear-tokens: ## Delete the expired tokens of applications (once a day)
	@$(COMPOSE) exec -T user-team python -m user_team cleartokens

.PHONY: parked
parked: ## List the messages that could not be applied
	@$(call both,$(IN_TASKS) parked list,$(IN_MAILS) parked list)

.PHONY: redrive
redrive: ## Apply the parked messages again (KEY=1: only this key)
	@$(call both,$(IN_TASKS) parked redrive $(OF_KEY),$(IN_MAILS) parked redrive $(OF_KEY))

.PHONY: backup
backup: ## Dump all databases into backups/<time>
	@deploy/bin/backup

.PHONY: restore
restore: .env ## Restore all databases (FROM=backups/<time>; YES=1 asks nothing, KEEP_OLD=1 keeps the replaced ones)
	@deploy/bin/restore $(FROM)

##@ The stack without Docker

.PHONY: local-up
local-up: install ## Start everything in the background; returns when all is ready
	@$(STACK) up

.PHONY: local-down
local-down: install ## Stop everything; the data stays
	@$(STACK) down

.PHONY: local-status
local-status: install ## Show processes, connector, lags, parked events and mails (ARGS=--once, ARGS=--json)
	@$(STACK) status $(ARGS)

.PHONY: local-logs
local-logs: install ## Follow the logs (ARGS=kafka: of one part)
	@$(STACK) logs --follow $(ARGS)

.PHONY: local-clean
local-clean: install ## Stop everything and remove its data; the downloads stay in the cache
	@$(STACK) clean

.PHONY: local-kafka-ui
local-kafka-ui: install ## Browse Kafka in this terminal
	@$(STACK) kafka-ui

.PHONY: local-migrate
local-migrate: install ## The same as migrate, createsuperuser … above, in this stack
	@$(IN_STACK) user_team migrate
	@$(IN_STACK) task_meeting migrate
	@$(IN_STACK) notification migrate

.PHONY: local-createsuperuser
local-createsuperuser: install
	@$(IN_STACK) user_team createsuperuser

.PHONY: local-setup-connector
local-setup-connector: install
	@$(IN_STACK) connector topics
	@$(IN_STACK) connector register

.PHONY: local-parked
local-parked: install
	@$(call both,$(IN_STACK) task_meeting parked list,$(IN_STACK) notification parked list)

.PHONY: local-redrive
local-redrive: install
	@$(call both,$(IN_STACK) task_meeting parked redrive $(OF_KEY),$(IN_STACK) notification parked redrive $(OF_KEY))

##@ Working on it

.PHONY: test
test: install ## Run the tests (ARGS='-k name path')
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(MAKE) --no-print-directory test-together
	@$(MAKE) --no-print-directory test-alone
endif

# Two workers, each on a stack of its own.
.PHONY: test-together
test-together: install
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(PACKAGES:%=%/tests) tests/repo tests/contracts

# What kills processes and says how soon they are back.
.PHONY: test-alone
test-alone: install
	@$(BIN)/python -m pytest tests/chaos tests/e2e

.PHONY: test-compose
test-compose: install ## Run the end-to-end tests on containers, kill some, and take all down
	@deploy/bin/test-compose $(ARGS)

.PHONY: tests-fastapi
tests-fastapi: .env ## Run the FastAPI services' tests in a container
	@COMPOSE_FILE=docker-compose.yml:docker-compose.tests.yml $(COMPOSE) run --build --rm tests \
		test ARGS="service_kit/tests task_meeting_service/tests notification_service/tests"

.PHONY: lint
lint: install ## Check style, types and the arrows between the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES:%=%/src)
	$(BIN)/lint-imports

.PHONY: lint-deploy
lint-deploy: ## Check the Helm chart and the other manifests (helm and kubeconform: compiled once with Go)
	@deploy/bin/lint-deploy
	@deploy/bin/promtool-check

.PHONY: lint-workflows
lint-workflows: ## Check the GitHub workflows (actionlint: compiled once with Go)
	@deploy/bin/lint-workflows

.PHONY: lint-compose
lint-compose: ## Check every combination of compose files and profiles
	@deploy/bin/lint-compose

.PHONY: openapi
openapi: install ## Write the OpenAPI documents of contracts/openapi and docs/authorization.md anew
	@cd tests && ../$(BIN)/python -m harness.openapi && ../$(BIN)/python -m harness.authorization

.PHONY: pictures
pictures: install ## Take the pictures of the docs anew, in Chromium, from a local stack that the demo has filled
	@$(STACK) run $(BIN)/python docs/pictures/make.py

.PHONY: mail-preview
mail-preview: install ## Write every kind of mail to .local/mail-preview/, in all languages, with a page that shows them
	@$(BIN)/python -m notification preview --out .local/mail-preview
	@echo "Open .local/mail-preview/index.html"

.PHONY: format
format: install ## Format the code and fix what can be fixed without thinking
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: lock
lock: install ## Lock the dependencies anew, Python's and Java's (needs uv; ARGS=--upgrade)
	@test -n "$(UV)" || { echo "uv is needed: $(BIN)/python -m pip install uv (or see its documentation)" >&2; exit 1; }
	@for lock in $(LOCKS); do echo "requirements/$$lock.txt"; \
		$(UV) pip compile $(ARGS) --quiet --generate-hashes --universal --no-strip-extras --no-header --python-version 3.11 \
			requirements/$$lock.in -o requirements/$$lock.txt || exit 1; done
	@for image in $(IMAGES); do echo "requirements/$$image.txt"; \
		$(UV) pip compile $(ARGS) --quiet --generate-hashes --universal --no-strip-extras --no-header --python-version 3.11 \
			--constraint requirements/dev.txt --no-emit-package team-suite-service-kit \
			$$image/pyproject.toml -o requirements/$$image.txt || exit 1; done
	$(BIN)/python -m local_stack.fetch lock
