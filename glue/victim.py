"""
The job, which kills itself and its JVM at the n-th pass of a named point: victim.py POINT N JOB-OPTIONS...

It ends by itself, with exit code 0, when nothing is left to read.
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


def passing(name: str) -> None:
    passes[name] += 1
    if name == point and passes[name] == nth:
        os.killpg(0, signal.SIGKILL)


merge, write = postgres.Postgres._merge, lake._write


def watched(self: postgres.Postgres, connection: Any, batch: Any, stage: str) -> Any:
    passing("staged")
    applied = merge(self, connection, batch, stage)
    passing("before commit")
    return applied


def half_written(rows: DataFrame, folder: str, by: list[str], lake_format: str) -> None:
    passes["in lake"] += 1
    if point == "in lake" and passes[point] == nth:
        Thread(target=die_beside, args=(Path(folder.removeprefix("file:")),), daemon=True).start()
    write(rows, folder, by, lake_format)


def die_beside(folder: Path) -> None:
    """As soon as a file of the lake is begun: it lies in Spark's own folder then."""
    is_begun = False
    while not is_begun:
        time.sleep(0.001)
        # folders may go while they are looked at
        with suppress(FileNotFoundError):
            is_begun = any(folder.glob(".spark-staging-*/**/part-*"))
    os.killpg(0, signal.SIGKILL)


postgres.Postgres._merge = watched  # type: ignore[method-assign]
lake._write = half_written
options = job.read_options(sys.argv[3:])
world = job.open_world(options, job.session_builder().getOrCreate())
world.passing = passing
job.run(options, world)
