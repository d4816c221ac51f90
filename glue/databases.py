"""The database port of the job, the implementation for files alone, and the sequence of several databases."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Protocol

from micro_batch import Delivery, MicroBatch
from objects import Objects
from plan import Plan
from quarantine import hour_folder


@dataclass
class Applied:
    """Row counts of a batch. `repeats` counts the rows of deliveries that were applied before."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    repeats: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Database(Protocol):
    """
    Invariant: a database applies each delivery once, even when the delivery arrives again or in another batch.

    `apply` raises when the database is not available.
    """

    def apply(self, batch: MicroBatch) -> Applied: ...


@dataclass(frozen=True)
class Manifests:
    """Without a database, each delivery gets one object with its counts."""

    objects: Objects
    plan: Plan

    def apply(self, batch: MicroBatch) -> Applied:
        total = Applied(repeats=batch.repeats)
        prefix = self.plan["prefixes"]["manifests"]
        for delivery in batch.deliveries:
            key = f"{prefix}{hour_folder(delivery.received_at)}/{delivery.id}.json"
            row = ledger_row(delivery, self.plan["tag"])
            if self.objects.put(key, json.dumps(row, separators=(",", ":")).encode()):
                add_counts(total, delivery)
            else:
                total.repeats += delivery.rows
        return total


@dataclass(frozen=True)
class OrderedDatabases:
    """A batch is complete when every database has applied it. The counts are those of the first database."""

    databases: tuple[Database, ...]

    def apply(self, batch: MicroBatch) -> Applied:
        applied = [database.apply(batch) for database in self.databases]
        return applied[0]


def rejected_rows(delivery: Delivery) -> int:
    return sum(delivery.rejected.values())


def add_counts(total: Applied, delivery: Delivery) -> None:
    rejected = rejected_rows(delivery)
    total.received += delivery.rows
    total.accepted += delivery.accepted
    total.rejected += rejected
    total.duplicate += delivery.rows - rejected - delivery.accepted


def ledger_row(delivery: Delivery, contract: str) -> dict[str, object]:
    return {
        "batch_id": delivery.id,
        "flow": "stream",
        "contract": contract,
        "received": delivery.rows,
        "accepted": delivery.accepted,
        "duplicate": delivery.rows - rejected_rows(delivery) - delivery.accepted,
        "rejected": delivery.rejected,
        "repeats": 0,
        "expired": 0,
        "applied_at": int(time.time()),
    }
