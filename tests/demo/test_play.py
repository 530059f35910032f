"""The demo is a test: five denials, each explained, fixed, proven and called again."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.cli.run import clearance
from tests.endpoints import host_of, message, send

from clearance.demo.play import Played, play, to_json

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
STAYED: list[int] = []


@pytest.fixture(scope="module")
def played() -> Played:
    def stay(address: str) -> None:
        where, _, fragment = address.partition("/_clearance/")
        assert fragment.startswith("#token=")
        shown = send(where, message("GET", "/_clearance/", host=host_of(where)))
        STAYED.append(shown.status)

    return play(stay=stay)


def test_one_can_stay_and_look_at_it_in_the_console(played: Played) -> None:
    assert played.ended_as_expected
    assert STAYED == [401]  # until one has signed in


def test_every_act_ends_as_expected(played: Played) -> None:
    assert [scene.problem for scene in played.scenes] == [""] * 5
    assert played.ended_as_expected


def test_each_denial_has_its_own_cause(played: Played) -> None:
    assert [scene.cause for scene in played.scenes] == [
        "identity.missing",
        "trust.missing",
        "trust.missing",
        "cross_account.both_sides",
        "scp.explicit",
    ]


def test_the_function_really_made_a_thumbnail(played: Played) -> None:
    for scene in (played.scenes[0], played.scenes[3], played.scenes[4]):
        assert "a 64x48 PNG" in scene.outcome
        assert "a 16x12 PNG" in scene.outcome


def test_no_fix_allows_more_than_it_must(played: Played) -> None:
    assert all("newly allowed 1, newly denied 0" in scene.proof for scene in played.scenes)


def test_an_allow_cannot_override_an_scp(played: Played) -> None:
    assert "still EXPLICIT_DENY" in played.scenes[4].not_it


def test_the_trail_holds_every_policy_change_and_every_refusal(played: Played) -> None:
    changed = [change.operation for change in played.changes]
    assert changed.count("iam:UpdateAssumeRolePolicy") == 2
    assert "organizations:UpdatePolicy" in changed
    assert played.denied == 5


def test_json_is_one_document(played: Played) -> None:
    document = json.loads(json.dumps(to_json(played)))
    assert document["ended_as_expected"] is True
    assert len(document["acts"]) == 5
    schema = json.loads((SCHEMAS / "demo.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_command_is_plain_when_piped_and_fits_100_columns() -> None:
    ran = clearance("demo")
    assert ran.code == 0, ran.out + ran.err
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100
    assert "Every act ended as expected." in ran.out
