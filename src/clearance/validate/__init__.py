"""Findings about one policy document, under the issue codes of IAM Access Analyzer.

``validate(text, kind)`` reads a document that may be broken in many places at once and says
everything that is wrong with it, where, why, and how to write it instead.
"""

from clearance.validate.codes import CODES, Code
from clearance.validate.finding import Edit, Finding, FindingType, Fix
from clearance.validate.fixing import fixed
from clearance.validate.validator import validate, validate_node

__all__ = [
    "CODES",
    "Code",
    "Edit",
    "Finding",
    "FindingType",
    "Fix",
    "fixed",
    "validate",
    "validate_node",
]
