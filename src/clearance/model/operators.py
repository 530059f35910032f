"""The names of the condition operators, by family (R113-R118, R125)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["OPERATORS", "Family", "OperatorName"]


class Family(Enum):
    """What kind of value an operator compares."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "Date"
    BOOL = "Bool"
    BINARY = "Binary"
    IP_ADDRESS = "IPAddress"
    ARN = "ARN"
    NULL = "Null"


@dataclass(frozen=True, slots=True)
class OperatorName:
    """``positive`` is the operator whose outcome is turned round when ``negated``.

    ``variables`` says whether ``${...}`` is replaced in its values (R130).
    """

    family: Family
    positive: str
    negated: bool = False
    variables: bool = False


def _pair(
    family: Family, positive: str, negative: str, *, variables: bool = False
) -> dict[str, OperatorName]:
    return {
        positive: OperatorName(family, positive, variables=variables),
        negative: OperatorName(family, positive, negated=True, variables=variables),
    }


def _one(family: Family, *names: str, variables: bool = False) -> dict[str, OperatorName]:
    return {name: OperatorName(family, name, variables=variables) for name in names}


def _ordered(family: Family, prefix: str) -> dict[str, OperatorName]:
    orders = ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    return {
        **_pair(family, f"{prefix}Equals", f"{prefix}NotEquals"),
        **_one(family, *(f"{prefix}{order}" for order in orders)),
    }


OPERATORS: Final[Mapping[str, OperatorName]] = {
    **_pair(Family.STRING, "StringEquals", "StringNotEquals", variables=True),
    **_pair(Family.STRING, "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", variables=True),
    **_pair(Family.STRING, "StringLike", "StringNotLike", variables=True),
    **_ordered(Family.NUMERIC, "Numeric"),
    **_ordered(Family.DATE, "Date"),
    # Bool is in one of AWS's two lists of operators that take variables; we follow that one.
    **_one(Family.BOOL, "Bool", variables=True),
    **_one(Family.BINARY, "BinaryEquals"),
    **_pair(Family.IP_ADDRESS, "IpAddress", "NotIpAddress"),
    # ArnEquals and ArnLike "behave identically" (operators page).
    **_pair(Family.ARN, "ArnEquals", "ArnNotEquals", variables=True),
    **_pair(Family.ARN, "ArnLike", "ArnNotLike", variables=True),
    **_one(Family.NULL, "Null"),
}
