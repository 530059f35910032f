"""FunctionName: a name, a partial ARN or a full ARN, each with or without a qualifier (R200)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from clearance.operations.constraints import Text, check
from clearance.operations.lambda_.faults import VALIDATION, invalid, missing

__all__ = ["ARN", "QUALIFIER", "FunctionName", "read_name"]

_REGION: Final = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
_NAME: Final = Text(
    1,
    256,
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({_REGION}:)?(\d{{12}}:)?(function:)?([a-zA-Z0-9-_\.]+)"
    r"(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
)
QUALIFIER: Final = Text(1, 128, r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+")
_PARTS: Final = re.compile(
    rf"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?(?:(?P<region>{_REGION}):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9-_\.]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
    re.ASCII,
)
ARN: Final = re.compile(
    rf"arn:aws[a-zA-Z-]*:lambda:{_REGION}:\d{{12}}:function:[a-zA-Z0-9-_]+"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """Whose function, which, and which version or alias; no qualifier is the empty string."""

    account: str
    region: str
    name: str
    qualifier: str = ""


def read_name(
    text: str | None, qualifier: str | None, *, account: str, region: str
) -> FunctionName:
    """Read FunctionName and Qualifier; what the text leaves out is the caller's.

    >>> read_name("123456789012:function:f:PROD", None, account="1" * 12, region="us-east-1")
    FunctionName(account='123456789012', region='us-east-1', name='f', qualifier='PROD')

    Raises:
        OperationError: as Lambda words it.
    """
    check(
        {"FunctionName": text, "Qualifier": qualifier},
        {"FunctionName": _NAME, "Qualifier": QUALIFIER},
        VALIDATION,
        required=("FunctionName",),
    )
    parts = _PARTS.fullmatch(text or "")
    if parts is None:  # the pattern above says the same
        raise invalid(f"{text} is not a function name")
    if parts["region"] not in {None, region}:
        raise missing(
            f"Functions from '{parts['region']}' are not reachable in this region ('{region}')"
        )
    inner = parts["qualifier"]
    if inner and qualifier and inner != qualifier:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(
        parts["account"] or account, region, parts["name"], inner or qualifier or ""
    )
