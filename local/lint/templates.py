"""Checks every CloudFormation template of the project: cfn-lint, checkov, and parliament on the policies as they are
deployed.

    python local/lint/templates.py [TEMPLATE ...]

What checkov and parliament find is a mistake, unless skips.yaml says why it is none. An entry of skips.yaml that nothing
needs is a mistake, too. The exit code is 0 when there is none, 1 when there are some.
"""

import json
import logging
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ["template.yaml", "wiring.yaml", "templates/*.yaml"]


class Loader(yaml.SafeLoader):
    """Reads the short forms of intrinsic functions as the long ones."""


def intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


Loader.add_multi_constructor("!", intrinsic)

ACCOUNT, REGION = "123456789012", "eu-north-1"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}


def arn(service, resource, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{resource}"


# What GetAtt …Arn gives, by type.
ARNS = {
    "AWS::DynamoDB::Table": lambda n: arn("dynamodb", f"table/{n}"),
    "AWS::IAM::Role": lambda n: arn("iam", f"role/{n}", region=""),
    "AWS::Logs::LogGroup": lambda n: arn("logs", f"log-group:{n}:*"),
    "AWS::S3::Bucket": lambda n: arn("s3", n.lower(), region="", account=""),
    "AWS::SNS::Topic": lambda n: arn("sns", n),
    "AWS::SQS::Queue": lambda n: arn("sqs", n),
}
# What a parameter without a default is given, by how its name ends.
PARAMETERS = [
    ("QueueArn", lambda n: arn("sqs", n)),
    ("QueueUrl", lambda n: f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{n}"),
    ("RoleArns", lambda n: [arn("iam", f"role/{n}1", region=""), arn("iam", f"role/{n}2", region="")]),
    ("ClusterArn", lambda n: arn("ecs", "cluster/main")),
    ("Task", lambda n: arn("ecs", f"task-definition/{n}:1")),
    ("Bucket", lambda n: n.lower()),
    ("Image", lambda n: f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{n.lower()}:1"),
    ("Email", lambda n: "somebody@example.com"),
    ("Sender", lambda n: "sender@example.com"),
    ("", lambda n: n),
]
NOTHING = object()


class Expanded:
    """A template whose intrinsic functions have values; each condition holds, or none does."""

    def __init__(self, template, holds):
        self.template, self.holds = template, holds

    def ref(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        parameter = self.template.get("Parameters", {}).get(name)
        if parameter is not None:
            given = parameter.get("Default") or next(make(name) for end, make in PARAMETERS if name.endswith(end))
            return given
        kind = self.template["Resources"][name]["Type"]
        if kind == "AWS::SNS::Topic":
            return arn("sns", name)
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        return name.lower() if kind == "AWS::S3::Bucket" else name

    def attribute(self, name, attribute):
        kind = self.template["Resources"][name]["Type"]
        if attribute == "Arn" and kind in ARNS:
            return ARNS[kind](name)
        if attribute.endswith("Arn"):
            raise ValueError(f"no sample for the {attribute} of {name}, a {kind}: add one to {__file__}")
        return name

    def substitute(self, value):
        text, given = (value, {}) if isinstance(value, str) else (value[0], self.value(value[1]))

        def one(match):
            name = match[1]
            if name in given:
                return str(given[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.ref(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", one, text)

    def value(self, v):
        if isinstance(v, list):
            return [x for x in map(self.value, v) if x is not NOTHING]
        if not isinstance(v, dict):
            return v
        if len(v) == 1:
            name, argument = next(iter(v.items()))
            if name == "Ref":
                return self.ref(argument)
            if name.startswith("Fn::"):
                return self.function(name[4:], argument)
        out = {k: self.value(x) for k, x in v.items()}
        return {k: x for k, x in out.items() if x is not NOTHING}

    def function(self, name, argument):
        if name == "If":
            return self.value(argument[1 if self.holds else 2])
        if name == "GetAtt":
            return self.attribute(*argument)
        if name == "Sub":
            return self.substitute(argument)
        argument = self.value(argument)
        if name == "Join":
            return argument[0].join(map(str, argument[1]))
        if name == "Split":
            return argument[1].split(argument[0])
        if name == "Select":
            return argument[1][int(argument[0])]
        raise ValueError(f"Fn::{name} has no value here: add it to {__file__}")


def flat(document):
    """A policy whose lists of lists are lists, as CloudFormation makes them."""
    for statement in document["Statement"]:
        if isinstance(statement.get("Resource"), list):
            out = []
            for resource in statement["Resource"]:
                out += resource if isinstance(resource, list) else [resource]
            statement["Resource"] = out
    return document


def policies(template, holds):
    """The identity policies of a template as they are deployed: where each is, and its document."""
    for name, resource in template["Resources"].items():
        properties = Expanded(template, holds)
        given = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.value(given.get("Policies", [])):
                yield f"{name}.{policy['PolicyName']}", flat(policy["PolicyDocument"])
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield name, flat(properties.value(given["PolicyDocument"]))


def cfn_lint(paths):
    """cfn-lint says itself what is wrong."""
    good = subprocess.run([program("cfn-lint"), *paths], cwd=ROOT, check=False).returncode == 0
    print("cfn-lint:", "no mistakes" if good else "mistakes, as above", flush=True)
    return good


def program(name):
    return str(Path(sys.executable).with_name(name))


def checkov(paths):
    """Yields the check, its place and its words for everything that checkov finds. It asks nobody over the network."""
    done = subprocess.run(
        [program("checkov"), "--framework", "cloudformation", "--skip-download", "--output", "json", "--file", *paths],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    if not done.stdout.strip():
        raise SystemExit(f"checkov says nothing: {done.stderr}")
    results = json.loads(done.stdout)["results"]
    if results["parsing_errors"]:
        raise SystemExit(f"checkov cannot read {results['parsing_errors']}")
    if not results["passed_checks"]:
        raise SystemExit("checkov has checked nothing")
    for found in results["failed_checks"]:
        yield found["check_id"], f"{found['file_path'].lstrip('/')} {found['resource']}", found["check_name"]


def parliament(paths):
    """Yields what parliament finds in the policies of the templates, as they are deployed."""
    logging.disable(logging.WARNING)
    from parliament import analyze_policy_string, enhance_finding

    checked = 0
    for path in paths:
        template = yaml.load((ROOT / path).read_text(), Loader)
        for holds in (True, False):
            for place, document in policies(template, holds):
                checked += 1
                for found in analyze_policy_string(json.dumps(document)).findings:
                    found = enhance_finding(found)
                    yield found.issue, f"{path} {place}", f"{found.title} {found.detail} {found.location}"
    if not checked:
        raise SystemExit("parliament has checked nothing")


def judge(tool, findings, skips):
    """Prints what has no reason, and the reasons that nothing needs."""
    reasons = {(check, place): why for check, places in skips.items() for place, why in places.items()}
    wrong, used = {}, set()
    for check, place, words in findings:
        found = [key for key in reasons if key[0] == check and fnmatch(place, key[1])]
        used.update(found)
        if not found:
            wrong[f"{tool}: {place}: {check}: {words}"] = True
    for check, place in sorted(set(reasons) - used):
        wrong[f"{tool}: skips.yaml has a reason for {check} in {place}, which nothing needs: remove it"] = True
    print("\n".join(wrong) or f"{tool}: no mistakes")
    return not wrong


def main(arguments):
    paths = arguments or [str(p.relative_to(ROOT)) for pattern in TEMPLATES for p in sorted(ROOT.glob(pattern))]
    skips = yaml.safe_load((Path(__file__).parent / "skips.yaml").read_text())
    good = [
        cfn_lint(paths),
        judge("checkov", checkov(paths), skips["checkov"]),
        judge("parliament", parliament(paths), skips["parliament"]),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
