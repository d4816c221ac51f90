"""What the job writes to PostgreSQL: each delivery once, whatever a batch's bounds."""

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
from postgres import PATIENCE, Postgres, StageError
from sources import RAW
from test_cases import FIELDS
from test_parity import expected_of, records_of
from test_worlds import ROOT, TOTALS, Server, parts, raw_records, world_of


def test_postgres_holds_each_delivery_once_and_its_equations_hold(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    raw = raw_records(spark, made / "few")
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    outcomes = expected_of(made / "few").values()
    for part in parts(raw, 3):
        applied = apply_batch(world, part)
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
    assert server.rows(TOTALS) == [totals]
    assert server.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]
    assert server.rows((ROOT / "sql/samples/balance.sql").read_text().rstrip().rstrip(";")) == []
    assert server.rows("select * from spark_stage") == []
    # other bounds, and all at once: nothing but repeats
    for part in [*parts(raw, 2), raw]:
        again = apply_batch(world, part)
        assert again is not None
        assert (again.received, again.accepted, again.repeats > 0) == (0, 0, True)
    assert server.rows(TOTALS) == [totals]
    assert server.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]


def test_rows_that_vanish_from_the_stage_fail_the_batch_which_can_be_applied_again(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    raw = raw_records(spark, made / "few")
    lossy = """create function lose() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger lose before insert on spark_stage for each row when (new.icao24 < '8') execute function lose()"""
    server.execute(server.url, lossy)
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    with pytest.raises(StageError, match="rows are staged"):
        apply_batch(world, raw)
    for table in ("state_vectors", "batches", "deliveries"):
        assert server.rows(f"select count(*)::int as n from {table}") == [{"n": 0}]
    server.execute(server.url, "drop trigger lose on spark_stage")
    applied = apply_batch(world, raw)
    assert applied is not None
    assert applied.received == len(expected_of(made / "few"))
    assert server.rows("select count(*)::int as n from state_vectors") == [{"n": applied.accepted}]


def test_rows_that_vanish_while_the_batch_is_merged_fail_it(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    raw = raw_records(spark, made / "few")
    postgres = Postgres(spark, plan, server.url, server.login, 7)
    claim = plan["statements"]["claim-deliveries"]
    lossy = {**plan["statements"], "claim-deliveries": ["with lost as (delete from spark_stage)", *claim]}
    world = world_of(spark, plan, tmp_path, replace(postgres, plan={**plan, "statements": lossy}))
    with pytest.raises(StageError, match="0 of"):
        apply_batch(world, raw)
    for table in ("state_vectors", "aircraft", "batches", "deliveries"):
        assert server.rows(f"select count(*)::int as n from {table}") == [{"n": 0}]


class _Second(Postgres):
    """Another driver that has the same batch, and applies it while the first one has staged and claimed nothing yet."""

    other: Postgres

    def _merge(self, connection: Any, batch: MicroBatch, stage: str) -> Applied:
        self.others = self.other.apply(batch)
        return super()._merge(connection, batch, stage)


def test_of_two_drivers_with_one_batch_one_applies_it(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    given = (spark, plan, server.url, server.login, 7)
    driver = _Second(*given)
    driver.other = Postgres(*given)
    applied = apply_batch(world_of(spark, plan, tmp_path, driver), raw_records(spark, made / "few"))
    assert applied is not None
    outcomes = expected_of(made / "few").values()
    assert (applied.received, applied.repeats, driver.others.received) == (0, len(outcomes), len(outcomes))
    accepted = sum(kind == "accepted" for kind, *_ in outcomes)
    assert server.rows("select count(*)::int as n from state_vectors") == [{"n": accepted}]
    assert server.rows((ROOT / "sql/samples/balance.sql").read_text().rstrip().rstrip(";")) == []
    assert server.rows("select * from spark_stage") == []


def test_what_an_application_that_died_left_in_the_stage_is_cleared_after_an_hour(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    left = """insert into spark_stage (source, icao24, last_contact, on_ground, spi, flags, received_at,
            batch_id, delivery_id, stage_id, staged_at)
        select 'opensky', '3c6444', 1800000000, false, false, '', 1800000000,
            'lost', 'lost', minutes::text, now() - make_interval(mins => minutes)
        from unnest(array[61, 40]) as minutes"""
    server.execute(server.url, left)
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    apply_batch(world, raw_records(spark, made / "few"))
    assert server.rows("select stage_id from spark_stage") == [{"stage_id": "40"}]


def test_a_server_that_falls_silent_fails_the_batch(
    spark: SparkSession, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATIENCE, "socketTimeout", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        postgres = Postgres(spark, plan, f"jdbc:postgresql://127.0.0.1:{port}/x?sslmode=disable", lambda: {}, 7)
        with pytest.raises(Py4JJavaError, match="SocketTimeoutException"):
            postgres._connect()


def test_who_listens_hears_of_a_batch_that_was_applied(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    listener = server.connect(server.url)
    listener.createStatement().execute("listen flightline_applied")
    apply_batch(
        world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7)),
        raw_records(spark, made / "few"),
    )
    heard = [one.getParameter() for one in listener.getNotifications(10_000)]
    listener.close()
    assert [{"batch_id": one} for one in heard] == server.rows("select batch_id from batches")


def test_after_the_first_batch_spark_compiles_no_code_anew(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    jvm: Any = spark.sparkContext._jvm  # type: ignore[attr-defined,unused-ignore]
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    records = [(*one, datetime.fromtimestamp(at, UTC)) for *one, at in records_of(made / "few")]
    compiled = []
    for i in range(3):
        spark.createDataFrame(records[i::3], RAW).write.parquet(f"{tmp_path}/{i}")
        before = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_COMPILATION_TIME().getCount()
        apply_batch(world, spark.read.parquet(f"{tmp_path}/{i}"))
        after = jvm.org.apache.spark.metrics.source.CodegenMetrics.METRIC_COMPILATION_TIME().getCount()
        compiled.append(after - before)
    assert compiled[1:] == [0, 0], compiled


def test_postgres_keeps_the_newest_row_of_each_aircraft(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    for part in reversed(parts(raw_records(spark, made / "few"), 3)):
        apply_batch(world, part)
    newest: dict[str, tuple[Any, ...]] = {}
    for kind, *cells in expected_of(made / "few").values():
        if kind == "accepted":
            row = dict(zip(FIELDS, cells, strict=True))
            time = -1 if row["time_position"] is None else row["time_position"]
            key = (row["last_contact"], time, row["source"])
            newest[row["icao24"]] = max(key, newest.get(row["icao24"], (0, 0, "")))
    found = server.rows("select icao24, last_contact, coalesce(time_position, -1) as t, source from aircraft")
    assert {row["icao24"]: (row["last_contact"], row["t"], row["source"]) for row in found} == newest


def test_rows_of_these_days_lie_in_the_partitions_of_their_days_and_others_in_the_default(
    spark: SparkSession, plan: Plan, tmp_path: Path, server: Server
) -> None:
    now = int(time.time())
    today, old = now - now % 86_400, 1_700_000_000
    times = [today, now - 86_400, now - 7 * 86_400, old]
    lines = [json.dumps({"icao24": "3c6444", "last_contact": at}) for at in times]
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    row = ("\n".join(lines).encode(), "0", "1", datetime.fromtimestamp(now, UTC))
    for number in "12":
        apply_batch(world, spark.createDataFrame([(*row[:2], number, row[3])], RAW))
    found = server.rows("select last_contact, tableoid::regclass::text as part from state_vectors")
    days = {at: f"state_vectors_{datetime.fromtimestamp(at, UTC):%Y_%m_%d}" for at in times[:3]}
    assert {row["last_contact"]: row["part"] for row in found} == {**days, old: "state_vectors_default"}
    # the days from today - 7 - 1 to tomorrow and the default
    count = "select count(*)::int as n from pg_inherits where inhparent = 'state_vectors'::regclass"
    assert server.rows(count) == [{"n": 11}]


def test_a_day_whose_rows_lie_in_the_default_keeps_them_there(
    spark: SparkSession, plan: Plan, tmp_path: Path, server: Server
) -> None:
    now = int(time.time())
    columns = "source, icao24, last_contact, on_ground, spi, flags, received_at, batch_id"
    row = f"'opensky', '3c6444', {now}, false, false, '', {now}, 'b'"
    server.execute(server.url, f"insert into state_vectors ({columns}) values ({row})")
    world = world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7))
    line = json.dumps({"icao24": "3c6445", "last_contact": now}).encode()
    apply_batch(world, spark.createDataFrame([(line, "0", "1", datetime.fromtimestamp(now, UTC))], RAW))
    found = server.rows("select icao24, tableoid::regclass::text as part from state_vectors")
    assert {row["icao24"]: row["part"] for row in found} == dict.fromkeys(("3c6444", "3c6445"), "state_vectors_default")


def test_postgres_is_believed_with_a_certificate_of_the_right_authority_alone(
    spark: SparkSession, plan: Plan, tmp_path: Path, server: Server
) -> None:
    key, stranger = str(tmp_path / "key.pem"), str(tmp_path / "ca.pem")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", stranger]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names]
    subprocess.run(made, check=True, capture_output=True)
    encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    right = trust_of(os.environ["FLIGHTLINE_TEST_POSTGRES_CA"])
    assert server.rows(encrypted, **right) == [{"ssl": True}]
    with pytest.raises(Exception, match="PKIX path"):
        server.rows(encrypted, **trust_of(stranger))
