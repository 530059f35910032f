"""The requests that `how-aws-decides.md` draws: each is decided by the engine when it is drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import clearance
from clearance import AttachedPolicy, Context, Decision, PolicySet, PolicyType, Request

ACCOUNT: Final = "arn:aws:iam::111111111111"
ANA: Final = f"{ACCOUNT}:user/ana"
APP: Final = "arn:aws:sts::111111111111:assumed-role/app/run"
OBJECT: Final = "arn:aws:s3:::photos/cat.jpg"
KEY: Final = "arn:aws:kms:us-east-1:111111111111:key/1a2b"
ROLE: Final = f"{ACCOUNT}:role/admin"
GET: Final = "s3:GetObject"
OTHER: Final = "222222222222"


@dataclass(frozen=True)
class Scene:
    """One request and the policies that decide it."""

    name: str
    says: str
    policies: PolicySet
    caller: str = ANA
    action: str = GET
    resource: str = OBJECT
    owner: str = "111111111111"
    context: Mapping[str, str] = field(default_factory=dict)

    def decided(self) -> Decision:
        """What the engine says."""
        context = Context({key: (value,) for key, value in self.context.items()})
        caller = clearance.identify(self.caller)
        request = Request(caller, self.action, self.resource, context, resource_account=self.owner)
        return clearance.evaluate(request, self.policies)


Policies = tuple[AttachedPolicy, ...]


def _policy(
    kind: PolicyType, name: str, action: str, effect: str = "Allow", **more: object
) -> Policies:
    """A layer with one policy of one statement, on every resource unless told."""
    statement = {
        "Effect": effect,
        "Action": action,
        **({} if "trust" in name else {"Resource": "*"}),
        **more,
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return (clearance.policy(text, kind, name=name, strict=False),)


def _bucket(who: object) -> Policies:
    return _policy(PolicyType.RESOURCE, "bucket policy", GET, Principal=who, Resource=OBJECT)


MAY: Final = _policy(PolicyType.IDENTITY, "photos", "s3:*")
MAY_NOT: Final = _policy(PolicyType.IDENTITY, "no-photos", GET, "Deny")
ONLY_S3: Final = _policy(PolicyType.BOUNDARY, "limit", "s3:*")
ONLY_EC2: Final = _policy(PolicyType.BOUNDARY, "limit", "ec2:*")
LISTS: Final = _policy(PolicyType.SESSION, "session policy", "s3:List*")
READS: Final = _policy(PolicyType.SESSION, "session policy", "s3:Get*")
SCP_ALL: Final = _policy(PolicyType.SCP, "FullAWSAccess", "*")
SCP_EC2: Final = _policy(PolicyType.SCP, "OnlyEC2", "ec2:*")
RCP_ALL: Final = _policy(PolicyType.RCP, "RCPFullAWSAccess", "*", Principal="*")
RCP_US: Final = _policy(
    PolicyType.RCP,
    "OnlyUs",
    "s3:*",
    "Deny",
    Principal="*",
    Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-us"}},
)
GATE: Final = _policy(PolicyType.VPC_ENDPOINT, "endpoint policy", "*", Principal="*")
OTHER_GATE: Final = _policy(
    PolicyType.VPC_ENDPOINT,
    "endpoint policy",
    "s3:*",
    Principal="*",
    Resource="arn:aws:s3:::reports/*",
)
KEEPER: Final = _policy(
    PolicyType.RESOURCE, "key policy", "kms:*", Principal={"AWS": f"{ACCOUNT}:role/keeper"}
)
TRUST: Final = _policy(
    PolicyType.TRUST, "trust policy", "sts:AssumeRole", Principal={"AWS": f"{ACCOUNT}:root"}
)

SCENES: Final = (
    Scene(
        "all-layers",
        "Every kind of policy is there, and every one allows.",
        PolicySet(
            identity=MAY,
            resource=_bucket({"AWS": f"{ACCOUNT}:role/app"}),
            boundary=ONLY_S3,
            session=READS,
            scps=(SCP_ALL, SCP_ALL, SCP_ALL),
            rcps=(RCP_ALL, RCP_ALL, RCP_ALL),
            vpc_endpoint=GATE,
        ),
        caller=APP,
    ),
    Scene("nothing", "Nobody denies, but nobody allows either.", PolicySet()),
    Scene("identity", "The caller's own policy allows.", PolicySet(identity=MAY)),
    Scene("deny", "One allows, another denies: the Deny wins.", PolicySet(identity=MAY + MAY_NOT)),
    Scene(
        "resource-user",
        "The bucket policy names the user: nothing else has to allow.",
        PolicySet(resource=_bucket({"AWS": ANA}), boundary=ONLY_EC2),
    ),
    Scene(
        "resource-account",
        "The bucket policy names the account: the account's own policies must agree.",
        PolicySet(resource=_bucket({"AWS": f"{ACCOUNT}:root"})),
    ),
    Scene(
        "resource-role",
        "The bucket policy names the role: no identity policy is needed, but the boundary counts.",
        PolicySet(resource=_bucket({"AWS": f"{ACCOUNT}:role/app"}), boundary=ONLY_EC2),
        caller=APP,
    ),
    Scene(
        "cross-account-one",
        "The object is another account's. The caller's side allows, the owner's says nothing.",
        PolicySet(identity=MAY),
        owner=OTHER,
    ),
    Scene(
        "cross-account-both",
        "Both sides allow.",
        PolicySet(identity=MAY, resource=_bucket({"AWS": f"{ACCOUNT}:root"})),
        owner=OTHER,
    ),
    Scene(
        "boundary",
        "The identity policy allows all of S3; the boundary leaves only EC2.",
        PolicySet(identity=MAY, boundary=ONLY_EC2),
    ),
    Scene(
        "session",
        "The role may read; whoever assumed it passed a policy that only lists.",
        PolicySet(identity=MAY, session=LISTS),
        caller=APP,
    ),
    Scene(
        "scp-level",
        "Root and account allow everything; the unit between them allows only EC2.",
        PolicySet(identity=MAY, scps=(SCP_ALL, SCP_EC2, SCP_ALL)),
    ),
    Scene(
        "rcp",
        "The owner's organization refuses strangers, whatever the bucket policy says.",
        PolicySet(identity=MAY, resource=_bucket("*"), rcps=(RCP_ALL + RCP_US,)),
        owner=OTHER,
        context={"aws:PrincipalOrgID": "o-them"},
    ),
    Scene(
        "vpc-endpoint",
        "The call goes through a VPC endpoint whose policy knows only another bucket.",
        PolicySet(identity=MAY, vpc_endpoint=OTHER_GATE),
    ),
    Scene(
        "kms",
        "The caller's policy allows, but the key policy names somebody else.",
        PolicySet(
            identity=_policy(PolicyType.IDENTITY, "keys", "kms:Decrypt"),
            resource=KEEPER,
        ),
        action="kms:Decrypt",
        resource=KEY,
    ),
    Scene(
        "trust",
        "The trust policy names the account, so the caller's own policy has to allow as well.",
        PolicySet(resource=TRUST),
        action="sts:AssumeRole",
        resource=ROLE,
    ),
    Scene(
        "whoami",
        "Asking who one is needs no permission and cannot be denied.",
        PolicySet(identity=_policy(PolicyType.IDENTITY, "nothing", "*", "Deny")),
        action="sts:GetCallerIdentity",
        resource="*",
    ),
)
