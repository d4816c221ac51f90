"""PostgreSQL as the job's database: each delivery once, for any bounds of the batches."""

import json
import os
import socket
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from databases import Applied
from job import apply_batch
from logins import trust_of
from micro_batch import MicroBatch
from plan import Plan
from postgres import TIMEOUTS, Postgres, StageError
from raw_schema import RAW_SCHEMA
from test_cases import FIELDS
from test_parity import read_expected, read_records
from test_support import ROOT, TOTALS, ScratchDatabase, local_pipeline, raw_records, split_records


def test_postgres_contains_each_delivery_once_and_the_ledger_balances(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    raw = raw_records(spark, parity / "few")
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    outcomes = read_expected(parity / "few").values()
    for part in split_records(raw, 3):
        applied = apply_batch(pipeline, part)
        assert applied is not None
        assert applied.received == applied.accepted + applied.duplicate + applied.rejected
    accepted = sum(kind == "accepted" for kind, *_ in outcomes)
    duplicate = sum(kind == "duplicate" for kind, *_ in outcomes)
    totals = {
        "received": len(outcomes),
        "accepted": accepted,
        "duplicate": duplicate,
        "rejected": len(outcomes) - accepted - duplicate,
    }
    assert database.rows(TOTALS) == [totals]
    assert database.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]
    assert database.rows((ROOT / "sql/samples/balance.sql").read_text().rstrip().rstrip(";")) == []
    assert database.rows("select * from spark_stage") == []
    # other bounds, and all records at once: every row is a repeat
    for part in [*split_records(raw, 2), raw]:
        again = apply_batch(pipeline, part)
        assert again is not None
        assert (again.received, again.accepted, again.repeats > 0) == (0, 0, True)
    assert database.rows(TOTALS) == [totals]
    assert database.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]


def test_a_batch_that_lost_rows_before_the_merge_fails_and_can_be_applied_again(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    raw = raw_records(spark, parity / "few")
    lossy = """create function lose() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger lose before insert on spark_stage for each row when (new.icao24 < '8') execute function lose()"""
    database.execute(database.url, lossy)
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    with pytest.raises(StageError, match=r"contains \d+ of \d+ accepted rows"):
        apply_batch(pipeline, raw)
    for table in ("state_vectors", "batches", "deliveries"):
        assert database.rows(f"select count(*)::int as n from {table}") == [{"n": 0}]
    database.execute(database.url, "drop trigger lose on spark_stage")
    applied = apply_batch(pipeline, raw)
    assert applied is not None
    assert applied.received == len(read_expected(parity / "few"))
    assert database.rows("select count(*)::int as n from state_vectors") == [{"n": applied.accepted}]


def test_a_batch_that_loses_rows_during_the_merge_fails(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    raw = raw_records(spark, parity / "few")
    postgres = Postgres(spark, plan, database.url, database.login, 7)
    claim = plan["statements"]["claim-deliveries"]
    lossy = {**plan["statements"], "claim-deliveries": ["with lost as (delete from spark_stage)", *claim]}
    pipeline = local_pipeline(spark, plan, tmp_path, replace(postgres, plan={**plan, "statements": lossy}))
    with pytest.raises(StageError, match="contains 0 of"):
        apply_batch(pipeline, raw)
    for table in ("state_vectors", "aircraft", "batches", "deliveries"):
        assert database.rows(f"select count(*)::int as n from {table}") == [{"n": 0}]


class _SlowDriver(Postgres):
    """Another driver applies the same batch after this one has filled its stage and before it claims deliveries."""

    other: Postgres

    def _merge(self, connection: Any, batch: MicroBatch, stage: str) -> Applied:
        self.other_applied = self.other.apply(batch)
        return super()._merge(connection, batch, stage)


def test_only_one_of_two_drivers_applies_the_same_batch(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    arguments = (spark, plan, database.url, database.login, 7)
    driver = _SlowDriver(*arguments)
    driver.other = Postgres(*arguments)
    applied = apply_batch(local_pipeline(spark, plan, tmp_path, driver), raw_records(spark, parity / "few"))
    assert applied is not None
    outcomes = read_expected(parity / "few").values()
    assert (applied.received, applied.repeats, driver.other_applied.received) == (0, len(outcomes), len(outcomes))
    accepted = sum(kind == "accepted" for kind, *_ in outcomes)
    assert database.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]
    assert database.rows((ROOT / "sql/samples/balance.sql").read_text().rstrip().rstrip(";")) == []
    assert database.rows("select * from spark_stage") == []


def test_rows_of_a_failed_batch_are_deleted_from_the_stage_after_an_hour(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    left = """insert into spark_stage (source, icao24, last_contact, on_ground, spi, flags, received_at,
            batch_id, delivery_id, stage_id, staged_at)
        select 'opensky', '3c6444', 1800000000, false, false, '', 1800000000,
            'lost', 'lost', minutes::text, now() - make_interval(mins => minutes)
        from unnest(array[61, 40]) as minutes"""
    database.execute(database.url, left)
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    apply_batch(pipeline, raw_records(spark, parity / "few"))
    assert database.rows("select stage_id from spark_stage") == [{"stage_id": "40"}]


def test_a_server_that_stops_answering_fails_the_batch(
    spark: SparkSession, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TIMEOUTS, "socketTimeout", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        postgres = Postgres(spark, plan, f"jdbc:postgresql://127.0.0.1:{port}/x?sslmode=disable", lambda: {}, 7)
        with pytest.raises(Py4JJavaError, match="SocketTimeoutException"):
            postgres._connect()


def test_listeners_receive_a_notification_of_an_applied_batch(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    listener = database.connect(database.url)
    listener.createStatement().execute("listen flightline_applied")
    apply_batch(
        local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7)),
        raw_records(spark, parity / "few"),
    )
    notified = [notification.getParameter() for notification in listener.getNotifications(10_000)]
    listener.close()
    assert [{"batch_id": batch_id} for batch_id in notified] == database.rows("select batch_id from batches")


def test_spark_compiles_no_code_after_the_first_batch(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    jvm: Any = spark.sparkContext._jvm  # type: ignore[attr-defined,unused-ignore]
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    records = [(*record, datetime.fromtimestamp(at, UTC)) for *record, at in read_records(parity / "few")]
    compiled = []
    for i in range(3):
        spark.createDataFrame(records[i::3], RAW_SCHEMA).write.parquet(f"{tmp_path}/{i}")
        before = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_COMPILATION_TIME().getCount()
        apply_batch(pipeline, spark.read.parquet(f"{tmp_path}/{i}"))
        after = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_COMPILATION_TIME().getCount()
        compiled.append(after - before)
    assert compiled[1:] == [0, 0], compiled


def test_postgres_keeps_the_newest_row_of_each_aircraft(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, database: ScratchDatabase
) -> None:
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    for part in reversed(split_records(raw_records(spark, parity / "few"), 3)):
        apply_batch(pipeline, part)
    newest: dict[str, tuple[Any, ...]] = {}
    for kind, *cells in read_expected(parity / "few").values():
        if kind == "accepted":
            row = dict(zip(FIELDS, cells, strict=True))
            time = -1 if row["time_position"] is None else row["time_position"]
            key = (row["last_contact"], time, row["source"])
            newest[row["icao24"]] = max(key, newest.get(row["icao24"], (0, 0, "")))
    found = database.rows("select icao24, last_contact, coalesce(time_position, -1) as t, source from aircraft")
    assert {row["icao24"]: (row["last_contact"], row["t"], row["source"]) for row in found} == newest


def test_recent_rows_go_to_the_partitions_of_their_days_and_others_to_the_default_partition(
    spark: SparkSession, plan: Plan, tmp_path: Path, database: ScratchDatabase
) -> None:
    now = int(time.time())
    today, old = now - now % 86_400, 1_700_000_000
    times = [today, now - 86_400, now - 7 * 86_400, old]
    lines = [json.dumps({"icao24": "3c6444", "last_contact": at}) for at in times]
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    row = ("\n".join(lines).encode(), "0", "1", datetime.fromtimestamp(now, UTC))
    for number in "12":
        apply_batch(pipeline, spark.createDataFrame([(*row[:2], number, row[3])], RAW_SCHEMA))
    found = database.rows("select last_contact, tableoid::regclass::text as part from state_vectors")
    days = {at: f"state_vectors_{datetime.fromtimestamp(at, UTC):%Y_%m_%d}" for at in times[:3]}
    assert {row["last_contact"]: row["part"] for row in found} == {**days, old: "state_vectors_default"}
    # a partition for each day from today - 7 - 1 to tomorrow, and the default
    count = "select count(*)::int as n from pg_inherits where inhparent = 'state_vectors'::regclass"
    assert database.rows(count) == [{"n": 11}]


def test_a_day_with_rows_in_the_default_partition_gets_no_partition_of_its_own(
    spark: SparkSession, plan: Plan, tmp_path: Path, database: ScratchDatabase
) -> None:
    now = int(time.time())
    columns = "source, icao24, last_contact, on_ground, spi, flags, received_at, batch_id"
    row = f"'opensky', '3c6444', {now}, false, false, '', {now}, 'b'"
    database.execute(database.url, f"insert into state_vectors ({columns}) values ({row})")
    pipeline = local_pipeline(spark, plan, tmp_path, Postgres(spark, plan, database.url, database.login, 7))
    line = json.dumps({"icao24": "3c6445", "last_contact": now}).encode()
    apply_batch(pipeline, spark.createDataFrame([(line, "0", "1", datetime.fromtimestamp(now, UTC))], RAW_SCHEMA))
    found = database.rows("select icao24, tableoid::regclass::text as part from state_vectors")
    assert {row["icao24"]: row["part"] for row in found} == dict.fromkeys(("3c6444", "3c6445"), "state_vectors_default")


def test_a_postgres_certificate_of_an_unknown_authority_is_refused(
    spark: SparkSession, plan: Plan, tmp_path: Path, database: ScratchDatabase
) -> None:
    key, unknown = str(tmp_path / "key.pem"), str(tmp_path / "ca.pem")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", unknown]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names]
    subprocess.run(command, check=True, capture_output=True)
    encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    trusted = trust_of(os.environ["FLIGHTLINE_TEST_POSTGRES_CA"])
    assert database.rows(encrypted, **trusted) == [{"ssl": True}]
    with pytest.raises(Exception, match="PKIX path"):
        database.rows(encrypted, **trust_of(unknown))
