"""
Runs the job, and kills it together with its JVM when it reaches a point for the n-th time:

    fault_injection.py POINT N JOB-OPTIONS...

Otherwise the job ends with exit code 0 when it has read all records.
"""

import os
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from pyspark.sql import DataFrame

import job
import lake
import postgres

point, nth = sys.argv[1], int(sys.argv[2])
passes: Counter[str] = Counter()


def kill_at(name: str) -> None:
    passes[name] += 1
    if name == point and passes[name] == nth:
        os.killpg(0, signal.SIGKILL)


merge, write = postgres.Postgres._merge, lake._write


def merge_with_points(self: postgres.Postgres, connection: Any, batch: Any, stage: str) -> Any:
    kill_at("staged")
    applied = merge(self, connection, batch, stage)
    kill_at("before commit")
    return applied


def write_with_point(rows: DataFrame, folder: str, partition_columns: list[str], lake_format: str) -> None:
    passes["in lake"] += 1
    if point == "in lake" and passes[point] == nth:
        Thread(target=kill_during_write, args=(Path(folder.removeprefix("file:")),), daemon=True).start()
    write(rows, folder, partition_columns, lake_format)


def kill_during_write(folder: Path) -> None:
    """Kills the job when Spark's staging folder contains the first file of the lake."""
    has_started = False
    while not has_started:
        time.sleep(0.001)
        # Spark may delete a folder during the search
        with suppress(FileNotFoundError):
            has_started = any(folder.glob(".spark-staging-*/**/part-*"))
    os.killpg(0, signal.SIGKILL)


postgres.Postgres._merge = merge_with_points  # type: ignore[method-assign]
lake._write = write_with_point
options = job.read_options(sys.argv[3:])
pipeline = job.open_pipeline(options, job.session_builder().getOrCreate())
pipeline.on_step = kill_at
job.run(options, pipeline)
