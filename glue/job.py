"""
The streaming job of Flow 2 on Spark. It reads stream records, cleans them by the plan, and writes each delivery once.

The job contains no cleaning rule. The rules are in the plan, which `flightline contract --write .` compiles.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from databases import Applied, Database, Manifests, OrderedDatabases
from dynamo import Dynamo, Tables
from glue_arguments import unknown_arguments
from lake import FORMATS, write_lake
from lines import ChunkSettings
from logins import Login, plain_login, secret_login, token_login
from metrics import applied_metrics, print_metrics
from micro_batch import Cleaning
from objects import FileObjects, Objects, open_objects
from plan import Plan, prepare_session, read_plan
from postgres import Postgres
from quarantine import write_rejected
from sources import SourceSettings, open_source

# Stream records in a Python worker's memory. Each has up to 1 MiB.
MAX_RECORDS_PER_WORKER = 64
# Generated classes in Spark's cache. A micro-batch uses about 80, and the default of 100 would evict some of them.
MAX_CACHED_CLASSES = 1000


def option_parser() -> argparse.ArgumentParser:
    """The job's own options. None of them has a name that Glue reserves."""
    parser = argparse.ArgumentParser(prog="job.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--plan", required=True, help="the compiled plan (glue/plan.json): a file or s3://BUCKET/KEY")
    parser.add_argument("--stream", required=True, help="name of the stream, which is part of every delivery ID")
    parser.add_argument("--bucket", help="bucket of the objects, short for --objects s3://BUCKET")
    parser.add_argument("--objects", help="object store: file:FOLDER, s3://BUCKET/PREFIX or s3a://BUCKET/PREFIX")
    parser.add_argument("--lake", choices=FORMATS, default="parquet", help="file format of the lake (default: parquet)")
    parser.add_argument("--retention-days", type=int, default=7, help="days that a database keeps a row (default: 7)")
    parser.add_argument("--postgres", help="write to PostgreSQL: jdbc:postgresql://HOST:PORT/DATABASE")
    parser.add_argument("--postgres-user", help="database role for logins with IAM tokens")
    parser.add_argument(
        "--postgres-ca",
        help="file of certificate authorities that verify the server (default: the server is not verified). "
        "A relative file is sent to every worker.",
    )
    parser.add_argument("--postgres-secret", help="Secrets Manager secret with `username` and `password`")
    parser.add_argument("--dynamodb", help="write to DynamoDB: prefix of the table names")
    parser.add_argument(
        "--reader", default="auto", help="reader: auto, kinesis, aws-kinesis, boto or files:FOLDER (default: auto)"
    )
    parser.add_argument("--source", help="source of rows whose chunk names none (default: the plan's, opensky)")
    parser.add_argument("--region", default="us-east-1", help="AWS region (default: us-east-1)")
    parser.add_argument("--kinesis-endpoint", help="URL of Kinesis (default: the AWS endpoint of the region)")
    parser.add_argument("--checkpoint", help="folder of Spark's checkpoint (default: in the object store)")
    parser.add_argument(
        "--files-per-batch", type=int, default=100, help="maximum files per batch with files:FOLDER (default: 100)"
    )
    parser.add_argument(
        "--partitions",
        type=int,
        help="partitions of a micro-batch's rows (default: twice the cores at start). "
        "On Spark 3.5 an existing checkpoint keeps its number.",
    )
    parser.add_argument(
        "--trigger-seconds", type=int, default=10, help="seconds between starts of micro-batches (default: 10)"
    )
    parser.add_argument("--deployment", help="print CloudWatch metrics for this deployment (default: no metrics)")
    parser.add_argument(
        "--until-empty", action="store_true", help="end after reading the records that are available at start"
    )
    return parser


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Exits for an option that is neither the job's nor Glue's. Otherwise a misspelled option would have no effect."""
    parser = option_parser()
    options, others = parser.parse_known_args(arguments)
    unknown = unknown_arguments(others)
    if unknown:
        parser.error(f"unknown arguments: {' '.join(unknown)}; `job.py --help` lists the options")
    return options


@dataclass
class Pipeline:
    """The plan, the settings and the sinks of a running job."""

    spark: SparkSession
    plan: Plan
    chunks: ChunkSettings
    objects: Objects
    database: Database
    lake_format: str
    # Deployment of the printed metrics. None prints no metrics.
    deployment: str | None = None
    # Called with the name of each step of a batch. Fault injection kills the process in this call.
    on_step: Callable[[str], None] = lambda _: None


def apply_batch(pipeline: Pipeline, raw: DataFrame) -> Applied | None:
    """
    Writes rejected rows, then the database, then the lake. Returns None for an empty batch.

    Invariant: each of the three writes can be repeated. A sink that is not available raises. A broken record does not.
    """
    with Cleaning(raw, pipeline.plan, pipeline.chunks) as batch:
        if not batch.deliveries:
            return None
        pipeline.on_step("before rejected")
        if any(delivery.rejected for delivery in batch.deliveries):
            write_rejected(batch.rejected, pipeline.objects, pipeline.plan)
        pipeline.on_step("before database")
        applied = pipeline.database.apply(batch)
        pipeline.on_step("before lake")
        write_lake(batch, pipeline.objects, pipeline.lake_format, pipeline.plan)
        pipeline.on_step("after lake")
        log("batch applied", batch_id=batch.id, deliveries=len(batch.deliveries), **applied.as_dict())
        print_metrics(pipeline.deployment, applied_metrics(applied))
        return applied


def log(message: str, **values: Any) -> None:
    print(json.dumps({"message": message, **values}), flush=True)


def open_database(options: argparse.Namespace, spark: SparkSession, plan: Plan, objects: Objects) -> Database:
    """The databases that the options name, PostgreSQL before DynamoDB. Without a database, manifest objects."""
    databases: list[Database] = []
    if options.postgres:
        databases.append(Postgres(spark, plan, options.postgres, login_of(options), options.retention_days))
    if options.dynamodb:
        tables = Tables(options.dynamodb, options.region, options.retention_days, plan["newest_order"])
        databases.append(Dynamo(tables, plan["tag"]))
    return OrderedDatabases(tuple(databases)) if databases else Manifests(objects, plan)


def login_of(options: argparse.Namespace) -> Login:
    if options.postgres_user:
        return token_login(options.postgres, options.postgres_user, options.region, options.postgres_ca)
    if options.postgres_secret:
        return secret_login(options.postgres_secret, options.region, options.postgres_ca)
    return plain_login


def session_builder() -> SparkSession.Builder:
    return (
        SparkSession.Builder()
        .appName("flightline")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(MAX_RECORDS_PER_WORKER))
        .config("spark.sql.codegen.cache.maxEntries", str(MAX_CACHED_CLASSES))
        # Hadoop's empty _SUCCESS file does not belong in the lake
        .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    )


def open_pipeline(options: argparse.Namespace, spark: SparkSession) -> Pipeline:
    plan = read_plan(options.plan, options.region)
    prepare_session(spark, plan)
    # Spark's default of 200 would start 200 tasks of a few rows each for every micro-batch
    spark.conf.set("spark.sql.shuffle.partitions", options.partitions or 2 * spark.sparkContext.defaultParallelism)
    send_modules(spark)
    url = options.objects or (f"s3://{options.bucket}" if options.bucket else None)
    if url is None:
        raise SystemExit("no object store: set --bucket BUCKET, or --objects to file:FOLDER, s3:// or s3a://")
    objects = open_objects(url, options.region)
    if isinstance(objects, FileObjects):
        disable_checksum_files(spark)
    if options.postgres_ca and not Path(options.postgres_ca).is_absolute():
        # the driver and the workers find it in their working folder
        spark.sparkContext.addFile(options.postgres_ca)
    return Pipeline(
        spark=spark,
        plan=plan,
        chunks=ChunkSettings(
            options.stream, options.source or plan["default_source"], plan["source_pattern"], plan["fields"]
        ),
        objects=objects,
        database=open_database(options, spark, plan, objects),
        lake_format=options.lake,
        deployment=options.deployment,
    )


def send_modules(spark: SparkSession) -> None:
    """Sends the imported modules of the job's folder to the workers. Modules from an archive are there already."""
    folder = Path(__file__).resolve().parent
    # not by getattr, since some modules import others when an attribute is read
    files = [vars(module).get("__file__") for module in list(sys.modules.values()) if hasattr(module, "__dict__")]
    for file in sorted({Path(name).resolve() for name in files if isinstance(name, str)}):
        if file.parent == folder and file.is_file():
            spark.sparkContext.addPyFile(str(file))


def disable_checksum_files(spark: SparkSession) -> None:
    """Otherwise Hadoop writes a checksum file for each file of a local folder, which would count as an object."""
    context: Any = spark.sparkContext
    hadoop = context._jvm.org.apache.hadoop.fs.FileSystem
    hadoop.getLocal(context._jsc.hadoopConfiguration()).setWriteChecksum(False)
    hadoop.get(context._jvm.java.net.URI("file:///"), context._jsc.hadoopConfiguration()).setWriteChecksum(False)


def run(options: argparse.Namespace, pipeline: Pipeline) -> None:
    endpoint = options.kinesis_endpoint or f"https://kinesis.{options.region}.amazonaws.com"
    checkpoint = (
        options.checkpoint or f"{pipeline.objects.root}/{pipeline.plan['prefixes']['checkpoints']}{options.stream}"
    )
    source = SourceSettings(
        source=options.reader,
        stream=options.stream,
        region=options.region,
        endpoint=endpoint,
        files_per_batch=options.files_per_batch,
        checkpoint=checkpoint,
        until_empty=options.until_empty,
    )

    def apply(raw: DataFrame, _: int) -> None:
        apply_batch(pipeline, raw)

    writer = (
        open_source(pipeline.spark, source).writeStream.foreachBatch(apply).option("checkpointLocation", checkpoint)
    )
    timed = (
        writer.trigger(availableNow=True)
        if options.until_empty
        else writer.trigger(processingTime=f"{options.trigger_seconds} seconds")
    )
    timed.start().awaitTermination()


if __name__ == "__main__":
    job_options = read_options(sys.argv[1:])
    run(job_options, open_pipeline(job_options, session_builder().getOrCreate()))
