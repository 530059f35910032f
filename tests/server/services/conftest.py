"""One endpoint a module, with two accounts: ours with `ana`, another with `ben`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.endpoints import ACCOUNT, MADE, Site, key_of, site, small_estate

from clearance.model.estate import Account, Estate, Resource, User

B = "098765432109"


def two_accounts() -> Estate:
    estate = small_estate()
    root, ben = key_of("otherroot"), key_of("ben")
    other = Account(
        B,
        root_keys={root.id: root},
        users={"ben": User("ben", "AIDABENXXXXXXXXXXXXXX", MADE, keys={ben.id: ben})},
    )
    seeded = Resource("arn:aws:s3:::seeded-bucket", tags={"team": "red"})
    ours = estate.accounts[ACCOUNT]
    kept = Account(
        ours.id,
        root_keys=ours.root_keys,
        users=ours.users,
        roles=ours.roles,
        resources={seeded.arn: seeded},
    )
    return Estate({ACCOUNT: kept, B: other})


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site(two_accounts()) as found:
        yield found
