"""The job's own Kinesis reader, in cases that the end-to-end test does not cover: batch size and expired records."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("pyspark.sql.datasource", reason="Spark 3.5 has no Python Data Source")

from kinesis_source import KinesisReader, ShardRange, Stream
from sources import MAX_CALLS_PER_BATCH


class EndlessStream(Stream):
    """One open shard. Every call returns one record."""

    def shards(self) -> list[dict[str, Any]]:
        return [{"ShardId": "one", "SequenceNumberRange": {"StartingSequenceNumber": "0"}}]

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        number = int(after or 0)
        while True:
            number += 1
            yield {"Records": [{"SequenceNumber": str(number)}], "NextShardIterator": "next", "MillisBehindLatest": 1}


def test_a_batch_ends_after_the_maximum_of_calls_while_more_records_remain() -> None:
    reader = KinesisReader(EndlessStream("s", "us-east-1", "http://localhost"), {}, MAX_CALLS_PER_BATCH)
    first = reader.latestOffset()
    assert first == {"one": str(MAX_CALLS_PER_BATCH)}
    reader.partitions({}, first)
    assert reader.latestOffset() == {"one": str(2 * MAX_CALLS_PER_BATCH)}


class ExpiredStream(EndlessStream):
    """A stream whose first nine records have expired."""

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        for number in range(max(10, int(after or 0) + 1), 13):
            record = {
                "SequenceNumber": str(number),
                "PartitionKey": "p",
                "Data": b"",
                "ApproximateArrivalTimestamp": None,
            }
            yield {"Records": [record], "NextShardIterator": "next", "MillisBehindLatest": 12 - number}


def test_a_range_whose_last_record_has_expired_fails_the_batch() -> None:
    reader = KinesisReader(ExpiredStream("s", "us-east-1", "http://localhost"), {}, MAX_CALLS_PER_BATCH)
    with pytest.raises(RuntimeError, match="records of shard one up to sequence number 8 expired"):
        list(reader.read(ShardRange("one", "3", "8")))
    assert [number for _, _, number, _ in reader.read(ShardRange("one", "3", "11"))] == ["10", "11"]
