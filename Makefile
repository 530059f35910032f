.PHONY: check lint types contracts docs test demo

check: lint types contracts docs test  ## everything CI runs

lint:
	ruff check .
	ruff format --check .

types:
	mypy

contracts:
	lint-imports

docs:
	python docs/build.py --check

test:
	pytest -q -n auto

demo:
	clearance demo
