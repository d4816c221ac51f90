"""One Spark session for all tests of a version."""

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
from test_worlds import Server

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


# workers get what the JVM had at its start
DYNAMO_PORT = free_port()
os.environ.update(
    AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{DYNAMO_PORT}",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
)
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
# workers import the modules that lie here
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
        .config("spark.jars", os.environ.get("FLIGHTLINE_POSTGRES_JAR", ""))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    prepare_session(session, plan)
    yield session
    session.stop()


@pytest.fixture
def server(spark: SparkSession) -> Iterator[Server]:
    dsn = os.environ.get("FLIGHTLINE_TEST_POSTGRES")
    assert dsn, "FLIGHTLINE_TEST_POSTGRES names no server; npm run test:spark starts one"
    made = Server(spark, dsn)
    made.execute(made.owner, f"create database {made.name}")
    made.execute(made.url, *(file.read_text() for file in sorted((HERE.parent / "sql").glob("0*.sql"))))
    yield made
    made.execute(made.owner, f"drop database {made.name} with (force)")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records and what is expected of them: made once where FLIGHTLINE_PARITY says, else here and now."""
    given = os.environ.get("FLIGHTLINE_PARITY")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("parity")
    seed = os.environ.get("FLIGHTLINE_SEED", str(random.randrange(2**31)))
    rows = os.environ.get("FLIGHTLINE_PARITY_ROWS", "24000")
    subprocess.run(["npx", "tsx", "test/harness/spark/dirty-rows.ts", str(folder), rows, seed], cwd=HERE.parent, check=True)
    return folder


@pytest.fixture(scope="session")
def dynamo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of DynamoDB's emulator, on which workers are too."""
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
