"""clearance explain: what denied a request, and the smallest change that is proven to help."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import completing, inputs, output
from clearance.model.errors import ClearanceError, UsageError

if TYPE_CHECKING:
    from clearance.explain import Explanation
    from clearance.explain.evidence import Evidence
    from clearance.model.estate import Estate
    from clearance.model.request import Context, Request

__all__ = ["Format", "explain", "explanations"]

NOT_ENOUGH: Final = 4


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


def explain(
    given: str | None = typer.Argument(
        None,
        metavar="FILE|-|TEXT",
        help="A message, log, CloudTrail record or folder, boto3 error, decoded message, "
        "iam-toolbox JSON: a file, `-` for standard input, or the text itself.",
    ),
    estate: Path | None = typer.Option(
        None,
        "--estate",
        "-e",
        help="The estate: a file, a snapshot folder, or --data.  [default: CLEARANCE_ESTATE]",
    ),
    principal: str | None = typer.Option(
        None,
        help="Who asked, where the text does not say.",
        autocompletion=completing.principals,
    ),
    action: str | None = typer.Option(
        None, help="What: `service:Action`.", autocompletion=completing.actions
    ),
    resource: str | None = typer.Option(
        None, help="On what: an ARN, or `*`.", autocompletion=completing.resources
    ),
    expected: str | None = typer.Option(None, help="Who you believe the caller to be."),
    context: list[str] = typer.Option(
        [], "--context", "-c", help="A context key: `aws:SourceIp=203.0.113.7`; `key=?` is unknown."
    ),
    absent: list[str] = typer.Option([], help="A context key that is known to be absent."),
    form: Format = typer.Option(Format.TEXT, "--format", "-f", help="How to write the answer."),
    redact: bool = typer.Option(False, "--redact", help="Hide accounts, names and addresses."),
    apply: Path | None = typer.Option(
        None, "--apply", help="Write the estate with the first proven fix to this file."
    ),
    fetch: bool = typer.Option(
        False, "--fetch", help="Ask AWS, with your credentials, what it recorded of the denial."
    ),
    authorization_id: str | None = typer.Option(
        None, "--authorization-id", help="Explain what AWS recorded under this id (asks AWS)."
    ),
    region: str | None = typer.Option(None, "--region", help="The Region to ask AWS in."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show everything that was found."),
) -> None:
    """Explain a denial: all blockers, the smallest fix, a proof.

    Exit code: 0 explained with a proven fix, 3 explained without, 4 not enough evidence,
    2 bad input.

    Example: aws lambda invoke ... 2>&1 | clearance explain - --estate ./estate
    """
    estate = estate or inputs.estate_of_environment()
    held = inputs.estate_at(estate) if estate is not None else None
    keys = inputs.context_of(context, absent=absent)
    principal, expected = (name and _named(name, held) for name in (principal, expected))
    asked = _Asked(principal, action, resource, expected, keys)
    if authorization_id is not None:
        from clearance.cli.fetch import details_of

        found = _from_evidence(_told(details_of(authorization_id, region)), held, asked)
    elif given is not None:
        evidence = _evidence(given)
        if fetch:
            from clearance.cli.fetch import enriched

            evidence = enriched(evidence, region)
        found = _from_evidence(evidence, held, asked)
    else:
        found = (_from_request(held, asked),)
    _print(found, form, redact=redact, verbose=verbose)
    if apply is not None:
        _apply(held, found, apply)
    raise typer.Exit(max(each.exit_code for each in found))


def _told(found: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What AWS told, if it told of a denial."""
    if not found:
        raise UsageError("AWS recorded no denial under this authorization id")
    return found


def _named(name: str, estate: Estate | None) -> str:
    """The ARN of who is named; nobody is refused, where a message's own would only be put aside."""
    return inputs.principal_of(name, estate).display


class _Asked:
    """What was said by hand."""

    def __init__(
        self,
        principal: str | None,
        action: str | None,
        resource: str | None,
        expected: str | None,
        context: Context,
    ) -> None:
        if action is not None and ":" not in action:
            raise UsageError(f"`{action}` is not an action; write `service:Action`")
        self.principal, self.action, self.resource = principal, action, resource
        self.expected, self.context = expected, context


def _evidence(given: str) -> tuple[Evidence, ...]:
    from clearance.cli.evidence_files import evidence_at
    from clearance.explain.inputs import recognise

    if given == "-":
        found = recognise(sys.stdin.read())
    elif _is_path(given):
        found = evidence_at(Path(given))
    else:
        found = recognise(given)
    return _once(found)


def explanations(
    estate: Estate | None,
    text: str | None,
    *,
    principal: str | None,
    action: str | None,
    resource: str | None,
    context: Context,
) -> tuple[Explanation, ...]:
    """An explanation of each denial in a text, or of the request that was put in its place."""
    from clearance.explain.inputs import recognise

    principal = _named(principal, estate) if principal is not None else None
    asked = _Asked(principal, action, resource, None, context)
    if text is None:
        return (_from_request(estate, asked),)
    return _from_evidence(_once(recognise(text)), estate, asked)


def _once(found: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """A trail repeats itself: one denial for each caller, action, resource and stated reason."""
    if not found:
        raise UsageError(
            "there is no denial in what was given; paste the whole error, or say who, what and "
            "on what with --principal, --action and --resource"
        )
    kept: dict[tuple[str | None, ...], Evidence] = {}
    for each in found:
        denial = each.denial
        role = (
            (each.principal or "").rpartition("/")[0]
            if ":assumed-role/" in (each.principal or "")
            else each.principal
        )
        key = (role, each.action, each.resource, denial.policy_type, denial.service_reason)
        kept.setdefault(key, each)
    if len(kept) < len(found):
        output.warn(f"{len(found)} denials, of which {len(kept)} differ; each is explained once")
    return tuple(kept.values())


def _is_path(given: str) -> bool:
    """True for what is there, or looks like a file rather than a message."""
    if "\n" in given or len(given) > 1024:  # noqa: PLR2004
        return False
    return Path(given).exists() or (" " not in given and not given.startswith(("{", "[")))


def _from_evidence(
    evidence: tuple[Evidence, ...], estate: Estate | None, asked: _Asked
) -> tuple[Explanation, ...]:
    from clearance import wiring
    from clearance.decide import identify
    from clearance.explain import explain_evidence
    from clearance.operations.permissions.names import meant

    return tuple(
        explain_evidence(
            estate,
            each,
            now=wiring.now(),
            catalog=wiring.catalog(),
            meant=meant,
            principal=asked.principal,
            action=asked.action,
            resource=asked.resource,
            context=asked.context,
            expected=identify(asked.expected, estate) if asked.expected else None,
            also=_also(estate, each),
        )
        for each in evidence
    )


def _also(estate: Estate | None, evidence: Evidence) -> tuple[Request, ...]:
    """The other permissions of a recorded call, where its parameters tell them."""
    from clearance.explain.evidence import Kind

    operation = re.match(r"[A-Za-z]+?(?=20\d{6}|$)", evidence.denial.api_operation or "")
    who = evidence.principal
    if estate is None or evidence.kind is not Kind.CLOUDTRAIL or operation is None or who is None:
        return ()
    from clearance.boto import requests_of
    from clearance.decide import identify

    # CloudTrail writes members with a small first letter.
    given = {key[:1].upper() + key[1:]: v for key, v in evidence.request_parameters.items()}
    service = (evidence.event_source or "").partition(".")[0]
    try:
        asked = requests_of(
            estate, identify(who, estate), service, operation[0], given, evidence.region
        )
    except (ClearanceError, AttributeError, KeyError, TypeError, ValueError):
        return ()  # a record is cut short or has another form than the call
    denied = (evidence.action or "", evidence.resource)
    if not any((each.action, each.resource) == denied for each in asked):
        return ()  # the parameters were read amiss: their resources cannot be trusted
    return tuple(each for each in asked if (each.action, each.resource) != denied)


def _from_request(estate: Estate | None, asked: _Asked) -> Explanation:
    from clearance import wiring
    from clearance.decide import identify
    from clearance.explain import explain as explain_request
    from clearance.model.request import Request
    from clearance.operations.permissions.names import meant

    if estate is None or asked.principal is None or asked.action is None:
        raise UsageError("give a denial, or --estate with --principal, --action and --resource")
    request = Request(
        identify(asked.principal, estate), asked.action, asked.resource or "*", asked.context
    )
    return explain_request(
        estate,
        request,
        now=wiring.now(),
        catalog=wiring.catalog(),
        meant=meant,
        expected=identify(asked.expected, estate) if asked.expected else None,
    )


def _print(found: tuple[Explanation, ...], form: Format, *, redact: bool, verbose: bool) -> None:
    from clearance.explain import markdown, prose, redaction, sarif

    hide = redaction.Redaction() if redact else None
    if form is Format.JSON:
        objects = [each.to_json() for each in found]
        shown: object = objects[0] if len(objects) == 1 else objects
        output.print_json(hide.value(shown) if hide else shown)
        return
    if form is Format.SARIF:
        log = sarif.sarif(found)
        output.print_json(hide.value(log) if hide else log)
        return
    write = prose.text if form is Format.TEXT else markdown.markdown
    text = "\n\n".join(write(each, verbose=verbose) for each in found)
    sys.stdout.write((hide.text(text) if hide else text) + "\n")


def _apply(estate: Estate | None, found: tuple[Explanation, ...], path: Path) -> None:
    from clearance import wiring
    from clearance.explain import apply_all

    edits = tuple(
        edit for each in found[:1] for edit in (each.fix.edits if each.fix is not None else ())
    )
    if estate is None or not edits:
        output.warn("nothing was written: there is no proven fix that edits a policy")
        return
    wiring.save_estate(apply_all(estate, edits), path)
    sys.stderr.write(f"the estate with the fix is in {path}\n")
