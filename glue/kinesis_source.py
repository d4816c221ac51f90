"""
Reads Kinesis with boto3 on Spark 4.1, for installations of Spark without a Kinesis connector. A Python Data Source.

An offset contains a sequence number for each shard. The shard has been read up to and including that number. A closed
shard that was read to its end has the shard's ending sequence number, which no record has. Only then are its child
shards read.

Records may expire before they are read. The source notices this when the last record of a range, which is the newest,
has expired. The batch then fails.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition

from raw_schema import RAW_SCHEMA

FORMAT = "boto"
# limit of GetRecords
MAX_RECORDS_PER_CALL = 10_000
Offset = dict[str, str]


@dataclass
class ShardRange(InputPartition):
    """Records of a shard after the sequence number `after` up to `last`. Empty `after` is the start of the shard."""

    shard: str
    after: str
    last: str


@dataclass
class Stream:
    """Spark pickles it for the workers, so it opens a client for each call."""

    name: str
    region: str
    endpoint: str

    def client(self) -> Any:
        import boto3  # noqa: PLC0415 -- optional with Glue's own reader
        from botocore.config import Config  # noqa: PLC0415

        retries = {"max_attempts": 10, "mode": "standard"}
        return boto3.client(
            "kinesis", region_name=self.region, endpoint_url=self.endpoint, config=Config(retries=retries)
        )

    def shards(self) -> list[dict[str, Any]]:
        """Sorted by starting sequence number, so that parents come before their children."""
        pages = self.client().get_paginator("list_shards").paginate(StreamName=self.name)
        shards = [shard for page in pages for shard in page["Shards"]]
        return sorted(shards, key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]))

    def answers(self, shard: str, after: str) -> Iterator[dict[str, Any]]:
        """Answers of GetRecords. They end at the end of a closed shard and never end for an open shard."""
        client = self.client()
        start = {"StartingSequenceNumber": after} if after else {}
        kind = "AFTER_SEQUENCE_NUMBER" if after else "TRIM_HORIZON"
        iterator = client.get_shard_iterator(StreamName=self.name, ShardId=shard, ShardIteratorType=kind, **start)
        following = iterator["ShardIterator"]
        while following:
            answer = client.get_records(ShardIterator=following, Limit=MAX_RECORDS_PER_CALL)
            yield answer
            following = answer.get("NextShardIterator")


def is_tip(answer: dict[str, Any]) -> bool:
    """Whether the shard has no newer record."""
    return not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0


class KinesisSource(DataSource):
    @classmethod
    def name(cls) -> str:
        return FORMAT

    def schema(self) -> str:
        return RAW_SCHEMA

    def streamReader(self, schema: Any) -> DataSourceStreamReader:
        # Spark changes option names to lower case
        options = self.options
        stream = Stream(options["streamname"], options["region"], options["endpointurl"])
        return KinesisReader(stream, json.loads(options["position"]), int(options["maxcallsperbatch"]))


class KinesisReader(DataSourceStreamReader):
    """
    `current` is the end of the last planned batch. Spark calls latestOffset without a start offset, so the reader
    continues from there.
    """

    def __init__(self, stream: Stream, position: Offset, max_calls: int) -> None:
        self.stream, self.current, self.max_calls = stream, position, max_calls

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
            # a closed shard is read until Kinesis returns no next iterator
            is_enough = number == self.max_calls or (ending is None and is_tip(answer))
            if is_enough and answer.get("NextShardIterator") is not None:
                return last
        # The shard closed after the list was read. The next list has its ending number.
        return last if ending is None else ending

    def partitions(self, start: Offset, end: Offset) -> Sequence[InputPartition]:
        # after a restart Spark plans the logged batch first, with the offsets of the log
        self.current = end
        ranges = [ShardRange(shard, start.get(shard, ""), last) for shard, last in end.items()]
        return [planned for planned in ranges if int(planned.last) > int(planned.after or 0)]

    def read(self, partition: InputPartition) -> Iterator[tuple[Any, ...]]:
        planned = cast(ShardRange, partition)
        last, has_records = int(planned.last), False
        expired = RuntimeError(
            f"records of shard {planned.shard} up to sequence number {planned.last} expired before they were read; "
            "to continue with the records that remain, start the job with a new --checkpoint"
        )
        for answer in self.stream.answers(planned.shard, planned.after):
            for record in answer["Records"]:
                number = record["SequenceNumber"]
                # compared as integers, since the numbers differ in length
                if int(number) > last:
                    raise expired
                has_records = True
                yield record["Data"], record["PartitionKey"], number, record["ApproximateArrivalTimestamp"]
                if int(number) == last:
                    return
            if is_tip(answer) and not has_records and not self._is_ending(planned):
                raise expired

    def _is_ending(self, planned: ShardRange) -> bool:
        """Whether the range ends with the shard's ending sequence number, which no record has."""
        ranges = [shard["SequenceNumberRange"] for shard in self.stream.shards() if shard["ShardId"] == planned.shard]
        return any(numbers.get("EndingSequenceNumber") == planned.last for numbers in ranges)
