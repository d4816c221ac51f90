"""The job's options, logins and metrics, and the databases that it opens."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from databases import Applied, Manifests, OrderedDatabases
from dynamo import Dynamo
from job import open_database, option_parser, read_options
from logins import token_login
from metrics import applied_metrics, print_metrics
from objects import FileObjects, open_objects
from plan import Plan, parse_plan, read_plan
from postgres import Postgres
from test_support import ROOT

REQUIRED = ["--plan", "p", "--stream", "s"]


def test_the_job_ignores_arguments_of_glue() -> None:
    before = ["--JOB_NAME", "x", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://b/t", "--enable-metrics", ""]
    after = [
        "--endpoint",
        "e",
        "--conf",
        "spark.a=1 --conf spark.b=2",
        "--python-modules-installer-option",
        "--no-index",
        "--debug",
    ]
    options = read_options([*before, *REQUIRED, *after, "--job-bookmark-option=job-bookmark-disable"])
    assert (options.plan, options.stream, options.kinesis_endpoint, options.lake) == ("p", "s", None, "parquet")


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (["--postgress", "jdbc:x"], "--postgress"),
        (["--Postgres", "jdbc:x"], "--Postgres"),
        (["--JOB_NAME", "x", "y"], "y"),
        (["--retention_days=3"], "--retention_days"),
    ],
)
def test_the_error_about_an_unknown_argument_names_it(
    arguments: list[str], refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_options([*REQUIRED, *arguments])
    assert f"unknown arguments: {refused}" in capsys.readouterr().err


def test_an_unsupported_object_store_is_refused_with_its_url() -> None:
    with pytest.raises(ValueError, match=r"unsupported object store 'gs://bucket': use file:FOLDER"):
        open_objects("gs://bucket")


def test_a_plan_that_was_edited_by_hand_is_refused() -> None:
    text = (ROOT / "glue/plan.json").read_text(encoding="utf-8")
    assert parse_plan(text) == read_plan(str(ROOT / "glue/plan.json"))
    with pytest.raises(ValueError, match="changed after it was compiled"):
        parse_plan(text.replace("velocity > 340", "velocity > 350"))


def test_a_token_login_signs_a_new_token_for_each_connection_and_requires_tls(monkeypatch: pytest.MonkeyPatch) -> None:
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


TYPESCRIPT_METRICS = """
import { appliedMetrics, emitMetrics } from "./src/aws/metrics.ts";
const counts = { received: 5, accepted: 2, duplicate: 1, rejected: 2, repeats: 7 };
emitMetrics({ deployment: "d", flow: "stream" }, appliedMetrics(counts));
"""


def test_the_job_prints_the_metrics_line_of_the_typescript_engine(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["npx", "tsx", "--input-type=module", "-e", TYPESCRIPT_METRICS]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    print_metrics("d", applied_metrics(Applied(5, 2, 1, 2, 7)))
    python, typescript = json.loads(capsys.readouterr().out), json.loads(answer.stdout)
    assert [line["_aws"].pop("Timestamp") > 0 for line in (python, typescript)] == [True, True]
    assert python == typescript
    print_metrics(None, applied_metrics(Applied()))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        ([], []),
        (["--postgres", "jdbc:postgresql://h/d"], [Postgres]),
        (["--dynamodb", "d", "--postgres", "jdbc:postgresql://h/d"], [Postgres, Dynamo]),
    ],
)
def test_the_job_opens_the_databases_that_the_options_name_with_postgres_first(
    spark: SparkSession, plan: Plan, tmp_path: Path, arguments: list[str], kinds: list[type]
) -> None:
    options = option_parser().parse_args([*REQUIRED, *arguments])
    database = open_database(options, spark, plan, FileObjects(str(tmp_path)))
    opened = database.databases if isinstance(database, OrderedDatabases) else ()
    assert [type(each) for each in opened] == kinds
    assert isinstance(database, OrderedDatabases if kinds else Manifests)
