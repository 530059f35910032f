"""What changed in moto, as a change of the estate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from clearance.model.estate import Estate, Resource

__all__ = ["mirrored"]


def mirrored(
    estate: Estate, account_id: str, before: Mapping[str, Resource], after: Mapping[str, Resource]
) -> Estate:
    """The estate with what is new, different or gone in moto; the same one if nothing is."""
    changed = {arn: found for arn, found in after.items() if before.get(arn) != found}
    gone = before.keys() - after.keys()
    account = estate.account(account_id)
    if account is None or not (changed or gone):
        return estate
    kept = {arn: held for arn, held in account.resources.items() if arn not in gone}
    return estate.with_account(replace(account, resources={**kept, **changed}))
