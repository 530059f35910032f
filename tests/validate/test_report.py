"""Findings in the shapes of Access Analyzer (R241-R243) and SARIF."""

from __future__ import annotations

import json
from typing import Any

from clearance.facts.catalog import load_catalog
from clearance.model.policy import PolicyType
from clearance.validate import validate
from clearance.validate.report import Lines, findings_json, sarif

TEXT = """{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:Nonsense"],
    "Resource": "*",
    "Condition": {"StringEqual": {"aws:username": "ana"}}
  }]
}"""


def findings() -> list[dict[str, Any]]:
    found = validate(TEXT, PolicyType.IDENTITY, catalog=load_catalog())
    return findings_json(TEXT, found)


def test_r243_a_path_of_values_indexes_and_keys_and_a_span_from_line_1_and_column_0() -> None:
    by_code = {f["issueCode"]: f for f in findings()}
    action = by_code["INVALID_ACTION"]["locations"][0]
    assert action["path"] == [
        {"value": "Statement"},
        {"index": 0},
        {"value": "Action"},
        {"index": 1},
    ]
    start, end = action["span"]["start"], action["span"]["end"]
    assert TEXT[start["offset"] : end["offset"]] == '"s3:Nonsense"'
    assert (start["line"], start["column"]) == (5, 31)
    operator = by_code["INVALID_CONDITION_OPERATOR"]["locations"][0]
    assert operator["path"][-1] == {"key": "StringEqual"}


def test_r242_the_type_is_one_of_the_api() -> None:
    for finding in findings():
        assert finding["findingType"] in {"ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"}
        assert finding["learnMoreLink"].startswith("https://docs.aws.amazon.com/")
        assert finding["findingDetails"][-1] in ".?"


def test_sarif_points_at_the_line_and_keeps_what_is_suppressed() -> None:
    found = validate(TEXT, PolicyType.IDENTITY, catalog=load_catalog())
    lines = Lines.of(TEXT)
    log = sarif(
        [("a.json", lines, f, "old" if i else None) for i, f in enumerate(found)], version="1"
    )
    json.dumps(log)
    run = log["runs"][0]
    assert [r["ruleId"] for r in run["results"]] == [f.code for f in found]
    first = run["results"][0]
    region = first["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 5
    assert "suppressions" not in first
    assert run["results"][1]["suppressions"] == [{"kind": "external", "justification": "old"}]
    rules = run["tool"]["driver"]["rules"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"]
