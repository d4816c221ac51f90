"""Objects, manifests, the order of the sinks, and sinks that are not available."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from databases import Applied, Database, Manifests, OrderedDatabases
from ids import record_id
from job import apply_batch
from micro_batch import MicroBatch
from objects import FileObjects
from plan import Plan
from postgres import Postgres
from test_parity import read_expected, read_lines, read_records
from test_support import TOTALS, ScratchDatabase, local_pipeline, raw_records


def test_rejected_objects_equal_those_of_the_typescript_engine(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    apply_batch(local_pipeline(spark, plan, tmp_path), raw_records(spark, parity / "few"))
    expected: dict[str, list[Any]] = {}
    for key, *rejection in read_lines(parity / "few", "rejected.ndjson"):
        delivery_id, line = key.split(" ")
        expected.setdefault(delivery_id, []).append([int(line), *rejection])
    folder = tmp_path / "rejected/flow=stream/day=2025-06-15/hour=15"
    written: dict[str, list[Any]] = {}
    for file in folder.iterdir():
        delivery, tag, *_ = file.name.split(".")
        assert tag == plan["tag"]
        lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().split("\n") if line]
        assert {line["received_at"] for line in lines} == {1_750_000_100}
        written[delivery] = [
            [line["line"], line["reason"], line["field"], line["source"], line.get("row", line.get("bytes"))]
            for line in lines
        ]
    assert written == expected


def test_manifests_and_metrics_count_the_outcomes(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = local_pipeline(spark, plan, tmp_path)
    pipeline.deployment = "d"
    applied = apply_batch(pipeline, raw_records(spark, parity / "few"))
    assert applied is not None
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (metrics["Deployment"], metrics["received"], metrics["heartbeat"]) == ("d", applied.received, 1)
    manifests = [json.loads(file.read_text()) for file in (tmp_path / "manifests").rglob("*.json")]
    for name in ("received", "accepted", "duplicate"):
        assert sum(manifest[name] for manifest in manifests) == getattr(applied, name)
    assert applied.received == len(read_expected(parity / "few"))
    ids = {record_id("parity", key, number) for _, key, number, _ in read_records(parity / "few")}
    assert {manifest["batch_id"] for manifest in manifests} == ids


def test_a_database_that_is_not_available_fails_the_batch_without_losing_rows(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    down = Postgres(spark, plan, "jdbc:postgresql://127.0.0.1:1/none", lambda: {"user": "x", "password": "x"}, 7)
    with pytest.raises(Exception, match="refused"):
        apply_batch(local_pipeline(spark, plan, tmp_path, down), raw_records(spark, parity / "few"))
    assert not (tmp_path / "lake").exists()
    applied = apply_batch(local_pipeline(spark, plan, tmp_path), raw_records(spark, parity / "few"))
    assert applied is not None
    assert applied.received == len(read_expected(parity / "few"))


class FailingOnce:
    """A database that is not available at the first call."""

    def __init__(self, database: Database) -> None:
        self.database, self.calls = database, 0

    def apply(self, batch: MicroBatch) -> Applied:
        self.calls += 1
        if self.calls == 1:
            raise ConnectionError("not available")
        return self.database.apply(batch)


def test_the_second_of_two_databases_receives_a_batch_that_it_missed(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    raw = raw_records(spark, parity / "few")
    second = FailingOnce(Manifests(FileObjects(str(tmp_path)), plan))
    both = OrderedDatabases((Postgres(spark, plan, database.url, database.login, 7), second))
    pipeline = local_pipeline(spark, plan, tmp_path, both)
    with pytest.raises(ConnectionError, match="not available"):
        apply_batch(pipeline, raw)
    assert not (tmp_path / "lake").exists()
    received = len(read_expected(parity / "few"))
    assert database.rows(TOTALS)[0]["received"] == received
    again = apply_batch(pipeline, raw)
    assert again is not None
    assert (again.received, again.repeats) == (0, received)
    assert database.rows(TOTALS)[0]["received"] == received
    manifests = [json.loads(file.read_text()) for file in (tmp_path / "manifests").rglob("*.json")]
    assert sum(manifest["received"] for manifest in manifests) == received
    assert (tmp_path / "lake").exists()


def test_an_object_store_that_is_not_writable_fails_the_batch_before_the_database(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    (tmp_path / "file").write_text("not a folder")
    postgres = Postgres(spark, plan, database.url, database.login, 7)
    pipeline = local_pipeline(spark, plan, tmp_path / "file", postgres)
    with pytest.raises(Exception, match="file"):
        apply_batch(pipeline, raw_records(spark, parity / "few"))
    assert database.rows("select count(*)::int as n from deliveries") == [{"n": 0}]


def test_the_rows_of_a_record_that_occurs_twice_count_as_repeats(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    raw = raw_records(spark, parity / "few")
    applied = apply_batch(local_pipeline(spark, plan, tmp_path), raw.union(raw))
    assert applied is not None
    assert (applied.received, applied.repeats) == (len(read_expected(parity / "few")),) * 2
