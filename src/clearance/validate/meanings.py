"""Why each issue code matters, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ERRORS", "SECURITY_WARNINGS", "SUGGESTIONS", "WARNINGS"]

ERRORS: Final[Mapping[str, str]] = {
    "ARN_ACCOUNT_NOT_ALLOWED": "ARNs of this kind never carry an account, so this matches nothing.",
    "ARN_REGION_NOT_ALLOWED": "ARNs of this kind never carry a Region, so this matches nothing.",
    "DATA_TYPE_MISMATCH": "The element takes another type of JSON value.",
    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE": "Context keys ignore letter case: this is one key twice.",
    "EMPTY_VARIABLE": "A variable without a name has no value.",
    "FEDERATED_PRINCIPAL_NOT_SUPPORTED": "Identity providers are principals of role trust only.",
    "INVALID_ACTION": "No action has this name, so the entry grants and denies nothing.",
    "INVALID_ARN_ACCOUNT": "Account IDs are twelve digits; anything else matches nothing.",
    "INVALID_ARN_PREFIX": "A resource is an ARN, or `*`.",
    "INVALID_ARN_REGION": "No AWS Region has this name, so the ARN matches nothing.",
    "INVALID_ARN_RESOURCE": "The service has no resources whose ARNs look like this.",
    "INVALID_ARN_SERVICE_CASE": "The service part of an ARN is lower case and compared exactly.",
    "INVALID_CONDITION_DATA_TYPE": "The values of one key are of different JSON types.",
    "INVALID_CONDITION_KEY_FORMAT": "A context key is written `prefix:name`.",
    "INVALID_CONDITION_MULTIPLE_BOOLEAN": "A Boolean test takes one value: `true` or `false`.",
    "INVALID_CONDITION_OPERATOR": "AWS has no such operator and refuses the policy.",
    "INVALID_EFFECT": "The effect is `Allow` or `Deny`, in exactly these letters.",
    "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY": (
        "A federated principal is a provider's ARN or one of the providers AWS knows by domain."
    ),
    "INVALID_GLOBAL_CONDITION_KEY": "AWS sends no such key: the test sees it missing every time.",
    "INVALID_KMS_KEY_VALUE": "The key is compared with a whole KMS key ARN.",
    "INVALID_PARTITION": "No AWS partition has this name, so the ARN matches nothing.",
    "INVALID_POLICY_ELEMENT": "AWS refuses a policy with an element it does not know.",
    "INVALID_PRINCIPAL_FORMAT": "A principal is an account, a user, a role, a session or `*`.",
    "INVALID_PRINCIPAL_KEY": "Principals come as `AWS`, `Service`, `Federated`, `CanonicalUser`.",
    "INVALID_REGION": "No AWS Region has this name, so the value is never equal.",
    "INVALID_SERVICE": "No service has ARNs that begin like this.",
    "INVALID_SERVICE_CONDITION_KEY": "The service sends no such key: the test sees it missing.",
    "INVALID_SERVICE_IN_ACTION": "No service has this prefix, so the entry does nothing.",
    "INVALID_SERVICE_PRINCIPAL_FORMAT": "Services are named `service.amazonaws.com`, lower case.",
    "INVALID_VARIABLE_FOR_OPERATOR": "Only String and Arn operators replace variables.",
    "INVALID_VERSION": "The language has two versions; use `2012-10-17`.",
    "INVALID_VPCE_FORMAT": "VPC endpoint IDs are `vpce-` and 8 or 17 characters.",
    "INVALID_VPC_FORMAT": "VPC IDs are `vpc-` and 8 or 17 characters.",
    "JSON_SYNTAX_ERROR": "A policy that is not JSON cannot be saved.",
    "MISMATCHED_ACTION_FOR_PRINCIPAL": "This kind of provider uses another AssumeRole action.",
    "MISSING_ACTION": "A statement must say which actions it is about.",
    "MISSING_ACTION_FOR_CONDITION_KEY": "The key is sent only with an action that is not listed.",
    "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY": (
        "Roles Anywhere also tags its sessions and sets their source identity."
    ),
    "MISSING_ARN_ACCOUNT": "ARNs of this kind carry an account; without one nothing matches.",
    "MISSING_ARN_FIELD": "An ARN has six parts, the empty ones included.",
    "MISSING_ARN_REGION": "ARNs of this kind carry a Region; without one nothing matches.",
    "MISSING_BRACE_IN_VARIABLE": "The variable has no end.",
    "MISSING_EFFECT": "A statement must say whether it allows or denies.",
    "MISSING_PRINCIPAL": "A policy on a resource must say whom it is about.",
    "MISSING_QUALIFIER": "The key holds several values: say whether all or any must match.",
    "MISSING_QUOTE_IN_VARIABLE": "The default of a variable stands in single quotes.",
    "MISSING_RESOURCE": "A statement must say which resources it is about.",
    "MISSING_STATEMENT": "A policy without statements says nothing.",
    "MISSING_TAG_KEY_IN_CONDITION": "The key needs the name of a tag after its slash.",
    "NULL_WITH_IF_EXISTS": "Null already asks whether the key exists.",
    "POLICY_SIZE_EXCEEDS_RCP_QUOTA": "Organizations refuses larger resource control policies.",
    "POLICY_SIZE_EXCEEDS_SCP_QUOTA": "Organizations refuses larger service control policies.",
    "PRIVATE_IP_ADDRESS": "aws:SourceIp holds public addresses: this never matches.",
    "PRIVATE_NOT_IP_ADDRESS": "aws:SourceIp holds public addresses: this always matches.",
    "RCP_SYNTAX_ERROR_ACTION": "Resource control policies speak about certain services only.",
    "RCP_SYNTAX_ERROR_ALLOW": "A resource control policy of yours can only deny.",
    "RCP_SYNTAX_ERROR_NOTACTION": "Resource control policies have no NotAction.",
    "RCP_SYNTAX_ERROR_PRINCIPAL": 'The principal of a resource control policy is `"*"`.',
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL": "Role trust policies have no NotPrincipal.",
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE": "A trust policy is about the role it hangs on.",
    "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL": (
        "A role that trusts everyone can be assumed from any AWS account."
    ),
    "SCP_SYNTAX_ERROR_ACTION_WILDCARD": (
        "Access Analyzer still expects wildcards in actions of SCPs at the end only."
    ),
    "SCP_SYNTAX_ERROR_PRINCIPAL": "Service control policies apply to all of their accounts.",
    "TYPE_MISMATCH_IP_RANGE": "Not an address or a CIDR range: the test never holds.",
    "UNIQUE_SIDS_REQUIRED": "AWS refuses this type of policy with a Sid that occurs twice.",
    "UNSUPPORTED_ACTION_FOR_CONDITION_KEY": "The action never sends the key that is asked for.",
    "UNSUPPORTED_ACTION_IN_POLICY": "The policy of this kind of resource cannot hold the action.",
    "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL": (
        "Requests of AWS services do not carry this key."
    ),
    "UNSUPPORTED_ELEMENT_COMBINATION": "The two elements exclude each other.",
    "UNSUPPORTED_GLOBAL_CONDITION_KEY": "There is no key aws:ARN.",
    "UNSUPPORTED_PRINCIPAL": "This type of policy speaks about whom it is attached to.",
    "UNSUPPORTED_RESOURCE_ARN_IN_POLICY": (
        "The policy of this kind of resource cannot name such a resource."
    ),
    "UNSUPPORTED_SID": "Sids of IAM policies are letters and digits.",
    "UNSUPPORTED_SPACE_IN_VARIABLE": "Names of variables have no spaces.",
    "UNSUPPORTED_WILDCARD_IN_PRINCIPAL": "A principal is named in full; `*` is not a pattern here.",
    "VARIABLE_UNSUPPORTED_IN_ELEMENT": "Only resources and conditions replace variables.",
    "VARIABLE_UNSUPPORTED_IN_VERSION": "Only version 2012-10-17 replaces variables.",
    "VARIABLE_USAGE_TOO_PERMISSIVE": "A variable here lets the caller choose what is compared.",
    "WILDCARD_USAGE_TOO_PERMISSIVE": "A wildcard in this identifier lets strangers match.",
}

SECURITY_WARNINGS: Final[Mapping[str, str]] = {
    "ALLOW_WITH_NOT_PRINCIPAL": "It allows everyone else, anonymous callers included.",
    "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        "Actions that do not carry the tag key are not denied."
    ),
    "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        "These actions do not carry the tag key, so the statement never denies them."
    ),
    "FORALLVALUES_WITH_SINGLE_VALUED_KEY": "ForAllValues also holds when the key is missing.",
    "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE": "An audience claim has one value: drop the qualifier.",
    "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL": "Anyone whom the provider knows could come in.",
    "MISSING_GITHUB_REPO_CONDITION_KEY": "Any repository on GitHub could assume the role.",
    "MISSING_PAIRED_CONDITION_KEYS": "The key alone can be met from elsewhere.",
    "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE": "All roles but a few may be passed.",
    "PASS_ROLE_WITH_NOT_RESOURCE": "All roles but a few may be passed.",
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": "All roles but a few may be passed.",
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE": "Any role may be passed to any service.",
    "PASS_ROLE_WITH_STAR_IN_RESOURCE": "Any role may be passed to any service.",
    "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": "Any role may be passed to any service.",
    "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL": (
        "The service acts for other customers, too: it could be sent here by one of them."
    ),
    "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS": (
        "In StringLike a `*` runs over the colons between the parts of an ARN."
    ),
    "UNTRUSTWORTHY_CONDITION_KEY": "The caller writes this value as it likes.",
}

WARNINGS: Final[Mapping[str, str]] = {
    "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE": "Service-linked roles may be created.",
    "CREATE_SLR_WITH_NOT_RESOURCE": "Almost any service-linked role may be created.",
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": "Service-linked roles may be created.",
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE": "Any service-linked role may be created.",
    "CREATE_SLR_WITH_STAR_IN_RESOURCE": "Any service-linked role may be created.",
    "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": "Any service-linked role may be created.",
    "DEPRECATED_GLOBAL_CONDITION_KEY": "A newer key has taken its place.",
    "INVALID_DATE_VALUE": "A number of seconds may not be the moment you expect.",
    "INVALID_ROLE_REFERENCE": "The ID is of a role that was deleted, or will be one day.",
    "INVALID_USER_REFERENCE": "The ID is of a user that was deleted, or will be one day.",
    "MISSING_VERSION": "Without a version, variables are plain text.",
    "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA": "IAM refuses policies of this size.",
    "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA": "The service refuses policies of this size.",
    "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA": "IAM refuses it unless the quota was raised.",
    "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY": (
        "AWS services do not carry the key: they would be denied, too."
    ),
    "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY": (
        "Your own principals do not carry the key: they would be denied, too."
    ),
    "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK": (
        "Some services do not send the key and would be denied."
    ),
    "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED": "The wildcard lets other repositories in.",
    "TYPE_MISMATCH": "The key holds another type of value than the operator compares.",
    "TYPE_MISMATCH_BOOLEAN": "Neither `true` nor `false`: the test never holds.",
    "TYPE_MISMATCH_DATE": "Not a date: the test never holds.",
    "TYPE_MISMATCH_NUMBER": "Not a number: the test never holds.",
    "TYPE_MISMATCH_STRING": "Not base64: the test never holds.",
    "UNIQUE_SIDS_RECOMMENDED": "Two statements with one name are hard to tell apart.",
    "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES": "Only some services send the key.",
    "WILDCARD_WITHOUT_LIKE_OPERATOR": "Without Like, `*` and `?` are ordinary characters.",
}

SUGGESTIONS: Final[Mapping[str, str]] = {
    "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        "Actions that do not carry the tag key are not allowed."
    ),
    "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE": (
        "These actions do not carry the tag key, so the statement never allows them."
    ),
    "CONFIRM_AUDIENCE_CLAIM_TYPE": "An audience claim mostly has one value.",
    "EMPTY_ARRAY_ACTION": "Without actions the statement does nothing.",
    "EMPTY_ARRAY_CONDITION": "Without values the test never holds.",
    "EMPTY_ARRAY_CONDITION_FORALLVALUES": "It holds only when the key is missing.",
    "EMPTY_ARRAY_CONDITION_FORANYVALUE": "It never holds.",
    "EMPTY_ARRAY_CONDITION_IFEXISTS": "It holds only when the key is missing.",
    "EMPTY_ARRAY_PRINCIPAL": "Without principals the statement does nothing.",
    "EMPTY_ARRAY_RESOURCE": "Without resources the statement does nothing.",
    "EMPTY_OBJECT_CONDITION": "An empty condition always holds.",
    "EMPTY_OBJECT_PRINCIPAL": "Without principals the statement does nothing.",
    "EMPTY_SID_VALUE": "A Sid without text names nothing.",
    "EQUIVALENT_TO_NULL_FALSE": "It only asks whether the key is there.",
    "EQUIVALENT_TO_NULL_TRUE": "It only asks whether the key is missing.",
    "IMPROVE_IP_RANGE": "Bits after the prefix do not count.",
    "IRRELEVANT_CONDITION_KEY_IN_POLICY": "On this resource the key has one value only.",
    "NULL_WITH_QUALIFIER": "With a qualifier, Null always says the same.",
    "PRIVATE_IP_ADDRESS_SUBSET": "The private addresses among them never match.",
    "PRIVATE_NOT_IP_ADDRESS_SUBSET": "The private addresses among them have no effect.",
    "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL": "Other keys say more about the source.",
    "REDUNDANT_ACTION": "Another entry covers it already.",
    "REDUNDANT_CONDITION_VALUE_NUM": "Only one of the bounds counts.",
    "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION": "The test holds whatever the value is.",
    "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY": "Its role is listed already.",
    "REDUNDANT_RESOURCE": "Another entry covers it already.",
    "REDUNDANT_STATEMENT": "The same statement stands there twice.",
    "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION": "The test never holds.",
    "WILDCARD_IN_SERVICE_NAME": "Services to come may be covered, too.",
}
