"""Bytes to lines, where their number and size matter; what they mean is in the golden cases."""

import gzip
import json

import pyarrow as pa

from lines import BYTES_A_BATCH, LINES_A_BATCH, ChunkSettings, read_records

RECORDS = pa.schema(
    [
        ("data", pa.binary()),
        ("partition_key", pa.string()),
        ("sequence_number", pa.string()),
        ("received_at", pa.int64()),
    ]
)


def batches_of(*data: bytes) -> list[pa.RecordBatch]:
    records = [
        {"data": one, "partition_key": "k", "sequence_number": str(n), "received_at": 1} for n, one in enumerate(data)
    ]
    settings = ChunkSettings("test", "opensky", "[a-z]+", {})
    return list(read_records(iter([pa.RecordBatch.from_pylist(records, schema=RECORDS)]), settings))


def test_large_lines_leave_in_batches_of_some_mebibytes() -> None:
    line = json.dumps({"x": "y" * 60_000}).encode() + b"\n"
    record = gzip.compress(line * 1_000)
    assert len(record) < 500_000
    batches = batches_of(record, record)
    assert sum(batch.num_rows for batch in batches) == 2_000
    assert max(batch.nbytes for batch in batches) < 2 * BYTES_A_BATCH


def test_small_lines_leave_by_their_number() -> None:
    batches = batches_of(gzip.compress(b"{}\n" * (LINES_A_BATCH + 1)))
    assert [batch.num_rows for batch in batches] == [LINES_A_BATCH, 1]
