"""The deployment and the job agree: the role's permissions, the options, the files, and the metrics of alarms."""

import ast
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import xform_name

from databases import Applied
from glue_arguments import GLUE_ARGUMENT
from job import option_parser
from metrics import NAMESPACE, applied_metrics
from test_support import ROOT

Resources = list[tuple[str, dict[str, Any]]]

# actions that the job needs only with an option that the deployment does not pass
OPTIONAL_ACTIONS = {"secretsmanager:GetSecretValue": "--postgres-secret"}
NOT_SHIPPED = ("test_", "conftest", "fault_injection")
SOURCES = [file for file in (ROOT / "glue").glob("*.py") if not file.name.startswith(NOT_SHIPPED)]
SYNTHESIS = """
import { runGate } from "./infra/gate.ts";
const { templates } = runGate({ engine: "glue", database: "both", poller: "opensky" });
const resources = templates.flatMap(({ Resources = {} }) => Object.entries(Resources));
console.log(JSON.stringify(resources));
"""


def job_options() -> set[str]:
    return {name for action in option_parser()._actions for name in action.option_strings if name.startswith("--")}


@pytest.fixture(scope="module")
def resources() -> Resources:
    """Resources of the deployment with the Glue job and both databases."""
    command = ["npx", "tsx", "--input-type=module", "-e", SYNTHESIS]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [(name, resource) for name, resource in json.loads(answer.stdout.splitlines()[-1])]


def properties_of(resources: Resources, kind: str) -> dict[str, Any]:
    """Properties of the only resource of the type."""
    (properties,) = (resource["Properties"] for _, resource in resources if resource["Type"] == kind)
    return dict(properties)


def allowed_actions(resources: Resources) -> set[str]:
    """Actions that the job's role allows."""
    role_name = properties_of(resources, "AWS::Glue::Job")["Role"]["Fn::GetAtt"][0]
    (role,) = (
        resource["Properties"]
        for name, resource in resources
        if name == role_name and resource["Type"] == "AWS::IAM::Role"
    )
    statements = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    actions = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return {action for some in actions for action in ([some] if isinstance(some, str) else some)}


def called_actions(source: str) -> set[str]:
    """
    Actions that the source's calls of boto3 need.

    A call counts when its method, or the name passed to a paginator or waiter, is an operation of a service for which
    the source creates a client.
    """
    tree = list(ast.walk(ast.parse(source)))
    calls = [node for node in tree if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    methods = {node.func.attr for node in calls if isinstance(node.func, ast.Attribute)}
    texts = {
        str(node.args[0].value)
        for node in calls
        if isinstance(node.func, ast.Attribute)
        and node.func.attr in ("client", "get_paginator", "get_waiter")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    services = texts & set(boto3.session.Session().get_available_services())
    actions = {"rds-db:connect"} if "generate_db_auth_token" in methods else set()
    for service in services:
        model = boto3.client(service, region_name="us-east-1").meta.service_model
        for operation in model.operation_names:
            if xform_name(operation) in methods | texts:
                actions.add(f"{service}:{operation}")
    return actions


def test_the_role_of_the_job_allows_every_aws_call(resources: Resources) -> None:
    called = set().union(*(called_actions(file.read_text()) for file in SOURCES))
    assert called >= {
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
    passed = set(properties_of(resources, "AWS::Glue::Job")["DefaultArguments"])
    needed = {action for action in called if OPTIONAL_ACTIONS.get(action, "") in passed | {""}}
    assert needed - allowed_actions(resources) == set()
    # seeded violation: the check finds a call that the role does not allow
    new = "import boto3\nboto3.client('s3').delete_object()\nboto3.client('sqs').get_paginator('list_queues')"
    assert called_actions(new) == {"s3:DeleteObject", "sqs:ListQueues"}
    assert "sqs:ListQueues" not in allowed_actions(resources)


def options_read() -> set[str]:
    """Options that job.py reads."""
    nodes = ast.walk(ast.parse((ROOT / "glue/job.py").read_text()))
    names = [node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "options"]
    return {f"--{name.replace('_', '-')}" for name in names}


def test_the_job_reads_every_option_and_knows_every_argument_of_the_deployment(resources: Resources) -> None:
    assert options_read() == job_options() - {"--help"}
    assert [name for name in job_options() if GLUE_ARGUMENT.fullmatch(name)] == []
    passed = set(properties_of(resources, "AWS::Glue::Job")["DefaultArguments"])
    assert {"--plan", "--stream", "--bucket", "--lake", "--postgres", "--postgres-user", "--dynamodb"} <= passed
    assert {name for name in passed if not GLUE_ARGUMENT.fullmatch(name)} <= options_read()


def test_the_deployment_ships_the_certificate_authorities_that_it_names(resources: Resources) -> None:
    arguments = properties_of(resources, "AWS::Glue::Job")["DefaultArguments"]
    file = arguments["--extra-files"]
    assert (file if isinstance(file, str) else file["Fn::Sub"]).rpartition("/")[2] == arguments["--postgres-ca"]


def metrics_of(value: object) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and dimensions of Flightline's metrics anywhere in a template."""
    if isinstance(value, dict):
        if value.get("Namespace") == NAMESPACE:
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in value["Dimensions"]}
            yield value["MetricName"], dimensions
        for part in value.values():
            yield from metrics_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from metrics_of(part)


def test_alarms_and_dashboard_read_metrics_that_the_job_prints(resources: Resources) -> None:
    deployment = properties_of(resources, "AWS::Glue::Job")["DefaultArguments"]["--deployment"]
    printed = set(applied_metrics(Applied()))
    alarms = [resource["Properties"] for _, resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    read = [
        (name, dimensions)
        for alarm in alarms
        for name, dimensions in metrics_of(alarm)
        if dimensions.get("Flow") == "stream"
    ]
    assert {name for name, _ in read} == {"received", "rejected", "heartbeat", "imbalance"}
    assert {tuple(sorted(dimensions.items())) for _, dimensions in read} == {
        (("Deployment", deployment), ("Flow", "stream"))
    }
    # the maintenance function prints this one, for every engine
    assert {name for name, _ in read} - printed == {"imbalance"}
    body = json.dumps(properties_of(resources, "AWS::CloudWatch::Dashboard")["DashboardBody"]).replace("\\", "")
    for name in ("received", "accepted", "duplicate", "rejected"):
        assert f'"Flightline","{name}","Deployment","{deployment}","Flow","stream"' in body
        assert name in printed
