# Every target needs Go and make only, unless its line says more.
.PHONY: run build test race check bench load compare fuzz crash e2e clients sdk generate clean help

GO      ?= go
FUZZTIME ?= 5s
export CGO_ENABLED = 0

help: ## shows this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: build ## builds and serves on http://127.0.0.1:8188
	bin/cocoon serve

build: ## builds bin/cocoon
	$(GO) build -trimpath -ldflags '-s -w' -o bin/cocoon ./cmd/cocoon

test: ## runs every test that needs nothing but Go
	$(GO) test -timeout 10m ./...

race: ## runs the tests of everything that starts goroutines under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short $(shell scripts/race-packages)

check: ## vets, lints, and proves that formatting and generated files are up to date
	$(GO) vet ./...
	$(GO) build -o bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck $$($(GO) list ./... | grep -v -e sdk-wasm/guest -e sdk-wasm/conformance/go -e sdk-wasm/examples)
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./sdk-wasm/guest/... ./sdk-wasm/conformance/go/... ./sdk-wasm/examples/...
	GOOS=wasip1 GOARCH=wasm bin/staticcheck -checks inherit,-U1000 ./sdk-wasm/guest/... # exports look unused to it
	GOOS=wasip1 GOARCH=wasm bin/staticcheck ./sdk-wasm/conformance/go/... ./sdk-wasm/examples/...
	scripts/check-tree

bench: ## runs every benchmark once
	$(GO) test -run '^$$' -bench . -benchtime 200ms ./...

load: build ## measures latency, memory and events of a server on this machine
	$(GO) run ./cmd/load

compare: ## measures the sandbox beside Extism and plain wazero (needs clang and the network)
	cd wasmhost/compare && $(GO) test -run '^$$' -bench . -benchtime 500ms

fuzz: ## runs every fuzz target for FUZZTIME (5s)
	scripts/fuzz $(FUZZTIME)

crash: ## kills a server N times (20) at random instants and looks for lost jobs
	COCOON_CRASHES=$(or $(N),20) $(GO) test -count=1 -timeout 30m -v -run TestCrash ./internal/crash

e2e: build ## drives the page in Chromium (installs Chromium by apt-get when it is missing; needs Node.js)
	scripts/e2e

clients: build ## drives the official web client and the clients people use (needs Node.js, Python, curl, jq, clang and the network)
	scripts/e2e-clients

sdk: ## builds and runs the examples and the conformance kit in Go, C, Rust and AssemblyScript (installs their compilers)
	scripts/sdk

generate: ## deletes and rebuilds all generated files
	scripts/generate

clean: ## removes what was built
	rm -rf bin out
