# The tasks of a developer; `make` lists them. Each one sets up .venv first, as the README does.
.DEFAULT_GOAL := help
PYTEST := .venv/bin/pytest

help: ## list these tasks
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

.venv/ready: tests/requirements.lock pyproject.toml
	python3 -m venv .venv
	.venv/bin/pip install -q --require-hashes -r tests/requirements.lock
	.venv/bin/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/ready ## the whole system on this computer, with simulated hardware
	.venv/bin/likelight demo

unit: .venv/ready ## the fast tests: unit and golden, a minute or two
	$(PYTEST) tests/unit tests/golden

test: .venv/ready ## every test that this machine can run
	$(PYTEST)

lint: .venv/ready ## ruff, and the import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: .venv/ready ## mypy, strict
	.venv/bin/mypy

bench: .venv/ready ## the benchmarks: ratios against a baseline of the same run, nothing asserted
	for benchmark in tests/bench/bench_*.py; do .venv/bin/python $$benchmark || exit 1; done

scenario: .venv/ready ## slow suite: whole behaviours on the virtual clock
	$(PYTEST) tests/scenario

contract: .venv/ready ## slow suite: the contract and the drivers, over real sockets and the real clock
	$(PYTEST) tests/contract

e2e: .venv/ready ## slow suite: the pages in Chromium, and whole processes
	$(PYTEST) tests/e2e

realcam: .venv/ready ## slow suite: picamera2 on libcamera's virtual camera, in a chroot (root, Debian)
	$(PYTEST) tests/realcam

gpiovm: .venv/ready ## slow suite: the drivers against the kernel's GPIO, in a virtual machine (root, Debian)
	$(PYTEST) tests/gpiovm

deb: .venv/ready ## the Debian packages, into dist/ (needs mmdebstrap)
	.venv/bin/python systemd/debian/build.py

ci: ## what must pass before a change lands
	.ci/run

ci-long: ## the same, with what is too slow for every change
	.ci/run --long

# Versions that are pinned stay as they are, unless pyproject.toml excludes them; hatchling and editables build the
# project itself where it is installed with --no-build-isolation.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

locks: ## pin what pyproject.toml names in the three lock files (needs uv)
	printf '%s\n' hatchling editables | $(LOCK) --extra rpi pyproject.toml - -o requirements.lock
	$(LOCK) --extra rpi --extra dev pyproject.toml -c requirements.lock -o tests/requirements.lock
	$(LOCK) --group cloud -c tests/requirements.lock -o cloud/requirements.lock

.PHONY: help demo unit test lint types bench scenario contract e2e realcam gpiovm deb ci ci-long locks
