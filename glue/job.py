"""
The streaming job of Flow 2 on Spark: stream records are read, cleaned by the plan, and written; each delivery once.

It holds no rule: what a row must be is in the plan, which `flightline contract --write .` compiles.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from databases import Applied, Database, InOrder, Manifests
from dynamo import Dynamo, Tables
from glue_arguments import unknown_options
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

# records of up to 1 MiB that a Python worker holds at once
RECORDS_A_WORKER = 64
# classes that Spark keeps of the code it makes; a micro-batch uses about 80, and of a full 100 some would be made anew
CLASSES_KEPT = 1000


def parser() -> argparse.ArgumentParser:
    """The job's own options, none by a name that Glue keeps for itself."""
    options = argparse.ArgumentParser(prog="job.py", description=__doc__, allow_abbrev=False)
    options.add_argument("--plan", required=True, help="glue/plan.json, a file or s3://BUCKET/KEY")
    options.add_argument("--stream", required=True, help="the stream's name, a part of every delivery's id")
    options.add_argument("--bucket", help="where objects lie; the same as --objects s3://BUCKET")
    options.add_argument("--objects", help="file:FOLDER, s3://BUCKET/PREFIX or s3a://BUCKET/PREFIX")
    options.add_argument("--lake", choices=FORMATS, default="parquet")
    options.add_argument("--retention-days", type=int, default=7, help="that rows are kept in a database")
    options.add_argument("--postgres", help="jdbc:postgresql://HOST:PORT/DATABASE; a database of the job")
    options.add_argument("--postgres-user", help="logs in by tokens of IAM for this role of the database")
    options.add_argument(
        "--postgres-ca",
        help="file of authorities; a relative one is sent to every worker; without it the server is not verified",
    )
    options.add_argument("--postgres-secret", help="secret of Secrets Manager with username and password")
    options.add_argument("--dynamodb", help="what the tables' names begin with; a database of the job")
    options.add_argument("--source", default="auto", help="auto, kinesis, aws-kinesis, boto or files:FOLDER")
    options.add_argument("--record-source", default="opensky", help="a row's source where its chunk names none")
    options.add_argument("--region", default="us-east-1")
    options.add_argument("--kinesis-endpoint", help="where it is not AWS's")
    options.add_argument("--checkpoint", help="where the position is kept; else checkpoints/ beside the objects")
    options.add_argument("--files-a-batch", type=int, default=100)
    options.add_argument(
        "--partitions",
        type=int,
        help="of a micro-batch's rows; else twice the cores at the start; a checkpoint keeps it on Spark 3.5",
    )
    options.add_argument("--trigger-seconds", type=int, default=10)
    options.add_argument("--deployment", help="whose metrics the log tells CloudWatch; without it there are none")
    options.add_argument("--until-empty", action="store_true", help="ends when what stood there was read")
    return options


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Exits where an option is neither the job's nor Glue's: a misspelt one would be left out without a word."""
    known = parser()
    given, others = known.parse_known_args(arguments)
    unknown = unknown_options(others)
    if unknown:
        known.error(f"unknown: {' '.join(unknown)}")
    return given


@dataclass
class World:
    spark: SparkSession
    plan: Plan
    chunks: ChunkSettings
    objects: Objects
    database: Database
    lake: str
    # whose metrics are told
    deployment: str | None = None
    # called before and after each write with its name: where tests end the process
    passing: Callable[[str], None] = lambda _: None


def apply_batch(world: World, raw: DataFrame) -> Applied | None:
    """Rejected, database, lake: each may be done again. A sink that is down raises; a bad record never does."""
    with Cleaning(raw, world.plan, world.chunks) as batch:
        if not batch.deliveries:
            return None
        world.passing("before rejected")
        if any(one.rejected for one in batch.deliveries):
            write_rejected(batch.rejected, world.objects, world.plan["tag"])
        world.passing("before database")
        applied = world.database.apply(batch)
        world.passing("before lake")
        write_lake(batch, world.objects, world.lake, world.plan["contract"])
        world.passing("after lake")
        log("batch applied", batch_id=batch.id, deliveries=len(batch.deliveries), **applied.told())
        print_metrics(world.deployment, applied_metrics(applied))
        return applied


def log(message: str, **values: Any) -> None:
    print(json.dumps({"message": message, **values}), flush=True)


def open_database(given: argparse.Namespace, spark: SparkSession, plan: Plan, objects: Objects) -> Database:
    """PostgreSQL first, then DynamoDB, each where it is named; files alone where neither is."""
    stores: list[Database] = []
    if given.postgres:
        stores.append(Postgres(spark, plan, given.postgres, login_of(given), given.retention_days))
    if given.dynamodb:
        stores.append(Dynamo(Tables(given.dynamodb, given.region, given.retention_days), plan["tag"]))
    return InOrder(tuple(stores)) if stores else Manifests(objects, plan["tag"])


def login_of(given: argparse.Namespace) -> Login:
    if given.postgres_user:
        return token_login(given.postgres, given.postgres_user, given.region, given.postgres_ca)
    if given.postgres_secret:
        return secret_login(given.postgres_secret, given.region, given.postgres_ca)
    return plain_login


def session_builder() -> SparkSession.Builder:
    return (
        SparkSession.Builder()
        .appName("flightline")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(RECORDS_A_WORKER))
        .config("spark.sql.codegen.cache.maxEntries", str(CLASSES_KEPT))
        # an empty marker is no file of the lake
        .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    )


def open_world(given: argparse.Namespace, spark: SparkSession) -> World:
    plan = read_plan(given.plan, given.region)
    prepare_session(spark, plan)
    # Spark's own 200 are 200 tasks of a few rows each in every micro-batch
    spark.conf.set("spark.sql.shuffle.partitions", given.partitions or 2 * spark.sparkContext.defaultParallelism)
    send_modules(spark)
    place = given.objects or (f"s3://{given.bucket}" if given.bucket else None)
    if place is None:
        raise SystemExit("--bucket or --objects is missing")
    objects = open_objects(place, given.region)
    if isinstance(objects, FileObjects):
        without_checksum_files(spark)
    if given.postgres_ca and not Path(given.postgres_ca).is_absolute():
        # a worker finds it in the folder that it runs in, as the driver does
        spark.sparkContext.addFile(given.postgres_ca)
    return World(
        spark=spark,
        plan=plan,
        chunks=ChunkSettings(given.stream, given.record_source, plan["source_pattern"], plan["fields"]),
        objects=objects,
        database=open_database(given, spark, plan, objects),
        lake=given.lake,
        deployment=given.deployment,
    )


def send_modules(spark: SparkSession) -> None:
    """The modules that lie beside the job, for the workers; those that came as an archive they have."""
    beside = Path(__file__).resolve().parent
    # not by asking the modules, of which some would import others
    found = [vars(one).get("__file__") for one in list(sys.modules.values()) if hasattr(one, "__dict__")]
    for file in sorted({Path(name).resolve() for name in found if isinstance(name, str)}):
        if file.parent == beside and file.is_file():
            spark.sparkContext.addPyFile(str(file))


def without_checksum_files(spark: SparkSession) -> None:
    """Hadoop puts a file beside each file of a local folder, which would be an object of its own."""
    context: Any = spark.sparkContext
    hadoop = context._jvm.org.apache.hadoop.fs.FileSystem
    hadoop.getLocal(context._jsc.hadoopConfiguration()).setWriteChecksum(False)
    hadoop.get(context._jvm.java.net.URI("file:///"), context._jsc.hadoopConfiguration()).setWriteChecksum(False)


def run(given: argparse.Namespace, world: World) -> None:
    endpoint = given.kinesis_endpoint or f"https://kinesis.{given.region}.amazonaws.com"
    checkpoint = given.checkpoint or f"{world.objects.root}/checkpoints/{given.stream}"
    source = SourceSettings(
        source=given.source,
        stream=given.stream,
        region=given.region,
        endpoint=endpoint,
        files_a_batch=given.files_a_batch,
        checkpoint=checkpoint,
        until_empty=given.until_empty,
    )
    writer = (
        open_source(world.spark, source)
        .writeStream.foreachBatch(lambda raw, _: void(apply_batch(world, raw)))
        .option("checkpointLocation", checkpoint)
    )
    timed = (
        writer.trigger(availableNow=True)
        if given.until_empty
        else writer.trigger(processingTime=f"{given.trigger_seconds} seconds")
    )
    timed.start().awaitTermination()


def void(_: object) -> None:
    return None


if __name__ == "__main__":
    options = read_options(sys.argv[1:])
    run(options, open_world(options, session_builder().getOrCreate()))
