"""Prints the counts of a batch as log lines that CloudWatch extracts as metrics. Every engine uses the same names."""

import json
import time

from databases import Applied

NAMESPACE = "Flightline"


def applied_metrics(applied: Applied) -> dict[str, int]:
    """The counts of a batch, and a heartbeat of 1."""
    return {**applied.as_dict(), "heartbeat": 1}


def print_metrics(deployment: str | None, values: dict[str, int]) -> None:
    """
    Prints a line in CloudWatch's embedded metric format. Prints nothing without a deployment.

    This makes no call of AWS, so it cannot fail a batch.
    """
    if deployment is None:
        return
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Deployment", "Flow"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
    }
    line = {
        "_aws": {"Timestamp": int(1_000 * time.time()), "CloudWatchMetrics": [directive]},
        "Deployment": deployment,
        "Flow": "stream",
        **values,
    }
    # one write, so that output of the workers cannot separate the line from its line feed
    print(json.dumps(line, separators=(",", ":")) + "\n", end="", flush=True)
