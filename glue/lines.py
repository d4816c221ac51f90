"""From a stream record's bytes to lines: gzip, the chunk's header, and what only bytes can tell of a line."""

import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import pyarrow as pa

from ids import record_id
from own_members import DECODER, narrowed

INFLATED_LIMIT = 64 * 1024 * 1024
# what Node inflates at once: it looks at the size behind each such piece, so that a fault within the piece comes first
INFLATED_PIECE = 16 * 1024
LINE_LIMIT = 65_536
# nesting and digits in a run from which JSON is not read
NESTING_LIMIT = 1_000
# begins where a run does, so that the time grows with the length alone
LONG_DIGITS = re.compile("(?<![0-9])[0-9]{1000}")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
# or what begins one and does not end it
STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
GZIP_MAGIC = b"\x1f\x8b"
# what one Arrow batch of lines may hold, and where it ends earlier
LINES_A_BATCH = 4_096
BYTES_A_BATCH = 8 * 1024 * 1024


@dataclass(frozen=True)
class ChunkSettings:
    stream: str
    """The record's source where a chunk names none."""
    source: str
    source_pattern: str
    """Members of a row and their kinds."""
    fields: dict[str, str]


class Line(NamedTuple):
    """What is read of a line, or the reason why it is no text; what arrived, where that is another. 0 is the chunk."""

    place: int
    source: str
    reason: str | None
    text: str | None
    content: bytes | None


class ChunkError(Exception):
    """The reason why a chunk cannot be read as lines."""


SCHEMA = pa.schema(
    [
        ("delivery", pa.string()),
        ("sequence_number", pa.string()),
        ("partition_key", pa.string()),
        ("place", pa.int32()),
        ("source", pa.string()),
        ("received_at", pa.int64()),
        ("reason", pa.string()),
        ("line", pa.string()),
        ("bytes", pa.binary()),
    ]
)


def gunzip(data: bytes) -> bytes:
    """All members of RFC 1952; only zero bytes may follow the last one. Raises ChunkError."""
    parts: list[bytes] = []
    left = INFLATED_LIMIT + INFLATED_PIECE
    rest = data
    while rest and rest[0] != 0:
        engine = zlib.decompressobj(wbits=31)
        while not engine.eof:
            try:
                # where none is left a member that begins may still be broken
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
    """Whether an escape is a surrogate without its other half right beside it; JSON or not."""
    if "\\u" not in text:
        return False
    high_ends_at = -1
    for found in ESCAPE.finditer(text):
        unit = int(found[1], 16) if found[1] else 0
        if 0xDC00 <= unit <= 0xDFFF:
            if high_ends_at != found.start():
                return True
        elif high_ends_at >= 0:
            return True
        high_ends_at = found.end() if 0xD800 <= unit <= 0xDBFF else -1
    return high_ends_at >= 0


def nests_too_deep(text: str) -> bool:
    """Of valid JSON; of anything else it does not matter."""
    if text.count("[") + text.count("{") < NESTING_LIMIT:
        return False
    depth = 0
    for sign in re.findall(r"[\[\]{}]", STRING.sub("", text)):
        depth += 1 if sign in "[{" else -1
        if depth >= NESTING_LIMIT:
            return True
    return False


def text_of(line: bytes) -> tuple[str | None, str | None]:
    """A line's text, or why it is none: the first reason that holds. SQL tells what is JSON."""
    if len(line) > LINE_LIMIT:
        return None, "too_large"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None, "not_utf8"
    if has_unpaired_escape(text):
        return None, "not_utf8"
    if len(text) >= NESTING_LIMIT and (LONG_DIGITS.search(text) or nests_too_deep(text)):
        return None, "not_json"
    return text, None


def header_of(line: bytes, source_pattern: str) -> dict[str, Any] | None:
    """The chunk's first line if it is a header. Raises ChunkError for one that is none of ours."""
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
    """The lines of one stream record that are not blank; or one rejection of the whole, with its bytes."""
    try:
        content = gunzip(data) if data.startswith(GZIP_MAGIC) else data
        if len(content) > INFLATED_LIMIT:
            raise ChunkError("too_large")
        first, _, behind = content.partition(b"\n")
        header = header_of(first, settings.source_pattern)
    except ChunkError as error:
        yield Line(0, settings.source, str(error), None, data)
        return
    source = (header or {}).get("source") or settings.source
    lines = BytesIO(content if header is None else behind)
    # one at a time: a record of a few kilobytes may inflate to millions of lines
    for place, ended in enumerate(lines, 1 if header is None else 2):
        line = ended.removesuffix(b"\n")
        if not line.strip(b" \t\r"):
            continue
        text, reason = text_of(line)
        other = None if text is None else narrowed(text, settings.fields)
        yield Line(place, source, reason, other or text, line if other or reason else None)


def read_records(batches: Iterator[pa.RecordBatch], settings: ChunkSettings) -> Iterator[pa.RecordBatch]:
    """For mapInArrow: records (data, partition_key, sequence_number, received_at) to the view `lines`."""
    # a header may nest nearly as deep as a line may, and the reader of JSON calls itself
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 5 * NESTING_LIMIT))
    rows: list[tuple[object, ...]] = []
    size = 0
    for batch in batches:
        for record in batch.to_pylist():
            key, number = record["partition_key"], record["sequence_number"]
            delivery = record_id(settings.stream, key, number)
            for line in chunk_lines(record["data"] or b"", settings):
                place, source, reason, text, content = line
                rows.append((delivery, number, key, place, source, record["received_at"], reason, text, content))
                size += len(text or "") + len(content or b"")
                if len(rows) >= LINES_A_BATCH or size >= BYTES_A_BATCH:
                    yield _arrow(rows)
                    rows, size = [], 0
    if rows:
        yield _arrow(rows)


def _arrow(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
