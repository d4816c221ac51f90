"""IDs of deliveries and batches. Every engine computes the same IDs."""

import hashlib
import json
from collections.abc import Iterable

ID_DIGITS = 32


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def record_id(stream: str, partition_key: str, sequence_number: str) -> str:
    """Delivery ID of a stream record."""
    parts = [stream, partition_key, sequence_number]
    return f"s{_digest(json.dumps(parts, ensure_ascii=False, separators=(',', ':')))}"


def batch_id(deliveries: Iterable[str]) -> str:
    """Batch ID of several deliveries. Their order does not matter."""
    return f"b{_digest(chr(10).join(sorted(deliveries)))}"
