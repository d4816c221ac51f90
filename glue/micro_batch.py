"""A micro-batch of stream records: cleaned once, counted once, and told as deliveries."""

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
    """A stream record: what is counted and never applied twice."""

    id: str
    received_at: int
    rows: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)


@dataclass
class MicroBatch:
    id: str
    deliveries: list[Delivery]
    hours: int
    accepted: DataFrame
    rejected: DataFrame
    arrived_at: int
    # rows of records that came more than once
    repeats: int


def lines_of(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    return records.mapInArrow(partial(_read, settings=settings), plan["lines"])


def judge(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    """Every line's outcome. `records` as `kept_records` gives them."""
    lines_of(records, plan, settings).createOrReplaceTempView("lines")
    return records.sparkSession.sql(sql_of(plan["clean"]))


# mapInArrow takes no partial of a function that names its arguments in another way
def _read(batches: Iterator[object], settings: ChunkSettings) -> Iterator[object]:
    return read_records(batches, settings)


def kept_records(raw: DataFrame) -> DataFrame:
    """What Kinesis gives, by our names; arrival in Unix seconds. `copy` 1 stands for a record that comes twice."""
    named = raw.select(
        "data",
        f.col("partitionKey").alias("partition_key"),
        f.col("sequenceNumber").alias("sequence_number"),
        f.unix_seconds(f.col("approximateArrivalTimestamp")).alias("received_at"),
    )
    same = Window.partitionBy("partition_key", "sequence_number").orderBy("received_at", "data")
    return named.withColumn("copy", f.row_number().over(same))


def deliveries_of(records: DataFrame, stream: str) -> tuple[list[Delivery], bool]:
    """Each delivery once, and whether a record came more than once."""
    rows = records.select("sequence_number", "partition_key", "received_at", "copy").collect()
    found = [row for row in rows if row["copy"] == 1]
    deliveries = [Delivery(record_id(stream, row.partition_key, row.sequence_number), row.received_at) for row in found]
    return deliveries, len(found) < len(rows)


class Cleaning:
    """Keeps what a batch is read from until it is applied: `with Cleaning(...) as batch`."""

    def __init__(self, raw: DataFrame, plan: Plan, settings: ChunkSettings) -> None:
        self.plan, self.settings = plan, settings
        self.records = kept_records(raw).persist(StorageLevel.MEMORY_AND_DISK)
        once = self.records.where("copy = 1")
        self.judged = judge(once, plan, settings).persist(StorageLevel.MEMORY_AND_DISK)

    def __enter__(self) -> MicroBatch:
        deliveries, is_repeated = deliveries_of(self.records, self.settings.stream)
        self.judged.createOrReplaceTempView("judged")
        spark = self.judged.sparkSession
        hours = count(spark, self.plan, {one.id: one for one in deliveries})
        return MicroBatch(
            id=batch_id(one.id for one in deliveries),
            deliveries=deliveries,
            hours=hours,
            accepted=spark.sql(sql_of(self.plan["accepted"])),
            rejected=spark.sql(sql_of(self.plan["rejected"])),
            arrived_at=max((one.received_at for one in deliveries), default=0),
            repeats=self._repeats() if is_repeated else 0,
        )

    def _repeats(self) -> int:
        return lines_of(self.records.where("copy > 1"), self.plan, self.settings).count()

    def __exit__(self, *_: object) -> None:
        self.judged.unpersist()
        self.records.unpersist()


def count(spark: SparkSession, plan: Plan, deliveries: dict[str, Delivery]) -> int:
    """Adds the rows of each outcome to its delivery; returns how many hours the accepted rows touch."""
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
