"""A function in Python that makes the calls of one of Slipway's for the same event: those in the file that SCRIPT names.

It decodes the event, makes the calls of a wave at once, and writes one line of log. It decides nothing and builds no
request, which one of its kind would have to do as well. The clients are those that CLIENTS names.
"""

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore
from botocore.config import Config

config = Config(max_pool_connections=20)
clients = {name: boto3.client(name, config=config) for name in os.environ["CLIENTS"].split(",")}
pool = ThreadPoolExecutor(10)
script = None


def parameters(value):
    """The parameters of a call as boto3 wants them: bytes where the protocol has base64."""
    if isinstance(value, dict):
        return {k: base64.b64decode(v) if k == "B" and isinstance(v, str) else parameters(v) for k, v in value.items()}
    return [parameters(v) for v in value] if isinstance(value, list) else value


def load():
    with open(os.environ["SCRIPT"], encoding="utf-8") as file:
        waves = json.load(file)
    return [
        [(getattr(clients[c["service"]], botocore.xform_name(c["operation"])), parameters(c["request"])) for c in wave] for wave in waves
    ]


def make(call):
    method, request = call
    return method(**request)


def handle(event, context):
    global script
    if script is None:
        script = load()
    bodies = [json.loads(record["body"]) for record in event.get("Records", [])]
    for wave in script:
        if len(wave) == 1:
            make(wave[0])
        else:
            list(pool.map(make, wave))
    print(json.dumps({"level": "INFO", "msg": "messages handled", "messages": len(bodies)}))
    return {"batchItemFailures": []}
