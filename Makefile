# Every target works on a fresh machine with Python 3.11+, make and git; `setup` is run first where needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
MODEL := $(VENV)/.model

# Where the surroundings forbid to keep what Python compiled, each of the many processes that tests start would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-partitioned test-server check e2e e2e-official e2e-integrations campaign bench bench-million docs proto format gate

help:
	@echo "make setup   create .venv with everything and prepare the embedding model"
	@echo "make demo    from nothing to memory, on the embedded engine"
	@echo "make test    unit, property, contract, architecture and end-to-end tests"
	@echo "make test-partitioned   the same with every table divided, as on a distributed server"
	@echo "make test-server   the same over a PostgreSQL given by URL"
	@echo "make check   format, lint, types, import lines, wire schema"
	@echo "make e2e     the end-to-end tests alone"
	@echo "make e2e-official       the published client and MCP server against a real server"
	@echo "make e2e-integrations   the published framework integrations against a real server"
	@echo "make campaign           isolation (200,000 checks x 3 seeds, embedded and by URL) and durability (200 kills, 15 scenarios more, most by URL too); takes a night"
	@echo "make bench   speed, as tables with ratios"
	@echo "make bench-million   the same of a store of 1,000,000 memories; needs 10 GB of disk"
	@echo "make docs    write the generated reference pages"
	@echo "make gate    train the gate's weights anew from the examples"
	@echo "make proto   write the messages of the gRPC stream from proto/"

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Synap needs Python 3.11 or later; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-warn-script-location -e '.[engine,dev]'
	@touch $@

$(MODEL): $(STAMP)
	$(BIN)/synap models prepare
	@touch $@

setup: $(MODEL)

demo: setup
	$(BIN)/python examples/demo.py

# One more than there are cores, as many tests wait for processes that they start; four at most.
PROCESSES := $(shell $(PYTHON) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')

# A file stays in one process, as its tests share what they start; tests/conftest.py tells which files come first.
SPREAD := -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

test: setup
	$(BIN)/python -m pytest tests -q $(SPREAD)

test-partitioned: setup
	SYNAP_TEST_PARTITIONED=1 $(BIN)/python -m pytest tests -q $(SPREAD)

test-server: setup
	SYNAP_TEST_STORE=url $(BIN)/python -m pytest tests -q $(SPREAD)

e2e: setup
	$(BIN)/python -m pytest tests/e2e -q

# The published packages live in environments without our code; `guard` keeps every process of those runs on this machine.
OFFICIAL := .venv-official
OLD_CLIENT := .venv-official-old
INTEGRATIONS := .venv-integrations
GUARDED = PYTHONPATH=$(CURDIR)/tests/e2e/guard SYNAP_SERVE=$(CURDIR)/$(BIN)/synap

define environment
	@echo "installing $< into $(@D)"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --no-warn-script-location -r $< \
		|| { echo "error: a package of $< could not be installed: these tests need every one of them" >&2; exit 1; }
	@touch $@
endef

$(OFFICIAL)/.ready: tests/e2e/official/requirements.txt
	$(environment)

$(OLD_CLIENT)/.ready: tests/e2e/official/requirements-old.txt
	$(environment)

$(INTEGRATIONS)/.ready: tests/e2e/integrations/requirements.txt
	$(environment)

e2e-official: $(STAMP) $(OFFICIAL)/.ready $(OLD_CLIENT)/.ready
	$(GUARDED) OLD_CLIENT=$(CURDIR)/$(OLD_CLIENT)/bin/python $(OFFICIAL)/bin/python -m pytest tests/e2e/official -q

e2e-integrations: $(STAMP) $(INTEGRATIONS)/.ready
	$(GUARDED) $(INTEGRATIONS)/bin/python -m pytest tests/e2e/integrations -q

check: $(STAMP)
	$(BIN)/ruff format --check src tests examples benchmarks training
	$(BIN)/ruff check src tests examples benchmarks training
	$(BIN)/mypy src tests
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/architecture -q -k "wire_schema or sql_lint"

format: $(STAMP)
	$(BIN)/ruff format src tests examples benchmarks training
	$(BIN)/ruff check --fix src tests examples benchmarks training

campaign: setup
	$(BIN)/python -m tests.campaign.isolation
	$(BIN)/python -m tests.campaign.durability --full --report docs/reports/durability.json
	$(BIN)/python -m tests.campaign.durability --full --store url --report docs/reports/durability-by-url.json

bench: setup
	$(BIN)/python -m benchmarks.speed

bench-million: setup
	$(BIN)/python -m benchmarks.speed --only growth --grow 10

docs: $(STAMP)
	$(BIN)/python docs/generate.py

gate: setup
	$(BIN)/python -m training.gate

proto: $(STAMP)
	$(BIN)/python -m grpc_tools.protoc -Iproto --descriptor_set_out=src/synap/server/grpc/synap_v1.binpb proto/synap/v1/synap.proto
