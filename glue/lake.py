"""Writes accepted rows to the lake, in folders by hour of last_contact and batch."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from micro_batch import MicroBatch
from objects import Objects
from plan import Plan

# a batch with more hours goes to one mixed folder, which `flightline compact` splits
MAX_HOURS = 64
# The TypeScript engine writes this key into a file's metadata. Spark can attach it only to a column of the schema.
CONTRACT_KEY = "flightline.contract"
FORMATS = ("parquet", "ndjson")


def write_lake(batch: MicroBatch, objects: Objects, lake_format: str, plan: Plan) -> None:
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
    contract = {CONTRACT_KEY: plan["contract"]}
    prefixes = plan["prefixes"]
    rows = batch.accepted.drop("delivery_id").withColumns(columns).withMetadata("batch_id", contract)
    if batch.hours > MAX_HOURS:
        folder = f"{objects.root}/{prefixes['lake_mixed']}"
        _write(rows.drop("day", "hour").coalesce(1), folder, ["batch"], lake_format)
    else:
        folder = f"{objects.root}/{prefixes['lake_hours']}"
        _write(rows.repartition("day", "hour"), folder, ["day", "hour", "batch"], lake_format)


def _write(rows: DataFrame, folder: str, partition_columns: list[str], lake_format: str) -> None:
    writer = rows.write.mode("overwrite").partitionBy(*partition_columns)
    if lake_format == "parquet":
        writer.parquet(folder)
    else:
        writer.option("compression", "gzip").option("ignoreNullFields", "false").json(folder)
