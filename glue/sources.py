"""Where stream records come from: raw, as Kinesis keeps them."""

import json
from dataclasses import dataclass
from typing import Any

from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession

RAW = "data binary, partitionKey string, sequenceNumber string, approximateArrivalTimestamp timestamp"
# of the job's own reader, a shard
CALLS_A_BATCH = 10
# Glue's own reader, and the open connector that it brings; which name a version answers to is tried at start
KINESIS_FORMATS = ("kinesis", "aws-kinesis")


@dataclass(frozen=True)
class SourceSettings:
    """`kinesis`, `aws-kinesis`, `auto` (both, in this order), `boto` (Spark 4.1), or `files:FOLDER` of Parquet files"""

    source: str
    stream: str
    region: str
    endpoint: str
    files_a_batch: int
    checkpoint: str
    until_empty: bool


def kinesis_options(name: str, of: SourceSettings) -> dict[str, str]:
    """failOnDataLoss is false where it is not said: records that expired would be lost without a word."""
    if name == "kinesis":
        return {
            "streamName": of.stream,
            "endpointUrl": of.endpoint,
            "startingPosition": "TRIM_HORIZON",
            "failOnDataLoss": "true",
            # what the alarm on the consumer's lag reads
            "emitConsumerLagMetrics": "true",
        }
    return {
        "kinesis.streamName": of.stream,
        "kinesis.region": of.region,
        "kinesis.endpointUrl": of.endpoint,
        "kinesis.consumerType": "GetRecords",
        "kinesis.startingPosition": "TRIM_HORIZON",
        "kinesis.failOnDataLoss": "true",
    }


def open_source(spark: SparkSession, of: SourceSettings) -> DataFrame:
    kind, _, place = of.source.partition(":")
    if kind == "files":
        files = spark.readStream.schema(RAW).option("maxFilesPerTrigger", of.files_a_batch)
        return files.parquet(place)
    if kind == "boto":
        return open_boto(spark, of)
    failures: list[str] = []
    for name in KINESIS_FORMATS if kind == "auto" else (kind,):
        try:
            return spark.readStream.format(name).options(**kinesis_options(name, of)).load()
        except Exception as error:
            failures.append(f"{name}: {error}")
    raise RuntimeError(f"no reader of Kinesis answers: {'; '.join(failures)}")


def open_boto(spark: SparkSession, of: SourceSettings) -> DataFrame:
    """Our own reader, where the engine knows Python Data Sources."""
    if int(spark.version.split(".")[0]) < 4:
        raise SystemExit("--source boto needs Spark 4.1")
    import kinesis_source  # noqa: PLC0415 -- Spark 3.5 cannot load it

    # the process that plans batches imports nothing that lies beside the job
    untyped: Any = cloudpickle
    untyped.register_pickle_by_value(kinesis_source)
    # without it a run that ends when nothing is left would do one batch, and only that if one was not done before
    spark.conf.set("spark.sql.streaming.triggerAvailableNowWrapper.enabled", "true")
    spark.dataSource.register(kinesis_source.KinesisSource)
    options = {
        "streamName": of.stream,
        "region": of.region,
        "endpointUrl": of.endpoint,
        "position": logged_position(spark, of.checkpoint),
        # a run that ends when nothing is left asks for the latest offset once
        "callsABatch": str(0 if of.until_empty else CALLS_A_BATCH),
    }
    return spark.readStream.format(kinesis_source.FORMAT).options(**options).load()


def logged_position(spark: SparkSession, checkpoint: str) -> str:
    """
    Where the newest logged batch ends, done or not: a Python Data Source is told it only of a batch that was not done,
    and would begin anew after a clean stop. The log holds a line for its version, one about the batch, one a source.
    """
    context: Any = spark.sparkContext
    folder = context._jvm.org.apache.hadoop.fs.Path(f"{checkpoint}/offsets")
    files = folder.getFileSystem(context._jsc.hadoopConfiguration())
    if not files.exists(folder):
        return "{}"
    names = [one.getPath().getName() for one in files.listStatus(folder)]
    numbers = [int(name) for name in names if name.isdigit()]
    if not numbers:
        return "{}"
    lines = spark.read.text(f"{checkpoint}/offsets/{max(numbers)}", wholetext=True).collect()[0].value.rstrip("\n")
    position = str(lines.split("\n")[-1])
    return position if isinstance(json.loads(position), dict) else "{}"
