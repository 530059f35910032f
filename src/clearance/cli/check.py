"""clearance check: one request, one decision."""

from __future__ import annotations

from pathlib import Path

import typer

from clearance.cli import inputs, output
from clearance.model.errors import UsageError

__all__ = ["check"]


def check(
    principal: str = typer.Argument(
        help="Who asks: a user, role, session or root ARN, a service name, or `anonymous`."
    ),
    action: str = typer.Argument(help="What: `service:Action`, e.g. `lambda:InvokeFunction`."),
    resource: str = typer.Argument("*", help="On what: an ARN, or `*`."),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="Decide in this estate: a file, a snapshot folder, or --data."
    ),
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
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show every layer and near miss."),
) -> None:
    """Decide one request offline and show every layer.

    Exit code: 0 allowed, 1 denied, 2 bad input.

    Example: clearance check arn:aws:iam::123456789012:user/ana s3:GetObject
    arn:aws:s3:::photos/cat.jpg --policy ana.json
    """
    from clearance import wiring
    from clearance.decide import PolicySet, authorize, evaluate, identify
    from clearance.model.policy import PolicyType
    from clearance.model.request import Request

    bare = (policy, resource_policy, boundary, session_policy, scp, rcp)
    if (estate is not None) == any(bare):
        raise UsageError("give either --estate or policy files such as --policy")
    _check_action(action)
    keys = inputs.context_of(context, absent=absent)
    if estate is not None:
        held = inputs.estate_at(estate)
        who = identify(principal, held)
        request = Request(who, action, resource, keys, resource_account)
        decision = authorize(held, request, now=wiring.now())
    else:
        trust = action.lower().startswith("sts:assume") and ":role/" in resource
        kind = PolicyType.TRUST if trust else PolicyType.RESOURCE
        sets = PolicySet(
            identity=inputs.policies_at(policy, PolicyType.IDENTITY),
            resource=inputs.policies_at(resource_policy, kind),
            boundary=inputs.policies_at(boundary, PolicyType.BOUNDARY) if boundary else None,
            session=inputs.policies_at(session_policy, PolicyType.SESSION)
            if session_policy
            else None,
            scps=tuple((one,) for one in inputs.policies_at(scp, PolicyType.SCP)),
            rcps=tuple((one,) for one in inputs.policies_at(rcp, PolicyType.RCP)),
        )
        request = Request(identify(principal), action, resource, keys, resource_account)
        decision = evaluate(request, sets, now=wiring.now())
    from clearance.cli.show import decision_json, show_decision

    if as_json:
        output.print_json(decision_json(decision))
    else:
        show_decision(output.console(), decision, verbose=verbose)
    raise typer.Exit(output.ALLOWED if decision.allowed else output.DENIED)


def _check_action(action: str) -> None:
    """Refuse what is no action; warn of one AWS does not have."""
    from clearance import wiring

    service, colon, name = action.partition(":")
    if not colon or not service or not name or "*" in action or "?" in action:
        raise UsageError(f"`{action}` is not an action; write `service:Action`")
    catalog = wiring.catalog()
    if catalog.action(action) is None:
        from clearance.operations.permissions.names import suggest

        near = suggest(catalog, action)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        output.warn(f"AWS has no action `{action}`{hint}")
