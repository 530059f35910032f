"""Times cedarpy, moto and PMapper on a workload file; runs in its own environment.

usage: python_rivals.py NAME FILE LIMIT. Prints JSON: allowed or not, and CPU seconds.
"""

from __future__ import annotations

import collections
import collections.abc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
Ask = Callable[[Doc], bool]


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- cedarpy: one policy set; a layer that must allow is a `forbid unless`


def quoted(text: str) -> str:
    return json.dumps(text)


def like(where: str, pattern: str) -> str:
    if pattern == "*":
        return "true"
    return f"{where} like {quoted(pattern)}" if "*" in pattern else f"{where} == {quoted(pattern)}"


def attribute(key: str) -> str:
    return f"context[{quoted(key)}]"


def test(operator: str, key: str, values: list[str]) -> str:
    left, base = attribute(key), operator.replace("Not", "")
    if base == "IpAddress":
        found = " || ".join(f"{left}.isInRange(ip({quoted(v)}))" for v in values)
    elif base in {"NumericLessThan", "DateGreaterThan"}:
        sign = "<" if base == "NumericLessThan" else ">"
        found = " || ".join(f"{left} {sign} {number(key, v)}" for v in values)
    else:
        found = " || ".join(
            like(left, v) if "Like" in base else f"{left} == {quoted(v)}" for v in values
        )
    return f"!({found})" if "Not" in operator else f"({found})"


def number(key: str, text: str) -> int:
    if key == "aws:CurrentTime":
        from datetime import datetime

        return int(datetime.fromisoformat(text).timestamp())
    return int(text)


def statement(s: Doc) -> str:
    parts = [
        "(" + " || ".join(like("context.action", a.lower()) for a in many(s["Action"])) + ")",
        "(" + " || ".join(like("context.resource", r) for r in many(s["Resource"])) + ")",
    ]
    for operator, keys in s.get("Condition", {}).items():
        parts += [test(operator, key, many(values)) for key, values in keys.items()]
    return " && ".join(parts)


def cedar(run: Doc) -> Ask:
    import cedarpy

    lines: list[str] = []
    layers = [(d, False) for level in run["scps"] for d in level]
    grants = [*run["identity"], *([run["resource"]] if run["resource"] else [])]
    layers += [(document, True) for document in grants]
    layers += [(run["boundary"], False)] if run["boundary"] else []
    for document, granting in layers:
        for s in document["Statement"]:
            if s["Effect"] == "Deny" or granting:
                word = "permit" if s["Effect"] == "Allow" else "forbid"
                lines.append(f"{word}(principal, action, resource) when {{ {statement(s)} }};")
    for level in [*run["scps"], *([[run["boundary"]]] if run["boundary"] else [])]:
        allows = [s for d in level for s in d["Statement"] if s["Effect"] == "Allow"]
        unless = " || ".join(f"({statement(s)})" for s in allows)
        lines.append(f"forbid(principal, action, resource) unless {{ {unless} }};")
    policies = (
        cedarpy.PolicySet.from_str("\n".join(lines))
        if hasattr(cedarpy.PolicySet, "from_str")
        else "\n".join(lines)
    )
    entities = cedarpy.Entities.from_json_str("[]")

    def ask(r: Doc) -> bool:
        context: Doc = {"action": r["action"].lower(), "resource": r["resource"]}
        for key, value in r["context"].items():
            if key == "aws:SourceIp":
                context[key] = {"__extn": {"fn": "ip", "arg": value}}
            elif key in {"aws:CurrentTime", "aws:MultiFactorAuthAge"}:
                context[key] = number(key, value)
            else:
                context[key] = value
        request = {
            "principal": 'U::"u"',
            "action": 'A::"a"',
            "resource": 'R::"r"',
            "context": context,
        }
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return ask


def moto(run: Doc) -> Ask:
    from moto.iam.access_control import IAMPolicy, PermissionResult

    policies = [IAMPolicy(json.dumps(d)) for d in run["identity"]]

    def ask(r: Doc) -> bool:
        found = [
            p.is_action_permitted(r["action"], r["resource"], None, r["context"]) for p in policies
        ]
        return PermissionResult.DENIED not in found and PermissionResult.PERMITTED in found

    return ask


def pmapper(run: Doc) -> Ask:
    for name in ("Mapping", "MutableMapping", "Sequence", "Callable"):
        setattr(collections, name, getattr(collections.abc, name))  # it predates Python 3.10
    from principalmapper.common import Node, Policy
    from principalmapper.querying.query_interface import local_check_authorization_full

    def policy(document: Doc, name: str) -> Policy:
        return Policy(f"arn:aws:iam::123456789012:policy/{name}", name, document)

    held = [policy(d, f"p{i}") for i, d in enumerate(run["identity"])]
    boundary = policy(run["boundary"], "pb") if run["boundary"] else None
    groups = [
        [policy(d, f"s{i}{j}") for j, d in enumerate(level)] for i, level in enumerate(run["scps"])
    ]
    node = Node(
        arn=run["principal"], id_value="AIDA", attached_policies=held, group_memberships=[],
        trust_policy=None, instance_profile=None, num_access_keys=1, active_password=False,
        is_admin=False, permissions_boundary=boundary, has_mfa=False, tags={},
    )  # fmt: skip
    owner = "123456789012" if run["resource"] else None

    def ask(r: Doc) -> bool:
        return bool(
            local_check_authorization_full(
                node,
                r["action"],
                r["resource"],
                r["context"],
                run["resource"],
                owner,
                groups or None,
            )
        )

    return ask


def main() -> None:
    name, file, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    runs = json.loads(Path(file).read_text("utf-8"))
    allowed: list[bool] = []
    cpu = 0.0
    for run in runs:
        ask = {"cedarpy": cedar, "moto": moto, "pmapper": pmapper}[name](run)
        requests = run["requests"][:limit]
        ask(requests[0])
        before = time.process_time()
        allowed += [ask(r) for r in requests]
        cpu += time.process_time() - before
    print(json.dumps({"allowed": allowed, "cpu": cpu, "asked": len(allowed)}))


main()
