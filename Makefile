# SPDX-License-Identifier: AGPL-3.0-or-later
#
# A thin front: meson and ninja build, scripts/ holds what is longer than a line.

BUILD  := build
PREFIX ?= /usr/local
# More arguments for `pagemill serve` (make run ARGS='--listen 127.0.0.1:9000'), for meson test
# (make check TESTS='--suite unit') and for bench/run.py (make bench BENCH='status start').
ARGS  ?=
TESTS ?=
BENCH ?=

# Real documents for tests and benchmarks: a checkout of test documents beside the repository. Where
# there is none, the tests that need one say so and are skipped.
PAGEMILL_CORPUS ?= $(abspath $(wildcard ../shared/corpus))
ifneq ($(PAGEMILL_CORPUS),)
export PAGEMILL_CORPUS
endif

# Models for the tests of the neural engine, likewise.
PAGEMILL_TEST_MODELS ?= $(abspath $(wildcard ../shared/models))
ifneq ($(PAGEMILL_TEST_MODELS),)
export PAGEMILL_TEST_MODELS
endif

SANITIZE := -Db_lundef=false -Dc_args=-fno-omit-frame-pointer
SOURCES   = $(shell find src tests -name '*.[ch]' 2>/dev/null)

.NOTPARALLEL:
.PHONY: help run build check check-setup asan tsan lint fmt bench install dist clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: build ## install what is missing, build, and serve with its data in build/data
	exec $(BUILD)/pagemill serve --data $(BUILD)/data $(ARGS)

build: ## build/pagemill and build/pagemill-work
	@scripts/setup run
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@ninja -C $(BUILD)

check: check-setup ## build and run every test
	@scripts/layers --self-test
	@scripts/layers
	@scripts/run-tests $(BUILD) $(TESTS)

# meson looks for the test libraries once, so a build made before they were installed is asked again.
check-setup:
	@scripts/setup check
	@test -f $(BUILD)/.with-tests || \
	    { if test -f $(BUILD)/build.ninja; then meson setup --reconfigure $(BUILD); \
	      else meson setup $(BUILD); fi && touch $(BUILD)/.with-tests; }
	@ninja -C $(BUILD)

asan: ## the tests with address and undefined-behaviour sanitizers, in build-asan
	@scripts/setup check
	@test -f build-asan/build.ninja || \
	    meson setup build-asan -Db_sanitize=address,undefined $(SANITIZE)
	@ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 \
	    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 scripts/run-tests build-asan -t 5 $(TESTS)

tsan: ## the tests of the suite `threaded` with the thread sanitizer, in build-tsan
	@scripts/setup check
	@test -f build-tsan/build.ninja || meson setup build-tsan -Db_sanitize=thread $(SANITIZE)
	@TSAN_OPTIONS=halt_on_error=1 scripts/run-tests build-tsan -t 10 --suite threaded $(TESTS)

lint: ## format, layers, lengths, both compilers with -Werror, clang-tidy, cppcheck
	@scripts/setup lint
	@scripts/lint

fmt: ## clang-format everything
	clang-format -i $(SOURCES)

bench: build ## run the benchmarks and write bench/results/*.json
	@scripts/setup bench
	python3 bench/run.py $(BENCH)

install: build ## install below PREFIX (/usr/local), or below DESTDIR/PREFIX
	meson setup --reconfigure $(BUILD) --prefix $(PREFIX) >/dev/null
	DESTDIR=$(abspath $(DESTDIR)) meson install -C $(BUILD)

dist: build ## a source archive of the last commit, in build/meson-dist
	meson dist -C $(BUILD) --no-tests

clean: ## remove everything built
	rm -rf $(BUILD) build-asan build-tsan build-lint-gcc build-lint-clang
