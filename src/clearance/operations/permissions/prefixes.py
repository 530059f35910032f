"""The prefix of a service's actions, where it is not the name of its model."""

from __future__ import annotations

from typing import Final

from clearance.model.catalog import Catalog
from clearance.wire.shapes import Service

__all__ = ["prefix_of"]

_SAME: Final = (
    "cloudtrail", "dynamodb", "ec2", "ecr", "events", "iam", "kms", "lambda", "logs",
    "organizations", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts",
)  # fmt: skip

# botocore's name of the model -> prefix in the service authorization reference: those whose
# prefix is neither the model's name nor its signing name, and the busiest of the rest.
_PREFIXES: Final = {
    **{name: name for name in _SAME},
    "accessanalyzer": "access-analyzer",
    "apigatewayv2": "apigateway",
    "applicationcostprofiler": "application-cost-profiler",
    "cloudcontrol": "cloudformation",
    "dynamodbstreams": "dynamodb",
    "iam-toolbox": "iam",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "keyspaces": "cassandra",
    "mturk": "mechanicalturk",
    "opensearch": "es",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "stepfunctions": "states",
}


def prefix_of(service: str, catalog: Catalog, model: Service | None = None) -> str:
    """The prefix of a service's actions.

    The name of the model is used if it is a prefix, else the signing name, else the name as it
    is: an unknown prefix is not an error, the action is then allowed only by policies that
    name it or everything.
    """
    known = _PREFIXES.get(service)
    if known is not None:
        return known
    if service in catalog.prefixes:
        return service
    if model is not None and model.signing_name in catalog.prefixes:
        return model.signing_name
    return model.signing_name if model is not None else service
