"""Opens the reader of stream records."""

import json
from dataclasses import dataclass
from typing import Any

from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession

from raw_schema import RAW_SCHEMA

# GetRecords calls per shard and batch of the job's own reader
MAX_CALLS_PER_BATCH = 10
# Glue's own reader, and the open-source connector that Glue includes. The job tries both, since Glue versions differ.
KINESIS_FORMATS = ("kinesis", "aws-kinesis")


@dataclass(frozen=True)
class SourceSettings:
    """
    `source` is `kinesis`, `aws-kinesis`, `auto` (both in this order), `boto` (the job's own reader, Spark 4.1), or
    `files:FOLDER` (Parquet files of raw records).
    """

    source: str
    stream: str
    region: str
    endpoint: str
    files_per_batch: int
    checkpoint: str
    until_empty: bool


def kinesis_options(name: str, settings: SourceSettings) -> dict[str, str]:
    """Sets failOnDataLoss, whose default is false. With the default, expired records would be lost silently."""
    if name == "kinesis":
        return {
            "streamName": settings.stream,
            "endpointUrl": settings.endpoint,
            "startingPosition": "TRIM_HORIZON",
            "failOnDataLoss": "true",
            # metric of the alarm on the consumer's lag
            "emitConsumerLagMetrics": "true",
        }
    return {
        "kinesis.streamName": settings.stream,
        "kinesis.region": settings.region,
        "kinesis.endpointUrl": settings.endpoint,
        "kinesis.consumerType": "GetRecords",
        "kinesis.startingPosition": "TRIM_HORIZON",
        "kinesis.failOnDataLoss": "true",
    }


def open_source(spark: SparkSession, settings: SourceSettings) -> DataFrame:
    kind, _, folder = settings.source.partition(":")
    if kind == "files":
        files = spark.readStream.schema(RAW_SCHEMA).option("maxFilesPerTrigger", settings.files_per_batch)
        return files.parquet(folder)
    if kind == "boto":
        return open_boto(spark, settings)
    failures: list[str] = []
    for name in KINESIS_FORMATS if kind == "auto" else (kind,):
        try:
            return spark.readStream.format(name).options(**kinesis_options(name, settings)).load()
        except Exception as error:
            failures.append(f"{name}: {error}")
    raise RuntimeError(
        f"no reader for --reader {settings.source}: {'; '.join(failures)}. "
        "Add a Kinesis connector to Spark, or pass --reader boto (Spark 4.1) or files:FOLDER"
    )


def open_boto(spark: SparkSession, settings: SourceSettings) -> DataFrame:
    """The job's own reader of Kinesis. It requires Python Data Sources, which Spark 3.5 does not have."""
    if int(spark.version.split(".")[0]) < 4:
        raise SystemExit(
            f"--reader boto requires Spark 4.1, this is Spark {spark.version}; "
            "pass --reader auto, kinesis, aws-kinesis or files:FOLDER"
        )
    import kinesis_source  # noqa: PLC0415 -- cannot be imported on Spark 3.5

    # by value, since Spark's planner process cannot import modules from the job's folder
    untyped: Any = cloudpickle
    untyped.register_pickle_by_value(kinesis_source)
    # without this setting a run with --until-empty is a single batch, and after a failure only the unfinished one
    spark.conf.set("spark.sql.streaming.triggerAvailableNowWrapper.enabled", "true")
    spark.dataSource.register(kinesis_source.KinesisSource)
    options = {
        "streamName": settings.stream,
        "region": settings.region,
        "endpointUrl": settings.endpoint,
        "position": logged_position(spark, settings.checkpoint),
        # With --until-empty Spark requests the latest offset only once. 0 removes the limit.
        "maxCallsPerBatch": str(0 if settings.until_empty else MAX_CALLS_PER_BATCH),
    }
    return spark.readStream.format(kinesis_source.FORMAT).options(**options).load()


def logged_position(spark: SparkSession, checkpoint: str) -> str:
    """
    The end offset of the newest batch in the checkpoint's log, finished or not. `{}` without a log.

    Spark passes an offset to a Python Data Source only for an unfinished batch. After a clean stop the source would
    start from the beginning. A file of the log has a line for its version, one for the batch, and one per source.
    """
    context: Any = spark.sparkContext
    folder = context._jvm.org.apache.hadoop.fs.Path(f"{checkpoint}/offsets")
    files = folder.getFileSystem(context._jsc.hadoopConfiguration())
    if not files.exists(folder):
        return "{}"
    names = [status.getPath().getName() for status in files.listStatus(folder)]
    numbers = [int(name) for name in names if name.isdigit()]
    if not numbers:
        return "{}"
    lines = spark.read.text(f"{checkpoint}/offsets/{max(numbers)}", wholetext=True).collect()[0].value.rstrip("\n")
    position = str(lines.split("\n")[-1])
    return position if isinstance(json.loads(position), dict) else "{}"
