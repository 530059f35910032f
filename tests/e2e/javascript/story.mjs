// The story with the AWS SDK for JavaScript, as the root user the environment names.
// Prints what it saw as one JSON object; the test judges it.
import { readFileSync } from "node:fs";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const iam = new IAMClient();
const seen = {};

const allow = (action, resource) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: resource }],
  });
const trust = (principal) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
  });
const refused = async (call) => {
  try {
    await call;
  } catch (error) {
    const { name, message, $fault, $metadata } = error;
    return { name, message, fault: $fault, status: $metadata.httpStatusCode };
  }
  throw new Error("the call was not refused");
};

const me = await new STSClient().send(new GetCallerIdentityCommand());
seen.root = me.Arn;

const worker = await iam.send(
  new CreateRoleCommand({
    RoleName: "worker",
    AssumeRolePolicyDocument: trust({ Service: "lambda.amazonaws.com" }),
  }),
);
const made = await new LambdaClient().send(
  new CreateFunctionCommand({
    FunctionName: "ProcessImages",
    Runtime: "python3.11",
    Handler: "app.handler",
    Role: worker.Role.Arn,
    Code: { ZipFile: readFileSync("app.zip") },
  }),
);
await iam.send(new CreateUserCommand({ UserName: "lambda_executer" }));
const { AccessKey: key } = await iam.send(
  new CreateAccessKeyCommand({ UserName: "lambda_executer" }),
);
const credentials = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
const sts = new STSClient({ credentials });
seen.user = (await sts.send(new GetCallerIdentityCommand())).Arn;

const invoke = () =>
  new InvokeCommand({ FunctionName: "ProcessImages", Payload: JSON.stringify([1, 2, 3]) });
const lambda = new LambdaClient({ credentials });
seen.denied = await refused(lambda.send(invoke()));

await iam.send(
  new PutUserPolicyCommand({
    UserName: "lambda_executer",
    PolicyName: "run",
    PolicyDocument: allow("lambda:InvokeFunction", made.FunctionArn),
  }),
);
const answer = await lambda.send(invoke());
seen.payload = JSON.parse(Buffer.from(answer.Payload).toString());
seen.status = answer.StatusCode;

const reader = await iam.send(
  new CreateRoleCommand({
    RoleName: "reader",
    AssumeRolePolicyDocument: trust({ AWS: seen.user }),
  }),
);
await iam.send(
  new PutRolePolicyCommand({
    RoleName: "reader",
    PolicyName: "read",
    PolicyDocument: allow("lambda:GetFunction", "*"),
  }),
);
const session = (roleArn) =>
  sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "js" }));
seen.untrusted = await refused(session(worker.Role.Arn));
const { Credentials: got } = await session(reader.Role.Arn);
const asReader = {
  credentials: {
    accessKeyId: got.AccessKeyId,
    secretAccessKey: got.SecretAccessKey,
    sessionToken: got.SessionToken,
  },
};
seen.session = (await new STSClient(asReader).send(new GetCallerIdentityCommand())).Arn;
seen.expires = got.Expiration instanceof Date;
const read = new GetFunctionCommand({ FunctionName: "ProcessImages" });
seen.read = (await new LambdaClient(asReader).send(read)).Configuration.FunctionArn;
seen.sessionDenied = await refused(new LambdaClient(asReader).send(invoke()));
console.log(JSON.stringify(seen));
