"""
The job, which kills itself and its JVM at the n-th pass of a named point: victim.py POINT N JOB-OPTIONS...

It ends by itself, with exit code 0, when nothing is left to read.
"""

import os
import signal
import sys
from collections import Counter
from typing import Any

import job
import postgres

point, nth = sys.argv[1], int(sys.argv[2])
passes: Counter[str] = Counter()


def passing(name: str) -> None:
    passes[name] += 1
    if name == point and passes[name] == nth:
        os.killpg(0, signal.SIGKILL)


merge = postgres.Postgres._merge


def watched(self: postgres.Postgres, connection: Any, batch: Any) -> Any:
    passing("staged")
    applied = merge(self, connection, batch)
    passing("before commit")
    return applied


postgres.Postgres._merge = watched  # type: ignore[method-assign]
options = job.read_options(sys.argv[3:])
world = job.open_world(options, job.session_builder().getOrCreate())
world.passing = passing
job.run(options, world)
