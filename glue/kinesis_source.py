"""
Kinesis for Spark 4.1 by boto3: a Python Data Source, where the engine brings no reader of its own.

An offset holds a sequence number for each shard: up to it, the shard is read. A closed shard that was read to its end
has its ending number, which no record has; only then its children are read. That records were given up by the stream
before they were read is noticed where the last of a range is gone, which is the newest: the batch fails.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from sources import RAW

FORMAT = "boto"
MOST_A_CALL = 10_000
Offset = dict[str, str]


@dataclass
class ShardRange(InputPartition):
    """Records of a shard after the number `after`, which is empty for the shard's begin, up to `last`."""

    shard: str
    after: str
    last: str


@dataclass
class Stream:
    """It travels to workers: it holds no connection."""

    name: str
    region: str
    endpoint: str

    def client(self) -> Any:
        import boto3  # noqa: PLC0415 -- where Glue reads the stream it need not be there
        from botocore.config import Config  # noqa: PLC0415

        retries = {"max_attempts": 10, "mode": "standard"}
        place = {"region_name": self.region, "endpoint_url": self.endpoint}
        return boto3.client("kinesis", **place, config=Config(retries=retries))

    def shards(self) -> list[dict[str, Any]]:
        """Parents before their children: by the number that they start with."""
        pages = self.client().get_paginator("list_shards").paginate(StreamName=self.name)
        found = [shard for page in pages for shard in page["Shards"]]
        return sorted(found, key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]))

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        """Answers of GetRecords, to the end of a closed shard, and of an open one for ever."""
        client = self.client()
        place = {"StartingSequenceNumber": after} if after else {}
        kind = "AFTER_SEQUENCE_NUMBER" if after else "TRIM_HORIZON"
        iterator = client.get_shard_iterator(StreamName=self.name, ShardId=shard, ShardIteratorType=kind, **place)
        following = iterator["ShardIterator"]
        while following:
            answer = client.get_records(ShardIterator=following, Limit=MOST_A_CALL)
            yield answer
            following = answer.get("NextShardIterator")


def is_tip(answer: dict[str, Any]) -> bool:
    return not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0


class KinesisSource(DataSource):
    @classmethod
    def name(cls) -> str:
        return FORMAT

    def schema(self) -> str:
        return RAW

    def streamReader(self, schema: Any) -> DataSourceStreamReader:
        # option keys arrive lower-cased
        given = self.options
        stream = Stream(given["streamname"], given["region"], given["endpointurl"])
        return KinesisReader(stream, json.loads(given["position"]), int(given["callsabatch"]))


class KinesisReader(DataSourceStreamReader):
    """`current` is where the last planned batch ends: latestOffset is told no start, so it goes on from there."""

    def __init__(self, stream: Stream, position: Offset, calls_a_batch: int) -> None:
        self.stream, self.current, self.calls_a_batch = stream, position, calls_a_batch

    def initialOffset(self) -> Offset:
        return {}

    def latestOffset(self) -> Offset:
        shards = self.stream.shards()
        unread = {shard["ShardId"] for shard in shards}
        latest: Offset = {}
        for shard in shards:
            name = shard["ShardId"]
            if unread & {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")}:
                continue
            ending = shard["SequenceNumberRange"].get("EndingSequenceNumber")
            last = self._last(name, self.current.get(name, ""), ending)
            if last:
                latest[name] = last
            if ending is not None and last == ending:
                unread.discard(name)
        return latest

    def _last(self, shard: str, after: str, ending: str | None) -> str:
        if ending is not None and after == ending:
            return after
        last = after
        for number, answer in enumerate(self.stream.answers(shard, after), 1):
            if answer["Records"]:
                last = answer["Records"][-1]["SequenceNumber"]
            # a closed shard is read until no iterator follows
            is_enough = number == self.calls_a_batch or (ending is None and is_tip(answer))
            if is_enough and answer.get("NextShardIterator") is not None:
                return last
        # closed meanwhile where the list did not say so yet: the next list will
        return last if ending is None else ending

    def partitions(self, start: Offset, end: Offset) -> Sequence[InputPartition]:
        # after a restart the logged batch is planned first, by its own bounds
        self.current = end
        ranges = [ShardRange(shard, start.get(shard, ""), last) for shard, last in end.items()]
        return [one for one in ranges if int(one.last) > int(one.after or 0)]

    def read(self, partition: InputPartition) -> Iterator[tuple[Any, ...]]:
        of = cast(ShardRange, partition)
        last, found = int(of.last), False
        gone = RuntimeError(f"records of {of.shard} up to {of.last} are gone")
        for answer in self.stream.answers(of.shard, of.after):
            for record in answer["Records"]:
                number = record["SequenceNumber"]
                # numbers grow in digits too, so texts compare wrongly
                if int(number) > last:
                    raise gone
                found = True
                yield record["Data"], record["PartitionKey"], number, record["ApproximateArrivalTimestamp"]
                if int(number) == last:
                    return
            if is_tip(answer) and not found and not self._is_ending(of):
                raise gone

    def _is_ending(self, of: ShardRange) -> bool:
        found = [shard["SequenceNumberRange"] for shard in self.stream.shards() if shard["ShardId"] == of.shard]
        return any(numbers.get("EndingSequenceNumber") == of.last for numbers in found)
