"""A decision as a row of layers, from the request to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from clearance.model.decision import Check, CheckEffect, CheckType, Decision
from clearance.server.console.parts import badge
from clearance.server.console.parts.text import breakable, tag

__all__ = ["Layer", "diagram", "layers_of", "name_of", "said", "telling"]

_NAMES: Final[Mapping[CheckType, str]] = {
    CheckType.SERVICE_CONTROL_POLICY: "Service control",
    CheckType.RESOURCE_CONTROL_POLICY: "Resource control",
    CheckType.VPC_ENDPOINT: "VPC endpoint",
    CheckType.RESOURCE: "Resource",
    CheckType.PRINCIPAL: "Identity",
    CheckType.PERMISSIONS_BOUNDARY: "Boundary",
    CheckType.SESSION: "Session",
}
_WORST: Final = tuple(CheckEffect)  # ALLOW, NO_IMPACT, IMPLICIT_DENY, EXPLICIT_DENY
_WORDS: Final[Mapping[CheckEffect, str]] = {
    CheckEffect.ALLOW: "allows",
    CheckEffect.NO_IMPACT: "no say",
    CheckEffect.IMPLICIT_DENY: "no Allow",
    CheckEffect.EXPLICIT_DENY: "Deny",
}
_TONES: Final[Mapping[CheckEffect | None, str]] = {
    None: "layer absent",
    CheckEffect.ALLOW: "layer ok",
    CheckEffect.NO_IMPACT: "layer none",
    CheckEffect.IMPLICIT_DENY: "layer bad",
    CheckEffect.EXPLICIT_DENY: "layer bad",
}
_SIGNS: Final[Mapping[CheckEffect, str]] = {
    CheckEffect.ALLOW: "✓",
    CheckEffect.NO_IMPACT: "–",  # noqa: RUF001 - a dash, as it is read
    CheckEffect.IMPLICIT_DENY: "✕",
    CheckEffect.EXPLICIT_DENY: "✕",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's checks; it has none where no such policy is in play."""

    type: CheckType
    checks: tuple[Check, ...] = ()

    @property
    def name(self) -> str:
        """The layer in a word or two."""
        return _NAMES[self.type]

    @property
    def effect(self) -> CheckEffect | None:
        """What the layer says: the worst of its checks; None when it is not in play."""
        effects = (check.effect for check in self.checks)
        return max(effects, key=_WORST.index, default=None)

    @property
    def policies(self) -> int:
        """How many policies it read."""
        return sum(len(check.policies) for check in self.checks)


def name_of(kind: CheckType) -> str:
    """A layer in a word or two."""
    return _NAMES[kind]


def layers_of(decision: Decision) -> tuple[Layer, ...]:
    """Every layer in the order of the diagram, whether or not it is in play."""
    return tuple(
        Layer(kind, tuple(check for check in decision.checks if check.type is kind))
        for kind in _NAMES
    )


def diagram(
    decision: Decision, on_open: Callable[[Layer], object], *, first: Layer | None = None
) -> None:
    """The request, each layer as a button that opens its policies, and the verdict."""
    request = decision.request
    with tag("div", classes="flow") as flow:
        flow.props["role"] = "group"
        flow.props["aria-label"] = "Layers from the request to the verdict"
        with tag("div", classes="end"):
            tag("span", "Request", "soft")
            service, colon, name = request.action.partition(":")
            tag("span", f"{service}{colon}", "soft")
            tag("strong", breakable(name))
        for layer in layers_of(decision):
            _layer(layer, on_open, pressed=layer == first)
        with tag("div", classes="end"):
            tag("span", "Verdict", "soft")
            badge.verdict(decision.effect)


def _layer(layer: Layer, on_open: Callable[[Layer], object], *, pressed: bool) -> None:
    effect = layer.effect
    with tag("button", classes=_TONES[effect]) as button:
        button.props["type"] = "button"
        button.props["aria-pressed"] = "true" if pressed else "false"
        button.props["data-layer"] = layer.type.name
        tag("span", layer.name, "name")
        if effect is None:
            tag("span", "none", "state")
            button.props["disabled"] = True
        else:
            with tag("span", classes="state"):
                tag("span", _SIGNS[effect], "sign").props["aria-hidden"] = "true"
                tag("span", _WORDS[effect])
            tag("small", _count(layer.policies))
            button.on("click", lambda: on_open(layer))


def said(check: Check) -> tuple[str, str, str]:
    """What a check says, as a badge: the words, its colour family, its sign."""
    kind = _TONES[check.effect].removeprefix("layer ")
    return _WORDS[check.effect], kind, _SIGNS[check.effect]


def _count(number: int) -> str:
    return "1 policy" if number == 1 else f"{number} policies"


_GRANTS: Final = frozenset({CheckType.PRINCIPAL, CheckType.RESOURCE})


def telling(layers: Iterable[Layer]) -> Layer | None:
    """The layer to look at first: what stands in the way, else what granted, else any."""
    played = [each for each in layers if each.effect is not None]
    bad = [e for e in played if e.effect in {CheckEffect.IMPLICIT_DENY, CheckEffect.EXPLICIT_DENY}]
    granted = [e for e in played if e.type in _GRANTS and e.effect is CheckEffect.ALLOW]
    return next(iter([*bad, *granted, *played]), None)
