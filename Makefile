# Balie's everyday commands. `make` alone lists them.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The race detector needs a C compiler, which Balie itself does not.
RACE    := $(if $(shell command -v $${CC:-gcc} 2>/dev/null),-race,)
TIMEOUT ?= 25m

.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## put one static binary at bin/balie
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/balie ./cmd/balie

demo: build ## try it: everything in a temporary folder, in the browser
	@exec bin/balie demo

test: lint ## the whole gate: lint, then every test with the race detector
	$(if $(RACE),,@echo 'WARNING: there is no C compiler (apt-get install gcc), so the race detector is off.')
	go test $(RACE) -shuffle=on -timeout $(TIMEOUT) ./...

lint: ## formatting and static checks
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' | while read -r f; do [ -f "$$f" ] && echo "$$f"; done)); \
	  if [ -n "$$unformatted" ]; then echo "gofmt -w these files:"; echo "$$unformatted"; exit 1; fi
	go mod verify
	go vet ./...
	go tool staticcheck ./...
	go tool exhaustive -d -typeignore 'reflect\.Kind|model\.WebsocketEventType|bson\.Type|sqlite\.statementID' ./...
	go tool go-errorlint -test=false ./...

bench: ## print the benchmark tables
	go run ./cmd/bench

clean: ## remove what was built
	rm -rf bin
