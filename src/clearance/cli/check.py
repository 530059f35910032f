"""clearance check: one request, one decision."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clearance.cli import completing, inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.cli import check_many
    from clearance.model.decision import Decision
    from clearance.model.policy import AttachedPolicy, PolicyType

__all__ = ["check", "check_action", "trust_or_resource", "warnings_about"]


def check(
    principal: str | None = typer.Argument(
        None,
        help="Who asks: a user, role, session or root ARN, a service, `anonymous`; in an estate "
        "also a name, `user/NAME` or `role/NAME`.",
        autocompletion=completing.principals,
    ),
    action: str | None = typer.Argument(
        None,
        help="What: `service:Action`, e.g. `lambda:InvokeFunction`.",
        autocompletion=completing.actions,
    ),
    resource: str = typer.Argument(
        "*", help="On what: an ARN, or `*`.", autocompletion=completing.resources
    ),
    estate: Path | None = typer.Option(None, "--estate", "-e", help=inputs.ESTATE_HELP),
    policy: list[Path] = typer.Option(
        [], "--policy", "-p", help="Decide by identity policies in files, without an estate."
    ),
    resource_policy: list[Path] = typer.Option([], help="A resource-based or trust policy."),
    boundary: list[Path] = typer.Option([], help="A permissions boundary."),
    session_policy: list[Path] = typer.Option([], help="A session policy."),
    scp: list[Path] = typer.Option(
        [], help="A service control policy; one level each, root first."
    ),
    rcp: list[Path] = typer.Option([], help="A resource control policy; one level each."),
    resource_account: str | None = typer.Option(
        None, help="The account that owns the resource, where its ARN does not say."
    ),
    context: list[str] = typer.Option(
        [], "--context", "-c", help="A context key: `aws:SourceIp=203.0.113.7`; `key=?` is unknown."
    ),
    absent: list[str] = typer.Option([], help="A context key that is known to be absent."),
    requests: Path | None = typer.Option(
        None, "--requests", help="Decide every request of a CSV or JSONL file instead."
    ),
    all_missing_keys: bool = typer.Option(
        False, "--all-missing-keys", help="Name every key policies read and nobody told."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show every layer and near miss."),
) -> None:
    """Decide one request offline and show every layer.

    Exit code: 0 allowed, 1 denied, 2 bad input.

    Example: clearance check arn:aws:iam::123456789012:user/ana s3:GetObject
    arn:aws:s3:::photos/cat.jpg --policy ana.json
    """
    from clearance import wiring
    from clearance.cli import check_many
    from clearance.cli.show import decision_json, show_decision
    from clearance.decide import PolicySet
    from clearance.decide.authorize import decide
    from clearance.decide.gather import gather, gather_bare
    from clearance.decide.missing import missing_keys
    from clearance.model.policy import PolicyType
    from clearance.model.request import Request

    bare = (policy, resource_policy, boundary, session_policy, scp, rcp)
    if estate is not None and any(bare):
        raise UsageError("give either --estate or policy files such as --policy, not both")
    estate = estate or (None if any(bare) else inputs.default_estate())
    if estate is None and not any(bare):
        raise UsageError("give --estate, or policy files such as --policy")
    held = inputs.estate_at(estate) if estate is not None else None
    now = wiring.now()

    @cache
    def of_kind(kind: PolicyType) -> PolicySet:
        return PolicySet(
            identity=inputs.policies_at(policy, PolicyType.IDENTITY),
            resource=inputs.policies_at(resource_policy, kind),
            boundary=_optional(boundary, PolicyType.BOUNDARY),
            session=_optional(session_policy, PolicyType.SESSION),
            scps=tuple((one,) for one in inputs.policies_at(scp, PolicyType.SCP)),
            rcps=tuple((one,) for one in inputs.policies_at(rcp, PolicyType.RCP)),
        )

    def ask(one: check_many.Asked) -> tuple[Decision, tuple[str, ...]]:
        who = inputs.principal_of(one.principal, held)
        request = Request(who, one.action, one.resource, one.context, one.resource_account)
        if held is not None:
            situation = gather(held, request, now=now, catalog=wiring.catalog())
        else:
            sets = of_kind(trust_or_resource(one.action, one.resource))
            situation = gather_bare(request, sets, now=now, catalog=wiring.catalog())
        decision = decide(situation)
        open_keys = tuple(key.key for key in decision.undecided)
        return decision, missing_keys(situation) if all_missing_keys else open_keys

    if requests is not None:
        if principal is not None:
            raise UsageError("give either one request or --requests, not both")
        raise typer.Exit(
            check_many.report(requests, check_many.read(requests), ask, as_json=as_json)
        )
    if principal is None or action is None:
        raise UsageError("say who and what: `clearance check PRINCIPAL ACTION [RESOURCE]`")
    check_action(action, resource)
    keys = inputs.context_of(context, absent=absent)
    decision, missing = ask(
        check_many.Asked(0, principal, action, resource, keys, resource_account)
    )
    if as_json:
        more = {"missingKeys": list(missing)} if all_missing_keys else {}
        output.print_json(decision_json(decision) | more)
    else:
        show_decision(output.console(), decision, verbose=verbose)
        _show_missing(missing if all_missing_keys else None)
    raise typer.Exit(output.ALLOWED if decision.allowed else output.DENIED)


def trust_or_resource(action: str, resource: str) -> PolicyType:
    """What a resource's policy is: a role's is its trust policy."""
    from clearance.model.policy import PolicyType

    trust = action.lower().startswith("sts:assume") and ":role/" in resource
    return PolicyType.TRUST if trust else PolicyType.RESOURCE


def _optional(paths: list[Path], kind: PolicyType) -> tuple[AttachedPolicy, ...] | None:
    return inputs.policies_at(paths, kind) if paths else None


def _show_missing(keys: tuple[str, ...] | None) -> None:
    if keys is not None:
        output.console().print(f"\nnot told: {', '.join(keys) or 'nothing'}", soft_wrap=True)


def check_action(action: str, resource: str = "*") -> None:
    """Refuse what is no action; warn of what is odd about it."""
    for text in warnings_about(action, resource):
        output.warn(text)


def warnings_about(action: str, resource: str = "*") -> Iterator[str]:
    """Whether AWS has the action, and uses it on such a resource; what is no action is refused."""
    from clearance import wiring

    service, colon, name = action.partition(":")
    if not colon or not service or not name or "*" in action or "?" in action:
        raise UsageError(f"`{action}` is not an action; write `service:Action`")
    catalog = wiring.catalog()
    if catalog.action(action) is None:
        from clearance.operations.permissions.names import suggest

        near = suggest(catalog, action)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        yield f"AWS has no action `{action}`{hint}"
        return
    facts, service_facts = catalog.action(action), catalog.service(service)
    if resource == "*" or facts is None or service_facts is None:
        return
    from clearance.operations.permissions.arns import resource_fits

    if not facts.resources:
        yield f"`{action}` has no resource-level permissions; it is decided against `*`"
    elif not resource_fits(service_facts, facts, resource):
        kinds = ", ".join(facts.resources)
        yield f"`{resource}` is not of a type that `{action}` works on: {kinds}"
