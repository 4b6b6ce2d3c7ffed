// What s3-trigger asks AWS, in Node: the claim of all objects, then for each the launch and the record of its task. The
// clients are those that CLIENTS names. The loop around it is the least that a runtime can be.
import http from "node:http";
import { createHash } from "node:crypto";

const classes = {
  logs: ["cloudwatch-logs", "CloudWatchLogsClient"], dynamodb: ["dynamodb", "DynamoDBClient"], ecs: ["ecs", "ECSClient"],
  events: ["eventbridge", "EventBridgeClient"], sesv2: ["sesv2", "SESv2Client"], sns: ["sns", "SNSClient"], sqs: ["sqs", "SQSClient"],
};
const sdk = {}, clients = {};
for (const name of process.env.CLIENTS.split(",")) {
  const [module, type] = classes[name];
  sdk[name] = await import("@aws-sdk/client-" + module);
  clients[name] = new sdk[name][type]({});
}
const table = process.env.SLIPWAY_TABLE;
const sha = (text) => createHash("sha256").update(text).digest("hex");

function item(run, state) {
  const document = { id: run.id, state, object: run.object, decision: { capacity: "FARGATE_SPOT", cluster: "example-cluster" } };
  return {
    pk: { S: "run#" + run.id }, sk: { S: "-" }, doc: { S: JSON.stringify(document) }, rev: { N: "1" }, job: { S: "objects" },
    state: { S: state }, open: { S: "watch" }, due: { N: "1772366400000" },
  };
}

async function launch(run) {
  const answer = await clients.ecs.send(new sdk.ecs.RunTaskCommand({
    cluster: "example-cluster", taskDefinition: "example-objectprocessortask:1", count: 1, startedBy: "slipway/example/" + run.id + "/1",
    clientToken: sha(run.id), capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }],
    networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"], assignPublicIp: "ENABLED" } },
    overrides: { containerOverrides: [{ name: "main", environment: [{ name: "S3_BUCKET", value: run.object.bucket }, { name: "S3_KEY", value: run.object.key }] }] },
  }));
  run.task = answer.tasks[0].taskArn;
  await clients.dynamodb.send(new sdk.dynamodb.PutItemCommand({
    TableName: table, Item: item(run, "starting"), ConditionExpression: "#rev = :rev",
    ExpressionAttributeNames: { "#rev": "rev" }, ExpressionAttributeValues: { ":rev": { N: "1" } },
  }));
  console.log(JSON.stringify({ level: "INFO", msg: "launched", run: run.id, task: run.task }));
}

async function handle(event) {
  const runs = event.Records.map((record) => {
    const { bucket, object } = JSON.parse(record.body).detail;
    const found = { bucket: bucket.name, key: object.key, version: object["version-id"] ?? "" };
    return { id: sha(JSON.stringify(found)).slice(0, 32), object: found };
  });
  await clients.dynamodb.send(new sdk.dynamodb.TransactWriteItemsCommand({
    TransactItems: [
      ...runs.map((r) => ({ Put: { TableName: table, Item: item(r, "starting"), ConditionExpression: "attribute_not_exists(pk)" } })),
      { Update: {
        TableName: table, Key: { pk: { S: "job#objects" }, sk: { S: "-" } }, UpdateExpression: "ADD active :n",
        ConditionExpression: "attribute_not_exists(active) OR active <= :room", ExpressionAttributeValues: { ":n": { N: "1" }, ":room": { N: "49" } },
      } },
    ],
  }));
  await Promise.all(runs.map(launch));
  return { batchItemFailures: [] };
}

const agent = new http.Agent({ keepAlive: true });
const base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/invocation/";

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(base + path, { method, agent }, (response) => {
      let text = "";
      response.on("data", (part) => { text += part; });
      response.on("end", () => resolve({ id: response.headers["lambda-runtime-aws-request-id"], text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const { id, text } = await call("GET", "next");
  try {
    await call("POST", id + "/response", JSON.stringify(await handle(JSON.parse(text))));
  } catch (error) {
    await call("POST", id + "/error", JSON.stringify({ errorMessage: String(error) }));
  }
}
