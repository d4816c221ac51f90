"""Reads and checks the plan that the contract was compiled to, and applies its settings to a Spark session."""

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
    default_source: str
    prefixes: dict[str, str]
    newest_order: list[str]
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
    """Raises ValueError when the plan changed after it was compiled."""
    whole = cast(dict[str, object], json.loads(text))
    content = {name: part for name, part in whole.items() if name != "hash"}
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
    if whole.get("hash") != digest:
        raise ValueError(
            f"the plan changed after it was compiled: its hash is {whole.get('hash')}, but its content has {digest}; "
            "compile it again with `flightline contract --write .`"
        )
    return cast(Plan, whole)


def read_plan(location: str, region: str = "us-east-1") -> Plan:
    """Reads a file, or an S3 object in the region."""
    url = urlsplit(location)
    if url.scheme not in ("s3", "s3a"):
        return parse_plan(Path(location).read_text(encoding="utf-8"))
    import boto3  # noqa: PLC0415 -- optional without S3

    body = boto3.client("s3", region_name=region).get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))["Body"]
    return parse_plan(body.read().decode())


def prepare_session(spark: SparkSession, plan: Plan) -> None:
    """Invariant: the plan's SQL runs only with these settings, which change its meaning."""
    for name, value in plan["session"].items():
        spark.conf.set(name, value)


def sql_of(lines: list[str]) -> str:
    return "\n".join(lines)
