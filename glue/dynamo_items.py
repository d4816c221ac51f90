"""DynamoDB items of rows, and the key texts that find and order them."""

from math import floor
from time import gmtime, strftime
from typing import Any

from pyspark.sql import Row

DAY_S = 86_400
TIME_DIGITS = 12
TILE_DEG = 10
TILES_PER_ROW, TILE_ROWS = 36, 18
# DynamoDB cannot store a nonzero number closer to zero. No field needs such a number, so it becomes zero.
MIN_MAGNITUDE = 1e-130

Item = dict[str, dict[str, Any]]


def day_of(unix_s: int) -> str:
    return strftime("%Y-%m-%d", gmtime(unix_s))


def observation_key(row: Row, newest_order: list[str]) -> str:
    """Sorts the observations of an aircraft by the plan's order. A null time_position comes first."""
    position = "" if row.time_position is None else str(row.time_position).zfill(TIME_DIGITS)
    keys = {"last_contact": str(row.last_contact).zfill(TIME_DIGITS), "time_position": position, "source": row.source}
    return "#".join(keys[name] for name in newest_order)


def attribute(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, float):
        return {"N": "0" if abs(value) < MIN_MAGNITUDE else repr(value)}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def item_of(row: Row, retention_days: int) -> Item:
    """The stored row. A null field has no attribute. Each delivery is a batch, so `batch_id` is its ID."""
    fields = row.asDict()
    fields["batch_id"] = fields.pop("delivery_id")
    fields["expires_at"] = row.received_at + retention_days * DAY_S
    return {name: attribute(value) for name, value in fields.items() if value is not None}


def tile_of(row: Row) -> Item:
    """The ten-degree tile that contains the position. Empty for a row without a position."""
    if row.latitude is None:
        return {}
    north = min(TILE_ROWS - 1, floor((row.latitude + 90) / TILE_DEG))
    east = min(TILES_PER_ROW - 1, floor((row.longitude + 180) / TILE_DEG))
    return {"tile": {"N": str(north * TILES_PER_ROW + east)}}
