# `make` prints what there is. Everything runs on the Node that `npm ci` brings, whatever the machine has.

ROOT := $(CURDIR)
BIN := $(ROOT)/node_modules/.bin
# npm itself runs on the machine's Node, also while it replaces ours.
SYSTEM_PATH := $(PATH)
export PATH := $(BIN):$(PATH)

INSTALLED := node_modules/.installed
# Made from sources beside them, and not in git.
KERNEL := agent/kernel/kernel.wasm
VALIDATOR := rules/validate.js

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster bench bench-quick bench-kernel bench-pipeline bench-compare soak build image-root manifests check fmt docs columns clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: build ## run writer, agent and a pretended server here; ARGS="..." is passed on
	@node bench/demo.ts $(ARGS)

test: $(INSTALLED) ## build, type check, lint and test everything
	@node test/run.ts

test-cluster: build ## the walkthrough and more on a real Kubernetes; needs root and the kit in ../shared
	@node test/cluster/run.ts $(ARGS)

bench: build ## measure everything, for half an hour; ARGS="--only steady" for one part, see bench/all.ts
	@node bench/all.ts $(ARGS)

bench-quick: build ## the same within two minutes
	@node bench/all.ts --quick $(ARGS)

bench-kernel: build ## the kernel alone: stages, rules, bytes allocated
	@node bench/all.ts --only kernel $(ARGS)

bench-pipeline: build ## the whole agent, log to acknowledged batches
	@node bench/all.ts --only pipeline $(ARGS)

bench-compare: build ## two builds or settings in turn; ARGS="--vs OTHER/dist/agent/main.js", see bench/compare.ts
	@node bench/compare.ts $(ARGS)

soak: build ## half an hour of load and faults; ARGS="--minutes 5" for less
	@node bench/soak.ts $(ARGS)

build: $(KERNEL) $(VALIDATOR) ## build the kernel, and dist/ for production
	@node deploy/build.ts

IMAGE_ROOT ?= dist/image-root
image-root: build ## make the file system of the image in $(IMAGE_ROOT)
	@node deploy/image-root.ts $(IMAGE_ROOT)

OVERLAY ?= production
manifests: ## print what `kubectl apply -k` would apply; OVERLAY=demo for the other one
	@node deploy/manifests.ts $(OVERLAY)

check: $(KERNEL) $(VALIDATOR) ## type check and lint
	@tsc -p tsconfig.json
	@biome check

fmt: $(INSTALLED) ## format, and mend what the linter can mend
	@biome check --write

docs: $(INSTALLED) ## write the generated parts of docs/
	@node docs/generate.ts

columns: $(KERNEL) $(VALIDATOR) ## write rules/columns.json anew; ARGS="LOG..." reads these logs for it
	@node bench/columns.ts $(ARGS)
	@biome format --write rules/columns.json

clean: ## remove what was built
	@rm -rf dist coverage agent/kernel/kernel.wat $(KERNEL) $(VALIDATOR)

# An older npm warns about engines that only our own Node has to satisfy.
$(INSTALLED): package-lock.json
	@PATH="$(SYSTEM_PATH)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(KERNEL): $(INSTALLED) $(wildcard agent/kernel/assembly/*.ts) $(wildcard agent/kernel/layout*.ts) agent/kernel/build.ts
	@node agent/kernel/build.ts

$(VALIDATOR): $(INSTALLED) rules/schema.json rules/formats.ts rules/build.ts
	@node rules/build.ts
