"""Spark gives each golden case of a stream record the outcomes that the case expects of every engine."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from ids import record_id
from lines import ChunkSettings
from micro_batch import clean_records
from plan import Plan

CASES = Path(__file__).parent.parent / "cases"
RECORDS = "data binary, partition_key string, sequence_number string, received_at bigint"
FIELDS = [
    "source", "icao24", "callsign", "origin_country", "time_position", "last_contact", "longitude", "latitude",
    "baro_altitude", "on_ground", "velocity", "true_track", "vertical_rate", "geo_altitude", "squawk", "spi",
    "position_source", "category", "flags",
]  # fmt: skip


def read_case(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / name / "case.json").read_text(encoding="utf-8")))


def read_input(name: str) -> bytes:
    file = next((CASES / name).glob("input.*"))
    return bytes.fromhex(file.read_text().strip()) if file.suffix == ".hex" else file.read_bytes()


def read_expected(name: str, file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name / file).read_text(encoding="utf-8").split("\n") if line]


NAMES = sorted(file.parent.name for file in CASES.glob("*/case.json"))
CHUNKS = [name for name in NAMES if read_case(name)["kind"] == "clean" or read_case(name).get("chunk")]


def rejection(row: Row) -> dict[str, Any]:
    """In the form of the case's file: the row as text, or bytes in base64."""
    common = {"reason": row.reason, "field": row.field, "line": row.line_number}
    if row.row_text is not None:
        return {**common, "row": row.row_text}
    return {**common, "bytes": base64.b64encode(row.row_bytes).decode()}


@pytest.fixture(scope="module")
def results(spark: SparkSession, plan: Plan) -> dict[str, list[Row]]:
    """All cases run as records of one batch. Duplicates count within a case only, since cases are independent."""
    clean = [
        line.replace("partition by last_contact,", "partition by delivery, last_contact,") for line in plan["clean"]
    ]
    assert clean != plan["clean"]
    settings = ChunkSettings("cases", "opensky", plan["source_pattern"], plan["fields"])
    records = [(read_input(name), name, "1", read_case(name)["received_at"]) for name in CHUNKS]
    names = {record_id("cases", name, "1"): name for name in CHUNKS}
    rows: dict[str, list[Row]] = {name: [] for name in CHUNKS}
    for row in clean_records(spark.createDataFrame(records, RECORDS), {**plan, "clean": clean}, settings).collect():
        rows[names[row.delivery]].append(row)
    return rows


@pytest.mark.parametrize("name", CHUNKS)
def test_a_case_has_its_expected_outcomes(name: str, results: dict[str, list[Row]]) -> None:
    rows = sorted(results[name], key=lambda row: int(row.line_number))
    accepted = [{field: row[field] for field in FIELDS} for row in rows if row.reason is None and not row.is_duplicate]
    assert accepted == read_expected(name, "accepted.ndjson")
    assert [rejection(row) for row in rows if row.reason is not None] == read_expected(name, "rejected.ndjson")


def test_there_are_more_than_100_cases() -> None:
    assert len(CHUNKS) > 100
