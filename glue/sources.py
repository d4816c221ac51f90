"""Where stream records come from: raw, as Kinesis keeps them."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

RAW = "data binary, partitionKey string, sequenceNumber string, approximateArrivalTimestamp timestamp"
# Glue's own reader, and the open connector that it brings; which name a version answers to is tried at start
KINESIS_FORMATS = ("kinesis", "aws-kinesis")


@dataclass(frozen=True)
class SourceSettings:
    """`kinesis`, `aws-kinesis`, `auto` (both, in this order), or `files:FOLDER` of Parquet files of raw records"""

    source: str
    stream: str
    region: str
    endpoint: str
    files_a_batch: int


def kinesis_options(name: str, of: SourceSettings) -> dict[str, str]:
    """failOnDataLoss is false where it is not said: records that expired would be lost without a word."""
    if name == "kinesis":
        return {
            "streamName": of.stream,
            "endpointUrl": of.endpoint,
            "startingPosition": "TRIM_HORIZON",
            "failOnDataLoss": "true",
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
    failures: list[str] = []
    for name in KINESIS_FORMATS if kind == "auto" else (kind,):
        try:
            return spark.readStream.format(name).options(**kinesis_options(name, of)).load()
        except Exception as error:
            failures.append(f"{name}: {error}")
    raise RuntimeError(f"no reader of Kinesis answers: {'; '.join(failures)}")
