.PHONY: check lint types contracts docs site test demo

check: lint types contracts docs site test  ## everything CI runs

lint:
	ruff check .
	ruff format --check .

types:
	mypy

contracts:
	lint-imports

docs:
	python docs/build.py --check

site:  ## the documentation as a site, in build/site
	python docs/website.py

test:
	pytest -q -n auto

demo:
	clearance demo
