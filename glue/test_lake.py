"""The lake that the job writes, and that it is the TypeScript engine's."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import DataFrame, SparkSession

from job import apply_batch
from plan import Plan
from sources import RAW
from test_cases import FIELDS
from test_parity import expected_of, outcome_of
from test_worlds import raw_records, world_of


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
