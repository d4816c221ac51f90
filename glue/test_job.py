"""The job's options, its logins, its metrics and which databases it opens."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from databases import Applied, InOrder, Manifests
from dynamo import Dynamo
from job import open_database, parser, read_options
from logins import token_login
from metrics import applied_metrics, print_metrics
from objects import FileObjects
from plan import Plan, parse_plan, read_plan
from postgres import Postgres
from test_worlds import ROOT

OWN = ["--plan", "p", "--stream", "s"]


def test_what_glue_adds_is_left_to_glue() -> None:
    glues = ["--JOB_NAME", "x", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://b/t", "--enable-metrics", ""]
    more = [
        "--endpoint",
        "e",
        "--conf",
        "spark.a=1 --conf spark.b=2",
        "--python-modules-installer-option",
        "--no-index",
        "--debug",
    ]
    options = read_options([*glues, *OWN, *more, "--job-bookmark-option=job-bookmark-disable"])
    assert (options.plan, options.stream, options.kinesis_endpoint, options.lake) == ("p", "s", None, "parquet")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--postgress", "jdbc:x"], "--postgress"),
        (["--Postgres", "jdbc:x"], "--Postgres"),
        (["--JOB_NAME", "x", "y"], "y"),
        (["--retention_days=3"], "--retention_days"),
    ],
)
def test_an_option_of_nobody_is_refused_by_its_name(
    given: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_options([*OWN, *given])
    assert f"unknown: {named}" in capsys.readouterr().err


def test_a_plan_that_was_changed_by_hand_is_refused() -> None:
    text = (ROOT / "glue/plan.json").read_text(encoding="utf-8")
    assert parse_plan(text) == read_plan(str(ROOT / "glue/plan.json"))
    with pytest.raises(ValueError, match="hash differs"):
        parse_plan(text.replace("velocity > 340", "velocity > 350"))


def test_a_login_by_token_is_made_anew_for_each_connection_and_demands_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    url = "jdbc:postgresql://db.example.org:6543/flightline"
    login = token_login(url, "flightline", "eu-west-1", "/ca.pem")
    first = login()
    token = first.pop("password")
    assert token.startswith("db.example.org:6543/?Action=connect&DBUser=flightline&")
    assert "eu-west-1%2Frds-db" in token
    assert first == {"user": "flightline", "sslmode": "verify-full", "sslrootcert": "/ca.pem"}
    time.sleep(1.1)
    assert login()["password"] != token
    assert token_login(url, "flightline", "eu-west-1", None)()["sslmode"] == "require"


EMITTED = """
import { appliedMetrics, emitMetrics } from "./src/aws/metrics.ts";
const counts = { received: 5, accepted: 2, duplicate: 1, rejected: 2, repeats: 7 };
emitMetrics({ deployment: "d", flow: "stream" }, appliedMetrics(counts));
"""


def test_the_log_tells_cloudwatch_what_the_other_engine_tells(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["npx", "tsx", "--input-type=module", "-e", EMITTED]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    print_metrics("d", applied_metrics(Applied(5, 2, 1, 2, 7)))
    ours, theirs = json.loads(capsys.readouterr().out), json.loads(answer.stdout)
    assert [line["_aws"].pop("Timestamp") > 0 for line in (ours, theirs)] == [True, True]
    assert ours == theirs
    print_metrics(None, applied_metrics(Applied()))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ([], []),
        (["--postgres", "jdbc:postgresql://h/d"], [Postgres]),
        (["--dynamodb", "d", "--postgres", "jdbc:postgresql://h/d"], [Postgres, Dynamo]),
    ],
)
def test_the_databases_are_those_that_are_named_and_postgres_comes_first(
    spark: SparkSession, plan: Plan, tmp_path: Path, given: list[str], kinds: list[type]
) -> None:
    options = parser().parse_args(["--plan", "p", "--stream", "s", *given])
    found = open_database(options, spark, plan, FileObjects(str(tmp_path)))
    stores = found.databases if isinstance(found, InOrder) else ()
    assert [type(one) for one in stores] == kinds
    assert isinstance(found, InOrder if kinds else Manifests)
