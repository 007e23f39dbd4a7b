# `make run` starts Daypass on a practice organisation; `make test` runs every check there is; `make package` packs it.
# `make residue` looks for what it leaves behind, as root: make residue RUNS=10 POINTS=200 ONLY='sleep,M2,R1'
# `make bench` measures it, or only what is named: make bench MEASURE='start idle tray mute typing sync'

MAKEFLAGS += --no-print-directory
export NO_COLOR := 1
export NPM_CONFIG_UPDATE_NOTIFIER := false
# Where nothing is built twice, what cargo would keep for that only fills the disk.
ifdef CI
export CARGO_INCREMENTAL := 0
endif
TARGET := $(or $(CARGO_TARGET_DIR),target)
PROGRAMS := $(TARGET)/debug
CLIENTS := $(TARGET)/clients
PACKAGES := $(TARGET)/package
# What is packed does not say where it was built.
UNPLACED := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/daypass
RELEASE = RUSTFLAGS="$(strip $(RUSTFLAGS) $(UNPLACED))" cargo build --quiet --release --workspace --exclude daypass-residue --bins

# Debian's Chromium, or the one that the set-up fetched where there is none.
page window: export DAYPASS_CHROMIUM ?= $(abspath $(or $(wildcard $(TARGET)/chromium/chromium),/usr/bin/chromium))

.PHONY: run test setup rust page flows clients window residue residue-short bench package package-test

run:
	src-tauri/setup.sh run
	$(MAKE) ui/dist/index.html
	cargo build --workspace --exclude daypass-residue --bins
	$(PROGRAMS)/daypass-desktop --practice

# The page first: the desktop has it built in.
test: setup
	$(MAKE) page
	$(MAKE) rust
	$(MAKE) flows
	$(MAKE) clients
	$(MAKE) window
	$(MAKE) residue-short
	$(MAKE) package-test

setup:
	src-tauri/setup.sh test

page:
	npm --prefix ui run --silent check
	npm --prefix ui run --silent test -- --reporter=dot --silent=passed-only
	npm --prefix ui run --silent test:page -- --reporter=dot --silent=passed-only

rust:
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --features bench -- -D warnings

flows:
	cargo build --quiet --workspace --bins
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --cargo-quiet --status-level fail; else cargo test --quiet --workspace; fi

clients: $(CLIENTS)/installed
	$(CLIENTS)/bin/python tests/clients/check_practice.py $(PROGRAMS)/daypass-practice
	$(CLIENTS)/bin/python tests/clients/check_narrowed.py $(PROGRAMS)/daypass-practice

window: $(CLIENTS)/installed
	xvfb-run -a -s '-screen 0 1280x900x24' node tests/e2e/e2e.mjs $(PROGRAMS)
	xvfb-run -a -s '-screen 0 1280x900x24' node tests/e2e/tray.mjs $(PROGRAMS)
	xvfb-run -a -s '-screen 0 1280x900x24' node tests/e2e/habits.mjs $(PROGRAMS)

# Each trigger once, on the programs that the other tests use.
residue-short: $(CLIENTS)/installed
	cargo build --quiet --workspace --bins
	xvfb-run -a -s '-screen 0 1280x900x24' $(PROGRAMS)/residue $(PROGRAMS) $(CLIENTS) short

# In full, as it is packed; PROFILE=debug on what is built without waiting for it. It takes the better part of an hour.
residue: setup ui/dist/index.html $(CLIENTS)/installed
	$(if $(filter debug,$(PROFILE)),cargo build --quiet --workspace --bins,$(RELEASE))
	cargo build --quiet --package daypass-residue
	xvfb-run -a -s '-screen 0 1280x900x24' $(PROGRAMS)/residue $(TARGET)/$(or $(PROFILE),release) $(CLIENTS) full $(or $(RUNS),10) $(or $(POINTS),200)

# As it is packed, and two programs more that are never packed. Figures, no checks: `make test` leaves it out.
bench: setup ui/dist/index.html
	$(RELEASE) --features bench
	xvfb-run -a -s '-screen 0 1280x900x24' node tests/bench/bench.mjs $(TARGET)/release $(MEASURE)

package:
	src-tauri/setup.sh package
	$(MAKE) ui/dist/index.html
	$(RELEASE)
	cargo build --quiet --workspace --example pages
	rm -rf $(PACKAGES)
	src-tauri/package/package.sh $(TARGET)/release $(PROGRAMS)/examples/pages $(PACKAGES)
	ls -sh $(PACKAGES)/*

package-test: setup package
	tests/package/check.sh $(PACKAGES)

$(CLIENTS)/installed: tests/clients/requirements.txt
	python3 -m venv $(@D) && $(@D)/bin/python -m pip install --quiet --requirement $< && touch $@

ui/dist/index.html: $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -print)
	cd ui && npx vite build --logLevel warn
