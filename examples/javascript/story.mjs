// A role that does not trust its caller, found and fixed with the AWS SDK for JavaScript (v3).
//
//     clearance serve                      # in another terminal; prints AWS_... variables
//     eval "$(clearance env)"              # or paste them
//     npm install && npm start
//
// Nothing here knows of Clearance: AWS_ENDPOINT_URL leads the SDK to the local endpoint.
// Everything that was made is deleted again at the end.
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
const iam = new IAMClient({ region });
const policy = (statement) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
const trust = (principal) => policy({ Principal: principal, Action: "sts:AssumeRole" });
const whoami = async (sts) => (await sts.send(new GetCallerIdentityCommand({}))).Arn;

const UserName = "deployer";
const RoleName = "auditor";
const undo = [];
try {
  console.log("administrator:", await whoami(new STSClient({ region })));

  await iam.send(new CreateUserCommand({ UserName }));
  undo.push(new DeleteUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId, SecretAccessKey } = AccessKey;
  undo.push(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
  const sts = new STSClient({ region, credentials });
  const me = await whoami(sts);
  console.log("caller:       ", me);

  // The role trusts a service, not the caller.
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: trust({ Service: "ec2.amazonaws.com" }),
    }),
  );
  undo.push(new DeleteRoleCommand({ RoleName }));
  const PolicyName = "look";
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName,
      PolicyDocument: policy({ Action: "lambda:ListFunctions", Resource: "*" }),
    }),
  );
  undo.push(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  const assume = new AssumeRoleCommand({ RoleArn: Role.Arn, RoleSessionName: "example" });
  try {
    await sts.send(assume);
    throw new Error("the call was allowed; it should not have been");
  } catch (error) {
    if (error.name !== "AccessDenied") throw error;
    console.log(`\n${error.name} (${error.$metadata.httpStatusCode}): ${error.message}\n`);
  }

  await iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust({ AWS: me }) }),
  );
  const { Credentials: session } = await sts.send(assume);
  const asAuditor = {
    region,
    credentials: {
      accessKeyId: session.AccessKeyId,
      secretAccessKey: session.SecretAccessKey,
      sessionToken: session.SessionToken,
    },
  };
  console.log("after the fix:", await whoami(new STSClient(asAuditor)));
  const { Functions } = await new LambdaClient(asAuditor).send(new ListFunctionsCommand({}));
  console.log("it may look:  ", Functions.length, "functions");
} finally {
  for (const command of undo.reverse()) await iam.send(command);
}
