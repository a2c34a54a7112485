# A thin front for meson and ninja: each target is a line you could type yourself.
# `make help` lists them. ARGS= passes arguments to run and bench.

ARGS  ?=
BUILD := build
JOBS  ?= $(shell nproc)

.DEFAULT_GOAL := help
.PHONY: help deps build run test bench soak asan tsan fuzz format clean

help: ## this list
	@echo "ITS Camera AI: traffic-camera analytics. Targets:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing with apt
	@tools/deps build test dev

build: ## build/its-camera-ai, optimised
	@tools/deps build
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) --buildtype=release -Dtests=false
	@ninja -C $(BUILD) -j $(JOBS) --quiet its-camera-ai

run: build ## build and start (ARGS="--camera a=file:clip.mp4?loop")
	@$(BUILD)/its-camera-ai run $(ARGS)

test: ## set up, build and run all tests
	@tools/deps build test
	@[ -f build-test/build.ninja ] || meson setup build-test --buildtype=debugoptimized
	@ninja -C build-test -j $(JOBS) --quiet
	@tools/run-tests build-test

bench: ## benchmarks, apart from the tests
	@tools/deps build test
	@[ -f build-bench/build.ninja ] || meson setup build-bench --buildtype=release
	@ninja -C build-bench -j $(JOBS) --quiet
	@bench/run build-bench $(ARGS)

soak: build ## one hour (or ARGS=SECONDS) of run, watching memory and latency
	@bench/soak $(BUILD)/its-camera-ai $(ARGS)

asan: ## tests under AddressSanitizer and UBSan
	@tools/deps build test
	@[ -f build-asan/build.ninja ] || meson setup build-asan --native-file native/asan.ini
	@ninja -C build-asan -j $(JOBS) --quiet
	@tools/run-tests build-asan

tsan: ## tests with threads under ThreadSanitizer
	@tools/deps build test
	@[ -f build-tsan/build.ninja ] || meson setup build-tsan --native-file native/tsan.ini
	@ninja -C build-tsan -j $(JOBS) --quiet
	@tools/run-tests build-tsan

fuzz: ## every fuzz target for 60 s (or ARGS=SECONDS)
	@tools/deps build test dev
	@tools/fuzz $(or $(ARGS),60)

format: ## clang-format over src, tests, bench and fuzz
	@tools/deps dev
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean: ## remove build folders
	@rm -rf build build-test build-asan build-tsan build-bench build-fuzz
