"""SAM policy templates: the statements they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["statements_of"]

# A template is rows of actions and resources; `${Name}` is a parameter of the template. Resources
# begin after `arn:<partition>:`; `{}` stands for Region and account.
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
_S3: Final = ("s3:::${BucketName}", "s3:::${BucketName}/*")
_TABLE: Final = ("dynamodb:{}:table/${TableName}", "dynamodb:{}:table/${TableName}/index/*")
_READ_ITEMS: Final = "GetItem Scan Query BatchGetItem DescribeTable"
_TEMPLATES: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "AMIDescribePolicy": (("ec2:DescribeImages", ("*",)),),
    "AWSSecretsManagerGetSecretValuePolicy": (
        ("secretsmanager:GetSecretValue", ("${SecretArn}",)),
    ),
    "CloudFormationDescribeStacksPolicy": (
        ("cloudformation:DescribeStacks", ("cloudformation:{}:stack/*",)),
    ),
    "CloudWatchDescribeAlarmHistoryPolicy": (("cloudwatch:DescribeAlarmHistory", ("*",)),),
    "CloudWatchPutMetricPolicy": (("cloudwatch:PutMetricData", ("*",)),),
    "CodePipelineLambdaExecutionPolicy": (
        ("codepipeline:PutJobSuccessResult PutJobFailureResult", ("*",)),
    ),
    "DynamoDBCrudPolicy": (
        (
            (
                f"dynamodb:{_READ_ITEMS} DeleteItem PutItem UpdateItem BatchWriteItem"
                " ConditionCheckItem"
            ),
            _TABLE,
        ),
    ),
    "DynamoDBReadPolicy": ((f"dynamodb:{_READ_ITEMS}", _TABLE),),
    "DynamoDBReconfigurePolicy": (("dynamodb:UpdateTable", _TABLE[:1]),),
    "DynamoDBStreamReadPolicy": (
        (
            "dynamodb:DescribeStream GetRecords GetShardIterator",
            ("dynamodb:{}:table/${TableName}/stream/${StreamName}",),
        ),
        ("dynamodb:ListStreams", ("dynamodb:{}:table/${TableName}/stream/*",)),
    ),
    "DynamoDBWritePolicy": (("dynamodb:PutItem UpdateItem BatchWriteItem", _TABLE),),
    "EC2DescribePolicy": (("ec2:DescribeRegions DescribeInstances", ("*",)),),
    "EcsRunTaskPolicy": (("ecs:RunTask", ("ecs:{}:task-definition/${TaskDefinition}",)),),
    "EventBridgePutEventsPolicy": (("events:PutEvents", ("events:{}:event-bus/${EventBusName}",)),),
    "FilterLogEventsPolicy": (
        ("logs:FilterLogEvents", ("logs:{}:log-group:${LogGroupName}:log-stream:*",)),
    ),
    "FirehoseWritePolicy": (
        (
            "firehose:PutRecord PutRecordBatch",
            ("firehose:{}:deliverystream/${DeliveryStreamName}",),
        ),
    ),
    "KMSDecryptPolicy": (("kms:Decrypt", ("kms:{}:key/${KeyId}",)),),
    "KMSEncryptPolicy": (("kms:Encrypt", ("kms:{}:key/${KeyId}",)),),
    "KMSEncryptPolicy_v2": (
        (
            (
                "kms:Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair"
                " GenerateDataKeyPairWithoutPlaintext"
            ),
            ("kms:{}:key/${KeyId}",),
        ),
    ),
    "KinesisCrudPolicy": (
        (
            (
                "kinesis:AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream"
                " DescribeStream DescribeStreamSummary GetShardIterator"
                " IncreaseStreamRetentionPeriod ListTagsForStream MergeShards PutRecord"
                " PutRecords SplitShard RemoveTagsFromStream"
            ),
            ("kinesis:{}:stream/${StreamName}",),
        ),
    ),
    "KinesisStreamReadPolicy": (
        ("kinesis:ListStreams DescribeLimits", ("kinesis:{}:stream/*",)),
        (
            "kinesis:DescribeStream DescribeStreamSummary GetRecords GetShardIterator",
            ("kinesis:{}:stream/${StreamName}",),
        ),
    ),
    "LambdaInvokePolicy": (("lambda:InvokeFunction", ("lambda:{}:function:${FunctionName}*",)),),
    "OrganizationsListAccountsPolicy": (("organizations:ListAccounts", ("*",)),),
    "Route53ChangeResourceRecordSetsPolicy": (
        ("route53:ChangeResourceRecordSets", ("route53:::hostedzone/${HostedZoneId}",)),
    ),
    "S3CrudPolicy": (
        (
            (
                "s3:GetObject ListBucket GetBucketLocation GetObjectVersion PutObject PutObjectAcl"
                " GetLifecycleConfiguration PutLifecycleConfiguration DeleteObject"
            ),
            _S3,
        ),
    ),
    "S3FullAccessPolicy": (
        (
            (
                "s3:GetObject GetObjectAcl GetObjectVersion PutObject PutObjectAcl DeleteObject"
                " DeleteObjectTagging DeleteObjectVersionTagging GetObjectTagging"
                " GetObjectVersionTagging PutObjectTagging PutObjectVersionTagging"
            ),
            _S3[1:],
        ),
        (
            "s3:ListBucket GetBucketLocation GetLifecycleConfiguration PutLifecycleConfiguration",
            _S3[:1],
        ),
    ),
    "S3ReadPolicy": (
        (
            "s3:GetObject ListBucket GetBucketLocation GetObjectVersion GetLifecycleConfiguration",
            _S3,
        ),
    ),
    "S3WritePolicy": (("s3:PutObject PutObjectAcl PutLifecycleConfiguration", _S3),),
    "SESCrudPolicy": (
        (
            "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail VerifyEmailIdentity",
            ("ses:{}:identity/${IdentityName}",),
        ),
    ),
    "SESSendBouncePolicy": (("ses:SendBounce", ("ses:{}:identity/${IdentityName}",)),),
    "SNSCrudPolicy": (
        (
            "sns:ListSubscriptionsByTopic CreateTopic SetTopicAttributes Subscribe Publish",
            ("sns:{}:${TopicName}*",),
        ),
    ),
    "SNSPublishMessagePolicy": (("sns:Publish", ("sns:{}:${TopicName}",)),),
    "SQSPollerPolicy": (
        (
            (
                "sqs:ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage"
                " DeleteMessageBatch GetQueueAttributes ReceiveMessage"
            ),
            ("sqs:{}:${QueueName}",),
        ),
    ),
    "SQSSendMessagePolicy": (("sqs:SendMessage*", ("sqs:{}:${QueueName}",)),),
    "SSMParameterReadPolicy": (
        ("ssm:DescribeParameters", ("*",)),
        (
            "ssm:GetParameters GetParameter GetParametersByPath",
            ("ssm:{}:parameter/${ParameterName}",),
        ),
    ),
    "SSMParameterWithSlashPrefixReadPolicy": (
        ("ssm:DescribeParameters", ("*",)),
        (
            "ssm:GetParameters GetParameter GetParametersByPath",
            ("ssm:{}:parameter${ParameterName}",),
        ),
    ),
    "StepFunctionsCallbackPolicy": (
        (
            "states:SendTaskFailure SendTaskHeartbeat SendTaskSuccess",
            ("states:{}:stateMachine:${StateMachineName}",),
        ),
    ),
    "StepFunctionsExecutionPolicy": (
        ("states:StartExecution", ("states:{}:stateMachine:${StateMachineName}",)),
    ),
    "TextractPolicy": (("textract:*", ("*",)),),
    "VPCAccessPolicy": (
        (
            (
                "ec2:CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces"
                " DetachNetworkInterface"
            ),
            ("*",),
        ),
    ),
}


def statements_of(name: str, given: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The statements of a policy template with its parameters, or None if it is not known."""
    rows = _TEMPLATES.get(name)
    if rows is None:
        return None
    found = []
    for actions, resources in rows:
        service, _, names = actions.partition(":")
        found.append(
            {
                "Effect": "Allow",
                "Action": [f"{service}:{action}" for action in names.split()],
                "Resource": [_resource(text, given) for text in resources],
            }
        )
    return found


def _resource(text: str, given: Mapping[str, Any]) -> object:
    if text == "*":
        return text
    if not text.startswith("${"):
        text = f"arn:${{AWS::Partition}}:{text.replace('{}', '${AWS::Region}:${AWS::AccountId}')}"
    return {"Fn::Sub": [text, dict(given)]}
