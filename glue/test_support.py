"""Code that several tests use: a PostgreSQL database, a pipeline over a folder, and stream records."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import DataFrame, SparkSession

from databases import Database, Manifests
from job import Pipeline, disable_checksum_files
from lines import ChunkSettings
from objects import FileObjects
from plan import Plan
from raw_schema import RAW_SCHEMA
from test_parity import read_records

ROOT = Path(__file__).parent.parent


class ScratchDatabase:
    """A database of one test on the PostgreSQL server of all tests."""

    def __init__(self, spark: SparkSession, dsn: str) -> None:
        url = urlsplit(dsn)
        self.spark, self.name = spark, f"test_{secrets.token_hex(6)}"
        self.admin_url = f"jdbc:postgresql://{url.hostname}:{url.port}/postgres"
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
        frame = self.spark.read.jdbc(self.url, f"({query}) as q", properties=properties)
        return [row.asDict() for row in frame.collect()]


def local_pipeline(spark: SparkSession, plan: Plan, folder: Path, database: Database | None = None) -> Pipeline:
    """A pipeline that writes objects and the lake into the folder."""
    objects = FileObjects(str(folder))
    disable_checksum_files(spark)
    chunks = ChunkSettings("parity", "opensky", plan["source_pattern"], plan["fields"])
    return Pipeline(spark, plan, chunks, objects, database or Manifests(objects, plan), "parquet")


def raw_records(spark: SparkSession, folder: Path) -> DataFrame:
    return records_frame(spark, read_records(folder))


def records_frame(spark: SparkSession, records: list[tuple[bytes, str, str, int]]) -> DataFrame:
    """Raw records from tuples (data, partition key, sequence number, arrival in Unix seconds)."""
    timed = spark.createDataFrame(records, RAW_SCHEMA.replace("timestamp", "bigint"))
    return timed.withColumn(
        "approximateArrivalTimestamp", timed.approximateArrivalTimestamp.cast("timestamp")
    ).persist()


def split_records(raw: DataFrame, number: int) -> list[DataFrame]:
    """The records in `number` batches. Another number gives the batches other bounds."""
    return [raw.where(f"pmod(hash(partitionKey, sequenceNumber), {number}) = {i}") for i in range(number)]


TOTALS = """
select sum(received)::int as received, sum(accepted)::int as accepted, sum(duplicate)::int as duplicate,
  sum((select coalesce(sum(value::int), 0) from jsonb_each_text(rejected)))::int as rejected
from batches"""
