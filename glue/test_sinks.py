"""Objects, the order of the sinks, and one of them that is down."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from databases import Applied, Database, InOrder, Manifests
from ids import record_id
from job import apply_batch
from micro_batch import MicroBatch
from objects import FileObjects
from plan import Plan
from postgres import Postgres
from test_parity import expected_of, read, records_of
from test_worlds import TOTALS, Server, raw_records, world_of


def test_objects_are_those_of_the_typescript_engine(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    apply_batch(world_of(spark, plan, tmp_path), raw_records(spark, made / "few"))
    expected: dict[str, list[Any]] = {}
    for place, *told in read(made / "few", "rejected.ndjson"):
        expected.setdefault(place.split(" ")[0], []).append([int(place.split(" ")[1]), *told])
    folder = tmp_path / "rejected/flow=stream/day=2025-06-15/hour=15"
    found: dict[str, list[Any]] = {}
    for file in folder.iterdir():
        delivery, tag, *_ = file.name.split(".")
        assert tag == plan["tag"]
        lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().split("\n") if line]
        assert {line["received_at"] for line in lines} == {1_750_000_100}
        found[delivery] = [
            [line["place"], line["reason"], line["field"], line["source"], line.get("row", line.get("bytes"))]
            for line in lines
        ]
    assert found == expected


def test_manifests_and_metrics_count_what_the_outcomes_are(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_of(spark, plan, tmp_path)
    world.deployment = "d"
    applied = apply_batch(world, raw_records(spark, made / "few"))
    assert applied is not None
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["Deployment"], told["received"], told["heartbeat"]) == ("d", applied.received, 1)
    manifests = [json.loads(file.read_text()) for file in (tmp_path / "manifests").rglob("*.json")]
    for name in ("received", "accepted", "duplicate"):
        assert sum(one[name] for one in manifests) == getattr(applied, name)
    assert applied.received == len(expected_of(made / "few"))
    ids = {record_id("parity", key, number) for _, key, number, _ in records_of(made / "few")}
    assert {one["batch_id"] for one in manifests} == ids


def test_a_sink_that_is_down_fails_the_batch_and_sheds_nothing(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    down = Postgres(spark, plan, "jdbc:postgresql://127.0.0.1:1/none", lambda: {"user": "x", "password": "x"}, 7)
    with pytest.raises(Exception, match="refused"):
        apply_batch(world_of(spark, plan, tmp_path, down), raw_records(spark, made / "few"))
    assert not (tmp_path / "lake").exists()
    applied = apply_batch(world_of(spark, plan, tmp_path), raw_records(spark, made / "few"))
    assert applied is not None
    assert applied.received == len(expected_of(made / "few"))


class AwayAtFirst:
    """A database that is down when it is asked for the first time."""

    def __init__(self, database: Database) -> None:
        self.database, self.asked = database, 0

    def apply(self, batch: MicroBatch) -> Applied:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError("away")
        return self.database.apply(batch)


def test_of_two_databases_the_second_one_gets_what_it_missed(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    raw = raw_records(spark, made / "few")
    second = AwayAtFirst(Manifests(FileObjects(str(tmp_path)), plan["tag"]))
    both = InOrder((Postgres(spark, plan, server.url, server.login, 7), second))
    world = world_of(spark, plan, tmp_path, both)
    with pytest.raises(ConnectionError, match="away"):
        apply_batch(world, raw)
    assert not (tmp_path / "lake").exists()
    received = len(expected_of(made / "few"))
    assert server.rows(TOTALS)[0]["received"] == received
    again = apply_batch(world, raw)
    assert again is not None
    assert (again.received, again.repeats) == (0, received)
    assert server.rows(TOTALS)[0]["received"] == received
    manifests = [json.loads(file.read_text()) for file in (tmp_path / "manifests").rglob("*.json")]
    assert sum(one["received"] for one in manifests) == received
    assert (tmp_path / "lake").exists()


def test_objects_that_cannot_be_written_fail_the_batch_before_its_database(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    (tmp_path / "file").write_text("no folder")
    database = Postgres(spark, plan, server.url, server.login, 7)
    world = world_of(spark, plan, tmp_path / "file", database)
    with pytest.raises(Exception, match="file"):
        apply_batch(world, raw_records(spark, made / "few"))
    assert server.rows("select count(*)::int as n from deliveries") == [{"n": 0}]


def test_a_record_that_comes_twice_counts_as_a_repeat(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    raw = raw_records(spark, made / "few")
    applied = apply_batch(world_of(spark, plan, tmp_path), raw.union(raw))
    assert applied is not None
    assert (applied.received, applied.repeats) == (len(expected_of(made / "few")),) * 2
