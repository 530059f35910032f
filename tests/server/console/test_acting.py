"""What the console changes it changes with signed calls of somebody who has a key."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace

import pytest
from tests.endpoints import ACCOUNT, key_of, small_estate
from tests.explain.test_api_calls import EDITS

from clearance import wiring
from clearance.explain.api_calls import ApiCall, calls
from clearance.model.estate import AccessKey
from clearance.server.console.acting import USER_AGENT, Acting, Actor, Outcome, actors
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.sigv4 import read_claim, verify

ANA = Actor(f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, key_of("ana"))
PUT = ApiCall(
    "iam", "put_user_policy", {"UserName": "ana", "PolicyName": "p", "PolicyDocument": "{}"}
)
DENIED = (
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
)


@dataclass
class Front:
    """Stands where the endpoint would: keeps what it is asked, gives one answer."""

    status: int = 200
    body: str = ""
    asked: list[tuple[Message, str]] = field(default_factory=list)

    async def __call__(self, message: Message, source_ip: str) -> HttpAnswer:
        self.asked.append((message, source_ip))
        return HttpAnswer(self.status, (("content-type", "text/xml"),), self.body.encode())


def make(front: Front, call: ApiCall, actor: Actor = ANA) -> Outcome:
    return asyncio.run(Acting(front, "eu-west-1").make(actor, call, "127.0.0.9"))


@pytest.mark.parametrize("name", EDITS)
def test_every_call_is_signed_by_the_actor(name: str) -> None:
    front = Front()
    for call in calls(EDITS[name]):
        make(front, call)
    assert front.asked
    for message, source_ip in front.asked:
        claim = read_claim(message)
        assert claim is not None
        assert claim.access_key == ANA.key.id
        verify(claim, message, ANA.key.secret.value, wiring.now())  # raises where it is not
        assert USER_AGENT in (message.header("user-agent") or "")
        assert source_ip == "127.0.0.9"


def test_a_denial_is_an_outcome() -> None:
    front = Front(403, DENIED)
    assert make(front, PUT) == Outcome(PUT, "AccessDenied", "no")
    assert not make(front, PUT).done
    assert make(Front(body="<PutUserPolicyResponse/>"), PUT).done
    assert make(Front(body="no XML"), PUT).code == "ResponseParserError"


def test_input_that_botocore_refuses_is_an_outcome_too() -> None:
    front = Front()
    outcome = make(front, replace(PUT, given={"UserName": 7}))
    assert outcome.code == "ParamValidationError"
    assert front.asked == []


def test_only_those_with_an_active_key_can_act() -> None:
    estate = small_estate()
    assert [a.arn for a in actors(estate, ACCOUNT)] == [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:user/ana",
    ]
    account = estate.accounts[ACCOUNT]
    old: AccessKey = key_of("root", active=False)
    off = estate.with_account(replace(account, root_keys={old.id: old}))
    assert [a.arn for a in actors(off, ACCOUNT)] == [f"arn:aws:iam::{ACCOUNT}:user/ana"]
    assert actors(estate, "000000000000") == ()


def test_an_actor_shows_no_secret() -> None:
    assert ANA.key.secret.value not in repr(ANA)
    assert ANA.key.secret.value not in json.dumps(str(ANA))
