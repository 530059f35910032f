"""explain_evidence: from what AWS said or recorded, with or without an estate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from clearance.explain.case import Knowledge
from clearance.explain.denial import Form
from clearance.explain.evidence import Evidence
from clearance.explain.explainer import explain, moment
from clearance.explain.explanation import Explanation
from clearance.explain.findings import (
    Cause,
    Confidence,
    Unknown,
)
from clearance.explain.implied import with_implied_action
from clearance.explain.no_policy import advice_for
from clearance.explain.requests import missing_of, request_of
from clearance.explain.sample import Prover, sampled
from clearance.explain.stated import layer_cause, text_causes
from clearance.explain.steps import next_steps, parts_needed
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Context, Request

__all__ = ["explain_evidence"]


def _no_meaning(_: str) -> tuple[str, ...]:
    return ()


def explain_evidence(  # noqa: PLR0913 - each is a part of the question
    estate: Estate | None,
    evidence: Evidence,
    *,
    now: datetime | None = None,
    catalog: Catalog | None = None,
    meant: Callable[[str], tuple[str, ...]] = _no_meaning,
    principal: str | None = None,
    action: str | None = None,
    resource: str | None = None,
    context: Context | None = None,
    also: Iterable[Request] = (),
    expected: Principal | None = None,
    prover: Prover = sampled,
) -> Explanation:
    """Explain one denial. ``principal`` … ``context`` replace or add to what the record tells.

    Without an estate, or where caller and action stay unknown, it says what the text proves and
    which parts of a snapshot would tell the rest.
    """
    knowledge = Knowledge(catalog, meant)
    evidence = with_implied_action(evidence, knowledge)
    request = None
    if estate is not None:
        request = request_of(
            evidence,
            estate,
            principal=principal,
            action=action,
            resource=resource,
            context=context,
        )
    if estate is None or request is None:
        return _from_text(evidence, principal, action)
    found = explain(
        estate,
        request,
        now=moment(evidence.time) or now,
        stated=evidence,
        catalog=catalog,
        also=also,
        meant=meant,
        expected=expected,
        prover=prover,
    )
    if evidence.resource is None and resource is None and request.resource == "*":
        gap = Unknown("the resource; decided against `*`", "--resource, or the CloudTrail record")
        found = replace(found, unknowns=(gap, *found.unknowns))
    return found


def _from_text(evidence: Evidence, principal: str | None, action: str | None) -> Explanation:
    """What the words prove; every part that is missing is named."""
    layer = layer_cause(evidence.denial)
    found = [*text_causes(evidence), *([layer] if layer else [])]
    causes = {cause.id: cause for cause in found}
    if not causes:
        because = "AWS gives no reason here; any layer may be the one that denies"
        sure = Confidence.POSSIBLE
        operation = (evidence.action or "").lower()
        for name in _SILENT.get(operation, ("identity.missing", "resource.missing")):
            causes[name] = Cause(name, because, sure)
    ranked = tuple(causes.values())
    if evidence.denial.form is Form.NO_POLICY:
        steps = (advice_for(evidence.denial) or "", *_advice(ranked))
        return replace(_stating(evidence, ranked), next_steps=tuple(dict.fromkeys(steps)))
    gaps = missing_of(evidence, principal=principal, action=action)
    unknown = tuple(parts_needed(evidence))
    if gaps:
        unknown = (Unknown(" and ".join(gaps), "--principal and --action"), *unknown)
    again = "explain again with --estate to decide all layers and prove a fix"
    return replace(
        _stating(evidence, ranked),
        unknowns=tuple(dict.fromkeys(unknown)),
        next_steps=(*_advice(ranked), again),
    )


def _stating(evidence: Evidence, causes: tuple[Cause, ...]) -> Explanation:
    """What was said, and nothing decided."""
    return Explanation(
        request=None,
        decision=None,
        stated=evidence.denial,
        causes=causes,
        given={
            "kind": evidence.kind.value,
            "wrappers": list(evidence.denial.wrappers),
            **({"implied_action": evidence.implied_action} if evidence.implied_action else {}),
        },
    )


_SILENT = {
    "sts:assumerole": ("trust.missing", "identity.missing", "absent.masked"),
    "sts:tagsession": ("trust.tag_session",),
    "sts:assumerolewithwebidentity": ("trust.web_identity", "absent.masked"),
    "sts:assumerolewithsaml": ("trust.web_identity", "absent.masked"),
}


def _advice(causes: tuple[Cause, ...]) -> tuple[str, ...]:
    return next_steps(causes, (), ())
