# What a newcomer types. Everything else is behind `qwd --help`.
SHELL := /bin/bash
SWIFT ?= swift
CONFIGURATION ?= release
PREFIX ?= $(CURDIR)/.qwd

.PHONY: run test lint fmt bench chaos dist deb test-deploy build setup clean

## run: install what is missing, build, get a machine, start the service and print its address
run: setup
	$(SWIFT) build -c $(CONFIGURATION) --product qwd
	scripts/run "$$($(SWIFT) build -c $(CONFIGURATION) --show-bin-path)/qwd" "$(PREFIX)"

## test: install what is missing, build and pass every test
test:
	@scripts/setup test
	scripts/test $(SWIFT)

## lint: formatting and the rules of the tree
lint:
	scripts/lint $(SWIFT)

fmt:
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Package.swift

## bench: print one figure a line
bench: setup
	$(SWIFT) build -c release --product qwd
	$(SWIFT) build -c release --product qwd-bench
	"$$($(SWIFT) build -c release --show-bin-path)/qwd-bench" $(BENCH)

## chaos: kill, refuse, fill, rename and set clocks at random; SEED repeats a run, MINUTES is its length
chaos: setup
	$(SWIFT) build --build-tests
	QWDTEST_CHAOS_SEED=$(SEED) QWDTEST_CHAOS_MINUTES=$(MINUTES) $(SWIFT) test --skip-build --filter ChaosTests

## dist: a release that needs no Swift at run time, staged as a tree to install
dist: setup
	scripts/dist $(SWIFT)

## deb: the package of Debian, of that tree
deb: dist
	scripts/deb

## test-deploy: tries the package under systemd, in containers, on a farm and behind proxies; DEB names one that is there already
test-deploy:
	scripts/test-deploy $(DEPLOY) $(DEB)

build:
	$(SWIFT) build -c $(CONFIGURATION) --product qwd

setup:
	@scripts/setup

clean:
	rm -rf .build .build-dist
