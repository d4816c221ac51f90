"""The golden cases that a stream record can hold mean on Spark what they mean everywhere."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from ids import record_id
from lines import ChunkSettings
from micro_batch import judge
from plan import Plan

CASES = Path(__file__).parent.parent / "cases"
RECORDS = "data binary, partition_key string, sequence_number string, received_at bigint"
FIELDS = [
    "source", "icao24", "callsign", "origin_country", "time_position", "last_contact", "longitude", "latitude",
    "baro_altitude", "on_ground", "velocity", "true_track", "vertical_rate", "geo_altitude", "squawk", "spi",
    "position_source", "category", "flags",
]  # fmt: skip


def case_of(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / name / "case.json").read_text(encoding="utf-8")))


def input_of(name: str) -> bytes:
    file = next((CASES / name).glob("input.*"))
    return bytes.fromhex(file.read_text().strip()) if file.suffix == ".hex" else file.read_bytes()


def lines_of(name: str, file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name / file).read_text(encoding="utf-8").split("\n") if line]


NAMES = sorted(one.parent.name for one in CASES.glob("*/case.json"))
CHUNKS = [name for name in NAMES if case_of(name)["kind"] == "clean" or case_of(name).get("chunk")]


def rejection(row: Row) -> dict[str, Any]:
    """As the case tells it: the row as text, or bytes in base64."""
    told = {"reason": row.reason, "field": row.field, "place": row.place}
    if row.row_text is not None:
        return {**told, "row": row.row_text}
    return {**told, "bytes": base64.b64encode(row.row_bytes).decode()}


@pytest.fixture(scope="module")
def results(spark: SparkSession, plan: Plan) -> dict[str, list[Row]]:
    """All cases as records of one batch; duplicates are looked for within each, for they know nothing of each other."""
    clean = [line.replace("partition by source,", "partition by delivery, source,") for line in plan["clean"]]
    assert clean != plan["clean"]
    settings = ChunkSettings("cases", "opensky", plan["source_pattern"], plan["fields"])
    records = [(input_of(name), name, "1", case_of(name)["received_at"]) for name in CHUNKS]
    names = {record_id("cases", name, "1"): name for name in CHUNKS}
    found: dict[str, list[Row]] = {name: [] for name in CHUNKS}
    for row in judge(spark.createDataFrame(records, RECORDS), {**plan, "clean": clean}, settings).collect():
        found[names[row.delivery]].append(row)
    return found


@pytest.mark.parametrize("name", CHUNKS)
def test_a_case_means_the_same(name: str, results: dict[str, list[Row]]) -> None:
    rows = sorted(results[name], key=lambda row: int(row.place))
    accepted = [{field: row[field] for field in FIELDS} for row in rows if row.reason is None and not row.is_duplicate]
    assert accepted == lines_of(name, "accepted.ndjson")
    assert [rejection(row) for row in rows if row.reason is not None] == lines_of(name, "rejected.ndjson")


def test_there_are_cases() -> None:
    assert len(CHUNKS) > 100
