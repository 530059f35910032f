from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.store.summary import HIDDEN, summarize

CASES: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"UserName": "ana", "Password": "x"}, {"UserName": "ana", "Password": HIDDEN}),
    ({"NewPassword": "x", "OldPassword": None}, {"NewPassword": HIDDEN, "OldPassword": None}),
    ({"Code": {"ZipFile": b"PK"}}, {"Code": {"ZipFile": {"bytes": 2, "sha256": "fcab7f"}}}),
    (
        {"Environment": {"Variables": {"TOKEN": "x"}}},
        {"Environment": {"Variables": {"TOKEN": HIDDEN}}},
    ),
    ({"Tags": ({"Key": "a", "Value": "b"},)}, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ({"When": datetime(2026, 3, 1, tzinfo=UTC)}, {"When": "2026-03-01T00:00:00+00:00"}),
    ({"x": object()}, {"x": "<object>"}),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[str(next(iter(v))) for v, _ in CASES])
def test_inputs_are_made_fit_to_show(value: object, expected: dict[str, object]) -> None:
    found = summarize(value)
    if "Code" in found:
        short = found["Code"]["ZipFile"]["sha256"][:6]
        found["Code"]["ZipFile"]["sha256"] = short
    assert found == expected


def test_long_texts_are_cut() -> None:
    found = summarize({"Body": "x" * 100_000})
    assert found["Body"].endswith("… (100000 characters)")
    assert len(found["Body"]) < 40_000


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_every_summary_is_json(value: object) -> None:
    msgspec.json.decode(msgspec.json.encode(summarize(value)))
