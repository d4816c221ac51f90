"""DynamoDB as the job's database, on an emulator: each delivery once, and the newest row of each aircraft."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from dynamo import Dynamo, Tables
from dynamo_items import attribute, observation_key
from job import apply_batch
from plan import Plan
from test_cases import FIELDS
from test_parity import read_expected
from test_support import ROOT, local_pipeline, raw_records, records_frame, split_records

KEYS = {
    "aircraft": ["icao24"],
    "states": ["aircraft_day", "observation"],
    "batches": ["flow_day", "delivery_id"],
}


def create_tables(dynamo: Any, prefix: str) -> None:
    for name, keys in KEYS.items():
        dynamo.create_table(
            TableName=f"{prefix}-{name}",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": ("HASH", "RANGE")[i]} for i, key in enumerate(keys)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        )
        dynamo.get_waiter("table_exists").wait(TableName=f"{prefix}-{name}", WaiterConfig={"Delay": 1})


@pytest.fixture(scope="module")
def prefix(dynamo: Any) -> str:
    create_tables(dynamo, "test")
    return "test"


def items(dynamo: Any, table: str) -> list[dict[str, Any]]:
    pages = dynamo.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def ledger(dynamo: Any, prefix: str) -> dict[str, int]:
    rows = [item for item in items(dynamo, f"{prefix}-batches") if item["flow_day"]["S"] != "days"]
    return {name: sum(int(row[name]["N"]) for row in rows) for name in ("received", "accepted", "duplicate")}


def dynamo_database(prefix: str, plan: Plan) -> Dynamo:
    return Dynamo(Tables(prefix, "us-east-1", 7, plan["newest_order"]), plan["tag"])


def test_each_delivery_is_applied_once_and_the_newest_row_wins(
    spark: SparkSession, plan: Plan, parity: Path, tmp_path: Path, dynamo: Any, prefix: str
) -> None:
    raw = raw_records(spark, parity / "few")
    pipeline = local_pipeline(spark, plan, tmp_path, dynamo_database(prefix, plan))
    for part in reversed(split_records(raw, 2)):
        applied = apply_batch(pipeline, part)
        assert applied is not None
        assert applied.received == applied.accepted + applied.duplicate + applied.rejected
    accepted = [cells for kind, *cells in read_expected(parity / "few").values() if kind == "accepted"]
    counted = ledger(dynamo, prefix)
    assert counted["received"] == len(read_expected(parity / "few"))
    assert counted["accepted"] == len(accepted) == len(items(dynamo, f"{prefix}-states"))
    newest: dict[str, str] = {}
    for cells in accepted:
        row = Row(**dict(zip(FIELDS, cells, strict=True)))
        newest[row.icao24] = max(observation_key(row, plan["newest_order"]), newest.get(row.icao24, ""))
    stored = {item["icao24"]["S"]: item["newest"]["S"] for item in items(dynamo, f"{prefix}-aircraft")}
    assert stored == newest

    again = apply_batch(pipeline, raw)
    assert again is not None
    assert (again.received, again.accepted, again.repeats) == (0, 0, counted["received"])
    assert ledger(dynamo, prefix) == counted
    assert len(items(dynamo, f"{prefix}-states")) == len(accepted)


def test_the_program_sends_its_modules_to_the_workers(spark: SparkSession, tmp_path: Path, dynamo: Any) -> None:
    create_tables(dynamo, "program")
    row = b'{"icao24":"abcdef","last_contact":1750000000}\n'
    raw = records_frame(spark, [(row * 2 + b"no row", "p", "1", 1_750_000_100), (row, "p", "2", 1_750_000_100)])
    raw.write.parquet(str(tmp_path / "records"))
    options = {
        "--plan": ROOT / "glue/plan.json",
        "--stream": "parity",
        "--reader": f"files:{tmp_path}/records",
        "--objects": f"file:{tmp_path}/objects",
        "--dynamodb": "program",
    }
    command = [sys.executable, str(ROOT / "glue/job.py"), *(str(word) for pair in options.items() for word in pair)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*command, "--until-empty"], cwd=tmp_path, env=env, check=True)
    assert ledger(dynamo, "program") == {"received": 4, "accepted": 1, "duplicate": 2}
    assert len(items(dynamo, "program-states")) == 1


def test_a_number_too_close_to_zero_for_dynamodb_becomes_zero() -> None:
    assert [attribute(value) for value in (5e-324, -1e-131, 1e-130, True, 7, "x")] == [
        {"N": "0"}, {"N": "0"}, {"N": "1e-130"}, {"BOOL": True}, {"N": "7"}, {"S": "x"},
    ]  # fmt: skip


class _KilledError(Exception):
    pass


def test_a_row_counts_when_its_owner_failed_before_its_ledger_row_and_arrives_again(
    spark: SparkSession, plan: Plan, tmp_path: Path, dynamo: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new checkpoint puts the owner into one batch with an earlier record of the same row."""
    line = (
        b'{"icao24":"fedcba","last_contact":1800000000,"time_position":null,"longitude":8,"latitude":50,'
        b'"on_ground":false}'
    )
    records = [(line, "failed", str(n), 1_800_000_000 + n) for n in range(3)]
    raw = records_frame(spark, records)
    first, second, third = (raw.where(f"sequenceNumber = '{n}'") for n in range(3))
    pipeline = local_pipeline(spark, plan, tmp_path, dynamo_database(prefix, plan))
    before = ledger(dynamo, prefix)

    def fail(*_: object) -> bool:
        raise _KilledError

    with monkeypatch.context() as patched, pytest.raises(_KilledError):
        patched.setattr(Dynamo, "_put_ledger", fail)
        apply_batch(pipeline, second)
    # the second record owns the row
    applied = apply_batch(pipeline, first)
    assert applied is not None
    assert (applied.accepted, applied.duplicate) == (0, 1)
    # within the batch the row is the first record's, although that record is known and its row a duplicate
    applied = apply_batch(pipeline, first.union(second).union(third))
    assert applied is not None
    assert (applied.accepted, applied.duplicate, applied.repeats) == (1, 1, 1)
    counted = ledger(dynamo, prefix)
    assert {name: counted[name] - before[name] for name in counted} == {"received": 3, "accepted": 1, "duplicate": 2}
