"""One Spark session for all tests of a version."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from plan import Plan, prepare_session, read_plan

HERE = Path(__file__).parent
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
# workers import the modules that lie here
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])


@pytest.fixture(scope="session")
def plan() -> Plan:
    return read_plan(str(HERE / "plan.json"))


@pytest.fixture(scope="session")
def spark(plan: Plan) -> Iterator[SparkSession]:
    session = (
        SparkSession.builder.master("local[2]")
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


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records and what is expected of them: made once where FLIGHTLINE_PARITY says, else here and now."""
    given = os.environ.get("FLIGHTLINE_PARITY")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("parity")
    seed = os.environ.get("FLIGHTLINE_SEED", str(random.randrange(2**31)))
    rows = os.environ.get("FLIGHTLINE_PARITY_ROWS", "24000")
    subprocess.run(["npx", "tsx", "test/spark/dirty-rows.ts", str(folder), rows, seed], cwd=HERE.parent, check=True)
    return folder
