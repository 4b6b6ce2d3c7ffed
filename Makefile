# Slipway. `make` alone lists what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help

MODULE_PATH := $(shell sed -n 's/^module //p' go.mod)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS := $(abspath .tools)
GOLANGCI_LINT := $(TOOLS)/bin/golangci-lint
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT_STAMP := $(TOOLS)/bin/.golangci-lint-$(GOLANGCI_LINT_VERSION)
ACTIONLINT_VERSION := v1.7.12
ACTIONLINT_STAMP := $(TOOLS)/bin/.actionlint-$(ACTIONLINT_VERSION)

# Your own SAM CLI where there is one, since it is the one you deploy with; else the pinned one.
SAM ?= $(or $(shell command -v sam 2>/dev/null),$(TOOLS)/sam/bin/sam)

# The folder of slipway.yaml, wiring.yaml and environments/: this one, or one of your own anywhere else. A folder without
# a wiring.yaml uses the one that ships, which the build then checks against its slipway.yaml.
CONFIG ?= .
WIRING = $(firstword $(wildcard $(CONFIG)/wiring.yaml) wiring.yaml)
export CONFIG

# The architecture that `make build` builds for: arm64, or amd64 for the parameter Architecture=x86_64.
GOARCH ?= arm64
LAMBDA_ARCHITECTURE = $(patsubst amd64,x86_64,$(GOARCH))

# Lambda runs linux. The local stack runs the functions as programs of this machine.
FUNCTION_GOOS ?= linux

# Programs that run on this machine, whatever the functions are built for.
HOST_GO := env -u GOOS -u GOARCH go
# Compiled as functions and tasks are, so that a package of AWS's SDK is compiled once for all of them.
GO_RUN := env -u GOOS -u GOARCH CGO_ENABLED=0 go run -trimpath

FUNCTIONS := s3-trigger scheduler sqs-scaler lifecycle-notifier

##@ Try it

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "; print "make COMMAND"} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9<>-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## Show everything at work on this machine; BREAK=processor|mail|trigger|scaler breaks one link
	@$(GO_RUN) ./local/demo

.PHONY: up
up: ## Start the local stack and deploy to it; source .local/env then
	@$(GO_RUN) ./local/stack up

.PHONY: down
down: ## Stop what `make up` started
	@$(GO_RUN) ./local/stack down

invoke-<function>: ## Send EVENT=events/FILE.json to a function of the local stack (needs Docker)
	@echo "name one of: $(addprefix invoke-,$(FUNCTIONS))" >&2; exit 2

.PHONY: $(addprefix invoke-,$(FUNCTIONS))
$(addprefix invoke-,$(FUNCTIONS)): invoke-%: tools
	@test -n "$(EVENT)" || { echo "name an event: make $@ EVENT=events/FILE.json" >&2; exit 2; }
	@SAM="$(SAM)" $(HOST_GO) run ./local/invoke $* "$(EVENT)"

##@ Work on it

# The race detector needs a C compiler; a machine without one still runs every test.
RACE = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.PHONY: test
test: tools ## Run every test: unit, property, conformance, template, end to end
	$(HOST_GO) test $(RACE) -timeout 40m $(TESTFLAGS) ./...

.PHONY: lint
lint: $(GOLANGCI_LINT_STAMP) $(ACTIONLINT_STAMP) tools ## Check format, style, templates, workflows, and that wiring.yaml is current
	$(GOLANGCI_LINT) run ./...
	@for template in template.yaml "$(WIRING)" templates/*.yaml; do \
	  echo "sam validate --lint $$template"; \
	  $(SAM) validate --lint --template "$$template" --region us-east-1 || exit 1; \
	done
	@$(MAKE) --no-print-directory lint-templates
	$(HOST_GO) run ./cmd/slipway generate --check --file "$(CONFIG)/slipway.yaml" --output "$(WIRING)"

.PHONY: lint-templates
lint-templates: $(TOOLS)/policy/.installed ## Check the templates with cfn-lint, checkov and parliament; local/lint/skips.yaml says what may stay
	@"$(TOOLS)/policy/bin/python" -B -m unittest discover -q -s local/lint -p '*_test.py'
	@"$(TOOLS)/policy/bin/python" local/lint/templates.py

.PHONY: generate
generate: ## Write wiring.yaml beside slipway.yaml (CONFIG=dir: there), and the reference pages that follow from the code
	$(HOST_GO) run ./cmd/slipway generate --file "$(CONFIG)/slipway.yaml"
	$(HOST_GO) run ./cmd/slipway docs
	$(HOST_GO) test ./internal/cloud/ecs -run Reference -update

.PHONY: docs
docs: $(TOOLS)/docs/.installed ## Build the site of the documentation into site/, and check every link of it
	PYTHONPATH=local/docs $(TOOLS)/docs/bin/zensical build --clean --strict

.PHONY: bench
bench: bench-peers tools ## Measure everything beside peers, and print the tables of docs/benchmarks.md; BENCHFLAGS=--json
	@$(GO_RUN) ./bench $(BENCHFLAGS)

.PHONY: bench-quick
bench-quick: bench-peers tools ## The same in less than two minutes: fewer rounds, and not what takes long
	@$(GO_RUN) ./bench -quick $(BENCHFLAGS)

.PHONY: bench-e2e
bench-e2e: tools ## Upload to a local stack at 1, 10 and 50 a second for a minute, and print how long it takes to a task and to a mail
	@$(GO_RUN) ./bench -only end-to-end -for 1m $(BENCHFLAGS)

.PHONY: bench-peers
bench-peers:
	@$(MAKE) --no-print-directory --silent $(TOOLS)/bench-python/.installed $(if $(shell command -v npm 2>/dev/null),$(TOOLS)/bench-node/.installed)

.PHONY: guard
guard: ## Fail when hot paths, programs or what they link have grown beyond bench/baseline.json
	@$(HOST_GO) run ./bench/guard

.PHONY: baseline
baseline: ## Record what the hot paths and programs are now, on purpose
	@$(HOST_GO) run ./bench/guard -record

.PHONY: tools
tools: ## Install the pinned tools into .tools
	@$(MAKE) --no-print-directory --silent -j2 $(TOOLS)/ministack/.installed $(if $(findstring $(TOOLS),$(SAM)),$(TOOLS)/sam/.installed)

.PHONY: clean
clean: ## Remove what was built; .tools stays, and so does a local stack that runs
	rm -rf .aws-sam .cache build dist site

##@ Deploy it

.PHONY: build
build: sam-cli ## Build the functions for GOARCH=arm64|amd64, with the configuration in CONFIG=dir
	@mkdir -p .aws-sam/source && cp template.yaml LICENSE README.md .aws-sam/source && cp "$(WIRING)" .aws-sam/source/wiring.yaml
	GOARCH=$(GOARCH) VERSION="$(VERSION)" $(SAM) build --template-file .aws-sam/source/template.yaml --base-dir . \
	  --parameter-overrides Architecture=$(LAMBDA_ARCHITECTURE)

# environments/NAME.env in CONFIG holds lines NAME=VALUE: parameters of template.yaml, AWS_REGION and AWS_PROFILE.
# YES=1 asks nothing, DRY_RUN=1 only shows what would be done, ALL=1 has destroy delete the ledger too.
ENV ?= dev
DEPLOY_FLAGS = --env "$(ENV)" --file "$(CONFIG)/slipway.yaml" $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run)

.PHONY: deploy
deploy: sam-cli ## Deploy stack slipway-ENV; asks only for what it cannot know. ENV=dev, CONFIG=dir, DRY_RUN=1, YES=1
	@SAM="$(SAM)" VERSION="$(VERSION)" $(GO_RUN) ./cmd/slipway deploy $(DEPLOY_FLAGS)

.PHONY: destroy
destroy: ## Remove stack slipway-ENV after showing what goes; the ledger stays unless ALL=1. ENV=dev, CONFIG=dir, DRY_RUN=1
	@$(GO_RUN) ./cmd/slipway destroy $(DEPLOY_FLAGS) $(if $(ALL),--all)

.PHONY: install
install: ## Install the command slipway with `go install`
	$(HOST_GO) install -trimpath -ldflags="-s -w -X $(MODULE_PATH)/internal/telemetry.Version=$(VERSION)" ./cmd/slipway
	@dir="$$($(HOST_GO) env GOBIN)"; dir="$${dir:-$$($(HOST_GO) env GOPATH)/bin}"; echo "installed $$dir/slipway"; \
	case ":$$PATH:" in *":$$dir:"*) ;; *) echo "$$dir is not on the PATH: add it with  export PATH=\"$$dir:\$$PATH\"" ;; esac

.PHONY: release
release: ## Build archives with checksums and an SBOM into dist, for linux and macOS on amd64 and arm64
	@VERSION="$(VERSION)" $(HOST_GO) run ./local/release --output dist

##@ Maintain it

.PHONY: rename-module
rename-module: ## Give the Go module another path: MODULE=example.com/you/slipway
	@test -n "$(MODULE)" || { echo "name it: make rename-module MODULE=example.com/you/slipway" >&2; exit 2; }
	go mod edit -module "$(MODULE)"
	git ls-files -z '*.go' | xargs -0 sed -i.bak -E 's#^((import[[:space:]]+|[[:space:]]+)([A-Za-z0-9_.]+[[:space:]]+)?)"$(MODULE_PATH)/([^"]+)"$$#\1"$(MODULE)/\4"#'
	git ls-files -z '*.go' | xargs -0 -I{} rm -f {}.bak
	sed -i.bak 's#module-path: .*#module-path: $(MODULE)#' .golangci.yml && rm .golangci.yml.bak
	gofmt -w $$(git ls-files '*.go')

# What `sam build` calls for each function: build-<LogicalId>, with ARTIFACTS_DIR in the environment. The compiled
# configuration goes beside the program, and a wiring.yaml that does not fit it stops the build.
FOLDER_S3TriggerFunction := s3-trigger
FOLDER_SchedulerFunction := scheduler
FOLDER_SqsScalerFunction := sqs-scaler
FOLDER_LifecycleNotifierFunction := lifecycle-notifier

build-%:
	@test -n "$(FOLDER_$*)" || { echo "no folder is known for function $*: add FOLDER_$* to the Makefile" >&2; exit 2; }
	@test -n "$(ARTIFACTS_DIR)" || { echo "$@ is for sam build: use make build" >&2; exit 2; }
	@$(GO_RUN) ./cmd/slipway compile --file "$(CONFIG)/slipway.yaml" --wiring "$(WIRING)" --output "$(ARTIFACTS_DIR)/slipway.json"
	GOOS=$(FUNCTION_GOOS) GOARCH=$(GOARCH) CGO_ENABLED=0 go build -tags lambda.norpc -trimpath \
	  -ldflags="-s -w -X $(MODULE_PATH)/internal/telemetry.Version=$(VERSION)" \
	  -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(FOLDER_$*)

# The tools. A stamp says what is installed; the emulator and the SAM CLI need different versions of botocore, so each
# has its own virtual environment.
.PHONY: print-sam
print-sam:
	@echo "$(SAM)"

.PHONY: sam-cli
sam-cli: $(if $(findstring $(TOOLS),$(SAM)),$(TOOLS)/sam/.installed)

$(TOOLS)/%/.installed: local/requirements-%.txt
	@echo "installing $* into .tools"
	@mkdir -p "$(TOOLS)"
	@"$(TOOLS)/$*/bin/python" -m pip --version >/dev/null 2>&1 || { rm -rf "$(TOOLS)/$*"; python3 -m venv "$(TOOLS)/$*"; } || \
	  { rm -rf "$(TOOLS)/$*"; echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@"$(TOOLS)/$*/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement $<
	@touch $@

$(ACTIONLINT_STAMP):
	GOBIN="$(TOOLS)/bin" $(HOST_GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	@touch $@

# The peers of the benchmarks.
$(TOOLS)/bench-python/.installed: bench/peers/python/requirements.txt
	@echo "installing the Python peer into .tools" >&2
	@rm -rf "$(TOOLS)/bench-python" && python3 -m venv "$(TOOLS)/bench-python"
	@"$(TOOLS)/bench-python/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement $<
	@touch $@

$(TOOLS)/bench-node/.installed: bench/peers/node/package-lock.json bench/peers/node/package.json
	@echo "installing the Node peer into .tools" >&2
	@mkdir -p "$(TOOLS)/bench-node" && cp $^ "$(TOOLS)/bench-node"
	@cd "$(TOOLS)/bench-node" && npm ci --silent --no-audit --no-fund
	@touch $@

$(GOLANGCI_LINT_STAMP):
	GOBIN="$(TOOLS)/bin" $(HOST_GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@touch $@
