"""PostgreSQL as the job's database. Spark fills a staging table, then the driver merges it in one transaction."""

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

STAGING_TABLE = "spark_stage"
DRIVER = "org.postgresql.Driver"
# deadlock_detected and serialization_failure: another writer was first, so a retry helps
RETRIED_STATES = ("40P01", "40001")
MAX_ATTEMPTS = 5
DAY_S = 86_400
Answer = TypeVar("Answer")
# A paused server has time to start. A server that stops answering fails the batch. Seconds, sslResponseTimeout in ms.
TIMEOUTS = {"tcpKeepAlive": "true", "connectTimeout": "60", "sslResponseTimeout": "60000", "socketTimeout": "900"}
PARAMETER = re.compile(r"\$(\d+)")


class StageError(Exception):
    """The staging table does not contain the rows that Spark wrote. The batch can be applied again."""


@dataclass
class Postgres:
    """
    `url` is jdbc:postgresql://HOST:PORT/DATABASE. `login` returns the driver's properties, and is called for each
    connection. The day partitions cover `retention_days`.
    """

    spark: SparkSession
    plan: Plan
    url: str
    login: Login
    retention_days: int
    # days since 1970
    partitions_made_on: int = -1

    def apply(self, batch: MicroBatch) -> Applied:
        self._make_partitions()
        self._transaction(lambda connection: self._update(connection, "spark-clear-lost-stages"))
        stage = uuid4().hex
        rows = batch.accepted.withColumns({"batch_id": f.lit(batch.id), "stage_id": f.lit(stage)})
        options = {"driver": DRIVER, "batchsize": "5000", "reWriteBatchedInserts": "true"}
        rows.write.jdbc(self.url, STAGING_TABLE, mode="append", properties={**TIMEOUTS, **self.login(), **options})
        return self._transaction(lambda connection: self._merge(connection, batch, stage))

    def _make_partitions(self) -> None:
        """Once a day. A query of the plan returns a statement for each missing partition."""
        today = int(time.time()) // DAY_S
        if self.partitions_made_on == today:
            return
        missing = self._transaction(lambda connection: self._query(connection, "make-partitions", self.retention_days))
        for statement in missing:
            self._transaction(partial(_execute, sql=statement))
        self.partitions_made_on = today

    def _merge(self, connection: Any, batch: MicroBatch, stage: str) -> Applied:
        claims = json.dumps([{"id": delivery.id, "rows": delivery.rows} for delivery in batch.deliveries])
        fresh_ids = set(self._query(connection, "claim-deliveries", claims, batch.id))
        fresh = [delivery for delivery in batch.deliveries if delivery.id in fresh_ids]
        repeated = sum(delivery.rows for delivery in batch.deliveries if delivery.id not in fresh_ids)
        total = Applied(repeats=batch.repeats + repeated)
        for delivery in fresh:
            add_counts(total, delivery)
        ids = json.dumps(sorted(fresh_ids))
        total.accepted = self._update(connection, "spark-insert-states", stage, ids) if fresh else 0
        total.duplicate = total.received - total.rejected - total.accepted
        if fresh:
            self._update(connection, "spark-merge-aircraft", stage, ids)
        self._update(
            connection,
            "insert-batch",
            batch.id,
            "stream",
            self.plan["tag"],
            total.received,
            total.accepted,
            total.duplicate,
            json.dumps(_sum_reasons(fresh)),
            total.repeats,
            batch.arrived_at,
        )
        self._query(connection, "notify-applied", batch.id)
        # Counted last: rows that exist now existed for each statement above. The staging table is unlogged, so a crash
        # of the server empties it.
        staged = int(self._query(connection, "spark-count-stage", stage)[0])
        accepted = sum(delivery.accepted for delivery in batch.deliveries)
        if staged != accepted:
            raise StageError(
                f"the staging table contains {staged} of {accepted} accepted rows of batch {batch.id}; "
                "nothing was applied, so run the batch again"
            )
        self._update(connection, "spark-clear-stage", stage)
        return total

    def _transaction(self, act: Callable[[Any], Answer]) -> Answer:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            connection = self._connect()
            try:
                connection.setAutoCommit(False)
                answer = act(connection)
                connection.commit()
                return answer
            except Py4JJavaError as error:
                if sql_state(error) not in RETRIED_STATES or attempt == MAX_ATTEMPTS:
                    raise
                time.sleep(0.1 * 2**attempt)
            finally:
                # rolls back when nothing was committed
                connection.close()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _connect(self) -> Any:
        jvm: Any = self.spark._jvm  # type: ignore[attr-defined,unused-ignore]
        properties = jvm.java.util.Properties()
        # untyped parameters: the server infers their types, as with the clients of the TypeScript engine
        for name, value in {**TIMEOUTS, **self.login(), "stringtype": "unspecified"}.items():
            properties.setProperty(name, value)
        # DriverManager does not find drivers from spark.jars
        return jvm.org.postgresql.Driver().connect(self.url, properties)

    def _prepare(self, connection: Any, name: str, parameters: tuple[object, ...]) -> Any:
        sql = sql_without_comments(sql_of(self.plan["statements"][name]))
        prepared = connection.prepareStatement(PARAMETER.sub("?", sql))
        for at, number in enumerate(PARAMETER.findall(sql), 1):
            prepared.setString(at, str(parameters[int(number) - 1]))
        return prepared

    def _update(self, connection: Any, name: str, *parameters: object) -> int:
        prepared = self._prepare(connection, name, parameters)
        try:
            return int(prepared.executeUpdate())
        finally:
            prepared.close()

    def _query(self, connection: Any, name: str, *parameters: object) -> list[str]:
        """The first column of each row, as text."""
        prepared = self._prepare(connection, name, parameters)
        try:
            rows, values = prepared.executeQuery(), []
            while rows.next():
                values.append(str(rows.getString(1)))
            return values
        finally:
            prepared.close()


def _execute(connection: Any, sql: str) -> None:
    statement = connection.createStatement()
    try:
        statement.execute(sql)
    finally:
        statement.close()


def sql_without_comments(sql: str) -> str:
    return re.sub(r"^--.*\n", "", sql, flags=re.MULTILINE)


def sql_state(error: Py4JJavaError) -> str:
    exception = error.java_exception
    return str(exception.getSQLState()) if hasattr(exception, "getSQLState") else ""


def _sum_reasons(deliveries: list[Delivery]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for delivery in deliveries:
        for reason, rows in delivery.rejected.items():
            sums[reason] = sums.get(reason, 0) + rows
    assert sum(sums.values()) == sum(rejected_rows(delivery) for delivery in deliveries)
    return dict(sorted(sums.items()))
