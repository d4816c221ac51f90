"""Splits the bytes of a stream record into lines: gzip, the chunk's header, and the checks that require bytes."""

import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import pyarrow as pa

from ids import record_id
from known_members import DECODER, keep_known_members

MAX_INFLATED_BYTES = 64 * 1024 * 1024
# Piece size of Node's zlib. Node checks the size after each piece, so an error inside a piece comes before the limit.
INFLATED_PIECE = 16 * 1024
MAX_LINE_BYTES = 65_536
# JSON with this nesting depth, or with this many digits in a row, is rejected
MIN_REJECTED_DEPTH = 1_000
# starts only at the start of a run of digits, so that the time is linear in the length
LONG_DIGITS = re.compile("(?<![0-9])[0-9]{1000}")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
# also matches a string that is not closed
STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
GZIP_MAGIC = b"\x1f\x8b"
# an Arrow batch ends when it reaches one of the two
MAX_LINES_PER_BATCH = 4_096
MAX_BYTES_PER_BATCH = 8 * 1024 * 1024


@dataclass(frozen=True)
class ChunkSettings:
    """`source` applies to chunks whose header names none. `fields` maps the members of a row to their kinds."""

    stream: str
    source: str
    source_pattern: str
    fields: dict[str, str]


class Line(NamedTuple):
    """
    A line of a chunk. `line_number` is its number, or 0 for the whole chunk.

    `text` is None when the line is rejected with a `reason`. `content` has the original bytes of a rejected line, and
    of a line whose text was changed.
    """

    line_number: int
    source: str
    reason: str | None
    text: str | None
    content: bytes | None


class ChunkError(Exception):
    """The chunk cannot be split into lines. The message is the reason of the rejection."""


SCHEMA = pa.schema(
    [
        ("delivery", pa.string()),
        ("sequence_number", pa.string()),
        ("partition_key", pa.string()),
        ("line_number", pa.int32()),
        ("source", pa.string()),
        ("received_at", pa.int64()),
        ("reason", pa.string()),
        ("line", pa.string()),
        ("bytes", pa.binary()),
    ]
)


def gunzip(data: bytes) -> bytes:
    """Inflates all members (RFC 1952). Only zero bytes may follow the last one. Raises ChunkError."""
    parts: list[bytes] = []
    left = MAX_INFLATED_BYTES + INFLATED_PIECE
    rest = data
    while rest and rest[0] != 0:
        engine = zlib.decompressobj(wbits=31)
        while not engine.eof:
            try:
                # at least one byte, so that an error in the member is found even at the limit
                piece = engine.decompress(rest, left or 1)
            except zlib.error:
                raise ChunkError("not_gzip") from None
            left -= len(piece)
            if left < 0 or (left == 0 and not engine.eof):
                raise ChunkError("too_large")
            parts.append(piece)
            rest = engine.unused_data if engine.eof else engine.unconsumed_tail
            if not engine.eof and not rest and not piece:
                raise ChunkError("not_gzip")
    if left < INFLATED_PIECE:
        raise ChunkError("too_large")
    if rest.strip(b"\0"):
        raise ChunkError("not_gzip")
    return b"".join(parts)


def has_unpaired_escape(text: str) -> bool:
    r"""Whether a \u escape is a surrogate without its other half next to it. The text need not be JSON."""
    if "\\u" not in text:
        return False
    high_ends_at = -1
    for escape in ESCAPE.finditer(text):
        unit = int(escape[1], 16) if escape[1] else 0
        if 0xDC00 <= unit <= 0xDFFF:
            if high_ends_at != escape.start():
                return True
        elif high_ends_at >= 0:
            return True
        high_ends_at = escape.end() if 0xD800 <= unit <= 0xDBFF else -1
    return high_ends_at >= 0


def nests_too_deep(text: str) -> bool:
    """Exact for valid JSON. For other text the result has no effect, since the text is rejected anyway."""
    if text.count("[") + text.count("{") < MIN_REJECTED_DEPTH:
        return False
    depth = 0
    for sign in re.findall(r"[\[\]{}]", STRING.sub("", text)):
        depth += 1 if sign in "[{" else -1
        if depth >= MIN_REJECTED_DEPTH:
            return True
    return False


def text_of(line: bytes) -> tuple[str | None, str | None]:
    """The text of a line, or the first reason to reject it. The SQL of the plan decides whether the text is JSON."""
    if len(line) > MAX_LINE_BYTES:
        return None, "too_large"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None, "not_utf8"
    if has_unpaired_escape(text):
        return None, "not_utf8"
    if len(text) >= MIN_REJECTED_DEPTH and (LONG_DIGITS.search(text) or nests_too_deep(text)):
        return None, "not_json"
    return text, None


def header_of(line: bytes, source_pattern: str) -> dict[str, Any] | None:
    """The header, if the chunk's first line is one. Raises ChunkError for a header of another version or source."""
    if b"l" not in line:
        return None
    text, reason = text_of(line)
    if text is None or reason is not None or not ("flightline" in text or "\\u" in text):
        return None
    try:
        value = DECODER.decode(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or "flightline" not in value:
        return None
    version, source = value["flightline"], value.get("source")
    if isinstance(version, bool) or version != 1:
        raise ChunkError("bad_header")
    if source is not None and not (isinstance(source, str) and re.fullmatch(source_pattern, source)):
        raise ChunkError("bad_header")
    return value


def chunk_lines(data: bytes, settings: ChunkSettings) -> Iterator[Line]:
    """The lines of one stream record that are not blank, or one rejection of the whole record with its bytes."""
    try:
        content = gunzip(data) if data.startswith(GZIP_MAGIC) else data
        if len(content) > MAX_INFLATED_BYTES:
            raise ChunkError("too_large")
        first, _, rest = content.partition(b"\n")
        header = header_of(first, settings.source_pattern)
    except ChunkError as error:
        yield Line(0, settings.source, str(error), None, data)
        return
    source = (header or {}).get("source") or settings.source
    lines = BytesIO(content if header is None else rest)
    # one line at a time, since a record of a few kilobytes may inflate to millions of lines
    for line_number, ended in enumerate(lines, 1 if header is None else 2):
        line = ended.removesuffix(b"\n")
        if not line.strip(b" \t\r"):
            continue
        text, reason = text_of(line)
        changed = None if text is None else keep_known_members(text, settings.fields)
        yield Line(line_number, source, reason, changed or text, line if changed or reason else None)


def read_records(batches: Iterator[pa.RecordBatch], settings: ChunkSettings) -> Iterator[pa.RecordBatch]:
    """For mapInArrow: records (data, partition_key, sequence_number, received_at) become rows of the view `lines`."""
    # Python's JSON decoder is recursive, and a header may have nearly as many levels as a line
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 5 * MIN_REJECTED_DEPTH))
    rows: list[tuple[object, ...]] = []
    size = 0
    for batch in batches:
        for record in batch.to_pylist():
            key, number = record["partition_key"], record["sequence_number"]
            delivery = record_id(settings.stream, key, number)
            for line in chunk_lines(record["data"] or b"", settings):
                line_number, source, reason, text, content = line
                rows.append((delivery, number, key, line_number, source, record["received_at"], reason, text, content))
                size += len(text or "") + len(content or b"")
                if len(rows) >= MAX_LINES_PER_BATCH or size >= MAX_BYTES_PER_BATCH:
                    yield _arrow(rows)
                    rows, size = [], 0
    if rows:
        yield _arrow(rows)


def _arrow(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
