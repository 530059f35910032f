"""Where events go that a function could not take: is it a place, may the role send there?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.model.arn import Arn
from clearance.model.estate import Estate
from clearance.model.function import FunctionConfiguration
from clearance.operations.call import Call
from clearance.operations.lambda_.faults import invalid
from clearance.operations.lambda_.role_access import role_may

__all__ = ["SENDING", "refuse_undeliverable"]

# The action that a delivery is, by the service of its target (invocation-async-retain-records).
SENDING: Final[Mapping[str, str]] = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}


def refuse_undeliverable(estate: Estate, configuration: FunctionConfiguration, call: Call) -> None:
    """Refuse a dead-letter target that is no queue or topic, or that the role may not send to."""
    target = configuration.dead_letter_arn
    if target is None:
        return
    arn = Arn.find(target)
    if arn is None or arn.service not in {"sqs", "sns"}:
        raise invalid("The provided target is not a valid SQS queue or SNS topic ARN.")
    action = SENDING[arn.service]
    if not role_may(estate, configuration.role, [action], target, call.now):
        name = action.partition(":")[2]
        raise invalid(
            f"The provided execution role does not have permissions to call {name} on"
            f" {arn.service.upper()}"
        )
