"""One thing and its documents, each with what validation says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clearance.model.catalog import Catalog
from clearance.server.console.page import Desk
from clearance.server.console.pages.policies.documents import Document
from clearance.server.console.pages.policies.thing import Thing, thing_of
from clearance.server.console.parts import findings, policy, refer, states
from clearance.server.console.parts.text import tag
from clearance.validate import Finding

__all__ = ["show"]

SHOWN: Final = 20  # documents drawn at once


async def show(desk: Desk, name: str) -> None:
    """The thing of a name."""
    refer.refer("policies", "← All policies", "back")
    view = desk.view
    found = await view.aside(thing_of, view.estate, name)
    if found is None:
        text = f"The estate does not hold {name}. It may have been deleted: History tells."
        states.failure("There is no such thing", text)
        return
    shown = found.documents[:SHOWN]
    said = await view.aside(_findings, shown, view.catalog)
    _head(found)
    if not shown:
        states.empty(
            "No documents", f"This {found.kind} has no policies of its own.", icon="policy"
        )
    for document, each in zip(shown, said, strict=True):
        _document(document, each, _partner(found, document))
    if len(found.documents) > SHOWN:
        rest = ", ".join(each.title for each in found.documents[SHOWN:])
        tag("p", f"Not shown: {rest}", "soft")


def _partner(found: Thing, document: Document) -> tuple[str, Document, Document] | None:
    """What a version is best compared with: the one in force, and that with the one before."""
    if found.kind != "managed policy" or len(found.documents) == 1:
        return None
    current, *others = found.documents
    if document is current:
        return f"Compare with {others[0].title}", others[0], current
    return f"Compare with {current.title}", current, document


def _findings(documents: Sequence[Document], catalog: Catalog) -> list[tuple[Finding, ...]]:
    return [
        () if each.text is None else findings.found_in(each.text, each.type, catalog)
        for each in documents
    ]


def _head(found: Thing) -> None:
    with tag("section", classes="card"):
        with tag("div", classes="bar"):
            tag("h2", found.name)
            tag("span", found.kind, "badge none")
        tag("p", found.id, "mono soft whole")
        with tag("dl", classes="facts"):
            for label, text in found.facts:
                tag("dt", label)
                tag("dd", text)
            for label, arn in found.links:
                tag("dt", label)
                with tag("dd"):
                    refer.refer("policies", arn, open=arn)
        with tag("div", classes="bar"):
            refer.refer("history", "History", resource=found.id)
            if ":role/" in found.id or ":user/" in found.id:
                refer.refer("access", "Who becomes whom", view="roles", focus=found.id)
            if found.id.startswith("arn:"):
                refer.refer("access", "Who can do what with it", resource=found.id)


def _document(
    document: Document,
    said: Sequence[Finding],
    partner: tuple[str, Document, Document] | None,
) -> None:
    with tag("section", classes="document"):
        with tag("div", classes="bar"):
            tag("h2", document.title)
            tag("span", document.note, "soft")
            tag("span", classes="rest")
            if document.link:
                refer.refer("policies", "Its versions", open=document.link)
            if partner is not None:
                text, before, after = partner
                refer.refer("policies", text, left=before.uri, right=after.uri)
            elif document.text is not None:
                refer.refer("policies", "Compare", left=document.uri)
        if document.text is None:
            states.banner("warn", "The estate does not hold this document; it allows nothing here.")
        elif said:
            findings.viewer(document.text, said, title=document.type.value)
        else:
            policy.viewer(document.text, title=document.type.value, note="nothing to report")
