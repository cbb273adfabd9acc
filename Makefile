# Every target may be run again at any time.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# By default, the stack that `eval "$(make -s env)"` has selected in this shell; otherwise dev.
STACK ?= $(or $(PULUMI_STACK),dev)
# Runs TypeScript with tsx as a loader. The command `tsx` would kill a process that reacts slowly to Ctrl-C.
TSX := tools/with-node.sh node --import tsx

.PHONY: help up down env tools images lab-up lab-down lab-status lab-logs lint format test bench

help: ## Print this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: node_modules/.package-lock.json ## Install missing tools, deploy, and verify with a phone call (STACK=dev)
	@$(TSX) cli/up.ts --stack $(STACK)

down: node_modules/.package-lock.json ## Destroy the deployment, and stop the lab if `make up` started it
	@$(TSX) cli/down.ts --stack $(STACK)

env: node_modules/.package-lock.json ## Print an environment for plain pulumi: eval "$(make -s env)"
	@$(TSX) cli/env.ts --stack $(STACK)

tools: ## Install Node.js, pulumi, its language host for Node.js, and the OpenStack plugin
	@tools/install.sh

images: ## Build the golden images and upload them to the cloud in use or the lab (FRESH=1: rebuild)
	@images/upload.sh $(if $(FRESH),--fresh)

lab-up: ## Start a real OpenStack on this machine
	@lab/lab.sh up

lab-down: ## Stop the lab
	@lab/lab.sh down

lab-status: ## Print one line for each process of the lab
	@lab/lab.sh status

lab-logs: ## Print the ends of the lab's logs
	@lab/lab.sh logs

lint: node_modules/.package-lock.json ## Check style, types, scripts and imports between folders
	@tools/with-node.sh npm run --silent lint

format: node_modules/.package-lock.json ## Format all files
	@tools/with-node.sh npm run --silent format

test: node_modules/.package-lock.json ## Run all tests: unit, preview, okeanos, calls, lab
	@$(TSX) tests/run.ts

bench: node_modules/.package-lock.json ## Measure previews, registrations and, in the lab, changes to a running exchange
	@environment=$$($(TSX) cli/env.ts) && eval "$$environment" && $(TSX) bench/bench.ts

# npm writes this file last. It is newer than the lock file if all packages are installed.
node_modules/.package-lock.json: package-lock.json
	@tools/with-node.sh npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@
