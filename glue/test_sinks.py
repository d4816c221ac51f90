"""What the job writes: rejected objects, PostgreSQL and the lake; each delivery once, whatever a batch's bounds."""

import gzip
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession

from databases import Applied, Database, InOrder, Manifests
from ids import record_id
from job import World, apply_batch, without_checksum_files
from lines import ChunkSettings
from logins import trust_of
from micro_batch import MicroBatch
from objects import FileObjects
from plan import Plan
from postgres import Postgres, StageError
from sources import RAW
from test_cases import FIELDS
from test_parity import expected_of, outcome_of, read, records_of

ROOT = Path(__file__).parent.parent


class Server:
    """A database of its own on the tests' PostgreSQL."""

    def __init__(self, spark: SparkSession, dsn: str) -> None:
        url = urlsplit(dsn)
        self.spark, self.name = spark, f"test_{secrets.token_hex(6)}"
        self.owner = f"jdbc:postgresql://{url.hostname}:{url.port}/postgres"
        self.url = f"jdbc:postgresql://{url.hostname}:{url.port}/{self.name}"
        self.properties = {"user": str(url.username), "password": str(url.password)}

    def login(self) -> dict[str, str]:
        return self.properties

    def connect(self, url: str) -> Any:
        jvm: Any = self.spark.sparkContext._jvm  # type: ignore[attr-defined,unused-ignore]
        properties = jvm.java.util.Properties()
        for name, value in self.properties.items():
            properties.setProperty(name, value)
        return jvm.org.postgresql.Driver().connect(url, properties)

    def execute(self, url: str, *statements: str) -> None:
        connection = self.connect(url)
        for statement in statements:
            connection.createStatement().execute(statement)
        connection.close()

    def rows(self, query: str, **more: str) -> list[dict[str, Any]]:
        properties = {**self.properties, **more, "driver": "org.postgresql.Driver"}
        found = self.spark.read.jdbc(self.url, f"({query}) as q", properties=properties)
        return [row.asDict() for row in found.collect()]


@pytest.fixture
def server(spark: SparkSession) -> Iterator[Server]:
    dsn = os.environ.get("FLIGHTLINE_TEST_POSTGRES")
    assert dsn, "FLIGHTLINE_TEST_POSTGRES names no server; npm run test:spark starts one"
    made = Server(spark, dsn)
    made.execute(made.owner, f"create database {made.name}")
    made.execute(made.url, *(file.read_text() for file in sorted((ROOT / "sql").glob("0*.sql"))))
    yield made
    made.execute(made.owner, f"drop database {made.name} with (force)")


def world_of(spark: SparkSession, plan: Plan, folder: Path, database: Database | None = None) -> World:
    objects = FileObjects(str(folder))
    without_checksum_files(spark)
    chunks = ChunkSettings("parity", "opensky", plan["source_pattern"], plan["fields"])
    return World(spark, plan, chunks, objects, database or Manifests(objects, plan["tag"]), "parquet")


def raw_records(spark: SparkSession, made: Path) -> DataFrame:
    rows = [(*one, at) for *one, at in records_of(made)]
    timed = spark.createDataFrame(rows, RAW.replace("timestamp", "bigint"))
    return timed.withColumn(
        "approximateArrivalTimestamp", timed.approximateArrivalTimestamp.cast("timestamp")
    ).persist()


def parts(raw: DataFrame, number: int) -> list[DataFrame]:
    """The records in so many batches; which one a record comes in differs with the number."""
    return [raw.where(f"pmod(hash(partitionKey, sequenceNumber), {number}) = {i}") for i in range(number)]


TOTALS = """
select sum(received)::int as received, sum(accepted)::int as accepted, sum(duplicate)::int as duplicate,
  sum((select coalesce(sum(value::int), 0) from jsonb_each_text(rejected)))::int as rejected
from batches"""


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


def test_who_listens_hears_of_a_batch_that_was_applied(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path, server: Server
) -> None:
    listener = server.connect(server.url)
    listener.createStatement().execute("listen flightline_applied")
    apply_batch(
        world_of(spark, plan, tmp_path, Postgres(spark, plan, server.url, server.login, 7)),
        raw_records(spark, made / "few"),
    )
    heard = [one.getParameter() for one in listener.getNotifications()]
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
    times = [today, now - 86_400, now - 8 * 86_400, old]
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


def test_the_lake_holds_the_accepted_rows_and_a_batch_replaces_itself(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    world = world_of(spark, plan, tmp_path)
    accepted = sorted(repr(cells) for kind, *cells in expected_of(made / "few").values() if kind == "accepted")
    for _ in range(2):
        applied = apply_batch(world, raw_records(spark, made / "few"))
        lake = _lake(spark, tmp_path).selectExpr("*", "null as reason", "false as is_duplicate")
        rows = [outcome_of(row) for row in lake.collect()]
        assert sorted(repr(cells) for _, *cells in (list(row) for row in rows)) == accepted
    assert applied is not None
    assert (applied.received, applied.repeats > 0) == (0, True)
    hidden = [file for file in (tmp_path / "lake").rglob("*") if file.name.startswith((".", "_"))]
    assert hidden == []


def _lake(spark: SparkSession, folder: Path) -> DataFrame:
    files = [str(file) for file in (folder / "lake").rglob("*.parquet")]
    return spark.read.parquet(*files)


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


def described(files: str) -> list[Any]:
    """Names and types as a reader of the lake sees them, folders aside."""
    return duckdb.connect().execute(f"describe from read_parquet('{files}', hive_partitioning = false)").fetchall()


def test_lake_files_of_both_engines_have_the_same_columns(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    world = world_of(spark, plan, tmp_path)
    apply_batch(world, raw_records(spark, made / "few"))
    ours, theirs = (
        described(str(made / "few/lake.parquet")),
        described(str(tmp_path / "lake/state_vectors/*/*/*/*.parquet")),
    )
    assert ours == theirs
    assert [name for name, *_ in ours] == [*FIELDS, "received_at", "batch_id"]


def told_beside(files: str) -> list[dict[str, str]]:
    """Key-value metadata of each file."""
    query = f"select file_name, decode(key), decode(value) from parquet_kv_metadata('{files}')"
    found: dict[str, dict[str, str]] = {}
    for file, key, value in duckdb.connect().execute(query).fetchall():
        found.setdefault(file, {})[key] = value
    return list(found.values())


def test_lake_files_tell_the_contract_that_they_were_cleaned_by(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    apply_batch(world_of(spark, plan, tmp_path), raw_records(spark, made / "few"))
    assert [one["flightline.contract"] for one in told_beside(str(made / "few/lake.parquet"))] == [plan["contract"]]
    files = told_beside(str(tmp_path / "lake/state_vectors/*/*/*/*.parquet"))
    assert len(files) > 0
    for told in files:
        # Spark has no key of ours; a column's metadata stands in the schema that it writes
        columns = json.loads(told["org.apache.spark.sql.parquet.row.metadata"])["fields"]
        (batch,) = (column for column in columns if column["name"] == "batch_id")
        assert batch["metadata"] == {"flightline.contract": plan["contract"]}


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["source"], row["icao24"], row["last_contact"], row["time_position"] or -1)


def test_the_lake_may_be_ndjson_with_the_same_rows(spark: SparkSession, plan: Plan, made: Path, tmp_path: Path) -> None:
    world = world_of(spark, plan, tmp_path)
    world.lake = "ndjson"
    apply_batch(world, raw_records(spark, made / "few"))
    found = [
        json.loads(line)
        for file in (tmp_path / "lake").rglob("*.json.gz")
        for line in gzip.decompress(file.read_bytes()).decode().split("\n")
        if line
    ]
    text = gzip.decompress((made / "few/lake.ndjson.gz").read_bytes()).decode()
    expected = [{**json.loads(line), "batch_id": found[0]["batch_id"]} for line in text.split("\n") if line]
    assert sorted(found, key=identity) == sorted(expected, key=identity)
    assert list(found[0]) == list(expected[0])


def test_a_record_that_comes_twice_counts_as_a_repeat(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    raw = raw_records(spark, made / "few")
    applied = apply_batch(world_of(spark, plan, tmp_path), raw.union(raw))
    assert applied is not None
    assert (applied.received, applied.repeats) == (len(expected_of(made / "few")),) * 2


def test_a_batch_of_many_hours_lies_in_one_mixed_folder(
    spark: SparkSession, plan: Plan, made: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"icao24": "3c6444", "last_contact": 1_700_000_000 + 3_600 * i}) for i in range(65)]
    row = ("\n".join(lines).encode(), "0", "1", datetime.fromtimestamp(1_750_000_000, UTC))
    for _ in range(2):
        applied = apply_batch(world_of(spark, plan, tmp_path), spark.createDataFrame([row], RAW))
        assert applied is not None
    (file,) = (tmp_path / "lake").rglob("*.parquet")
    assert file.parent.parent == tmp_path / "lake/mixed"
    assert spark.read.parquet(str(file)).count() == 65
