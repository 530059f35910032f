"""Act, learn from the trail, take the learned policies: the same calls go on, others do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.run import clearance
from tests.endpoints import LAMBDA_TRUST, Failure, Site, allow, attempt, site, small_estate


def work(found: Site, who: Any) -> list[Callable[[], Any]]:
    """What the user does every day."""
    iam, functions = found.client("iam", who), found.client("lambda", who)
    return [
        iam.list_users,
        lambda: iam.get_role(RoleName="app"),
        functions.list_functions,
        lambda: iam.tag_role(RoleName="app", Tags=[{"Key": "team", "Value": "red"}]),
        lambda: functions.invoke(FunctionName="resize", Payload=b"{}"),
    ]


def test_the_learned_policies_are_enough_and_no_more(tmp_path: Path) -> None:
    with site(small_estate(), tmp_path / "data") as found:
        found.role("runs", LAMBDA_TRUST)
        found.function("resize")
        eve = found.user("eve", allow("*"))
        for call in work(found, eve):
            assert not isinstance(attempt(call), Failure)
        assert len(found.events()) >= 5  # whoever asks the store waits until all is written
        assert clearance("trail", tmp_path / "logs", "--data", tmp_path / "data").code == 0
        ran = clearance(
            "least-privilege", tmp_path / "logs", "-p", "eve", "-e", tmp_path / "data",
            "--as", "inline", "--json",
        )  # fmt: skip
        assert ran.code == 0, ran.err
        (learned,) = json.loads(ran.out)["principals"]
        assert learned["verified"] == learned["usedRequests"] == 5
        iam = found.client("iam")
        for policy in learned["policies"]:
            text = json.dumps(policy["document"])
            iam.put_user_policy(UserName="eve", PolicyName=policy["name"], PolicyDocument=text)
        iam.delete_user_policy(UserName="eve", PolicyName="p0")
        for call in work(found, eve):
            assert not isinstance(attempt(call), Failure)
        mine, functions = found.client("iam", eve), found.client("lambda", eve)
        for other in (
            lambda: mine.create_user(UserName="mallory"),
            lambda: mine.get_role(RoleName="runs"),
            lambda: functions.delete_function(FunctionName="resize"),
        ):
            refused = attempt(other)
            assert isinstance(refused, Failure)
            assert "AccessDenied" in refused.code
