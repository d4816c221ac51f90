"""The size of Arrow batches of lines. The golden cases test the lines themselves."""

import gzip
import json

import pyarrow as pa

from lines import MAX_BYTES_PER_BATCH, MAX_LINES_PER_BATCH, ChunkSettings, read_records

RECORDS = pa.schema(
    [
        ("data", pa.binary()),
        ("partition_key", pa.string()),
        ("sequence_number", pa.string()),
        ("received_at", pa.int64()),
    ]
)


def batches_of(*chunks: bytes) -> list[pa.RecordBatch]:
    records = [
        {"data": chunk, "partition_key": "k", "sequence_number": str(n), "received_at": 1}
        for n, chunk in enumerate(chunks)
    ]
    settings = ChunkSettings("test", "opensky", "[a-z]+", {})
    return list(read_records(iter([pa.RecordBatch.from_pylist(records, schema=RECORDS)]), settings))


def test_batches_of_large_lines_are_limited_by_bytes() -> None:
    line = json.dumps({"x": "y" * 60_000}).encode() + b"\n"
    record = gzip.compress(line * 1_000)
    assert len(record) < 500_000
    batches = batches_of(record, record)
    assert sum(batch.num_rows for batch in batches) == 2_000
    assert max(batch.nbytes for batch in batches) < 2 * MAX_BYTES_PER_BATCH


def test_batches_of_small_lines_are_limited_by_number() -> None:
    batches = batches_of(gzip.compress(b"{}\n" * (MAX_LINES_PER_BATCH + 1)))
    assert [batch.num_rows for batch in batches] == [MAX_LINES_PER_BATCH, 1]
