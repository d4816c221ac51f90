"""The lake: files of accepted rows by hour of last_contact and batch."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from micro_batch import MicroBatch
from objects import Objects

# beyond this many hours a batch goes to one mixed folder, which `flightline compact` splits
MOST_HOURS = 64
# what the TypeScript engine writes into a file's metadata; Spark takes it for a column alone, and writes it there
CONTRACT_KEY = "flightline.contract"
FORMATS = ("parquet", "ndjson")


def write_lake(batch: MicroBatch, objects: Objects, lake_format: str, contract: str) -> None:
    """Writes the batch's own folders anew: the one exception to the store's law, for Spark names its files itself."""
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
    if batch.hours > MOST_HOURS:
        _write(rows.drop("day", "hour").coalesce(1), f"{objects.root}/lake/mixed", ["batch"], lake_format)
    else:
        folder = f"{objects.root}/lake/state_vectors"
        _write(rows.repartition("day", "hour"), folder, ["day", "hour", "batch"], lake_format)


def _write(rows: DataFrame, folder: str, by: list[str], lake_format: str) -> None:
    writer = rows.write.mode("overwrite").partitionBy(*by)
    if lake_format == "parquet":
        writer.parquet(folder)
    else:
        writer.option("compression", "gzip").option("ignoreNullFields", "false").json(folder)
