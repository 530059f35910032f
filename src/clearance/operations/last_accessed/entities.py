"""Reports about a user, group, role or policy (IAM User Guide, access_policies_last-accessed)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from clearance.decide.attach import attach_managed
from clearance.model.access import Accessed, AccessJob
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Account, Estate, Role, User
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.operations.call import Call, Input, Output
from clearance.operations.iam.faults import invalid_input, no_such_entity
from clearance.operations.iam.lookups import known_policy
from clearance.operations.iam.owners import account_of
from clearance.operations.iam.paging import page
from clearance.operations.last_accessed import granted, jobs
from clearance.operations.simulator.source import source_of

__all__ = ["details", "generate", "granting", "with_entities"]

_KINDS: Final = frozenset({"user", "group", "role", "policy"})
_NOBODY: Final = Accessed()


@dataclass(frozen=True, slots=True)
class _Who:
    """A user or role that could have used the permissions a report is about."""

    kind: str
    arn: str
    entity: User | Role

    def accessed(self, account: Account) -> Accessed:
        """What was seen of it."""
        return account.accessed.get(self.entity.id, _NOBODY)


def generate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Ask for a report."""
    _policies(estate, account_of(estate, call), given["Arn"])
    granularity = given.get("Granularity", "SERVICE_LEVEL")
    job = AccessJob(call.ports.uuid(), given["Arn"], call.now, granularity)
    return jobs.asked(estate, call, job), {"JobId": job.id}


def details(estate: Estate, call: Call, given: Input, catalog: Catalog) -> Output:
    """Every service the policies speak of, with its last use."""
    account = account_of(estate, call)
    job = jobs.found(account, given["JobId"])
    policies = _policies(estate, account, job.about)
    who = [(one.arn, one.accessed(account)) for one in _who(account, job.about)]
    services = granted.services(policies, sorted(catalog.prefixes))
    sent, rest = page(given, services, str)
    return {
        **_head(job),
        "JobType": job.granularity,
        "ServicesLastAccessed": [_service(call, job, who, name, catalog) for name in sent],
        **rest,
    }


def with_entities(estate: Estate, call: Call, given: Input, catalog: Catalog) -> Output:
    """Who could have used the permissions for one service, the last user first."""
    del catalog
    account = account_of(estate, call)
    job = jobs.found(account, given["JobId"])
    service = given["ServiceNamespace"].lower()
    policies = _policies(estate, account, job.about)
    listed = []
    for one in _who(account, job.about) if granted.services(policies, [service]) else ():
        use = jobs.seen_since(one.accessed(account).services, call.now).get(service)
        info = {
            "Arn": one.arn,
            "Name": one.entity.name,
            "Type": one.kind.upper(),
            "Id": one.entity.id,
            "Path": one.entity.path,
        }
        shown: dict[str, Any] = {"EntityInfo": info}
        listed.append(shown if use is None else {**shown, "LastAuthenticated": use.when})

    never = datetime.min.replace(tzinfo=UTC)
    listed.sort(key=lambda shown: shown.get("LastAuthenticated", never), reverse=True)
    places = {shown["EntityInfo"]["Id"]: f"{n:05d}" for n, shown in enumerate(listed)}
    sent, rest = page(given, listed, lambda shown: places[shown["EntityInfo"]["Id"]])
    return {**_head(job), "EntityDetailsList": sent, **rest}


def granting(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """By service: the policies through which somebody may use it."""
    if _kind(given["Arn"]) == "policy":
        raise invalid_input(f"ARN {given['Arn']} is not that of a user, group or role.")
    policies = _policies(estate, account_of(estate, call), given["Arn"])
    listed = []
    for service in given["ServiceNamespaces"]:
        shown = [_shown(p) for p in policies if granted.grants(p, service.lower())]
        listed.append({"ServiceNamespace": service, "Policies": shown})
    sent, rest = page(given, listed, lambda entry: str(entry["ServiceNamespace"]))
    return estate, {"PoliciesGrantingServiceAccess": sent, **rest}


def _head(job: AccessJob) -> dict[str, Any]:
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": job.created,
        "JobCompletionDate": job.created,
    }


def _service(
    call: Call, job: AccessJob, who: list[tuple[str, Accessed]], name: str, catalog: Catalog
) -> dict[str, Any]:
    uses = jobs.latest(who, name, call.now)
    shown = jobs.head(name, len(uses), catalog)
    if uses:
        arn, use = uses[0]
        shown |= {
            "LastAuthenticated": use.when,
            "LastAuthenticatedEntity": arn,
            "LastAuthenticatedRegion": use.region,
        }
    if job.granularity == "ACTION_LEVEL" and uses:
        shown["TrackedActionsLastAccessed"] = list(_actions(call, who, name))
    return shown


def _actions(call: Call, who: list[tuple[str, Accessed]], service: str) -> Iterator[dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    for arn, accessed in who:
        for action, use in jobs.seen_since(accessed.actions, call.now).items():
            prefix, _, name = action.partition(":")
            known = last.get(name)
            if prefix == service and (known is None or known["LastAccessedTime"] < use.when):
                last[name] = {
                    "ActionName": name,
                    "LastAccessedEntity": arn,
                    "LastAccessedTime": use.when,
                    "LastAccessedRegion": use.region,
                }
    return (last[name] for name in sorted(last))


def _policies(estate: Estate, account: Account, arn: str) -> tuple[AttachedPolicy, ...]:
    """The permissions a report about this ARN is about.

    Raises:
        OperationError: the ARN is not one, or there is nothing of that name in the account.
    """
    if _kind(arn) == "policy":
        if not known_policy(estate, account, arn):
            raise no_such_entity(f"Policy {arn} was not found.")
        return attach_managed(estate, (arn,), PolicyType.IDENTITY)
    if Arn.of(arn).account != account.id:
        raise no_such_entity(f"{arn} was not found.")
    return source_of(estate, arn).identity


def _kind(arn: str) -> str:
    parts = Arn.find(arn)
    kind = parts.resource.partition("/")[0] if parts and parts.service == "iam" else ""
    if kind not in _KINDS:
        raise invalid_input(f"ARN {arn} is not valid.")
    return kind


def _who(account: Account, arn: str) -> Iterator[_Who]:
    """The users and roles whose use counts."""
    kind = _kind(arn)
    name = arn.rsplit("/", 1)[-1]
    for user in account.users.values():
        groups = [g for g in account.groups.values() if g.name in user.groups]
        attached = {*user.attached, *(held for group in groups for held in group.attached)}
        if _meant(kind, arn, name, "user", user.name, attached) or (
            kind == "group" and name in user.groups
        ):
            yield _Who("user", account.user_arn(user), user)
    for role in account.roles.values():
        if _meant(kind, arn, name, "role", role.name, set(role.attached)):
            yield _Who("role", account.role_arn(role), role)


def _meant(kind: str, arn: str, name: str, own: str, called: str, attached: set[str]) -> bool:
    return arn in attached if kind == "policy" else (kind, name) == (own, called)


def _shown(policy: AttachedPolicy) -> dict[str, Any]:
    if policy.arn is not None:
        return {"PolicyName": policy.name, "PolicyType": "MANAGED", "PolicyArn": policy.arn}
    kind, _, name = (Arn.of(policy.attached_to or "").resource).partition("/")
    return {
        "PolicyName": policy.name,
        "PolicyType": "INLINE",
        "EntityType": kind.upper(),
        "EntityName": name.rsplit("/", 1)[-1],
    }
