#!/bin/sh
# From a denial to its fix with the AWS CLI (version 1 or 2).
#
#     clearance serve                      # in another terminal; prints AWS_... variables
#     eval "$(clearance env)"              # or paste them
#     sh aws-cli.sh
#
# Nothing here knows of Clearance: AWS_ENDPOINT_URL leads the AWS CLI to the local endpoint.
# Everything that was made is deleted again at the end.
set -eu
: "${AWS_ENDPOINT_URL:?start an endpoint first: clearance serve}"
export AWS_PAGER=""
RUNTIME="${RUNTIME:-python3.11}"

work=$(mktemp -d)
cleanup() {
    aws iam delete-user-policy --user-name lambda_executer --policy-name run || true
    aws iam delete-access-key --user-name lambda_executer --access-key-id "${key:-none}" || true
    aws iam delete-user --user-name lambda_executer || true
    aws lambda delete-function --function-name ProcessImages || true
    aws iam delete-role --role-name ProcessImagesRole || true
    rm -r "$work"
} >/dev/null 2>&1
trap cleanup EXIT

echo "administrator: $(aws sts get-caller-identity --query Arn --output text)"

cat > "$work/app.py" <<'END'
def handler(event, context):
    return {"processed": event["key"], "by": context.function_name}
END
(cd "$work" && python3 -m zipfile -c app.zip app.py)
cat > "$work/trust.json" <<'END'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
 "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
END
role=$(aws iam create-role --role-name ProcessImagesRole \
    --assume-role-policy-document "file://$work/trust.json" --query Role.Arn --output text)
function=$(aws lambda create-function --function-name ProcessImages --runtime "$RUNTIME" \
    --handler app.handler --role "$role" --zip-file "fileb://$work/app.zip" \
    --query FunctionArn --output text)

aws iam create-user --user-name lambda_executer > "$work/user.json"
aws iam create-access-key --user-name lambda_executer --output text \
    --query 'AccessKey.[AccessKeyId,SecretAccessKey]' > "$work/key.txt"
key=$(cut -f1 "$work/key.txt")
secret=$(cut -f2 "$work/key.txt")
executer() { AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret aws "$@"; }
echo "caller:        $(executer sts get-caller-identity --query Arn --output text)"

echo '{"key": "cat.png"}' > "$work/event.json"
invoke() {
    executer lambda invoke --function-name ProcessImages \
        --payload "fileb://$work/event.json" "$work/out.json"
}
if invoke 2> "$work/denied.txt"; then
    echo "the call was allowed; it should not have been" >&2
    exit 1
fi
cat "$work/denied.txt"       # `clearance explain denied.txt --estate .clearance` says why
echo

cat > "$work/run.json" <<END
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
 "Action": "lambda:InvokeFunction", "Resource": "$function"}]}
END
aws iam put-user-policy --user-name lambda_executer --policy-name run \
    --policy-document "file://$work/run.json"
invoke > "$work/answer.json"
echo "after the fix: $(cat "$work/out.json")"
