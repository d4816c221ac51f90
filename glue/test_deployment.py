"""What the deployment gives the job: rights, options, files, and who reads its metrics."""

import ast
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import xform_name

from databases import Applied
from glue_arguments import GLUES
from job import parser
from metrics import NAMESPACE, applied_metrics
from test_worlds import ROOT

# what the job calls for an option that the deployment does not pass
FOR_OTHERS = {"secretsmanager:GetSecretValue": "--postgres-secret"}
SOURCES = [file for file in (ROOT / "glue").glob("*.py") if not file.name.startswith(("test_", "conftest", "victim"))]
SYNTHESIS = """
import { judge } from "./infra/gate.ts";
const { templates } = judge({ engine: "glue", database: "both", poller: "opensky" });
const found = templates.flatMap(({ Resources = {} }) => Object.entries(Resources));
console.log(JSON.stringify(found));
"""


def known() -> set[str]:
    return {name for action in parser()._actions for name in action.option_strings if name.startswith("--")}


@pytest.fixture(scope="module")
def resources() -> list[tuple[str, dict[str, Any]]]:
    """Of the deployment with the job and both databases."""
    command = ["npx", "tsx", "--input-type=module", "-e", SYNTHESIS]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [(name, resource) for name, resource in json.loads(answer.stdout.splitlines()[-1])]


def of_type(resources: list[tuple[str, dict[str, Any]]], kind: str) -> dict[str, Any]:
    (found,) = (one["Properties"] for _, one in resources if one["Type"] == kind)
    return dict(found)


def allowed(resources: list[tuple[str, dict[str, Any]]]) -> set[str]:
    """Actions of the job's role."""
    name = of_type(resources, "AWS::Glue::Job")["Role"]["Fn::GetAtt"][0]
    (role,) = (one["Properties"] for at, one in resources if at == name and one["Type"] == "AWS::IAM::Role")
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    actions = [one["Action"] for one in statements if one["Effect"] == "Allow"]
    return {action for some in actions for action in ([some] if isinstance(some, str) else some)}


def called(source: str) -> set[str]:
    """Actions that a module's calls of boto3 need: the operations, of services it has clients for, that it names."""
    tree = list(ast.walk(ast.parse(source)))
    calls = [node for node in tree if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    named = {node.func.attr: node for node in calls if isinstance(node.func, ast.Attribute)}
    texts = {
        str(one.args[0].value)
        for one in calls
        if isinstance(one.func, ast.Attribute)
        and one.func.attr in ("client", "get_paginator", "get_waiter")
        and one.args
        and isinstance(one.args[0], ast.Constant)
    }
    services = texts & set(boto3.session.Session().get_available_services())
    actions = {"rds-db:connect"} if "generate_db_auth_token" in named else set()
    for service in services:
        model = boto3.client(service, region_name="us-east-1").meta.service_model
        for operation in model.operation_names:
            if xform_name(operation) in set(named) | texts:
                actions.add(f"{service}:{operation}")
    return actions


def test_every_call_of_aws_is_allowed_by_the_role_of_the_job(resources: list[tuple[str, dict[str, Any]]]) -> None:
    calls = set().union(*(called(file.read_text()) for file in SOURCES))
    assert calls >= {
        "dynamodb:BatchGetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "rds-db:connect",
        "s3:GetObject",
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
    }
    passed = set(of_type(resources, "AWS::Glue::Job")["DefaultArguments"])
    needed = {call for call in calls if FOR_OTHERS.get(call, "") in passed | {""}}
    assert needed - allowed(resources) == set()
    # a call that nobody allowed is found
    new = "import boto3\nboto3.client('s3').delete_object()\nboto3.client('sqs').get_paginator('list_queues')"
    assert called(new) == {"s3:DeleteObject", "sqs:ListQueues"}
    assert "sqs:ListQueues" not in allowed(resources)


def options_read() -> set[str]:
    """What job.py reads of its options."""
    nodes = ast.walk(ast.parse((ROOT / "glue/job.py").read_text()))
    names = [node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "given"]
    return {f"--{name.replace('_', '-')}" for name in names}


def test_every_option_is_read_and_what_the_deployment_gives_is_known(
    resources: list[tuple[str, dict[str, Any]]],
) -> None:
    assert options_read() == known() - {"--help"}
    assert [name for name in known() if GLUES.fullmatch(name)] == []
    given = set(of_type(resources, "AWS::Glue::Job")["DefaultArguments"])
    assert {"--plan", "--stream", "--bucket", "--lake", "--postgres", "--postgres-user", "--dynamodb"} <= given
    assert {name for name in given if not GLUES.fullmatch(name)} <= options_read()


def test_the_deployment_sends_the_authorities_that_it_names(resources: list[tuple[str, dict[str, Any]]]) -> None:
    given = of_type(resources, "AWS::Glue::Job")["DefaultArguments"]
    file = given["--extra-files"]
    assert (file if isinstance(file, str) else file["Fn::Sub"]).rpartition("/")[2] == given["--postgres-ca"]


def metrics_of(value: object) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and dimensions of our metrics that stand anywhere in a template."""
    if isinstance(value, dict):
        if value.get("Namespace") == NAMESPACE:
            yield value["MetricName"], {one["Name"]: one["Value"] for one in value["Dimensions"]}
        for one in value.values():
            yield from metrics_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from metrics_of(one)


def test_alarms_and_dashboard_read_what_the_job_tells(resources: list[tuple[str, dict[str, Any]]]) -> None:
    given = of_type(resources, "AWS::Glue::Job")["DefaultArguments"]
    of_stream = {"Deployment": given["--deployment"], "Flow": "stream"}
    told = set(applied_metrics(Applied()))
    alarms = [one["Properties"] for _, one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    found = [(name, of) for alarm in alarms for name, of in metrics_of(alarm) if of.get("Flow") == "stream"]
    assert {name for name, _ in found} == {"received", "rejected", "heartbeat", "imbalance"}
    assert [of for _, of in found if of != of_stream] == []
    # the keeper counts both equations, whatever engine stores
    assert {name for name, _ in found} - told == {"imbalance"}
    body = json.dumps(of_type(resources, "AWS::CloudWatch::Dashboard")["DashboardBody"]).replace("\\", "")
    for name in ("received", "accepted", "duplicate", "rejected"):
        assert f'"Flightline","{name}","Deployment","{given["--deployment"]}","Flow","stream"' in body
        assert name in told
