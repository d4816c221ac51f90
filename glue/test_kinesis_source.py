"""The job's own reader of Kinesis, where the end to end does not reach: how much it takes at once."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("pyspark.sql.datasource", reason="Spark 3.5 has no Python Data Source")

from kinesis_source import KinesisReader, ShardRange, Stream
from sources import CALLS_A_BATCH


class FullStream(Stream):
    """One open shard with a record a call, for ever; it counts the calls."""

    def shards(self) -> list[dict[str, Any]]:
        return [{"ShardId": "one", "SequenceNumberRange": {"StartingSequenceNumber": "0"}}]

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        number = int(after or 0)
        while True:
            number += 1
            yield {"Records": [{"SequenceNumber": str(number)}], "NextShardIterator": "next", "MillisBehindLatest": 1}


def test_a_batch_ends_after_so_many_calls_though_more_stands_there() -> None:
    reader = KinesisReader(FullStream("s", "us-east-1", "http://localhost"), {}, CALLS_A_BATCH)
    first = reader.latestOffset()
    assert first == {"one": str(CALLS_A_BATCH)}
    reader.partitions({}, first)
    assert reader.latestOffset() == {"one": str(2 * CALLS_A_BATCH)}


class Shortened(FullStream):
    """A stream that gave up its first nine records."""

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        for number in range(max(10, int(after or 0) + 1), 13):
            record = {
                "SequenceNumber": str(number),
                "PartitionKey": "p",
                "Data": b"",
                "ApproximateArrivalTimestamp": None,
            }
            yield {"Records": [record], "NextShardIterator": "next", "MillisBehindLatest": 12 - number}


def test_a_range_whose_records_were_given_up_meanwhile_fails_the_batch() -> None:
    reader = KinesisReader(Shortened("s", "us-east-1", "http://localhost"), {}, CALLS_A_BATCH)
    with pytest.raises(RuntimeError, match="records of one up to 8 are gone"):
        list(reader.read(ShardRange("one", "3", "8")))
    assert [number for _, _, number, _ in reader.read(ShardRange("one", "3", "11"))] == ["10", "11"]
