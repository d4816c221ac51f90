"""What the TypeScript engine makes of stream records, Spark makes of them too: row for row, bit for bit."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lines import ChunkSettings
from micro_batch import judge
from plan import Plan
from test_cases import FIELDS, RECORDS

LEAST_RANDOM_ROWS = 20_000
SHOWN = 5

Outcome = tuple[Any, ...]


def read(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]


def expected_of(folder: Path) -> dict[str, Outcome]:
    """Each line's outcome by delivery and place."""
    accepted = {place: ("accepted", *cells) for place, *cells in read(folder, "accepted.ndjson")}
    duplicates = dict.fromkeys(read(folder, "duplicates.ndjson"), ("duplicate",))
    rejected = {place: ("rejected", *told) for place, *told in read(folder, "rejected.ndjson")}
    return {**accepted, **duplicates, **rejected}


def cell(value: object) -> object:
    return struct.pack(">d", value).hex() if isinstance(value, float) else value


def outcome_of(row: Row) -> Outcome:
    if row.reason is not None:
        content = row.row_text if row.row_bytes is None else base64.b64encode(row.row_bytes).decode()
        return ("rejected", row.reason, row.field, row.source, content)
    return ("duplicate",) if row.is_duplicate else ("accepted", *(cell(row[name]) for name in FIELDS))


def records_of(folder: Path) -> list[tuple[bytes, str, str, int]]:
    return [
        (base64.b64decode(one["data"]), one["partition_key"], one["sequence_number"], one["arrived_at"])
        for one in read(folder, "records.ndjson")
    ]


def judged(spark: SparkSession, plan: Plan, folder: Path) -> dict[str, Outcome]:
    settings = ChunkSettings("parity", "opensky", plan["source_pattern"], plan["fields"])
    rows = judge(spark.createDataFrame(records_of(folder), RECORDS), plan, settings).collect()
    found = {f"{row.delivery} {row.place}": outcome_of(row) for row in rows}
    assert len(found) == len(rows)
    return found


def differences(expected: dict[str, Outcome], found: dict[str, Outcome]) -> list[str]:
    return [
        f"{place}: TypeScript {expected.get(place)}, Spark {found.get(place)}"
        for place in sorted(expected.keys() | found.keys())
        if expected.get(place) != found.get(place)
    ]


def compare(spark: SparkSession, plan: Plan, folder: Path) -> tuple[int, list[str]]:
    expected, found = expected_of(folder), judged(spark, plan, folder)
    return len(expected.keys() | found.keys()), differences(expected, found)


def test_random_rows_and_adversarial_texts_are_the_same(
    spark: SparkSession, plan: Plan, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, differing = compare(spark, plan, made / "random")
    with capsys.disabled():
        print(f"\nrandom: {rows} rows compared on Spark {spark.version}, {len(differing)} differences")
    assert differing[:SHOWN] == []
    assert rows >= LEAST_RANDOM_ROWS
    assert compare(spark, plan, made / "few")[1][:SHOWN] == []


def test_recorded_files_are_the_same(
    spark: SparkSession, plan: Plan, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = sorted(one.parent for one in made.glob("*/records.ndjson") if one.parent.name not in ("random", "few"))
    for folder in folders:
        rows, differing = compare(spark, plan, folder)
        with capsys.disabled():
            print(f"\n{folder.name}: {rows} rows compared on Spark {spark.version}, {len(differing)} differences")
        assert differing[:SHOWN] == []
    if not folders:
        with capsys.disabled():
            print("\nrecorded files were not compared: there are none beside the repository")


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("velocity > 340", "velocity >= 340"),
        ("last_contact > 100000000000", "last_contact > 100000000001"),
        ("[A-Z0-9]{1,8}", "[A-Z0-9]{1,9}"),
        ("pmod(true_track, 360D) + 0.0D", "pmod(true_track, 360D)"),
        ("length(sequence_number), sequence_number", "sequence_number"),
    ],
)
def test_another_rule_is_a_difference(spark: SparkSession, plan: Plan, made: Path, rule: str, changed: str) -> None:
    clean = [line.replace(rule, changed) for line in plan["clean"]]
    assert clean != plan["clean"]
    _, differing = compare(spark, {**plan, "clean": clean}, made / "few")
    assert differing
