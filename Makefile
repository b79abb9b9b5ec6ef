# Every step of working on Team Suite. `make` alone explains itself; nothing but Python and make is needed.
# Works with the make 3.81 of macOS.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PACKAGES := service_kit user_team_service task_meeting_service notification_service debezium local_stack
LOCKS := dev mail-catcher kafka-ui
UV ?= $(shell command -v uv || { $(BIN)/python -m uv --version >/dev/null 2>&1 && echo "$(BIN)/python -m uv"; })
STACK := $(BIN)/python -m local_stack
# A command with the addresses and passwords of the stack.
IN_STACK := $(STACK) run $(BIN)/python -m

.DEFAULT_GOAL := help

##@ Start here

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	@# Nine processes of ours start at once: they should not each compile the same code.
	@$(BIN)/python -m compileall -q $(PACKAGES:%=%/src)
	@touch $@

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

.PHONY: kafka-ui
kafka-ui: install ## Browse Kafka in this terminal
	@$(STACK) kafka-ui

##@ Operating it

.PHONY: migrate
migrate: install ## Bring the databases' schemas up to date
	@$(IN_STACK) user_team migrate
	@$(IN_STACK) task_meeting migrate
	@$(IN_STACK) notification migrate

.PHONY: createsuperuser
createsuperuser: install ## Make another administrator
	@$(IN_STACK) user_team createsuperuser

.PHONY: setup-connector
setup-connector: install ## Create the topics and register the Debezium connector; explains what is wrong
	@$(IN_STACK) connector topics
	@$(IN_STACK) connector register

.PHONY: parked
parked: install ## List the messages that could not be applied
	@$(IN_STACK) task_meeting parked list
	@$(IN_STACK) notification parked list

.PHONY: redrive
redrive: install ## Apply the parked messages again (KEY=1: only this key)
	@$(IN_STACK) task_meeting parked redrive $(if $(KEY),--key '$(KEY)')
	@$(IN_STACK) notification parked redrive $(if $(KEY),--key '$(KEY)')

##@ Working on it

.PHONY: test
test: install ## Run the tests (ARGS='-k name path')
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: lint
lint: install ## Check style, types and the arrows between the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@status=0; for package in $(PACKAGES); do echo "mypy $$package"; $(BIN)/mypy $$package/src || status=1; done; exit $$status
	$(BIN)/lint-imports

.PHONY: format
format: install ## Format the code and fix what can be fixed without thinking
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: lock
lock: install ## Lock the dependencies anew, Python's and Java's (needs uv)
	@test -n "$(UV)" || { echo "uv is needed: $(BIN)/python -m pip install uv (or see its documentation)" >&2; exit 1; }
	@for lock in $(LOCKS); do echo "requirements/$$lock.txt"; \
		$(UV) pip compile --quiet --generate-hashes --universal --no-strip-extras --no-header --python-version 3.11 \
			requirements/$$lock.in -o requirements/$$lock.txt || exit 1; done
	$(BIN)/python -m local_stack.fetch lock
