"""The errors Organizations answers, in its words."""

from __future__ import annotations

from typing import Final

from clearance.operations.fault import OperationError

__all__ = ["bad_input", "fault", "no_handshake", "violation"]

_WORDS: Final = {
    "AWSOrganizationsNotInUseException": "Your account is not a member of an organization.",
    "AccessDeniedException": "You don't have permissions to access this resource.",
    "AccountAlreadyClosedException": "The provided account is already closed.",
    "AccountNotFoundException": "You specified an account that doesn't exist.",
    "AccountAlreadyRegisteredException": (
        "The provided account is already a delegated administrator for your organization."
    ),
    "AccountNotRegisteredException": (
        "The provided account is not a registered delegated administrator for your organization."
    ),
    "AlreadyInOrganizationException": "The AWS account is already a member of an organization.",
    "ChildNotFoundException": "You specified a child that doesn't exist.",
    "CreateAccountStatusNotFoundException": (
        "You specified an account creation request that doesn't exist."
    ),
    "DestinationParentNotFoundException": "You specified a destination parent that doesn't exist.",
    "DuplicateAccountException": "The account is already in the specified destination.",
    "DuplicateOrganizationalUnitException": "An OU with the same name already exists.",
    "DuplicatePolicyAttachmentException": (
        "The selected policy is already attached to the specified target."
    ),
    "DuplicatePolicyException": "A policy with the same name already exists.",
    "DuplicateHandshakeException": "A handshake with the same action and target already exists.",
    "EffectivePolicyNotFoundException": (
        "If you ran this action on the management account, this policy type is not enabled. If you"
        " ran the action on a member account, the account doesn't have an effective policy of this"
        " type. Contact the administrator of your organization about attaching a policy of this"
        " type to the account."
    ),
    "HandshakeAlreadyInStateException": (
        "The specified handshake is already in the requested state."
    ),
    "HandshakeNotFoundException": "You specified a handshake that doesn't exist.",
    "InvalidHandshakeTransitionException": (
        "You can't perform the operation on the handshake in its current state."
    ),
    "MalformedPolicyDocumentException": (
        "The provided policy document does not meet the requirements of the specified policy type."
    ),
    "MasterCannotLeaveOrganizationException": (
        "You can't remove a management account from an organization."
    ),
    "OrganizationNotEmptyException": (
        "To delete an organization you must first remove all member accounts (except the master)."
    ),
    "OrganizationalUnitNotEmptyException": (
        "The specified OU is not empty. Move all accounts to another root or to other OUs, remove"
        " all child OUs, and try the operation again."
    ),
    "OrganizationalUnitNotFoundException": (
        "You specified an organizational unit that doesn't exist."
    ),
    "ParentNotFoundException": "You specified parent that doesn't exist.",
    "PolicyInUseException": (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs,"
        " and accounts before performing this operation."
    ),
    "PolicyNotAttachedException": "The policy isn't attached to the specified target.",
    "PolicyNotFoundException": "You specified a policy that doesn't exist.",
    "PolicyTypeAlreadyEnabledException": "The specified policy type is already enabled.",
    "PolicyTypeNotAvailableForOrganizationException": (
        "You can't use the specified policy type with the feature set currently enabled for this"
        " organization."
    ),
    "PolicyTypeNotEnabledException": (
        "This operation can be performed only for enabled policy types."
    ),
    "ResourcePolicyNotFoundException": "We can't find a resource policy request with the parameter"
    " that you specified.",
    "RootNotFoundException": "You specified a root that doesn't exist.",
    "SourceParentNotFoundException": "You specified a source parent that doesn't exist.",
    "TargetNotFoundException": "You specified a target that doesn't exist.",
}
_INPUT: Final = {
    "INVALID_PATTERN": "You provided a value that does not match the required pattern.",
    "INVALID_ENUM": "You specified an invalid value.",
    "INVALID_ENUM_POLICY_TYPE": "You specified an invalid value.",
    "INVALID_PARTY_TYPE_TARGET": (
        "You specified the wrong type of entity (account, organization, or email) as a party."
    ),
    "INVALID_NEXT_TOKEN": "The provided NextToken is not valid.",
    "INPUT_REQUIRED": "You must include a value for all required parameters.",
    "IMMUTABLE_POLICY": "You specified a policy that is managed by AWS and can't be modified.",
    "NON_DETACHABLE_POLICY": "You can't detach the specified policy.",
    "MAX_LENGTH_EXCEEDED": "You provided a value that exceeds the maximum length.",
    "MIN_LENGTH_EXCEEDED": "You provided a value that is shorter than the minimum length.",
    "MAX_VALUE_EXCEEDED": "You provided a number that is larger than the maximum value.",
    "MIN_VALUE_EXCEEDED": "You provided a number that is smaller than the minimum value.",
    "INVALID_RESOURCE_POLICY_JSON": "The provided resource policy is not valid.",
    "INVALID_SYNTAX": "You specified an invalid value.",
    "DUPLICATE_TAG_KEY": "Tag keys must be unique among the tags attached to the same entity.",
}
_LIMITS: Final = {
    "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": (
        "You cannot register master account/yourself as delegated administrator for your"
        " organization."
    ),
    "SERVICE_ACCESS_NOT_ENABLED": (
        "You must enable service access before you can register a delegated administrator."
    ),
    "CANNOT_CLOSE_MANAGEMENT_ACCOUNT": "You can't close the management account.",
    "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You have attached the maximum number of policies of this type to the specified target."
    ),
    "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags allowed on this resource.",
    "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You cannot remove the last policy attached to the specified target. You must have at"
        " least one attached at all times."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the maximum depth of the organization's tree.",
    "POLICY_CONTENT_LIMIT_EXCEEDED": "You have exceeded the maximum policy size.",
}


def fault(code: str) -> OperationError:
    """The error of this code."""
    return OperationError(code, _WORDS[code])


def bad_input(reason: str) -> OperationError:
    """InvalidInputException with its reason."""
    return OperationError("InvalidInputException", _INPUT[reason], 400, {"Reason": reason})


def no_handshake(reason: str) -> OperationError:
    """HandshakeConstraintViolationException with its reason."""
    words = "The account is already a member of an organization."
    return OperationError("HandshakeConstraintViolationException", words, 400, {"Reason": reason})


def violation(reason: str) -> OperationError:
    """ConstraintViolationException with its reason."""
    return OperationError("ConstraintViolationException", _LIMITS[reason], 400, {"Reason": reason})
