"""The numbers of a batch as lines of the log that CloudWatch reads as metrics, named as every engine names them."""

import json
import time

from databases import Applied

NAMESPACE = "Flightline"


def applied_metrics(applied: Applied) -> dict[str, int]:
    """The counts of a batch, and that there was one."""
    return {**applied.told(), "heartbeat": 1}


def print_metrics(deployment: str | None, values: dict[str, int]) -> None:
    """In CloudWatch's embedded metric format. No call is made: it can fail no batch. Nothing without a deployment."""
    if deployment is None:
        return
    told = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Deployment", "Flow"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
    }
    line = {
        "_aws": {"Timestamp": int(1_000 * time.time()), "CloudWatchMetrics": [told]},
        "Deployment": deployment,
        "Flow": "stream",
        **values,
    }
    # one write: what workers print must not come between a line and its end
    print(json.dumps(line, separators=(",", ":")) + "\n", end="", flush=True)
