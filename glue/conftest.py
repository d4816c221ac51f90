"""Fixtures of all tests. The tests of one Spark version share one Spark session."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from job import session_builder
from plan import Plan, prepare_session, read_plan
from test_support import ScratchDatabase

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# workers inherit the environment that the JVM had at its start
DYNAMO_PORT = free_port()
os.environ.update(
    AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{DYNAMO_PORT}",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
)
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
# workers import the modules of this folder
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])


@pytest.fixture(scope="session")
def plan() -> Plan:
    return read_plan(str(HERE / "plan.json"))


@pytest.fixture(scope="session")
def spark(plan: Plan) -> Iterator[SparkSession]:
    session = (
        session_builder()
        .master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "3g")
        .config("spark.jars", os.environ.get("FLIGHTLINE_TEST_POSTGRES_JAR", ""))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    prepare_session(session, plan)
    yield session
    session.stop()


@pytest.fixture
def database(spark: SparkSession) -> Iterator[ScratchDatabase]:
    """A new, migrated PostgreSQL database, dropped after the test."""
    dsn = os.environ.get("FLIGHTLINE_TEST_POSTGRES")
    assert dsn, "set FLIGHTLINE_TEST_POSTGRES to the DSN of a PostgreSQL server, or run `npm run test:spark`"
    scratch = ScratchDatabase(spark, dsn)
    scratch.execute(scratch.admin_url, f"create database {scratch.name}")
    scratch.execute(scratch.url, *(file.read_text() for file in sorted((HERE.parent / "sql").glob("0*.sql"))))
    yield scratch
    scratch.execute(scratch.admin_url, f"drop database {scratch.name} with (force)")


@pytest.fixture(scope="session")
def parity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of records and their expected outcomes. It is generated unless FLIGHTLINE_TEST_PARITY names one."""
    existing = os.environ.get("FLIGHTLINE_TEST_PARITY")
    if existing:
        return Path(existing)
    folder = tmp_path_factory.mktemp("parity")
    seed = os.environ.get("FLIGHTLINE_TEST_SEED", str(random.randrange(2**31)))
    rows = os.environ.get("FLIGHTLINE_TEST_PARITY_ROWS", "24000")
    subprocess.run(
        ["npx", "tsx", "test/harness/spark/dirty-rows.ts", str(folder), rows, seed], cwd=HERE.parent, check=True
    )
    return folder


@pytest.fixture(scope="session")
def dynamo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a DynamoDB emulator. The workers use the same emulator."""
    command = [sys.executable, "-m", "moto.server", "--port", str(DYNAMO_PORT)]
    log = tmp_path_factory.mktemp("dynamo") / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out)
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", DYNAMO_PORT)):
            break
        assert server.poll() is None, log.read_text()
        time.sleep(0.05)
    yield boto3.client("dynamodb", region_name="us-east-1")
    server.terminate()
    server.wait()
