"""
The Spark side of the benchmarks `spark` and `plans`. It prints a line of JSON.

    spark_side.py check                       compares the rules written by hand with the golden cases
    spark_side.py SIDE INPUT OUT              measures a side twice in one session: a cold pass and a warm pass
    spark_side.py plans INPUT OUT PLAN PLAN   alternates between plans in one session

SIDE is job, plan, hand or lines. CPU time includes this process and its descendants, which are the JVM and its Python
workers. Plans alternate so that load of the machine affects both.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

GLUE = Path(__file__).resolve().parent.parent / "glue"
sys.path[:0] = [str(GLUE), str(Path(__file__).resolve().parent)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(GLUE), os.environ.get("PYTHONPATH", "")])
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

import spark_by_hand  # noqa: E402 -- after the change of sys.path
from databases import Manifests  # noqa: E402
from job import Pipeline, apply_batch, session_builder  # noqa: E402
from lines import ChunkSettings  # noqa: E402
from micro_batch import clean_records, number_copies, split_lines  # noqa: E402
from objects import FileObjects, open_objects  # noqa: E402
from plan import Plan, prepare_session, read_plan  # noqa: E402

# With 50,000 rows the JVM compiles code during the first ten passes. A plan with more code would look slower.
ROUNDS = 14

Cleaner = Callable[[DataFrame, Plan, ChunkSettings], DataFrame]


def session(plan: Plan) -> SparkSession:
    spark = (
        session_builder()
        .master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    prepare_session(spark, plan)
    return spark


def settings_of(plan: Plan, stream: str) -> ChunkSettings:
    return ChunkSettings(stream, "opensky", plan["source_pattern"], plan["fields"])


def cpu_s() -> float:
    """CPU time of this process and its descendants, including those that ended and were waited for. Linux only."""
    spent: dict[int, float] = {}
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split(" ")
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        spent[pid] = sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(spent[pid] for pid in family)


def by_hand(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    """Splits lines with the job's own step, so that the comparison covers only the rules."""
    return spark_by_hand.clean_lines(split_lines(records, plan, settings))


def job_pass(spark: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
    """A micro-batch of the job without a database: counts, rejected objects, lake and manifests."""
    objects = open_objects(f"file:{out}")
    assert isinstance(objects, FileObjects)
    pipeline = Pipeline(spark, plan, settings_of(plan, "bench"), objects, Manifests(objects, plan), "parquet")
    assert apply_batch(pipeline, raw) is not None


def query_pass(cleaner: Cleaner) -> Callable[[SparkSession, Plan, DataFrame, str], None]:
    """The rules with simple output, as in a job written by hand: accepted rows as Parquet by hour, rejected as JSON."""

    def run(_: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
        rows = cleaner(number_copies(raw).where("copy = 1"), plan, settings_of(plan, "bench")).persist()
        time_of = f.timestamp_seconds("last_contact")
        accepted = rows.where("reason is null and not is_duplicate").select(
            *spark_by_hand.RECORD,
            "received_at",
            f.date_format(time_of, "yyyy-MM-dd").alias("day"),
            f.date_format(time_of, "HH").alias("hour"),
        )
        accepted.repartition("day", "hour").write.mode("overwrite").partitionBy("day", "hour").parquet(
            f"{out}/accepted"
        )
        rejected = rows.where("reason is not null").select(
            "delivery", "line_number", "reason", "field", "row_text", "row_bytes"
        )
        rejected.write.mode("overwrite").json(f"{out}/rejected")
        rows.unpersist()

    return run


def lines_pass(_: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
    split_lines(number_copies(raw).where("copy = 1"), plan, settings_of(plan, "bench")).write.mode("overwrite").format(
        "noop"
    ).save(out)


SIDES: dict[str, Callable[[SparkSession, Plan, DataFrame, str], None]] = {
    "job": job_pass,
    "plan": query_pass(clean_records),
    "hand": query_pass(by_hand),
    "lines": lines_pass,
}


def measure(side: str, records: str, out: str) -> dict[str, Any]:
    started, spent = time.perf_counter() - time.process_time(), 0.0
    plan = read_plan(str(GLUE / "plan.json"))
    spark = session(plan)
    passes = []
    for name in ("cold", "warm"):
        SIDES[side](spark, plan, spark.read.parquet(records), f"{out}/{name}")
        now, total = time.perf_counter(), cpu_s()
        passes.append({"name": name, "wall_ms": 1_000 * (now - started), "cpu_ms": 1_000 * (total - spent)})
        started, spent = now, total
    if side in ("plan", "hand"):
        rows = spark.read.parquet(f"{out}/warm/accepted").count()
    elif side == "job":
        rows = spark.read.parquet(f"{out}/warm/{plan['prefixes']['lake_hours']}").count()
    else:
        rows = None
    version = spark.version
    spark.stop()
    return {"spark": version, "accepted": rows, "passes": passes}


def alternate_plans(records: str, out: str, *files: str) -> list[dict[str, Any]]:
    """Wall and CPU time of each plan: the medians of the last half of the rounds."""
    plans = [read_plan(file) for file in files]
    spark = session(plans[0])
    settings = {name for plan in plans for name in plan["session"]}
    times: list[list[tuple[float, float]]] = [[] for _ in plans]
    for _ in range(ROUNDS):
        for i, plan in enumerate(plans):
            for name in settings:
                spark.conf.unset(name)
            prepare_session(spark, plan)
            started, spent = time.perf_counter(), cpu_s()
            SIDES["plan"](spark, plan, spark.read.parquet(records), f"{out}/{i}")
            times[i].append((time.perf_counter() - started, cpu_s() - spent))
    rows = [spark.read.parquet(f"{out}/{i}/accepted").count() for i in range(len(plans))]
    assert len(set(rows)) == 1
    spark.stop()
    warm = [list(zip(*rounds[ROUNDS // 2 :], strict=True)) for rounds in times]
    return [{"wall_ms": 1_000 * median(wall), "cpu_ms": 1_000 * median(cpu)} for wall, cpu in warm]


def check() -> dict[str, Any]:
    """The number of golden cases of kind `clean`, and the names of those with other outcomes."""
    from ids import record_id  # noqa: PLC0415
    from test_cases import FIELDS, NAMES, RECORDS, read_case, read_expected, read_input, rejection  # noqa: PLC0415

    names = [name for name in NAMES if read_case(name)["kind"] == "clean"]
    plan = read_plan(str(GLUE / "plan.json"))
    spark = session(plan)
    records = [(read_input(name), name, "1", read_case(name)["received_at"]) for name in names]
    lines = split_lines(spark.createDataFrame(records, RECORDS), plan, settings_of(plan, "cases"))
    outcomes = spark_by_hand.clean_lines(lines, ("delivery", *spark_by_hand.IDENTITY)).collect()
    different = []
    for name in names:
        rows = sorted(
            (row for row in outcomes if row.delivery == record_id("cases", name, "1")), key=lambda row: row.line_number
        )
        accepted = [
            {field: row[field] for field in FIELDS} for row in rows if row.reason is None and not row.is_duplicate
        ]
        rejected = [rejection(row) for row in rows if row.reason is not None]
        if accepted != read_expected(name, "accepted.ndjson") or rejected != read_expected(name, "rejected.ndjson"):
            different.append(name)
            if os.environ.get("FLIGHTLINE_BENCH_SHOW"):
                print(name, accepted, read_expected(name, "accepted.ndjson"), rejected, sep="\n", file=sys.stderr)
    return {"spark": spark.version, "cases": len(names), "different": different}


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[0] == "plans":
        print(json.dumps(alternate_plans(*arguments[1:])))
    else:
        print(json.dumps(check() if arguments == ["check"] else measure(*arguments)))
