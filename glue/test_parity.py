"""Spark gives each line of a stream record the outcome that the TypeScript engine gives it, bit for bit."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lines import ChunkSettings
from micro_batch import clean_records
from plan import Plan
from test_cases import FIELDS, RECORDS

MIN_RANDOM_ROWS = 20_000
MAX_SHOWN = 5

Outcome = tuple[Any, ...]


def read_lines(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]


def read_expected(folder: Path) -> dict[str, Outcome]:
    """Expected outcomes by delivery and line number."""
    accepted = {key: ("accepted", *cells) for key, *cells in read_lines(folder, "accepted.ndjson")}
    duplicates = dict.fromkeys(read_lines(folder, "duplicates.ndjson"), ("duplicate",))
    rejected = {key: ("rejected", *rejection) for key, *rejection in read_lines(folder, "rejected.ndjson")}
    return {**accepted, **duplicates, **rejected}


def cell(value: object) -> object:
    """A double becomes its 64 bits in hexadecimal."""
    return struct.pack(">d", value).hex() if isinstance(value, float) else value


def outcome_of(row: Row) -> Outcome:
    if row.reason is not None:
        content = row.row_text if row.row_bytes is None else base64.b64encode(row.row_bytes).decode()
        return ("rejected", row.reason, row.field, row.source, content)
    return ("duplicate",) if row.is_duplicate else ("accepted", *(cell(row[name]) for name in FIELDS))


def read_records(folder: Path) -> list[tuple[bytes, str, str, int]]:
    return [
        (base64.b64decode(record["data"]), record["partition_key"], record["sequence_number"], record["arrived_at"])
        for record in read_lines(folder, "records.ndjson")
    ]


def clean_folder(spark: SparkSession, plan: Plan, folder: Path) -> dict[str, Outcome]:
    settings = ChunkSettings("parity", "opensky", plan["source_pattern"], plan["fields"])
    rows = clean_records(spark.createDataFrame(read_records(folder), RECORDS), plan, settings).collect()
    outcomes = {f"{row.delivery} {row.line_number}": outcome_of(row) for row in rows}
    assert len(outcomes) == len(rows)
    return outcomes


def differences(expected: dict[str, Outcome], outcomes: dict[str, Outcome]) -> list[str]:
    return [
        f"{key}: TypeScript {expected.get(key)}, Spark {outcomes.get(key)}"
        for key in sorted(expected.keys() | outcomes.keys())
        if expected.get(key) != outcomes.get(key)
    ]


def compare(spark: SparkSession, plan: Plan, folder: Path) -> tuple[int, list[str]]:
    """The number of rows compared, and a text for each row that differs."""
    expected, outcomes = read_expected(folder), clean_folder(spark, plan, folder)
    return len(expected.keys() | outcomes.keys()), differences(expected, outcomes)


def test_random_rows_and_adversarial_texts_have_the_same_outcomes(
    spark: SparkSession, plan: Plan, parity: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, differing = compare(spark, plan, parity / "random")
    with capsys.disabled():
        print(f"\nrandom: {rows} rows compared on Spark {spark.version}, {len(differing)} differences")
    assert differing[:MAX_SHOWN] == []
    assert rows >= MIN_RANDOM_ROWS
    assert compare(spark, plan, parity / "few")[1][:MAX_SHOWN] == []


def test_recorded_files_have_the_same_outcomes(
    spark: SparkSession, plan: Plan, parity: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = sorted(
        file.parent for file in parity.glob("*/records.ndjson") if file.parent.name not in ("random", "few")
    )
    for folder in folders:
        rows, differing = compare(spark, plan, folder)
        with capsys.disabled():
            print(f"\n{folder.name}: {rows} rows compared on Spark {spark.version}, {len(differing)} differences")
        assert differing[:MAX_SHOWN] == []
    if not folders:
        with capsys.disabled():
            print("\nno recorded files were compared; FLIGHTLINE_TEST_RECORDED names their folder")


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
def test_a_changed_rule_shows_as_a_difference(
    spark: SparkSession, plan: Plan, parity: Path, rule: str, changed: str
) -> None:
    clean = [line.replace(rule, changed) for line in plan["clean"]]
    assert clean != plan["clean"]
    _, differing = compare(spark, {**plan, "clean": clean}, parity / "few")
    assert differing
