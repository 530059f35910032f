"""The words of refusal: each service's code and status for "no" and for "who are you?".

A row cites where its code or status can be seen. Rows without one follow the family's row.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from clearance.wire.claim import AuthenticationError, AuthFailure
from clearance.wire.faults import Fault
from clearance.wire.shapes import Protocol, Service

__all__ = ["Refusal", "authentication_fault", "denied", "denied_fault"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code, its status and, where the service has its own, its sentence."""

    code: str
    status: int
    message: str = ""
    message_member: str | None = None


# An access-denied answer, by botocore's service name.
_DENIED: Mapping[str, Refusal] = {
    # AuthorizationError, 403: docs.aws.amazon.com/sns/latest/api/API_Publish.html
    "sns": Refusal("AuthorizationError", 403),
    # docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    "ec2": Refusal("UnauthorizedOperation", 403),
    # {"Message": ...} with a capital M: https://github.com/slackapi/bolt-python/issues/632
    "lambda": Refusal("AccessDeniedException", 403, message_member="Message"),
    # {"__type":"com.amazon.coral.service#AccessDeniedException","Message":...} and status 400:
    # https://github.com/aws/aws-sdk-js/issues/832
    "dynamodb": Refusal("AccessDeniedException", 400, message_member="Message"),
    "dynamodbstreams": Refusal("AccessDeniedException", 400, message_member="Message"),
    "kms": Refusal("AccessDeniedException", 400, message_member="Message"),
    "secretsmanager": Refusal("AccessDeniedException", 400, message_member="Message"),
    # AWSSimpleQueueService/latest/APIReference/CommonErrors.html; the header
    # `x-amzn-query-error` keeps the code of the query protocol, which is what SDKs show.
    "sqs": Refusal("AccessDeniedException", 403),
    # organizations/latest/APIReference/CommonErrors.html: AccessDeniedException, 400
    "organizations": Refusal("AccessDeniedException", 400, message_member="Message"),
}

# The rest, by protocol. REST JSON: 169 of 176 modelled AccessDeniedException shapes say 403.
_DENIED_BY_PROTOCOL: Mapping[Protocol, Refusal] = {
    Protocol.QUERY: Refusal("AccessDenied", 403),
    Protocol.EC2: Refusal("UnauthorizedOperation", 403),
    Protocol.JSON: Refusal("AccessDeniedException", 400),
    Protocol.CBOR: Refusal("AccessDeniedException", 400),
    Protocol.REST_JSON: Refusal("AccessDeniedException", 403),
    Protocol.REST_XML: Refusal("AccessDenied", 403),
}

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_EC2_INVALID = "AWS was not able to validate the provided access credentials"
_S3_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
_S3_UNKNOWN = "The AWS Access Key Id you provided does not exist in our records."

_F = AuthFailure

# IAM and STS: IAM/latest/APIReference/CommonErrors.html. "Request is missing Authentication Token"
# is what the query services say; JSON services say "Missing Authentication Token".
_QUERY: Mapping[AuthFailure, Refusal] = {
    _F.MISSING: Refusal(
        "MissingAuthenticationToken", 403, "Request is missing Authentication Token"
    ),
    _F.INCOMPLETE: Refusal("IncompleteSignature", 400),
    _F.QUERY_PARAMETERS: Refusal("IncompleteSignature", 400),
    _F.UNSUPPORTED: Refusal("IncompleteSignature", 400),
    _F.TWO_MECHANISMS: Refusal("IncompleteSignature", 400),
    _F.SCOPE: Refusal("SignatureDoesNotMatch", 403),
    _F.UNSIGNED_HEADERS: Refusal("SignatureDoesNotMatch", 403),
    _F.UNKNOWN_KEY: Refusal("InvalidClientTokenId", 403, _INVALID),
    _F.INACTIVE_KEY: Refusal("InvalidClientTokenId", 403, _INVALID),
    _F.INVALID_TOKEN: Refusal("InvalidClientTokenId", 403, _INVALID),
    _F.EXPIRED_TOKEN: Refusal("ExpiredToken", 403, _EXPIRED),
    _F.MISMATCH: Refusal("SignatureDoesNotMatch", 403),
    _F.SKEWED: Refusal("SignatureDoesNotMatch", 403),
    _F.EXPIRED_REQUEST: Refusal("SignatureDoesNotMatch", 403),
    _F.NOT_YET_VALID: Refusal("SignatureDoesNotMatch", 403),
    _F.CONTENT_MISMATCH: Refusal("SignatureDoesNotMatch", 403),
    _F.BAD_CHUNK: Refusal("SignatureDoesNotMatch", 403),
    _F.INCOMPLETE_BODY: Refusal("IncompleteSignature", 400),
}

# JSON services answer 400, REST JSON services 403 (status: https://github.com/iann0036/iamlive/issues/58
# for Lambda, https://github.com/ArranJacques/laravel-aws-cognito-auth/issues/25 for JSON).
_JSON: Mapping[AuthFailure, Refusal] = {
    _F.MISSING: Refusal("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
    _F.INCOMPLETE: Refusal("IncompleteSignatureException", 400),
    _F.QUERY_PARAMETERS: Refusal("IncompleteSignatureException", 400),
    _F.UNSUPPORTED: Refusal("IncompleteSignatureException", 400),
    _F.TWO_MECHANISMS: Refusal("IncompleteSignatureException", 400),
    _F.SCOPE: Refusal("InvalidSignatureException", 400),
    _F.UNSIGNED_HEADERS: Refusal("InvalidSignatureException", 400),
    _F.UNKNOWN_KEY: Refusal("UnrecognizedClientException", 400, _INVALID),
    _F.INACTIVE_KEY: Refusal("UnrecognizedClientException", 400, _INVALID),
    _F.INVALID_TOKEN: Refusal("UnrecognizedClientException", 400, _INVALID),
    _F.EXPIRED_TOKEN: Refusal("ExpiredTokenException", 400, _EXPIRED),
    _F.MISMATCH: Refusal("InvalidSignatureException", 400),
    _F.SKEWED: Refusal("InvalidSignatureException", 400),
    _F.EXPIRED_REQUEST: Refusal("InvalidSignatureException", 400),
    _F.NOT_YET_VALID: Refusal("InvalidSignatureException", 400),
    _F.CONTENT_MISMATCH: Refusal("InvalidSignatureException", 400),
    _F.BAD_CHUNK: Refusal("InvalidSignatureException", 400),
    _F.INCOMPLETE_BODY: Refusal("IncompleteSignatureException", 400),
}

# AWSEC2/latest/APIReference/errors-overview.html
_EC2: Mapping[AuthFailure, Refusal] = {
    _F.MISSING: Refusal(
        "MissingAuthenticationToken", 403, "Request is missing Authentication Token"
    ),
    _F.UNKNOWN_KEY: Refusal("AuthFailure", 401, _EC2_INVALID),
    _F.INACTIVE_KEY: Refusal("AuthFailure", 401, _EC2_INVALID),
    _F.INVALID_TOKEN: Refusal("AuthFailure", 401, _EC2_INVALID),
    _F.EXPIRED_TOKEN: Refusal("RequestExpired", 400, "Request has expired."),
    _F.MISMATCH: Refusal("AuthFailure", 401, _EC2_INVALID),
    _F.SKEWED: Refusal("RequestExpired", 400, "Request has expired."),
    _F.EXPIRED_REQUEST: Refusal("RequestExpired", 400, "Request has expired."),
}

# AmazonS3/latest/API/ErrorResponses.html
_S3: Mapping[AuthFailure, Refusal] = {
    _F.MISSING: Refusal("AccessDenied", 403, "Access Denied"),
    _F.INCOMPLETE: Refusal("AuthorizationHeaderMalformed", 400),
    _F.QUERY_PARAMETERS: Refusal("AuthorizationQueryParametersError", 400),
    _F.UNSUPPORTED: Refusal(
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. "
        "Please use AWS4-HMAC-SHA256.",
    ),
    _F.TWO_MECHANISMS: Refusal("InvalidArgument", 400),
    _F.SCOPE: Refusal("AuthorizationHeaderMalformed", 400),
    _F.UNSIGNED_HEADERS: Refusal(
        "AccessDenied", 403, "There were headers present in the request which were not signed"
    ),
    _F.UNKNOWN_KEY: Refusal("InvalidAccessKeyId", 403, _S3_UNKNOWN),
    _F.INACTIVE_KEY: Refusal("InvalidAccessKeyId", 403, _S3_UNKNOWN),
    _F.INVALID_TOKEN: Refusal(
        "InvalidToken", 400, "The provided token is malformed or otherwise invalid."
    ),
    _F.EXPIRED_TOKEN: Refusal("ExpiredToken", 400, "The provided token has expired."),
    _F.MISMATCH: Refusal("SignatureDoesNotMatch", 403, _S3_MISMATCH),
    _F.SKEWED: Refusal(
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    _F.EXPIRED_REQUEST: Refusal("AccessDenied", 403, "Request has expired"),
    _F.NOT_YET_VALID: Refusal("AccessDenied", 403, "Request is not valid yet"),
    _F.CONTENT_MISMATCH: Refusal("XAmzContentSHA256Mismatch", 400),
    _F.BAD_CHUNK: Refusal("SignatureDoesNotMatch", 403, _S3_MISMATCH),
    _F.INCOMPLETE_BODY: Refusal("IncompleteBody", 400),
}

_ENVELOPES = frozenset({Protocol.QUERY, Protocol.REST_XML})


def denied(service: Service, protocol: Protocol | None = None) -> Refusal:
    """The service's code and status for a caller who may not.

    A modelled AccessDeniedException has the last word on its status.
    """
    row = _DENIED.get(service.name)
    speak = protocol or service.protocol
    if row is None:
        row = _DENIED_BY_PROTOCOL[speak]
        shape = service.shapes.get(row.code)
        if shape is not None and shape.exception and shape.error and shape.error.status:
            return Refusal(row.code, shape.error.status)
    if speak is Protocol.QUERY and row.code == "AccessDeniedException":
        return _DENIED_BY_PROTOCOL[speak]  # SQS and others that speak both
    return row


def denied_fault(service: Service, message: str, protocol: Protocol | None = None) -> Fault:
    """The fault that says no, in the service's own words."""
    row = denied(service, protocol)
    return Fault(
        row.code,
        message,
        row.status,
        message_member=row.message_member,
        query_code=row.code.removesuffix("Exception"),
    )


def authentication_fault(
    error: AuthenticationError, service: Service | None, protocol: Protocol | None = None
) -> Fault:
    """The fault that tells a caller why it could not be authenticated."""
    speak = protocol or (service.protocol if service is not None else Protocol.REST_JSON)
    failure = error.failure
    if service is not None and service.name in {"s3", "s3control"}:
        row = _S3[failure]
        return Fault(row.code, row.message or error.message, row.status, members=error.members)
    if speak is Protocol.EC2:
        row = _EC2.get(failure, _QUERY[failure])
        return Fault(row.code, row.message or error.message, row.status)
    if speak in _ENVELOPES:
        row = _QUERY[failure]
        return Fault(row.code, row.message or error.message, row.status)
    row = _JSON[failure]
    status = 403 if speak is Protocol.REST_JSON else row.status
    compatible = service is not None and service.query_compatible
    return Fault(
        row.code,
        row.message or error.message,
        # SQS keeps the 403 of its query protocol.
        _QUERY[failure].status if compatible else status,
        message_member="message",
        query_code=_QUERY[failure].code if compatible else None,
    )
