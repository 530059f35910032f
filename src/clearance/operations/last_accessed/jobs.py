"""Reports that were asked for. They are made when they are read, from what is known then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from clearance.model.access import Accessed, AccessJob, Use
from clearance.model.catalog import Catalog
from clearance.model.estate import Account, Estate
from clearance.operations.call import Call
from clearance.operations.iam.faults import no_such_entity
from clearance.operations.iam.owners import account_of

__all__ = ["TRACKED", "asked", "found", "head", "latest", "seen_since"]

# "IAM reports activity for at least the last 400 days" (API_GenerateServiceLastAccessedDetails).
TRACKED: Final = timedelta(days=400)
# "the JobId … is valid for 7 days" is said of the organization's report (access_policies_…-orgs).
_KEPT: Final = timedelta(days=7)


def asked(estate: Estate, call: Call, job: AccessJob) -> Estate:
    """The estate with one more job, without those that are too old."""
    account = account_of(estate, call)
    jobs = {k: j for k, j in account.access_jobs.items() if call.now - j.created < _KEPT}
    return estate.with_account(replace(account, access_jobs={**jobs, job.id: job}))


def found(account: Account, job_id: str) -> AccessJob:
    """The job of this id."""
    job = account.access_jobs.get(job_id)
    if job is None:
        raise no_such_entity(f"Job {job_id} was not found.")
    return job


def seen_since(uses: Mapping[str, Use], now: datetime) -> dict[str, Use]:
    """The uses within the tracking period."""
    return {name: use for name, use in uses.items() if now - use.when <= TRACKED}


def latest(
    held: Iterable[tuple[str, Accessed]], service: str, now: datetime
) -> list[tuple[str, Use]]:
    """Who used a service, the last one first."""
    uses = [
        (who, use)
        for who, accessed in held
        if (use := accessed.services.get(service)) is not None and now - use.when <= TRACKED
    ]
    return sorted(uses, key=lambda pair: pair[1].when, reverse=True)


def head(service: str, count: int, catalog: Catalog) -> dict[str, Any]:
    """What every report says of a service: its names, and how many used it."""
    facts = catalog.service(service)
    return {
        "ServiceName": facts.name if facts else service,
        "ServiceNamespace": service,
        "TotalAuthenticatedEntities": count,
    }
