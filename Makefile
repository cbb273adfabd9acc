# Every target may be run again: what is done already is not done again.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# As plain pulumi in a shell with what `make env` prints.
STACK ?= $(or $(PULUMI_STACK),dev)
# Not by the command `tsx`, which kills a program that is slow to take note of Ctrl-C.
TSX := tools/with-node.sh node --import tsx

.PHONY: help up down env tools images lab-up lab-down lab-status lab-logs lint format test bench

help: ## This text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: node_modules/.package-lock.json ## Install what is missing, deploy, and prove it with a phone call (STACK=dev)
	@$(TSX) cli/up.ts --stack $(STACK)

down: node_modules/.package-lock.json ## Destroy what `make up` deployed, and stop the lab it started
	@$(TSX) cli/down.ts --stack $(STACK)

env: node_modules/.package-lock.json ## Print an environment for plain pulumi: eval "$(make -s env)"
	@$(TSX) cli/env.ts --stack $(STACK)

tools: ## Install pulumi, its Node host and the OpenStack plugin
	@tools/install.sh

images: ## Build the golden images and upload them to the cloud in use, or to the lab (FRESH=1: anew)
	@images/upload.sh $(if $(FRESH),--fresh)

lab-up: ## Start a real OpenStack on this machine
	@lab/lab.sh up

lab-down: ## Stop it
	@lab/lab.sh down

lab-status: ## One line for each of its services
	@lab/lab.sh status

lab-logs: ## What its services said last
	@lab/lab.sh logs

lint: node_modules/.package-lock.json ## Check style, types, shell scripts and the arrows between folders
	@tools/with-node.sh npm run --silent lint

format: node_modules/.package-lock.json ## Put all files into the project's format
	@tools/with-node.sh npm run --silent format

test: node_modules/.package-lock.json ## Run all tests: unit, preview, okeanos, calls, lab
	@$(TSX) tests/run.ts

bench: node_modules/.package-lock.json ## Measure previews, registrations and, in the lab, changes of a running exchange
	@environment=$$($(TSX) cli/env.ts) && eval "$$environment" && $(TSX) bench/bench.ts

# npm writes this file last, so that it is newer than the lock file when all is installed.
node_modules/.package-lock.json: package-lock.json
	@tools/with-node.sh npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@
