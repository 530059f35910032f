"""A decision with its layers and, of the one that is chosen, its policies with what they said."""

from __future__ import annotations

from typing import Final

from nicegui.element import Element

from clearance.model.decision import Check, Decision
from clearance.server.console.parts import badge, marks, policy
from clearance.server.console.parts.layers import Layer, diagram, layers_of, said, telling
from clearance.server.console.parts.text import tag

__all__ = ["layers_and_policies"]

SHOWN: Final = 6  # policies of a layer that are drawn at once


def layers_and_policies(decision: Decision) -> None:
    """The diagram, and beneath it the policies of one layer; the telling one to begin with."""
    first = telling(layers_of(decision))
    around = tag("div", classes="stack flows")

    def draw(layer: Layer | None) -> None:
        around.clear()
        with around:
            diagram(decision, draw, first=layer)
            if layer is not None:
                _layer(decision, layer, tag("div", classes="stack"))

    draw(first)


def _layer(decision: Decision, layer: Layer, place: Element) -> None:
    with place:
        for check in sorted(layer.checks, key=lambda each: not each.blocks):
            with tag("div", classes="bar"):
                badge.badge(*said(check))
                tag("strong", f"{layer.name} policies")
                tag("span", check.target or "", "soft mono")
            if not check.policies:
                tag("p", "There is no such policy, so nothing here allows it.", "soft")
            aside = not check.blocks and any(each.blocks for each in layer.checks)
            _policies(decision, check, aside=aside)


def _policies(decision: Decision, check: Check, *, aside: bool) -> None:
    """``aside``: another level of the organization is what stands in the way."""
    found = marks.shown(decision, check)
    for each in found[:SHOWN]:
        attached = each.policy
        note = attached.error or attached.arn or attached.attached_to or ""
        if aside and each.marks:
            policy.folded(each.text, each.marks, title=attached.name, note="allows it")
        elif each.marks or len(found) == 1:
            policy.viewer(each.text, each.marks, title=attached.name, note=note)
        else:
            policy.folded(each.text, (), title=attached.name, note="says nothing about this")
    if len(found) > SHOWN:
        rest = ", ".join(each.policy.name for each in found[SHOWN:])
        tag("p", f"Not shown, for they say nothing about this request: {rest}", "soft")
