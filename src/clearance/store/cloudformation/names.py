"""What resources are called: what ``Ref`` and ``Fn::GetAtt`` give, by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["KNOWN", "Known"]


@dataclass(frozen=True, slots=True)
class Known:
    """A type: the property that names it, what ``Ref`` gives, and its ARN after the account.

    ``ref`` is ``name``, ``arn`` or ``url``.
    """

    named: str | None
    ref: str
    service: str
    resource: str
    lower: bool = False


KNOWN: Final[Mapping[str, Known]] = {
    "AWS::ApiGateway::RestApi": Known(None, "name", "apigateway", "/restapis/{name}"),
    "AWS::ApiGatewayV2::Api": Known(None, "name", "apigateway", "/apis/{name}"),
    "AWS::Cognito::UserPool": Known(None, "name", "cognito-idp", "userpool/{name}"),
    "AWS::DynamoDB::GlobalTable": Known("TableName", "name", "dynamodb", "table/{name}"),
    "AWS::DynamoDB::Table": Known("TableName", "name", "dynamodb", "table/{name}"),
    "AWS::EC2::VPC": Known(None, "name", "ec2", "vpc/{name}"),
    "AWS::EC2::VPCEndpoint": Known(None, "name", "ec2", "vpc-endpoint/{name}"),
    "AWS::ECR::Repository": Known("RepositoryName", "name", "ecr", "repository/{name}", lower=True),
    "AWS::Events::EventBus": Known("Name", "name", "events", "event-bus/{name}"),
    "AWS::Events::Rule": Known("Name", "name", "events", "rule/{name}"),
    "AWS::IAM::Group": Known("GroupName", "name", "iam", "group{path}{name}"),
    "AWS::IAM::InstanceProfile": Known(
        "InstanceProfileName", "name", "iam", "instance-profile{path}{name}"
    ),
    "AWS::IAM::ManagedPolicy": Known("ManagedPolicyName", "arn", "iam", "policy{path}{name}"),
    "AWS::IAM::Role": Known("RoleName", "name", "iam", "role{path}{name}"),
    "AWS::IAM::SAMLProvider": Known("Name", "arn", "iam", "saml-provider/{name}"),
    "AWS::IAM::User": Known("UserName", "name", "iam", "user{path}{name}"),
    "AWS::KMS::Alias": Known("AliasName", "name", "kms", "{name}"),
    "AWS::KMS::Key": Known(None, "name", "kms", "key/{name}"),
    "AWS::Kinesis::Stream": Known("Name", "name", "kinesis", "stream/{name}"),
    "AWS::KinesisFirehose::DeliveryStream": Known(
        "DeliveryStreamName", "name", "firehose", "deliverystream/{name}"
    ),
    "AWS::Lambda::Function": Known("FunctionName", "name", "lambda", "function:{name}"),
    # The first version; a layer that is updated counts on.
    "AWS::Lambda::LayerVersion": Known("LayerName", "arn", "lambda", "layer:{name}:1"),
    "AWS::Logs::LogGroup": Known("LogGroupName", "name", "logs", "log-group:{name}:*"),
    "AWS::Organizations::Account": Known(None, "name", "organizations", "account/{name}"),
    "AWS::Organizations::Organization": Known(None, "name", "organizations", "organization/{name}"),
    "AWS::Organizations::OrganizationalUnit": Known(None, "name", "organizations", "ou/{name}"),
    "AWS::Organizations::Policy": Known(None, "name", "organizations", "policy/{name}"),
    "AWS::S3::Bucket": Known("BucketName", "name", "s3", "{name}", lower=True),
    "AWS::SNS::Topic": Known("TopicName", "arn", "sns", "{name}"),
    "AWS::SQS::Queue": Known("QueueName", "url", "sqs", "{name}"),
    "AWS::SSM::Parameter": Known("Name", "name", "ssm", "parameter/{name}"),
    # Secrets Manager adds six characters that nobody knows before.
    "AWS::SecretsManager::Secret": Known("Name", "arn", "secretsmanager", "secret:{name}-000000"),
    "AWS::Serverless::Api": Known(None, "name", "apigateway", "/restapis/{name}"),
    "AWS::Serverless::HttpApi": Known(None, "name", "apigateway", "/apis/{name}"),
    "AWS::Serverless::LayerVersion": Known("LayerName", "arn", "lambda", "layer:{name}:1"),
    "AWS::Serverless::SimpleTable": Known("TableName", "name", "dynamodb", "table/{name}"),
    "AWS::Serverless::StateMachine": Known("Name", "arn", "states", "stateMachine:{name}"),
    "AWS::StepFunctions::StateMachine": Known(
        "StateMachineName", "arn", "states", "stateMachine:{name}"
    ),
}
