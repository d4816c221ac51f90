"""The job writes the same lake as the TypeScript engine."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import DataFrame, SparkSession

from job import apply_batch
from plan import Plan
from raw_schema import RAW_SCHEMA
from test_cases import FIELDS
from test_parity import outcome_of, read_expected
from test_support import local_pipeline, raw_records


def test_the_lake_contains_the_accepted_rows_and_a_repeated_batch_replaces_its_files(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    pipeline = local_pipeline(spark, plan, tmp_path)
    accepted = sorted(repr(cells) for kind, *cells in read_expected(parity / "few").values() if kind == "accepted")
    for _ in range(2):
        applied = apply_batch(pipeline, raw_records(spark, parity / "few"))
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


def describe_columns(files: str) -> list[Any]:
    """Names and types of the columns in the files, without the columns of the folder names."""
    return duckdb.connect().execute(f"describe from read_parquet('{files}', hive_partitioning = false)").fetchall()


def test_lake_files_of_both_engines_have_the_same_columns(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    pipeline = local_pipeline(spark, plan, tmp_path)
    apply_batch(pipeline, raw_records(spark, parity / "few"))
    typescript, python = (
        describe_columns(str(parity / "few/lake.parquet")),
        describe_columns(str(tmp_path / "lake/state_vectors/*/*/*/*.parquet")),
    )
    assert typescript == python
    assert [name for name, *_ in typescript] == [*FIELDS, "received_at", "batch_id"]


def file_metadata(files: str) -> list[dict[str, str]]:
    """Key-value metadata of each file."""
    query = f"select file_name, decode(key), decode(value) from parquet_kv_metadata('{files}')"
    metadata: dict[str, dict[str, str]] = {}
    for file, key, value in duckdb.connect().execute(query).fetchall():
        metadata.setdefault(file, {})[key] = value
    return list(metadata.values())


def test_lake_files_name_the_contract_that_cleaned_them(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    apply_batch(local_pipeline(spark, plan, tmp_path), raw_records(spark, parity / "few"))
    assert [metadata["flightline.contract"] for metadata in file_metadata(str(parity / "few/lake.parquet"))] == [
        plan["contract"]
    ]
    files = file_metadata(str(tmp_path / "lake/state_vectors/*/*/*/*.parquet"))
    assert len(files) > 0
    for metadata in files:
        # Spark cannot write the key itself. The column's metadata is part of the schema that Spark writes.
        columns = json.loads(metadata["org.apache.spark.sql.parquet.row.metadata"])["fields"]
        (batch,) = (column for column in columns if column["name"] == "batch_id")
        assert batch["metadata"] == {"flightline.contract": plan["contract"]}


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["source"], row["icao24"], row["last_contact"], row["time_position"] or -1)


def test_an_ndjson_lake_has_the_same_rows(spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path) -> None:
    pipeline = local_pipeline(spark, plan, tmp_path)
    pipeline.lake_format = "ndjson"
    apply_batch(pipeline, raw_records(spark, parity / "few"))
    rows = [
        json.loads(line)
        for file in (tmp_path / "lake").rglob("*.json.gz")
        for line in gzip.decompress(file.read_bytes()).decode().split("\n")
        if line
    ]
    text = gzip.decompress((parity / "few/lake.ndjson.gz").read_bytes()).decode()
    expected = [{**json.loads(line), "batch_id": rows[0]["batch_id"]} for line in text.split("\n") if line]
    assert sorted(rows, key=identity) == sorted(expected, key=identity)
    assert list(rows[0]) == list(expected[0])


def test_a_batch_with_more_than_64_hours_goes_to_one_mixed_folder(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"icao24": "3c6444", "last_contact": 1_700_000_000 + 3_600 * i}) for i in range(65)]
    row = ("\n".join(lines).encode(), "0", "1", datetime.fromtimestamp(1_750_000_000, UTC))
    for _ in range(2):
        applied = apply_batch(local_pipeline(spark, plan, tmp_path), spark.createDataFrame([row], RAW_SCHEMA))
        assert applied is not None
    (file,) = (tmp_path / "lake").rglob("*.parquet")
    assert file.parent.parent == tmp_path / "lake/mixed"
    assert spark.read.parquet(str(file)).count() == 65
