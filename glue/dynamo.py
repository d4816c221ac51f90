"""DynamoDB as the job's database. Each delivery is a batch, and its ledger row is written after its other rows."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import count, islice
from typing import Any

from pyspark.sql import DataFrame, Row

from databases import Applied, add_counts, rejected_rows
from dynamo_items import Item, day_of, item_of, observation_key, tile_of
from micro_batch import Delivery, MicroBatch

# limit of BatchGetItem
MAX_KEYS_PER_READ = 100
# Per worker. More writes would only wait for each other.
MAX_CONCURRENT_WRITES = 16


@dataclass(frozen=True)
class Tables:
    """The prefix of the table names, the region, days until a row expires, and the plan's order of observations."""

    prefix: str
    region: str
    retention_days: int
    newest_order: list[str]


@cache
def _client(region: str) -> Any:
    import boto3  # noqa: PLC0415 -- optional without DynamoDB
    from botocore.config import Config  # noqa: PLC0415

    retries = {"max_attempts": 8, "mode": "standard"}
    config = Config(region_name=region, retries=retries, max_pool_connections=MAX_CONCURRENT_WRITES)
    return boto3.client("dynamodb", config=config)


def put_if(tables: Tables, name: str, item: Item, condition: str, **values: dict[str, Any]) -> Item | None:
    """
    Puts the item when the condition is true, and returns None.

    Otherwise returns the stored item, or an empty one when the service does not return it.
    """
    client = _client(tables.region)
    parameters = {f":{parameter}": value for parameter, value in values.items()}
    try:
        client.put_item(
            TableName=f"{tables.prefix}-{name}",
            Item=item,
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **({"ExpressionAttributeValues": parameters} if parameters else {}),
        )
    except client.exceptions.ConditionalCheckFailedException as error:
        # some emulators of DynamoDB omit the item
        stored: Item = error.response.get("Item", {})
        return stored
    return None


def get(tables: Tables, name: str, key: Item) -> Item:
    """The item by a consistent read. Empty when the key does not exist."""
    table = f"{tables.prefix}-{name}"
    item: Item = _client(tables.region).get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return item


def put_state(row: Row, tables: Tables, known: frozenset[str]) -> str | None:
    """
    Puts the row unless its observation is stored, and returns the delivery that owns the observation.

    The owner may be a delivery that failed before its ledger row and arrives again in this batch. Rows of known
    deliveries (those with a ledger row) are not put again.
    """
    key = {
        "aircraft_day": {"S": f"{row.icao24}#{day_of(row.last_contact)}"},
        "observation": {"S": observation_key(row, tables.newest_order)},
    }
    stored: Item = {}
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
        stored = refused
    stored = stored or get(tables, "states", key)
    return stored["batch_id"]["S"] if stored else None


def put_newest(row: Row, tables: Tables) -> None:
    newest = {"S": observation_key(row, tables.newest_order)}
    put_if(
        tables,
        "aircraft",
        {**item_of(row, tables.retention_days), **tile_of(row), "newest": newest},
        "attribute_not_exists(icao24) OR newest < :newest",
        newest=newest,
    )


def _put_partition(rows: Iterable[Row], tables: Tables, known: frozenset[str]) -> Iterator[tuple[str, int]]:
    """
    Puts the rows of a partition and yields each delivery with the number of rows that it owns.

    The partition contains all rows of its aircraft.
    """
    owned: dict[str, int] = {}
    newest: dict[str, Row] = {}
    order = tables.newest_order
    source = iter(rows)
    # boto3 cannot create clients from several threads
    _client(tables.region)
    with ThreadPoolExecutor(MAX_CONCURRENT_WRITES) as pool:
        while some := list(islice(source, 1_000)):
            for delivery in pool.map(partial(put_state, tables=tables, known=known), some):
                if delivery is not None:
                    owned[delivery] = owned.get(delivery, 0) + 1
            for row in some:
                if row.delivery_id in known:
                    continue
                if row.icao24 not in newest or observation_key(newest[row.icao24], order) < observation_key(row, order):
                    newest[row.icao24] = row
        for _ in pool.map(partial(put_newest, tables=tables), newest.values()):
            pass
    yield from owned.items()


@dataclass(frozen=True)
class Dynamo:
    tables: Tables
    contract: str

    def apply(self, batch: MicroBatch) -> Applied:
        known = self._known_deliveries(batch.deliveries)
        fresh = [delivery for delivery in batch.deliveries if delivery.id not in known]
        total = Applied(repeats=batch.repeats)
        owned = self._put_rows(batch.accepted, known) if fresh else {}
        for delivery in fresh:
            delivery.accepted = owned.get(delivery.id, 0)
        self._add_days(fresh)
        for delivery in batch.deliveries:
            if delivery.id not in known and self._put_ledger(delivery):
                add_counts(total, delivery)
            else:
                self._count_repeat(delivery)
                total.repeats += delivery.rows
        return total

    def _put_rows(self, accepted: DataFrame, known: set[str]) -> dict[str, int]:
        """
        Each delivery with the number of rows that it owns.

        The partitions return these numbers. An accumulator would count the rows of a retried task twice.
        """
        put = partial(_put_partition, tables=self.tables, known=frozenset(known))
        owned: dict[str, int] = {}
        for delivery, number in accepted.repartition("icao24").rdd.mapPartitions(put).collect():
            owned[delivery] = owned.get(delivery, 0) + number
        return owned

    def _known_deliveries(self, deliveries: list[Delivery]) -> set[str]:
        """The IDs of the deliveries that have a ledger row."""
        table = f"{self.tables.prefix}-batches"
        known: set[str] = set()
        for some in _chunks([ledger_key(delivery) for delivery in deliveries], MAX_KEYS_PER_READ):
            keys: list[Item] = some
            for attempt in count():
                request = {table: {"Keys": keys, "ProjectionExpression": "delivery_id", "ConsistentRead": True}}
                answer = _client(self.tables.region).batch_get_item(RequestItems=request)
                known.update(item["delivery_id"]["S"] for item in answer["Responses"].get(table, []))
                # a throttled table answers only some of the keys
                keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
                if not keys:
                    break
                time.sleep(min(5, 0.05 * 2 ** min(attempt, 10)))
        return known

    def _put_ledger(self, delivery: Delivery) -> bool:
        """False when the delivery has a ledger row already."""
        rejected = rejected_rows(delivery)
        numbers = {
            "received": delivery.rows,
            "accepted": delivery.accepted,
            "duplicate": delivery.rows - rejected - delivery.accepted,
            "repeats": 0,
            "expired": 0,
            "received_at": delivery.received_at,
            "applied_at": int(time.time()),
        }
        reasons = {reason: {"N": str(rows)} for reason, rows in delivery.rejected.items()}
        item: Item = {
            **ledger_key(delivery),
            "contract": {"S": self.contract},
            "rejected": {"M": reasons},
            **{name: {"N": str(number)} for name, number in numbers.items()},
        }
        return put_if(self.tables, "batches", item, "attribute_not_exists(delivery_id)") is None

    def _count_repeat(self, delivery: Delivery) -> None:
        self._add(ledger_key(delivery), "repeats", {"N": str(delivery.rows)})

    def _add_days(self, deliveries: list[Delivery]) -> None:
        """Lists the days that the ledger contains, so that totals do not search for them."""
        days = sorted({day_of(delivery.received_at) for delivery in deliveries})
        if days:
            self._add({"flow_day": {"S": "days"}, "delivery_id": {"S": "stream"}}, "days", {"SS": days})

    def _add(self, key: Item, name: str, value: dict[str, Any]) -> None:
        _client(self.tables.region).update_item(
            TableName=f"{self.tables.prefix}-batches",
            Key=key,
            UpdateExpression=f"ADD {name} :value",
            ExpressionAttributeValues={":value": value},
        )


def ledger_key(delivery: Delivery) -> Item:
    return {"flow_day": {"S": f"stream#{day_of(delivery.received_at)}"}, "delivery_id": {"S": delivery.id}}


def _chunks(items: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
