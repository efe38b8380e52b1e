# Magpie. `make help` says what there is.

MODULES := events libs services tests
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS   := $(CURDIR)/.tools
GO      ?= go

export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build the one static binary, bin/magpie
	@mkdir -p bin
	@echo "building bin/magpie"
	@cd services && $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o ../bin/magpie ./cmd/magpie

.PHONY: run
run: build ## Run everything with a sandbox of both systems; orders flow in the terminal
	@./bin/magpie up

# The tests of the whole run many processes each, so one package at a time.
ONE_AT_A_TIME = $$([ $$m = tests ] && echo -p=1)

.PHONY: test
test: need-cc ## Run the tests of every module with -race (15 minutes on 2 cores)
	@for m in $(MODULES); do echo "== $$m"; (cd $$m && CGO_ENABLED=1 $(GO) test -race -timeout 20m $(ONE_AT_A_TIME) ./...) || exit 1; done

.PHONY: test-all
test-all: need-cc ## Run the tests with the soak sizes
	@for m in $(MODULES); do echo "== $$m"; (cd $$m && MAGPIE_SOAK=1 CGO_ENABLED=1 $(GO) test -race -timeout 80m $(ONE_AT_A_TIME) ./...) || exit 1; done

# Each fuzz target runs alone, one after the other: FUZZTIME=30s for a short look.
# FUZZ selects by name. Making an input that is new smaller may take a minute by
# default, and whole orders never get small, so that is cut to 100 tries. What they find is kept in testdata/fuzz and runs in `make test`.
FUZZTIME ?= 10m
FUZZPARALLEL ?= 1
FUZZ ?= .
.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10m), one after the other
	@for m in $(MODULES); do (cd $$m && \
		$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ {t[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, t[i]; n = 0}' | grep -E '$(FUZZ)' | \
		while read -r package target; do \
			echo "== $$package $$target for $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x -parallel $(FUZZPARALLEL) $$package </dev/null || exit 1; \
		done) || exit 1; done

# -race needs cgo and a C compiler. Where there is none, one is installed if that
# can be done without asking; else it is said. It is never dropped in silence.
.PHONY: need-cc
need-cc:
	@command -v $${CC:-cc} >/dev/null 2>&1 || { \
		echo "The tests run with -race, which needs a C compiler; installing gcc."; \
		{ [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy gcc libc6-dev; } || \
		{ echo "Install a C compiler first (Debian: apt-get install gcc libc6-dev)."; exit 1; }; }

.PHONY: bench
bench: build ## Measure the way of an order beside the shortest program that goes it (4 minutes; wants an idle machine)
	@cd tests && $(GO) run ./bench $(BENCH)

.PHONY: bench-stock
bench-stock: build ## Measure the stock of 100,000 SKUs: first load, changes, shoppers (STOCK="-skus 1000 -changes 500" is a small run)
	@cd tests && $(GO) run ./bench stock $(STOCK)

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## Run golangci-lint over every module
	@for m in $(MODULES); do echo "== $$m"; (cd $$m && $(TOOLS)/golangci-lint run ./...) || exit 1; done

.PHONY: generate
generate: ## Make again what is generated: JSON Schemas, AsyncAPI, documents of functions
	@for m in $(MODULES); do (cd $$m && $(GO) generate ./...) || exit 1; done

.PHONY: verify
verify: generate ## Fail when something generated is stale, or a module does not build by itself
	@git diff --exit-code -- events libs docs
	@for m in $(MODULES); do (cd $$m && GOWORK=off $(GO) build ./... && GOWORK=off $(GO) vet ./...) || exit 1; done

.PHONY: tidy
tidy: ## Tidy every module
	@for m in $(MODULES); do (cd $$m && $(GO) mod tidy) || exit 1; done
	@$(GO) work sync

.PHONY: tools
tools: $(TOOLS)/nats $(TOOLS)/golangci-lint ## Build the tools that people use beside Magpie: nats, golangci-lint

$(TOOLS)/nats:
	@mkdir -p $(TOOLS) && echo "building the nats CLI" && GOBIN=$(TOOLS) GOFLAGS= GOWORK=off $(GO) install github.com/nats-io/natscli/nats@v0.5.0

$(TOOLS)/golangci-lint:
	@mkdir -p $(TOOLS) && echo "building golangci-lint" && GOBIN=$(TOOLS) GOFLAGS= GOWORK=off $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Programs of others that Magpie is run or tested with, where no registry of images
# is reached. Jaeger and Compose refuse `go install`, so each has a module in tools/.
STATIC = CGO_ENABLED=0 GOFLAGS= $(GO) build -trimpath

.PHONY: tools-jaeger
tools-jaeger: $(TOOLS)/jaeger ## Build Jaeger for the tests of traces (4 minutes on 2 cores, once)

.PHONY: tools-compose
tools-compose: $(TOOLS)/docker-compose ## Build Docker Compose (1 minute, once)

$(TOOLS)/jaeger: tools/jaeger/go.mod
	@mkdir -p $(TOOLS) && echo "building jaeger (4 minutes on 2 cores)"
	@cd tools/jaeger && GOWORK=off $(STATIC) -ldflags '-s -w' -o $@ github.com/jaegertracing/jaeger/cmd/jaeger

$(TOOLS)/docker-compose: tools/compose/go.mod
	@mkdir -p $(TOOLS) && echo "building docker-compose (1 minute on 2 cores)"
	@cd tools/compose && GOWORK=off $(STATIC) -ldflags "-s -w -X github.com/docker/compose/v5/internal.Version=$$( \
		GOWORK=off $(GO) list -m -f '{{.Version}}' github.com/docker/compose/v5)" -o $@ github.com/docker/compose/v5/cmd

# The server that Magpie embeds, as a program of its own.
$(TOOLS)/nats-server: services/go.mod
	@mkdir -p $(TOOLS) && echo "building nats-server"
	@cd services && $(STATIC) -ldflags '-s -w' -o $@ github.com/nats-io/nats-server/v2

.PHONY: jaeger
jaeger: $(TOOLS)/jaeger need-cc ## Find orders' traces in a real Jaeger, which is built first
	@cd tests && CGO_ENABLED=1 $(GO) test -race -count=1 -v ./jaeger/...

# Images FROM scratch around binaries that are built here: nothing is pulled, and
# neither BuildKit nor buildx is needed.
CONTEXT := bin/image
CA_FILE ?= /etc/ssl/certs/ca-certificates.crt
DOCKER  ?= docker

.PHONY: image
image: build ## Build Magpie's image, magpie:local, from bin/magpie; needs no registry
	@[ -r $(CA_FILE) ] || { echo "$(CA_FILE) is missing: install ca-certificates, or name a PEM file of roots by CA_FILE=..."; exit 1; }
	@rm -rf $(CONTEXT) && mkdir -p $(CONTEXT) && mkdir -m 700 $(CONTEXT)/data && cp bin/magpie $(CONTEXT)
	@cp $(CA_FILE) $(CONTEXT)/ca-certificates.crt
	@$(DOCKER) build -q -t magpie:local -f deploy/magpie.Dockerfile $(CONTEXT)

.PHONY: images
images: image $(TOOLS)/nats-server $(TOOLS)/jaeger ## Build also the images of NATS and Jaeger that deploy/images.env names
	@cp $(TOOLS)/nats-server $(TOOLS)/jaeger $(CONTEXT)
	@$(DOCKER) build -q -t magpie-nats:local -f deploy/nats.Dockerfile $(CONTEXT)
	@$(DOCKER) build -q -t magpie-jaeger:local -f deploy/jaeger.Dockerfile $(CONTEXT)

.PHONY: clean
clean: ## Remove what was built and the data of `make run`
	rm -rf bin data
