"""PostgreSQL: rows to a stage by Spark, then one transaction from the driver, by the statements of the plan."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from databases import Applied, add_counts, rejected_rows
from logins import Login
from micro_batch import Delivery, MicroBatch
from plan import Plan, sql_of

STAGE = "spark_stage"
DRIVER = "org.postgresql.Driver"
# a deadlock or a serialisation failure: another writer was first, and waiting helps
RETRIED = ("40P01", "40001")
ATTEMPTS = 5
DAY_S = 86_400
Answer = TypeVar("Answer")
# a server that is gone without a word fails the batch, and one that wakes up is waited for: s, of its answer to TLS ms
PATIENCE = {"tcpKeepAlive": "true", "connectTimeout": "60", "sslResponseTimeout": "60000", "socketTimeout": "900"}
PARAMETER = re.compile(r"\$(\d+)")


class StageError(Exception):
    """The stage does not hold what was put there."""


@dataclass
class Postgres:
    spark: SparkSession
    plan: Plan
    """jdbc:postgresql://HOST:PORT/DATABASE"""
    url: str
    """user and password, and what else the driver takes; asked for with each connection"""
    login: Login
    """days that rows are kept; the day partitions follow it"""
    retention_days: int
    partitions_made_on: int = -1

    def apply(self, batch: MicroBatch) -> Applied:
        self._make_partitions()
        self._transaction(lambda connection: self._update(connection, "clear-lost-stages"))
        stage = uuid4().hex
        rows = batch.accepted.withColumns({"batch_id": f.lit(batch.id), "stage_id": f.lit(stage)})
        options = {"driver": DRIVER, "batchsize": "5000", "reWriteBatchedInserts": "true"}
        rows.write.jdbc(self.url, STAGE, mode="append", properties={**PATIENCE, **self.login(), **options})
        return self._transaction(lambda connection: self._merge(connection, batch, stage))

    def _make_partitions(self) -> None:
        """Once a day: what is missing is told by one statement of the plan, and made by those that it tells."""
        today = int(time.time()) // DAY_S
        if self.partitions_made_on == today:
            return
        missing = self._transaction(lambda connection: self._query(connection, "make-partitions", self.retention_days))
        for statement in missing:
            self._transaction(partial(_execute, sql=statement))
        self.partitions_made_on = today

    def _merge(self, connection: Any, batch: MicroBatch, stage: str) -> Applied:
        claims = json.dumps([{"id": one.id, "rows": one.rows} for one in batch.deliveries])
        fresh = set(self._query(connection, "claim-deliveries", claims, batch.id))
        kept = [one for one in batch.deliveries if one.id in fresh]
        total = Applied(repeats=batch.repeats + sum(one.rows for one in batch.deliveries if one.id not in fresh))
        for one in kept:
            add_counts(total, one)
        ids = json.dumps(sorted(fresh))
        total.accepted = self._update(connection, "insert-staged-states", stage, ids) if kept else 0
        total.duplicate = total.received - total.rejected - total.accepted
        if kept:
            self._update(connection, "merge-staged-aircraft", stage, ids)
        self._update(
            connection,
            "insert-batch",
            batch.id,
            "stream",
            self.plan["tag"],
            total.received,
            total.accepted,
            total.duplicate,
            json.dumps(_reasons(kept)),
            total.repeats,
            batch.arrived_at,
        )
        self._query(connection, "tell-applied", batch.id)
        # asked last: rows that are there now were there for each statement before; the stage does not outlive a crash
        # of the server
        staged = int(self._query(connection, "count-staged", stage)[0])
        accepted = sum(one.accepted for one in batch.deliveries)
        if staged != accepted:
            raise StageError(f"{staged} of {accepted} rows are staged; the batch is to be applied again")
        self._update(connection, "clear-stage", stage)
        return total

    def _transaction(self, act: Callable[[Any], Answer]) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            connection = self._connect()
            try:
                connection.setAutoCommit(False)
                answer = act(connection)
                connection.commit()
                return answer
            except Py4JJavaError as error:
                if sql_state(error) not in RETRIED or attempt == ATTEMPTS:
                    raise
                time.sleep(0.1 * 2**attempt)
            finally:
                # what was not committed is rolled back by it
                connection.close()
        raise AssertionError("the last attempt returns or raises")

    def _connect(self) -> Any:
        jvm: Any = self.spark._jvm  # type: ignore[attr-defined,unused-ignore]
        properties = jvm.java.util.Properties()
        # the server takes every parameter for what the statement needs, as it does from other clients of ours
        for name, value in {**PATIENCE, **self.login(), "stringtype": "unspecified"}.items():
            properties.setProperty(name, value)
        # DriverManager does not see drivers that came by spark.jars
        return jvm.org.postgresql.Driver().connect(self.url, properties)

    def _prepare(self, connection: Any, name: str, given: tuple[object, ...]) -> Any:
        sql = sql_of(self.plan["statements"][name])
        prepared = connection.prepareStatement(PARAMETER.sub("?", sql_without_comments(sql)))
        for at, number in enumerate(PARAMETER.findall(sql_without_comments(sql)), 1):
            prepared.setString(at, str(given[int(number) - 1]))
        return prepared

    def _update(self, connection: Any, name: str, *given: object) -> int:
        prepared = self._prepare(connection, name, given)
        try:
            return int(prepared.executeUpdate())
        finally:
            prepared.close()

    def _query(self, connection: Any, name: str, *given: object) -> list[str]:
        prepared = self._prepare(connection, name, given)
        try:
            rows, found = prepared.executeQuery(), []
            while rows.next():
                found.append(str(rows.getString(1)))
            return found
        finally:
            prepared.close()


def _execute(connection: Any, sql: str) -> None:
    made = connection.createStatement()
    try:
        made.execute(sql)
    finally:
        made.close()


def sql_without_comments(sql: str) -> str:
    return re.sub(r"^--.*\n", "", sql, flags=re.MULTILINE)


def sql_state(error: Py4JJavaError) -> str:
    found = error.java_exception
    return str(found.getSQLState()) if hasattr(found, "getSQLState") else ""


def _reasons(deliveries: list[Delivery]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in deliveries:
        for reason, rows in one.rejected.items():
            sums[reason] = sums.get(reason, 0) + rows
    assert sum(sums.values()) == sum(rejected_rows(one) for one in deliveries)
    return dict(sorted(sums.items()))
