"""
One side of the question `spark`: python bench/spark_side.py check | SIDE INPUT OUT | plans INPUT OUT PLAN PLAN.

`check` compares what is written by hand with the golden cases. A side runs twice in one session, cold and warm, and
prints what both took; CPU is that of this process and all below it: the JVM and its Python workers. `plans` lets plans
take turns in one session, so that a busy moment meets all of them.
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

import spark_by_hand  # noqa: E402 -- lies beside this
from databases import Manifests  # noqa: E402
from job import World, apply_batch, session_builder  # noqa: E402
from lines import ChunkSettings  # noqa: E402
from micro_batch import judge, kept_records, lines_of  # noqa: E402
from objects import FileObjects, open_objects  # noqa: E402
from plan import Plan, prepare_session, read_plan  # noqa: E402

# of 50,000 rows the JVM compiles for the first ten passes, and a form that it compiles more of looks dearer
ROUNDS = 14

Judge = Callable[[DataFrame, Plan, ChunkSettings], DataFrame]


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
    """Of this process and all below it, those that ended and were waited for included. Linux."""
    spent: dict[int, float] = {}
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split(" ")
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        spent[pid] = sum(int(one) for one in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(spent[pid] for pid in ours)


def by_hand(records: DataFrame, plan: Plan, settings: ChunkSettings) -> DataFrame:
    """Bytes become lines in the job's own step, so that the rules alone are compared."""
    return spark_by_hand.judge(lines_of(records, plan, settings))


def job_pass(spark: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
    """What the job does with a micro-batch, without a database: counts, rejected objects, lake, manifests."""
    objects = open_objects(f"file:{out}")
    assert isinstance(objects, FileObjects)
    world = World(spark, plan, settings_of(plan, "bench"), objects, Manifests(objects, plan["tag"]), "parquet")
    assert apply_batch(world, raw) is not None


def query_pass(how: Judge) -> Callable[[SparkSession, Plan, DataFrame, str], None]:
    """The rules alone, written as a job by hand would: accepted as Parquet by hour, rejected as lines."""

    def run(_: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
        rows = how(kept_records(raw).where("copy = 1"), plan, settings_of(plan, "bench")).persist()
        time_of = f.timestamp_seconds("last_contact")
        kept = rows.where("reason is null and not is_duplicate").select(
            *spark_by_hand.RECORD,
            "received_at",
            f.date_format(time_of, "yyyy-MM-dd").alias("day"),
            f.date_format(time_of, "HH").alias("hour"),
        )
        kept.repartition("day", "hour").write.mode("overwrite").partitionBy("day", "hour").parquet(f"{out}/accepted")
        rejected = rows.where("reason is not null").select(
            "delivery", "place", "reason", "field", "row_text", "row_bytes"
        )
        rejected.write.mode("overwrite").json(f"{out}/rejected")
        rows.unpersist()

    return run


def lines_pass(_: SparkSession, plan: Plan, raw: DataFrame, out: str) -> None:
    lines_of(kept_records(raw).where("copy = 1"), plan, settings_of(plan, "bench")).write.mode("overwrite").format(
        "noop"
    ).save(out)


SIDES: dict[str, Callable[[SparkSession, Plan, DataFrame, str], None]] = {
    "job": job_pass,
    "plan": query_pass(judge),
    "hand": query_pass(by_hand),
    "lines": lines_pass,
}


def measure(side: str, records: str, out: str) -> dict[str, Any]:
    begun, spent = time.perf_counter() - time.process_time(), 0.0
    plan = read_plan(str(GLUE / "plan.json"))
    spark = session(plan)
    passes = []
    for name in ("cold", "warm"):
        SIDES[side](spark, plan, spark.read.parquet(records), f"{out}/{name}")
        now, total = time.perf_counter(), cpu_s()
        passes.append({"name": name, "wall_ms": 1_000 * (now - begun), "cpu_ms": 1_000 * (total - spent)})
        begun, spent = now, total
    if side in ("plan", "hand"):
        rows = spark.read.parquet(f"{out}/warm/accepted").count()
    elif side == "job":
        rows = spark.read.parquet(f"{out}/warm/lake/state_vectors").count()
    else:
        rows = None
    version = spark.version
    spark.stop()
    return {"spark": version, "accepted": rows, "passes": passes}


def take_turns(records: str, out: str, *files: str) -> list[dict[str, Any]]:
    """Wall time and CPU of each plan's warm pass: medians of the last half of the rounds."""
    plans = [read_plan(file) for file in files]
    spark = session(plans[0])
    named = {name for plan in plans for name in plan["session"]}
    times: list[list[tuple[float, float]]] = [[] for _ in plans]
    for _ in range(ROUNDS):
        for i, plan in enumerate(plans):
            for name in named:
                spark.conf.unset(name)
            prepare_session(spark, plan)
            begun, spent = time.perf_counter(), cpu_s()
            SIDES["plan"](spark, plan, spark.read.parquet(records), f"{out}/{i}")
            times[i].append((time.perf_counter() - begun, cpu_s() - spent))
    rows = [spark.read.parquet(f"{out}/{i}/accepted").count() for i in range(len(plans))]
    assert len(set(rows)) == 1
    spark.stop()
    warm = [list(zip(*of[ROUNDS // 2 :], strict=True)) for of in times]
    return [{"wall_ms": 1_000 * median(wall), "cpu_ms": 1_000 * median(cpu)} for wall, cpu in warm]


def check() -> dict[str, Any]:
    """Cases of kind `clean` whose accepted and rejected rows are those that the case tells."""
    from ids import record_id  # noqa: PLC0415
    from test_cases import FIELDS, NAMES, RECORDS, case_of, input_of, rejection  # noqa: PLC0415
    from test_cases import lines_of as told  # noqa: PLC0415

    names = [name for name in NAMES if case_of(name)["kind"] == "clean"]
    plan = read_plan(str(GLUE / "plan.json"))
    spark = session(plan)
    records = [(input_of(name), name, "1", case_of(name)["received_at"]) for name in names]
    lines = lines_of(spark.createDataFrame(records, RECORDS), plan, settings_of(plan, "cases"))
    found = spark_by_hand.judge(lines, ("delivery", *spark_by_hand.IDENTITY)).collect()
    different = []
    for name in names:
        rows = sorted(
            (row for row in found if row.delivery == record_id("cases", name, "1")), key=lambda row: row.place
        )
        accepted = [
            {field: row[field] for field in FIELDS} for row in rows if row.reason is None and not row.is_duplicate
        ]
        rejected = [rejection(row) for row in rows if row.reason is not None]
        if accepted != told(name, "accepted.ndjson") or rejected != told(name, "rejected.ndjson"):
            different.append(name)
            if os.environ.get("FLIGHTLINE_SHOW"):
                print(name, accepted, told(name, "accepted.ndjson"), rejected, sep="\n", file=sys.stderr)
    return {"spark": spark.version, "cases": len(names), "different": different}


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[0] == "plans":
        print(json.dumps(take_turns(*given[1:])))
    else:
        print(json.dumps(check() if given == ["check"] else measure(*given)))
