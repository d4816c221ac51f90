"""The plan that the contract was compiled to: read, checked, and put into a session."""

import hashlib
import json
from pathlib import Path
from typing import TypedDict, cast
from urllib.parse import urlsplit

from pyspark.sql import SparkSession


class Plan(TypedDict):
    contract: str
    tag: str
    source_pattern: str
    fields: dict[str, str]
    session: dict[str, str]
    lines: str
    clean: list[str]
    accepted: list[str]
    rejected: list[str]
    counts: list[str]
    statements: dict[str, list[str]]
    hash: str


def parse_plan(text: str) -> Plan:
    """The plan, if it is as it was written. Raises ValueError."""
    whole = cast(dict[str, object], json.loads(text))
    content = {name: part for name, part in whole.items() if name != "hash"}
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
    if whole.get("hash") != digest:
        raise ValueError("the plan is not what was compiled: its hash differs; write it anew with flightline contract")
    return cast(Plan, whole)


def read_plan(place: str, region: str = "us-east-1") -> Plan:
    """From a file, or an object of S3 in the region."""
    url = urlsplit(place)
    if url.scheme not in ("s3", "s3a"):
        return parse_plan(Path(place).read_text(encoding="utf-8"))
    import boto3  # noqa: PLC0415 -- without S3 it need not be there

    body = boto3.client("s3", region_name=region).get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))["Body"]
    return parse_plan(body.read().decode())


def prepare_session(spark: SparkSession, plan: Plan) -> None:
    """Without these settings the SQL does not mean what it says."""
    for name, value in plan["session"].items():
        spark.conf.set(name, value)


def sql_of(lines: list[str]) -> str:
    return "\n".join(lines)
