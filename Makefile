# `make help` lists what can be made. Times are for two cores.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# SQL is checked against the committed metadata in .sqlx, so that a build needs no database.
ifndef DATABASE_URL
export SQLX_OFFLINE := true
endif
# A clean clone compiles everything once: incremental files would only cost time and room.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

PROFILE := quick
DATA_DIR ?= $(shell scripts/data-dir)
LISTEN ?= 127.0.0.1:8080
SEED ?= 1
SEEDS ?=
TICKS ?= 3000
ORDERS ?= 2000
RATIO ?=

.PHONY: help run build website test check audit bench seating rush load ratio start-drill index-study refund-drill sim sim-planted generate fmt

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start Aisle with its demo house (first time about 6 minutes, later seconds)
	@scripts/install-needs run
	@$(MAKE) --no-print-directory website
	@[ -x target/$(PROFILE)/aisle ] || echo "run: building the server; the first time that takes about 6 minutes"
	@cargo build $(if $(wildcard target/$(PROFILE)/aisle),--quiet) --profile $(PROFILE) -p aisle --bin aisle
	@exec target/$(PROFILE)/aisle serve --demo --listen $(LISTEN) --data-dir $(DATA_DIR)

build: ## Put the whole product into target/release/aisle (about half an hour on two cores the first time)
	@scripts/install-needs run
	@$(MAKE) --no-print-directory website
	@echo "build: compiling the server with optimisation, about half an hour on two cores the first time"
	cargo build --release -p aisle --bin aisle

test: ## Run everything that must pass (up to an hour on a clean clone)
	@scripts/install-needs test
	@scripts/test

check: ## Format, lint and type check only (a minute or two once dependencies and cargo-deny are built)
	@scripts/install-needs check
	@echo "check: rustfmt, clippy, where the dependencies come from, then the website's type check and lint"
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	@scripts/supply
	@if [ -f frontend/package.json ]; then $(MAKE) --no-print-directory frontend/node_modules/.installed && cd frontend && npm run --if-present typecheck && npm run --if-present lint; fi

audit: ## Ask what has been reported against the dependencies (needs cargo-deny and a network)
	@scripts/supply audit

bench: ## Measure decide, apply, best available, replay, the gate, the feed and the journal (about 9 minutes)
	@echo "bench: criterion, about 9 minutes after building"
	scripts/with-postgres cargo bench -p aisle-core -p aisle-actors --bench core --bench feed --bench journal

seating: ## Seat generated guests in three ways and search the worst case of best available: make seating SEED=1 (a minute)
	@cargo run --quiet --profile $(PROFILE) -p aisle-core --example seating -- --seed $(SEED)
	@cargo run --quiet --profile $(PROFILE) -p aisle-core --example seating -- --seed $(SEED) --worst 400

rush: ## Rush a server on this machine with goose, then audit that no seat was sold twice (about 3 minutes)
	@scripts/rush

load: ## Measure everything under load, in one table with what is aimed at (about ten minutes once `make build` is done)
	@scripts/install-needs load
	@scripts/load

ratio: ## Measure holds beside a handler that does nothing, rows and keys: make ratio RATIO="--only hot" (about 8 minutes once built)
	@scripts/install-needs load
	@scripts/ratio $(RATIO)

start-drill: ## Start on 10,000 shows and a million bookings, wake a show of 100,000 events, and see what caches save (half an hour once built)
	@scripts/with-history scripts/start-drill

index-study: ## Run the bookings' queries at a million bookings, with and without their indices (half an hour once built)
	@scripts/with-history scripts/index-study

refund-drill: ## Refund all orders of a cancelled show with the server killed twice, against the same by hand: make refund-drill ORDERS=2000 (some minutes)
	@echo "refund-drill: $(ORDERS) orders are sold, and refunded with the server killed hard twice"
	AISLE_DRILL_ORDERS=$(ORDERS) scripts/with-postgres cargo nextest run --workspace --test server -E 'test(a_show_is_refunded_whole)' --no-capture

sim: ## Play random days of shows and orders against crashes: make sim SEED=7, or SEEDS=1..100 (a second a seed)
	@echo "sim: $(if $(SEEDS),seeds $(SEEDS),seed $(SEED)), $(TICKS) ticks"
	@cargo run --quiet --bin sim -- $(if $(SEEDS),--seeds $(SEEDS),--seed $(SEED)) --ticks $(TICKS)

sim-planted: ## Plant five bugs, one at a time, and see how soon the simulator finds each (some seconds)
	@cargo run --quiet -p aisle-sim --features planted --bin planted

generate: ## Write what is generated anew: the queries' description, docs/openapi.json, the website's types
	@echo "generate: a minute or two once dependencies are built"
	scripts/with-postgres scripts/sqlx-metadata
	scripts/openapi
	@if [ -f frontend/package.json ]; then $(MAKE) --no-print-directory frontend/node_modules/.installed && cd frontend && npm run --silent generate; fi

fmt: ## Format everything
	cargo fmt --all

# The website, built only when something it is made of has changed.
ifneq ($(wildcard frontend/package.json),)
WEBSITE_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/coverage/*')

website: frontend/dist/index.html
	@:

frontend/node_modules/.installed: frontend/package-lock.json
	@echo "website: installing its packages, about half a minute"
	@cd frontend && npm ci --no-audit --no-fund --silent
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(WEBSITE_SOURCES)
	@echo "website: building, about ten seconds"
	@cd frontend && npm run build --silent >../target-website.log 2>&1 || { cat ../target-website.log; rm -f ../target-website.log; exit 1; }
	@rm -f target-website.log && touch $@
# The server takes the website in while it compiles, and cargo cannot see that files came to be.
	@touch src/http/page.rs
else
website:
	@true
endif
