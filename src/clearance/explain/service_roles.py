"""How services say that they could not take up the role they were given: one row a sentence.

Each is a denied sts:AssumeRole of the service principal, though hardly one says so. The guides
of the services name the principal that a role's trust policy must name.
"""

from typing import Final

from clearance.explain.denial import Form
from clearance.explain.wording import Wording, wording

__all__ = ["SERVICE_ROLES"]

_ROLE: Final = r"(?P<role>arn:[\w-]{1,20}:iam::[^:\s\"']{0,40}:role/[\w+=,.@/-]{1,200})"


def _row(words: str, caller: str | None = None) -> Wording:
    return wording(Form.SERVICE_ROLE, words, caller=caller)


SERVICE_ROLES: Final = (
    # docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    _row(
        rf"ECS was unable to assume the role '?{_ROLE}?'? that was provided for this task\.?",
        "ecs-tasks.amazonaws.com",
    ),
    _row(
        rf"ECS was unable to assume the configured ECS Infrastructure Role '?{_ROLE}?'?\.?",
        "ecs.amazonaws.com",
    ),
    # docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
    _row(
        rf"CodeBuild is not authorized to perform: sts:AssumeRole on (?:service role|{_ROLE})\.?",
        "codebuild.amazonaws.com",
    ),
    # docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
    _row(
        r"The execution role you provide must allow AWS EventBridge Scheduler to assume the role",
        "scheduler.amazonaws.com",
    ),
    # docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    _row(
        r"Neither the global service principal states\.amazonaws\.com, nor the regional one "
        r"is authorized to assume the provided role",
        "states.amazonaws.com",
    ),
    # docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    _row(
        r"(?:trust policy for the provided IAM role allows Firehose|Firehose is unable) "
        rf"to assume (?:the )?role(?: {_ROLE})?",
        "firehose.amazonaws.com",
    ),
    # docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service.html
    _row(
        r"User:? arn:[\w-]{1,20}:redshift:[\w./:<>*-]{1,200}? "
        rf"is not authorized to assume IAM Role {_ROLE}",
        "redshift.amazonaws.com",
    ),
    # EventBridge and others name both: docs.aws.amazon.com/eventbridge/latest/userguide
    _row(
        rf"(?:The )?provided role '?{_ROLE}?'? cannot be assumed by principal "
        r"'?(?P<caller>[a-z0-9.-]{1,60}\.amazonaws\.com(?:\.cn)?)'?",
    ),
    _row(
        r"The (?:service )?principal (?P<caller>[a-z0-9.-]{1,60}\.amazonaws\.com(?:\.cn)?) "
        rf"is not authorized to assume (?:the provided role|the role|{_ROLE})",
    ),
)
