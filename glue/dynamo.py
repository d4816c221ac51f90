"""DynamoDB, where a batch is one delivery: a row where its identity is free, newest wins, the ledger's row last."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import count, islice
from typing import Any

from pyspark.sql import DataFrame, Row

from databases import Applied, add_counts, rejected_rows
from dynamo_items import Item, day_of, item_of, observation, tile_of
from micro_batch import Delivery, MicroBatch

KEYS_A_READ = 100
# of one worker; more only wait for each other
WRITES_AT_ONCE = 16


@dataclass(frozen=True)
class Tables:
    """What the tables' names begin with, where they are, and how long DynamoDB keeps a row."""

    prefix: str
    region: str
    retention_days: int


@cache
def _client(region: str) -> Any:
    import boto3  # noqa: PLC0415 -- without DynamoDB it need not be there
    from botocore.config import Config  # noqa: PLC0415

    retries = {"max_attempts": 8, "mode": "standard"}
    config = Config(region_name=region, retries=retries, max_pool_connections=WRITES_AT_ONCE)
    return boto3.client("dynamodb", config=config)


def put_if(tables: Tables, name: str, item: Item, condition: str, **values: dict[str, Any]) -> Item | None:
    """None, or the item that stands there and for which the condition does not hold; empty where that is not told."""
    client = _client(tables.region)
    given = {"ExpressionAttributeValues": {f":{of}": value for of, value in values.items()}} if values else {}
    try:
        client.put_item(
            TableName=f"{tables.prefix}-{name}",
            Item=item,
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **given,
        )
    except client.exceptions.ConditionalCheckFailedException as refused:
        # some stand-ins of DynamoDB do not tell
        stands: Item = refused.response.get("Item", {})
        return stands
    return None


def get(tables: Tables, name: str, key: Item) -> Item:
    """The item as it is now; an empty one where there is none."""
    table = f"{tables.prefix}-{name}"
    item: Item = _client(tables.region).get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return item


def hold_state(row: Row, tables: Tables, known: frozenset[str]) -> str | None:
    """
    The delivery that holds the row now, after it was put where none does. It may be one that died before its ledger's
    row and comes again in this batch. A row of a known delivery was put when that came first, and is not put again.
    """
    key = {
        "aircraft_day": {"S": f"{row.icao24}#{day_of(row.last_contact)}"},
        "observation": {"S": observation(row)},
    }
    stands: Item = {}
    if row.delivery_id not in known:
        refused = put_if(
            tables,
            "states",
            {**item_of(row, tables.retention_days), **key},
            "attribute_not_exists(aircraft_day) OR batch_id = :id",
            id={"S": row.delivery_id},
        )
        if refused is None:
            return str(row.delivery_id)
        stands = refused
    stands = stands or get(tables, "states", key)
    return stands["batch_id"]["S"] if stands else None


def put_newest(row: Row, tables: Tables) -> None:
    newest = {"S": observation(row)}
    put_if(
        tables,
        "aircraft",
        {**item_of(row, tables.retention_days), **tile_of(row), "newest": newest},
        "attribute_not_exists(icao24) OR newest < :newest",
        newest=newest,
    )


def _put_partition(rows: Iterable[Row], tables: Tables, known: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Puts a partition's rows, which holds all of an aircraft; yields the rows that each delivery holds."""
    held: dict[str, int] = {}
    newest: dict[str, Row] = {}
    source = iter(rows)
    # making clients is not safe for threads
    _client(tables.region)
    with ThreadPoolExecutor(WRITES_AT_ONCE) as pool:
        while some := list(islice(source, 1_000)):
            for delivery in pool.map(partial(hold_state, tables=tables, known=known), some):
                if delivery is not None:
                    held[delivery] = held.get(delivery, 0) + 1
            for row in some:
                if row.delivery_id in known:
                    continue
                if row.icao24 not in newest or observation(newest[row.icao24]) < observation(row):
                    newest[row.icao24] = row
        for _ in pool.map(partial(put_newest, tables=tables), newest.values()):
            pass
    yield from held.items()


@dataclass(frozen=True)
class Dynamo:
    tables: Tables
    contract: str

    def apply(self, batch: MicroBatch) -> Applied:
        known = self._delivered(batch.deliveries)
        fresh = [one for one in batch.deliveries if one.id not in known]
        total = Applied(repeats=batch.repeats)
        held = self._put_rows(batch.accepted, known) if fresh else {}
        for one in fresh:
            one.accepted = held.get(one.id, 0)
        self._note_days(fresh)
        for one in batch.deliveries:
            if one.id not in known and self._put_ledger(one):
                add_counts(total, one)
            else:
                self._count_repeat(one)
                total.repeats += one.rows
        return total

    def _put_rows(self, accepted: DataFrame, known: set[str]) -> dict[str, int]:
        """How many rows each delivery holds: told by the partitions, for an accumulator counts a retried task twice."""
        put = partial(_put_partition, tables=self.tables, known=frozenset(known))
        held: dict[str, int] = {}
        for delivery, number in accepted.repartition("icao24").rdd.mapPartitions(put).collect():
            held[delivery] = held.get(delivery, 0) + number
        return held

    def _delivered(self, deliveries: list[Delivery]) -> set[str]:
        table = f"{self.tables.prefix}-batches"
        found: set[str] = set()
        for some in _chunks([ledger_key(one) for one in deliveries], KEYS_A_READ):
            keys: list[Item] = some
            for attempt in count():
                asked = {table: {"Keys": keys, "ProjectionExpression": "delivery_id", "ConsistentRead": True}}
                answer = _client(self.tables.region).batch_get_item(RequestItems=asked)
                found.update(item["delivery_id"]["S"] for item in answer["Responses"].get(table, []))
                # what a throttled table left out
                keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
                if not keys:
                    break
                time.sleep(min(5, 0.05 * 2 ** min(attempt, 10)))
        return found

    def _put_ledger(self, one: Delivery) -> bool:
        rejected = rejected_rows(one)
        numbers = {
            "received": one.rows,
            "accepted": one.accepted,
            "duplicate": one.rows - rejected - one.accepted,
            "repeats": 0,
            "expired": 0,
            "received_at": one.received_at,
            "applied_at": int(time.time()),
        }
        reasons = {reason: {"N": str(rows)} for reason, rows in one.rejected.items()}
        item: Item = {
            **ledger_key(one),
            "contract": {"S": self.contract},
            "rejected": {"M": reasons},
            **{name: {"N": str(number)} for name, number in numbers.items()},
        }
        return put_if(self.tables, "batches", item, "attribute_not_exists(delivery_id)") is None

    def _count_repeat(self, one: Delivery) -> None:
        self._add(ledger_key(one), "repeats", {"N": str(one.rows)})

    def _note_days(self, deliveries: list[Delivery]) -> None:
        """Which days the ledger has, so that sums need not search for them."""
        days = sorted({day_of(one.received_at) for one in deliveries})
        if days:
            self._add({"flow_day": {"S": "days"}, "delivery_id": {"S": "stream"}}, "days", {"SS": days})

    def _add(self, key: Item, name: str, value: dict[str, Any]) -> None:
        _client(self.tables.region).update_item(
            TableName=f"{self.tables.prefix}-batches",
            Key=key,
            UpdateExpression=f"ADD {name} :value",
            ExpressionAttributeValues={":value": value},
        )


def ledger_key(one: Delivery) -> Item:
    return {"flow_day": {"S": f"stream#{day_of(one.received_at)}"}, "delivery_id": {"S": one.id}}


def _chunks(of: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(of), size):
        yield of[start : start + size]
