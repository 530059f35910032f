.PHONY: check lint types contracts test demo docs

check: lint types contracts test  ## everything CI runs

lint:
	ruff check .
	ruff format --check .

types:
	mypy

contracts:
	lint-imports

test:
	pytest -q -n auto

demo:
	clearance demo

docs:
	python docs/build.py --check
