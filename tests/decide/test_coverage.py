"""Every rule of the rule book has a vector, or the rule book says who holds it."""

from __future__ import annotations

from tests import coverage


def test_every_rule_has_a_vector_or_a_reason() -> None:
    missing = set(coverage.rules()) - set(coverage.covered()) - coverage.elsewhere()
    assert not missing, sorted(missing)


def test_no_rule_is_called_elsewhere_that_has_a_vector() -> None:
    assert not coverage.elsewhere() & set(coverage.covered())


def test_vectors_name_rules_of_the_book() -> None:
    assert not set(coverage.covered()) - set(coverage.rules())


def test_the_coverage_page_is_up_to_date() -> None:
    page = coverage.COVERAGE.read_text("utf-8")
    assert page == coverage.table(), "run `python -m tests.coverage`"
