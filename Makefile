# A thin face: each word is one script or one command. `make help` says what they do.
.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-api simulate fuzz format clean

help:
	@echo "make run      set everything up and screen a demo call; leaves the service running"
	@echo "              (ONCE=1 make run: ends after the call, for scripts)"
	@echo "make test     set everything up and run all tests"
	@echo "make check    warnings as errors with gcc and clang, format, floors"
	@echo "make bench    what a call costs, as ratios against a bare relay"
	@echo "make bench-api what the API answers how fast, with ten million calls in the table"
	@echo "make simulate calls out of chance against the conversation (FIRST=1 SEEDS=100000)"
	@echo "make fuzz     every parser under a fuzzer (FUZZ_SECONDS=60 each)"
	@echo "make format   clang-format on all C files"
	@echo "make clean    remove what was built; var/ (data) stays"

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check

bench:
	@scripts/bench

bench-api:
	@scripts/bench_api

simulate:
	@scripts/simulate

fuzz:
	@scripts/fuzz

format:
	@git ls-files '*.c' '*.h' | tr '\n' '\0' | xargs -0 clang-format -i

clean:
	rm -rf build build-test build-check build-check-clang build-fuzz
