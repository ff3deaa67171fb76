# make run    the window on the sample photos (without a display: the same job, headless, into out/)
# make test   every check there is, the test suite last
# make check  only the quick checks: style, types, layers
# make clean  removes what these commands made

BIN := .venv/bin

.PHONY: run test check clean setup-run setup-test

run: setup-run
	@scripts/run.sh

test: check
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --dist worksteal

check: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

clean:
	rm -rf .venv out build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache *.egg-info
	find app inference resources tests -name __pycache__ -type d -prune -exec rm -rf {} +
