# Two commands are enough: `make demo` shows Gate at work, `make test` runs every check.
PYTHON := .venv/bin/python
UPGRADE := --upgrade
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types tests long lock bench load faults chaos fuzz audit clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup:  ## make .venv and install what is missing
	@.ci/setup

demo:  ## the real service against a stand-in GitHub, in this terminal (ONCE=1: end after the verdicts)
	@.ci/setup
	@$(PYTHON) -m tests.demo $(if $(ONCE),--once)

test:  ## lint, types and the tests (make long has more of them)
	@.ci/setup test
	@$(MAKE) --no-print-directory lint types tests

lint:
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types:
	@$(PYTHON) -m mypy

PYTEST := $(PYTHON) -m pytest -n 3 --dist loadgroup
SERVICES := tests/flows tests/browser

# Whole services and a browser take each other's time, and that of all others: they come last, in processes of their own.
tests:
ifdef ARGS
	@$(PYTEST) -m "not long" $(ARGS)
else
	@$(PYTEST) -m "not long" $(SERVICES:%=--ignore=%)
	@$(PYTEST) -m "not long" $(SERVICES)
endif

long:  ## what `make test` leaves out: more flows, pages, samples and attacks (run it before a release)
	@.ci/setup test
	@$(PYTEST) -m long $(SERVICES:%=--ignore=%)
	@$(PYTEST) -m long tests/flows

lock:  ## pin the newest allowed versions again (UPGRADE= adds what is new and keeps the rest)
	@.ci/setup
	@$(PYTHON) -m uv pip compile -q pyproject.toml --extra dev --generate-hashes --universal $(UPGRADE) \
	  --python-version 3.11 --custom-compile-command "make lock" -o requirements.lock

faults:  ## every kind of fault on every request of a verdict, once and three times in a row (make test has some of each)
	@.ci/setup test
	@GATE_TEST_EVERY_FAULT=1 $(PYTHON) -m pytest tests/flows/test_every_call.py

chaos:  ## whatever dies or is away, at every stage, with the real times: ten minutes (make test has some of it, faster)
	@.ci/setup test
	@GATE_TEST_REAL_TIMES=1 $(PYTHON) -m pytest -n 2 --dist loadfile --timeout 300 tests/flows/test_chaos*.py

fuzz:  ## a million mutated inputs for parsers and routes, two to eight minutes on two cores (INPUTS=, SEED=, ONLY=WORD)
	@.ci/setup test
	@$(PYTHON) -m tests.fuzz $(INPUTS:%=--inputs %) $(SEED:%=--seed %) $(ONLY:%=--only %)

# Not in requirements.lock: it needs the network anyway, and none of its sixteen packages is anybody else's. Strict, for
# what could not be looked up would count as harmless otherwise.
AUDIT := pip-audit==2.10.1
audit:  ## known vulnerabilities of what requirements.lock pins; fails as well where the advisories cannot be asked
	@.ci/setup
	@$(PYTHON) -m uv tool run $(AUDIT) --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock

bench:  ## every figure of docs/performance.md (SQLALCHEMY= and CLICK= name clones; JSON=FILE, ONLY=WORD)
	@.ci/setup test
	@$(PYTHON) -m benchmarks $(SQLALCHEMY:%=--sqlalchemy %) $(CLICK:%=--click %) $(JSON:%=--json %) $(ONLY:%=--only %)

load:  ## an organisation's load against several workers on Postgres (SECONDS=600, REPOSITORIES=500, WORKERS=2, GROWTH=SECONDS, SHARE=CORES, JOBS=8)
	@.ci/setup test
	@$(PYTHON) -m benchmarks.load $(SECONDS:%=--seconds %) $(REPOSITORIES:%=--repositories %) $(WORKERS:%=--workers %) \
	  $(GROWTH:%=--growth %) $(SHARE:%=--share %) $(JOBS:%=--jobs %) $(JSON:%=--json %)

clean:  ## remove what setup made
	rm -rf .venv .wheels .mypy_cache .ruff_cache .pytest_cache .hypothesis
