"""The resources of an account, as families of alike names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from clearance.batch.synthetic.model import Family

__all__ = ["REGION", "Things", "families_of"]

REGION: Final = "us-east-1"
_WORDS: Final = (
    "orders", "billing", "catalog", "search", "users", "media", "events", "reports", "ledger",
    "inventory", "shipping", "pricing", "audit", "profile", "session", "ads", "fraud", "mail",
)  # fmt: skip
_PREFIXES: Final = ("raw", "curated", "exports", "incoming", "archive")

Things = Mapping[str, tuple[Family, ...]]


def families_of(account: str, scale: int, rng: random.Random) -> Things:
    """Families by kind; ``scale`` is how many roles they are to serve."""
    found: dict[str, list[Family]] = defaultdict(list)
    plenty = max(3, scale // 3)

    def add(kind: str, arn: str, size: int = 1) -> None:
        full = arn.replace("{a}", account).replace("{r}", REGION)
        if all(known.arn != full for known in found[kind]):
            found[kind].append(Family(kind, account, full, size))

    for _ in range(plenty):
        word, other = rng.choice(_WORDS), rng.choice(_WORDS)
        bucket = f"acme-{word}-{account[-3:]}"
        for prefix in rng.sample(_PREFIXES, 3):
            size = int(10 ** rng.uniform(1, 4))
            add("object", f"arn:aws:s3:::{bucket}/{prefix}/{{n}}", size)
        tenants = rng.choice((1, 1, 1, 12))
        tail = "-{n}" if tenants > 1 else ""
        add("table", f"arn:aws:dynamodb:{{r}}:{{a}}:table/{word}-{other}{tail}", tenants)
        add("queue", f"arn:aws:sqs:{{r}}:{{a}}:{word}-{other}")
        add("topic", f"arn:aws:sns:{{r}}:{{a}}:{word}-{rng.choice(('changed', 'alerts'))}")
        add("function", f"arn:aws:lambda:{{r}}:{{a}}:function:{word}-{other}")
        add("parameter", f"arn:aws:ssm:{{r}}:{{a}}:parameter/{word}/{other}/{{n}}", 6)
        add("secret", f"arn:aws:secretsmanager:{{r}}:{{a}}:secret:{word}/db-{_suffix(rng)}")
        add("machine", f"arn:aws:states:{{r}}:{{a}}:stateMachine:{word}-flow")
    for _ in range(2):
        number = f"{rng.getrandbits(128):032x}"
        key = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
        add("key", f"arn:aws:kms:{{r}}:{{a}}:key/{key}")
    add("instance", "arn:aws:ec2:{r}:{a}:instance/i-{n}", 20)
    add("bus", "arn:aws:events:{r}:{a}:event-bus/default")
    add("none", "*")
    return {kind: tuple(families) for kind, families in found.items()}


def _suffix(rng: random.Random) -> str:
    return "".join(rng.choice("ABCDEFGHJKabcdefghjk23456789") for _ in range(6))
