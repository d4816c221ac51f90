"""Writes accepted rows to the lake, in folders by hour of last_contact and batch."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from micro_batch import MicroBatch
from objects import Objects

# a batch with more hours goes to one mixed folder, which `flightline compact` splits
MAX_HOURS = 64
# The TypeScript engine writes this key into a file's metadata. Spark can attach it only to a column of the schema.
CONTRACT_KEY = "flightline.contract"
FORMATS = ("parquet", "ndjson")


def write_lake(batch: MicroBatch, objects: Objects, lake_format: str, contract: str) -> None:
    """
    Replaces the batch's own folders.

    This is the one exception to the object store's rule that a key never changes. Spark chooses the file names itself.
    """
    if batch.hours == 0:
        return
    time = f.timestamp_seconds("last_contact")
    columns = {
        "batch_id": f.lit(batch.id),
        "day": f.date_format(time, "yyyy-MM-dd"),
        "hour": f.date_format(time, "HH"),
        "batch": f.lit(batch.id),
    }
    rows = batch.accepted.drop("delivery_id").withColumns(columns).withMetadata("batch_id", {CONTRACT_KEY: contract})
    if batch.hours > MAX_HOURS:
        _write(rows.drop("day", "hour").coalesce(1), f"{objects.root}/lake/mixed", ["batch"], lake_format)
    else:
        folder = f"{objects.root}/lake/state_vectors"
        _write(rows.repartition("day", "hour"), folder, ["day", "hour", "batch"], lake_format)


def _write(rows: DataFrame, folder: str, partition_columns: list[str], lake_format: str) -> None:
    writer = rows.write.mode("overwrite").partitionBy(*partition_columns)
    if lake_format == "parquet":
        writer.parquet(folder)
    else:
        writer.option("compression", "gzip").option("ignoreNullFields", "false").json(folder)
