"""What a database is to the job, and the one that stands where there is none."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Protocol

from micro_batch import Delivery, MicroBatch
from objects import Objects
from quarantine import hour_folder


@dataclass
class Applied:
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    repeats: int = 0

    def told(self) -> dict[str, int]:
        return asdict(self)


class Database(Protocol):
    """Law: a delivery is applied once, however often and in whatever company it comes. One that is down raises."""

    def apply(self, batch: MicroBatch) -> Applied: ...


@dataclass(frozen=True)
class Manifests:
    """Files alone: one object a delivery with its counts."""

    objects: Objects
    contract: str

    def apply(self, batch: MicroBatch) -> Applied:
        total = Applied(repeats=batch.repeats)
        for one in batch.deliveries:
            key = f"manifests/flow=stream/{hour_folder(one.received_at)}/{one.id}.json"
            row = ledger_row(one, self.contract)
            if self.objects.put(key, json.dumps(row, separators=(",", ":")).encode()):
                add_counts(total, one)
            else:
                total.repeats += one.rows
        return total


@dataclass(frozen=True)
class InOrder:
    """A batch is done when all have it; the first one's counts are told."""

    databases: tuple[Database, ...]

    def apply(self, batch: MicroBatch) -> Applied:
        applied = [one.apply(batch) for one in self.databases]
        return applied[0]


def rejected_rows(of: Delivery) -> int:
    return sum(of.rejected.values())


def add_counts(total: Applied, one: Delivery) -> None:
    rejected = rejected_rows(one)
    total.received += one.rows
    total.accepted += one.accepted
    total.rejected += rejected
    total.duplicate += one.rows - rejected - one.accepted


def ledger_row(one: Delivery, contract: str) -> dict[str, object]:
    return {
        "batch_id": one.id,
        "flow": "stream",
        "contract": contract,
        "received": one.rows,
        "accepted": one.accepted,
        "duplicate": one.rows - rejected_rows(one) - one.accepted,
        "rejected": one.rejected,
        "repeats": 0,
        "expired": 0,
        "applied_at": int(time.time()),
    }
