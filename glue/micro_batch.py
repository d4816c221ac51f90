"""Cleans and counts a micro-batch of stream records, and groups its rows by delivery."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from ids import batch_id, record_id
from lines import ChunkSettings, read_records
from plan import Plan, sql_of


@dataclass
class Delivery:
    """
    A stream record with the counts of its rows.

    Invariant: a database applies a delivery at most once.
    """

    id: str
    received_at: int
    rows: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)


@dataclass
class MicroBatch:
    """`repeats` counts the rows of records that occur again in this batch."""

    id: str
    deliveries: list[Delivery]
    hours: int
    accepted: DataFrame
    rejected: DataFrame
    arrived_at: int
    repeats: int


def split_lines(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    return records.mapInArrow(partial(_read, settings=settings), plan["lines"])


def clean_records(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    """The outcome of every line: accepted, duplicate or rejected. `records` has the columns of `number_copies`."""
    split_lines(records, plan, settings).createOrReplaceTempView("lines")
    return records.sparkSession.sql(sql_of(plan["clean"]))


# mapInArrow checks the parameter names, so it refuses a partial of read_records itself
def _read(batches: Iterator[object], settings: ChunkSettings) -> Iterator[object]:
    return read_records(batches, settings)


def number_copies(raw: DataFrame) -> DataFrame:
    """
    Raw records with Flightline's column names and the arrival in Unix seconds.

    `copy` numbers the copies of a record from 1, since a record may occur twice.
    """
    named = raw.select(
        "data",
        f.col("partitionKey").alias("partition_key"),
        f.col("sequenceNumber").alias("sequence_number"),
        f.unix_seconds(f.col("approximateArrivalTimestamp")).alias("received_at"),
    )
    same = Window.partitionBy("partition_key", "sequence_number").orderBy("received_at", "data")
    return named.withColumn("copy", f.row_number().over(same))


def list_deliveries(records: DataFrame, stream: str) -> tuple[list[Delivery], bool]:
    """Each delivery once, and whether a record occurs more than once."""
    rows = records.select("sequence_number", "partition_key", "received_at", "copy").collect()
    first = [row for row in rows if row["copy"] == 1]
    deliveries = [Delivery(record_id(stream, row.partition_key, row.sequence_number), row.received_at) for row in first]
    return deliveries, len(first) < len(rows)


class Cleaning:
    """Caches the records and the cleaned rows of a batch until it is applied: `with Cleaning(...) as batch`."""

    def __init__(self, raw: DataFrame, plan: Plan, settings: ChunkSettings) -> None:
        self.plan, self.settings = plan, settings
        self.records = number_copies(raw).persist(StorageLevel.MEMORY_AND_DISK)
        once = self.records.where("copy = 1")
        self.cleaned = clean_records(once, plan, settings).persist(StorageLevel.MEMORY_AND_DISK)

    def __enter__(self) -> MicroBatch:
        deliveries, has_copies = list_deliveries(self.records, self.settings.stream)
        # the name that the plan's queries use
        self.cleaned.createOrReplaceTempView("outcomes")
        spark = self.cleaned.sparkSession
        hours = count_outcomes(spark, self.plan, {delivery.id: delivery for delivery in deliveries})
        return MicroBatch(
            id=batch_id(delivery.id for delivery in deliveries),
            deliveries=deliveries,
            hours=hours,
            accepted=spark.sql(sql_of(self.plan["accepted"])),
            rejected=spark.sql(sql_of(self.plan["rejected"])),
            arrived_at=max((delivery.received_at for delivery in deliveries), default=0),
            repeats=self._count_repeats() if has_copies else 0,
        )

    def _count_repeats(self) -> int:
        return split_lines(self.records.where("copy > 1"), self.plan, self.settings).count()

    def __exit__(self, *_: object) -> None:
        self.cleaned.unpersist()
        self.records.unpersist()


def count_outcomes(spark: SparkSession, plan: Plan, deliveries: dict[str, Delivery]) -> int:
    """Adds the rows of each outcome to its delivery. Returns the number of hours with accepted rows."""
    hours: set[int] = set()
    for row in spark.sql(sql_of(plan["counts"])).collect():
        delivery = deliveries[row.delivery]
        delivery.rows += row.row_count
        hours.update(row.hours)
        if row.reason is not None:
            delivery.rejected[row.reason] = row.row_count
        elif not row.is_duplicate:
            delivery.accepted += row.row_count
    return len(hours)
