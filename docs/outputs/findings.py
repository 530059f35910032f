"""What validate prints: Access Analyzer's shape, and what was suppressed."""

from __future__ import annotations

from typing import Literal

import msgspec

from outputs.shapes import Count, Exact, Text


class Substring(Exact):
    """A part of a text."""

    start: Count
    length: Count


class PathElement(Exact):
    """One step into the document: a member's value or key, an item, or a part of a text."""

    value: Text | msgspec.UnsetType = msgspec.UNSET
    key: Text | msgspec.UnsetType = msgspec.UNSET
    index: Count | msgspec.UnsetType = msgspec.UNSET
    substring: Substring | msgspec.UnsetType = msgspec.UNSET


class Position(Exact):
    """A line from 1, a column and an offset from 0."""

    line: Count
    column: Count
    offset: Count


class Span(Exact):
    """From and up to."""

    start: Position
    end: Position


class Location(Exact):
    """Where a finding is."""

    path: list[PathElement]
    span: Span


class Finding(Exact):
    """One finding, as ValidatePolicy answers it, with its file."""

    file: Text
    path: Text
    finding_details: Text
    finding_type: Literal["ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"]
    issue_code: Text
    learn_more_link: Text
    locations: list[Location]


class Suppressed(Exact):
    """A finding that was accepted, and why."""

    file: Text
    issue_code: Text
    reason: Text


class UnusedSuppression(Exact):
    """A suppression that covers nothing."""

    code: Text
    file: Text
    path: Text
    reason: Text


class ValidateReport(Exact):
    """What is wrong with the policies."""

    findings: list[Finding]
    suppressed: list[Suppressed]
    unused_suppressions: list[UnusedSuppression]
