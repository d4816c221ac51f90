"""Writes rejected rows to quarantine: one object per delivery, the same object that every other engine writes."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import groupby
from time import gmtime, strftime

from pyspark.sql import DataFrame, Row

from objects import Objects
from plan import Plan


def hour_folder(unix_s: int) -> str:
    return strftime("day=%Y-%m-%d/hour=%H", gmtime(unix_s))


def rejected_line(row: Row) -> str:
    """A rejection as a line of NDJSON. The row is text where possible, otherwise bytes in base64."""
    origin = {
        "reason": row.reason,
        "field": row.field,
        "received_at": row.received_at,
        "source": row.source,
        "line": row.line_number,
    }
    content = (
        {"row": row.row_text} if row.row_bytes is None else {"bytes": base64.b64encode(bytes(row.row_bytes)).decode()}
    )
    return json.dumps({**origin, **content}, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_rejected(rejected: DataFrame, objects: Objects, plan: Plan) -> None:
    """One object per delivery: first its undecodable lines, then its invalid rows, both in the order of the lines."""
    sorted_rows = rejected.repartition("delivery").sortWithinPartitions("delivery", "is_read", "line_number")
    sorted_rows.foreachPartition(
        partial(_write_partition, objects=objects, prefix=plan["prefixes"]["rejected"], tag=plan["tag"])
    )


def _write_partition(rows: Iterator[Row], objects: Objects, prefix: str, tag: str) -> None:
    for delivery, some in groupby(rows, key=lambda row: str(row.delivery)):
        hour, body = _compressed(some)
        objects.put(f"{prefix}{hour}/{delivery}.{tag}.ndjson.gz", body)


def _compressed(rows: Iterable[Row]) -> tuple[str, bytes]:
    """
    The hour folder and the body of an object.

    Compresses row by row, since a record of a few kilobytes may inflate to millions of rows.
    """
    hour, body = "", BytesIO()
    with gzip.GzipFile(filename="", fileobj=body, mode="wb", compresslevel=1, mtime=0) as packed:
        for row in rows:
            hour = hour or hour_folder(row.received_at)
            packed.write(rejected_line(row).encode())
    return hour, body.getvalue()
