"""A row as an item of DynamoDB, and the texts by which items are found and ordered."""

from math import floor
from time import gmtime, strftime
from typing import Any

from pyspark.sql import Row

DAY_S = 86_400
TIME_DIGITS = 12
TILE_DEG = 10
TILES_A_ROW, TILE_ROWS = 36, 18
# DynamoDB holds no number that is closer to zero, and no field means anything there
LEAST_NUMBER = 1e-130

Item = dict[str, dict[str, Any]]


def day_of(unix_s: int) -> str:
    return strftime("%Y-%m-%d", gmtime(unix_s))


def observation(row: Row) -> str:
    """What orders the observations of an aircraft: last_contact, time_position with null least, source."""
    position = "" if row.time_position is None else str(row.time_position).zfill(TIME_DIGITS)
    return f"{str(row.last_contact).zfill(TIME_DIGITS)}#{position}#{row.source}"


def attribute(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, float):
        return {"N": "0" if abs(value) < LEAST_NUMBER else repr(value)}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def item_of(row: Row, retention_days: int) -> Item:
    """The stored row; null is an attribute that is missing, and the batch is the delivery."""
    found = row.asDict()
    found["batch_id"] = found.pop("delivery_id")
    found["expires_at"] = row.received_at + retention_days * DAY_S
    return {name: attribute(value) for name, value in found.items() if value is not None}


def tile_of(row: Row) -> Item:
    """The tile of ten degrees that the position lies in."""
    if row.latitude is None:
        return {}
    north = min(TILE_ROWS - 1, floor((row.latitude + 90) / TILE_DEG))
    east = min(TILES_A_ROW - 1, floor((row.longitude + 180) / TILE_DEG))
    return {"tile": {"N": str(north * TILES_A_ROW + east)}}
