"""clearance prove: what a policy change does, with a request for every answer.

Exit code of every command: 0 proven, 1 a counterexample, 3 unknown, 2 bad input.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import completing, inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.model.policy import AttachedPolicy, Policy
    from clearance.prove import Answer, Change, Row, Verdict, World

__all__ = ["PROVEN", "REFUTED", "UNKNOWN", "app", "code_of", "show_change", "world_of"]

PROVEN: Final = 0
REFUTED: Final = 1
UNKNOWN: Final = 3
WIDTH: Final = 100
SHOWN: Final = 12
MANAGED: Final = 6144  # characters of a managed policy (reference_iam-quotas)

app = typer.Typer(
    name="prove",
    help="Prove what a policy change does, or show a counterexample.\n\n"
    "Every counterexample is a request that was decided again by the plain interpreter.",
    no_args_is_help=True,
)

_TYPE = typer.Option(
    "identity", "--type", "-t",
    help="identity, resource, trust, boundary, session, scp, rcp or vpc-endpoint.",
    autocompletion=completing.policy_types,
)  # fmt: skip
_OPEN = typer.Option(False, "--open-world", help="Count actions that AWS does not have (yet), too.")
_JSON = typer.Option(False, "--json", help="Print JSON.")
_LIMIT = typer.Option(50, help="Rows to show.")


def _policy(path: Path, type_name: str) -> AttachedPolicy:
    from clearance.model.policy import PolicyType

    kinds = {kind.name.lower().replace("_", "-"): kind for kind in PolicyType}
    kind = kinds[inputs.one_of(type_name, kinds, "policy type")]
    return inputs.policies_at([path], kind)[0]


def world_of(*, open_world: bool) -> World:
    """What a proof speaks about: AWS's actions of today, or any."""
    from clearance import wiring
    from clearance.prove import World

    catalog = wiring.catalog()
    return World(catalog=None if open_world else catalog, multivalued=catalog.multivalued)


@app.command("diff")
def diff(
    old: Path = typer.Argument(help="The policy before."),
    new: Path = typer.Argument(help="The policy after."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    limit: int = _LIMIT,
    as_json: bool = _JSON,
) -> None:
    """Show what NEW allows and OLD does not, and the other way round.

    Exit code: 0 nothing changes (proven), 1 something does, 3 unknown, 2 bad input.

    Example: clearance prove diff old.json new.json
    """
    from clearance.prove import diff as compare

    found = compare(
        _policy(old, type_name),
        _policy(new, type_name),
        world_of(open_world=open_world),
        limit=limit,
    )
    if as_json:
        output.print_json(
            {
                "equivalent": found.equivalent.value,
                "newly_allowed": found.newly_allowed.to_json(),
                "newly_denied": found.newly_denied.to_json(),
            }
        )
    else:
        show_change("newly allowed", found.newly_allowed)
        show_change("newly denied", found.newly_denied)
    raise typer.Exit(code_of(found.equivalent))


@app.command("no-new-access")
def no_new_access(
    old: Path = typer.Argument(help="The policy before."),
    new: Path = typer.Argument(help="The policy after."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    limit: int = _LIMIT,
    as_json: bool = _JSON,
) -> None:
    """Prove that NEW allows nothing that OLD does not (as CheckNoNewAccess does).

    Exit code: 0 proven, 1 it allows more, 3 unknown, 2 bad input.

    Example: clearance prove no-new-access main/app.json branch/app.json
    """
    from clearance.prove import newly_allowed

    world = world_of(open_world=open_world)
    found = newly_allowed(_policy(old, type_name), _policy(new, type_name), world, limit=limit)
    if as_json:
        output.print_json(found.to_json())
    else:
        show_change("newly allowed", found)
    raise typer.Exit(code_of(found.answer.verdict))


@app.command("within")
def within(
    first: Path = typer.Argument(help="A policy."),
    second: Path = typer.Argument(help="The policy it should stay within."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    as_json: bool = _JSON,
) -> None:
    """Prove that all that FIRST allows is allowed by SECOND.

    Exit code: 0 proven, 1 it is not, 3 unknown, 2 bad input.

    Example: clearance prove within team.json ceiling.json
    """
    from clearance.prove import within as is_within

    world = world_of(open_world=open_world)
    answer = is_within(_policy(first, type_name), _policy(second, type_name), world)
    _finish(answer, "within", as_json=as_json)


@app.command("equivalent")
def equivalent(
    first: Path = typer.Argument(help="A policy."),
    second: Path = typer.Argument(help="Another."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    as_json: bool = _JSON,
) -> None:
    """Prove that two policies allow the same requests.

    Exit code: 0 proven, 1 they differ, 3 unknown, 2 bad input.

    Example: clearance prove equivalent long.json short.json
    """
    from clearance.prove import equivalent as are_equivalent

    world = world_of(open_world=open_world)
    answer = are_equivalent(_policy(first, type_name), _policy(second, type_name), world)
    _finish(answer, "equivalent", as_json=as_json)


@app.command("access-not-granted")
def access_not_granted(
    file: Path = typer.Argument(help="The policy."),
    actions: list[str] = typer.Argument(help="Actions; `*` and `?` are wild."),
    resource: list[str] = typer.Option([], "--resource", "-r", help="Resources; all if not given."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    as_json: bool = _JSON,
) -> None:
    """Prove that a policy grants none of the actions (as CheckAccessNotGranted does).

    Exit code: 0 proven, 1 it grants some, 3 unknown, 2 bad input.

    Example: clearance prove access-not-granted app.json iam:PassRole 's3:Delete*'
    """
    from clearance.prove import access_not_granted as not_granted

    for action in actions:
        if action != "*" and not action.partition(":")[2]:
            raise UsageError(f"`{action}` is not an action; write `service:Action`")
    world = world_of(open_world=open_world)
    answer = not_granted(_policy(file, type_name), actions, resource, world)
    _finish(answer, "not granted", as_json=as_json)


@app.command("no-public-access")
def no_public_access(
    file: Path = typer.Argument(help="A resource-based policy."),
    type_name: str = typer.Option(
        "AWS::S3::Bucket", "--type", "-t", help="The resource type, e.g. `AWS::Lambda::Function`."
    ),
    open_world: bool = _OPEN,
    as_json: bool = _JSON,
) -> None:
    """Prove that a resource's policy lets no stranger in (as CheckNoPublicAccess does).

    Exit code: 0 proven, 1 it is public, 3 unknown, 2 bad input.

    Example: clearance prove no-public-access bucket.json --type AWS::S3::Bucket
    """
    from clearance.prove import RESOURCE_TYPES, policy_type_of
    from clearance.prove import no_public_access as not_public

    inputs.one_of(type_name, RESOURCE_TYPES, "resource type")
    policy = inputs.policies_at([file], policy_type_of(type_name))[0]
    _finish(not_public(policy, world_of(open_world=open_world)), "not public", as_json=as_json)


@app.command("unreachable")
def unreachable(
    file: Path = typer.Argument(help="The policy."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    as_json: bool = _JSON,
) -> None:
    """List statements that can never matter: contradictory, shadowed or redundant.

    Exit code: 0 there are none, 1 there are, 2 bad input.

    Example: clearance prove unreachable app.json
    """
    from clearance.prove import unreachable as find

    found = find(_policy(file, type_name), world_of(open_world=open_world))
    if as_json:
        output.print_json(
            [
                {
                    "statement": one.statement.label,
                    "index": one.statement.index,
                    "why": one.why.name.lower(),
                    "because_of": list(one.because_of),
                }
                for one in found
            ]
        )
    for one in () if as_json else found:
        others = f": {', '.join(one.because_of)}" if one.because_of else ""
        typer.echo(f"{one.statement.label}: {one.why.value}{others}")
    if not found and not as_json:
        typer.echo("every statement matters")
    raise typer.Exit(REFUTED if found else PROVEN)


@app.command("shrink")
def shrink(
    file: Path = typer.Argument(help="The policy."),
    type_name: str = _TYPE,
    open_world: bool = _OPEN,
    keep_sids: bool = typer.Option(False, help="Keep each statement's Sid."),
    limit: int | None = typer.Option(
        None, help="Characters it may have. [default: 6144 for identity and boundary]"
    ),
    split_up: bool = typer.Option(
        False, "--split", help="Write several policies if one is not enough, as a JSON list."
    ),
    as_json: bool = _JSON,
) -> None:
    """Write the policy in fewer characters; the new one is proven to mean the same.

    Exit code: 0 proven and within the limit, 1 too long, 3 unknown, 2 bad input.

    Example: clearance prove shrink app.json > smaller.json
    """
    from clearance.model.policy import PolicyType
    from clearance.parse.render import policy_value, render
    from clearance.prove import shrink as make_small
    from clearance.prove import size_of, split

    held, world = _policy(file, type_name), world_of(open_world=open_world)
    if limit is None and held.type in {PolicyType.IDENTITY, PolicyType.BOUNDARY}:
        limit = MANAGED
    found = make_small(held.policy, world, keep_sids=keep_sids)
    policies: tuple[Policy, ...] = (found.policy,)
    proof = found.proof
    if split_up and limit is not None and found.after > limit:
        several = split(found.policy, limit, world)
        if several.proof.proven:
            policies = several.policies
        else:
            proof = several.proof
    fits = limit is None or all(size_of(policy) <= limit for policy in policies)
    if as_json:
        output.print_json(
            {
                "policy": policy_value(found.policy),
                "policies": [policy_value(policy) for policy in policies],
                "before": found.before,
                "after": found.after,
                "limit": limit,
                "fits": fits,
                "proof": proof.verdict.value,
                "reason": proof.reason,
            }
        )
    else:
        texts = [render(policy) for policy in policies]
        typer.echo(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
        _say_sizes(found.before, [size_of(policy) for policy in policies], limit, fits=fits)
    raise typer.Exit((PROVEN if fits else REFUTED) if proof.proven else UNKNOWN)


def _say_sizes(before: int, after: list[int], limit: int | None, *, fits: bool) -> None:
    shown = ", ".join(map(str, after))
    several = f" in {len(after)} policies, to be attached together" if len(after) > 1 else ""
    typer.echo(f"{before} characters before, {shown} after{several}", err=True)
    if not fits:
        more = "" if len(after) > 1 else "; --split writes several policies"
        typer.echo(f"too long: {limit} characters are allowed{more}", err=True)


def code_of(verdict: Verdict) -> int:
    """The exit code of a verdict."""
    return {"proven": PROVEN, "refuted": REFUTED}.get(verdict.value, UNKNOWN)


def _finish(answer: Answer, claim: str, *, as_json: bool) -> None:
    """Print an answer and end with its exit code."""
    from clearance.prove import request_json

    request = answer.witness.request if answer.witness else None
    if as_json:
        statement = answer.witness.statement if answer.witness else None
        output.print_json(
            {
                "verdict": answer.verdict.value,
                "witness": request_json(request) if request else None,
                "statement": statement.label if statement else None,
                "assuming": list(answer.witness.assuming) if answer.witness else [],
                "reason": answer.reason,
            }
        )
        raise typer.Exit(code_of(answer.verdict))
    if answer.proven:
        typer.echo(f"proven: {claim}")
    elif request is None:
        typer.echo(f"unknown: {answer.reason}")
    else:
        typer.echo(f"not {claim}, for example:" if not claim.startswith("not ")
                   else f"{claim.removeprefix('not ')}, for example:")  # fmt: skip
        _show_request(request_json(request), "  ")
        for assumed in answer.witness.assuming if answer.witness else ():
            _wrapped(f"  assuming that {assumed}", "  ")
    raise typer.Exit(code_of(answer.verdict))


def show_change(title: str, change: Change) -> None:
    """Print rows of newly allowed or denied requests."""
    if change.answer.proven:
        typer.echo(f"{title}: nothing (proven)")
        return
    if not change.rows:
        typer.echo(f"{title}: unknown ({change.answer.reason})")
        return
    typer.echo(f"{title}:")
    indent = " " * (len(title) - len(title.lstrip()) + 2)
    for row in change.rows:
        _show_row(row, indent)
    if not change.complete:
        why = f" ({change.answer.reason})" if change.answer.reason else ""
        typer.echo(f"{indent}… and perhaps more{why}")


def _show_row(row: Row, indent: str) -> None:
    from clearance.prove import request_json

    lines = (
        ("", _few(row.actions, "actions"), ", "),
        ("  but not ", _few(row.except_actions, "actions"), ", "),
        ("  on ", _few(row.resources, "resources"), ", "),
        ("  but not on ", _few(row.except_resources, "resources"), ", "),
        ("  by ", row.who, ", "),
        ("  if ", row.conditions, f"\n{indent}  and "),
        ("  where ", row.only_where, f"\n{indent}  and "),
    )
    for label, texts, separator in lines:
        if texts:
            _wrapped(f"{indent}{label}{separator.join(texts)}", indent + "  " * bool(label))
    typer.echo(f"{indent}  from {row.statement}; for example:")
    _show_request(request_json(row.witness), f"{indent}    ")
    for assumed in row.assuming:
        _wrapped(f"{indent}  assuming that {assumed}", f"{indent}  ")


def _few(texts: tuple[str, ...], what: str) -> tuple[str, ...]:
    more = len(texts) - SHOWN
    return texts if more <= 1 else (*texts[:SHOWN], f"and {more} more {what} (--json has all)")


def _wrapped(text: str, indent: str) -> None:
    """Broken at spaces only, so that names can be copied."""
    for line in text.splitlines():
        wrapped = textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for part in wrapped:
            typer.echo(part)


def _show_request(request: Mapping[str, Any], indent: str) -> None:
    _wrapped(f"{indent}{request['principal']} {request['action']} {request['resource']}", indent)
    for key, value in request["context"].items():
        shown = ", ".join(value) if isinstance(value, list) else value
        typer.echo(f"{indent}  {key} = {shown}")
