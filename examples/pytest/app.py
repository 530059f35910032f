"""A small application: it rotates images by a Lambda function. It knows nothing of Clearance."""

import json

import boto3


def rotate(key: str) -> str:
    """Have an image rotated; answers the key of the new image."""
    answer = boto3.client("lambda").invoke(
        FunctionName="rotate", Payload=json.dumps({"key": key})
    )
    return json.loads(answer["Payload"].read())["key"]


def retire() -> None:
    """Remove the function for good."""
    boto3.client("lambda").delete_function(FunctionName="rotate")
