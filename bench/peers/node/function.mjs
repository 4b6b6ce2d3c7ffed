// A function in Node that makes the calls of one of Slipway's for the same event: those in the file that SCRIPT names. It
// decodes the event, makes the calls of a wave at once, and writes one line of log. It decides nothing and builds no request.
// The clients are those that CLIENTS names. The loop around it is the least that a runtime can be.
import http from "node:http";
import { readFileSync } from "node:fs";

const classes = {
  logs: ["cloudwatch-logs", "CloudWatchLogsClient"], dynamodb: ["dynamodb", "DynamoDBClient"], ecs: ["ecs", "ECSClient"],
  events: ["eventbridge", "EventBridgeClient"], sesv2: ["sesv2", "SESv2Client"], sns: ["sns", "SNSClient"], sqs: ["sqs", "SQSClient"],
};
const sdk = {}, clients = {};
for (const name of process.env.CLIENTS.split(",")) {
  const [module, type] = classes[name];
  sdk[name] = await import("@aws-sdk/client-" + module);
  clients[name] = new sdk[name][type]({ useQueueUrlAsEndpoint: false }); // of SQS: the queue's name is no host here
}

// parameters of a call as the SDK wants them: bytes where the protocol has base64, and a time for its seconds.
function parameters(value) {
  if (Array.isArray(value)) return value.map(parameters);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => {
    if (k === "B" && typeof v === "string") return [k, Buffer.from(v, "base64")];
    if (k === "Time" && typeof v === "number") return [k, new Date(v * 1000)];
    return [k, parameters(v)];
  }));
}

let script;

function load() {
  const waves = JSON.parse(readFileSync(process.env.SCRIPT, "utf8"));
  return waves.map((wave) => wave.map((c) => [clients[c.service], sdk[c.service][c.operation + "Command"], parameters(c.request)]));
}

async function handle(event) {
  script ??= load();
  const bodies = (event.Records ?? []).map((record) => JSON.parse(record.body));
  for (const wave of script) {
    await Promise.all(wave.map(([client, command, request]) => client.send(new command(request))));
  }
  console.log(JSON.stringify({ level: "INFO", msg: "messages handled", messages: bodies.length }));
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
