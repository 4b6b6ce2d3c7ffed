"""What s3-trigger asks AWS, in Python: the claim of all objects, then for each the launch and the record of its task.

The clients are those that CLIENTS names. Objects of one batch go at once.
"""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

config = Config(max_pool_connections=20)
clients = {name: boto3.client(name, config=config) for name in os.environ["CLIENTS"].split(",")}
pool = ThreadPoolExecutor(10)
table = os.environ.get("SLIPWAY_TABLE", "")


def item(run, state):
    document = {"id": run["id"], "state": state, "object": run["object"], "decision": {"capacity": "FARGATE_SPOT", "cluster": "example-cluster"}}
    return {
        "pk": {"S": "run#" + run["id"]}, "sk": {"S": "-"}, "doc": {"S": json.dumps(document)}, "rev": {"N": "1"},
        "job": {"S": "objects"}, "state": {"S": state}, "open": {"S": "watch"}, "due": {"N": "1772366400000"},
    }


def launch(run):
    key = run["object"]["key"]
    answer = clients["ecs"].run_task(
        cluster="example-cluster", taskDefinition="example-objectprocessortask:1", count=1, startedBy="slipway/example/" + run["id"] + "/1",
        clientToken=hashlib.sha256(run["id"].encode()).hexdigest(), capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
        overrides={"containerOverrides": [{"name": "main", "environment": [{"name": "S3_BUCKET", "value": run["object"]["bucket"]}, {"name": "S3_KEY", "value": key}]}]},
    )
    run["task"] = answer["tasks"][0]["taskArn"]
    clients["dynamodb"].put_item(
        TableName=table, Item=item(run, "starting"), ConditionExpression="#rev = :rev",
        ExpressionAttributeNames={"#rev": "rev"}, ExpressionAttributeValues={":rev": {"N": "1"}},
    )
    print(json.dumps({"level": "INFO", "msg": "launched", "run": run["id"], "task": run["task"]}))


def handle(event, context):
    runs = []
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        found = {"bucket": detail["bucket"]["name"], "key": detail["object"]["key"], "version": detail["object"].get("version-id", "")}
        runs.append({"id": hashlib.sha256(json.dumps(found).encode()).hexdigest()[:32], "object": found})
    puts = [{"Put": {"TableName": table, "Item": item(r, "starting"), "ConditionExpression": "attribute_not_exists(pk)"}} for r in runs]
    count = {"Update": {
        "TableName": table, "Key": {"pk": {"S": "job#objects"}, "sk": {"S": "-"}}, "UpdateExpression": "ADD active :n",
        "ConditionExpression": "attribute_not_exists(active) OR active <= :room", "ExpressionAttributeValues": {":n": {"N": "1"}, ":room": {"N": "49"}},
    }}
    clients["dynamodb"].transact_write_items(TransactItems=puts + [count])
    if len(runs) == 1:
        launch(runs[0])
    else:
        list(pool.map(launch, runs))
    return {"batchItemFailures": []}
