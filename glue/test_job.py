"""The job's options, and those that the deployment gives it."""

import re
from pathlib import Path

import pytest

from job import parser
from plan import parse_plan, read_plan

ROOT = Path(__file__).parent.parent
# of Glue itself
GLUES = {"--enable-auto-scaling", "--max-workers", "--enable-metrics", "--enable-continuous-cloudwatch-log"}


def known() -> set[str]:
    return {name for action in parser()._actions for name in action.option_strings if name.startswith("--")}


def test_the_deployment_gives_options_that_the_job_knows() -> None:
    given = set(re.findall(r'"(--[a-z-]+)":', (ROOT / "infra/glue-job.ts").read_text()))
    assert {"--plan", "--stream", "--bucket", "--lake"} <= given
    assert {name for name in given - GLUES if not name.startswith(("--extra-", "--conf"))} <= known()


def test_what_glue_adds_is_left_to_glue() -> None:
    given = ["--plan", "p", "--stream", "s", "--bucket", "b", "--JOB_NAME", "x", "--enable-metrics", "true"]
    options, others = parser().parse_known_args(given)
    assert (options.plan, options.database, options.lake) == ("p", "none", "parquet")
    assert others == ["--JOB_NAME", "x", "--enable-metrics", "true"]


def test_a_plan_that_was_changed_by_hand_is_refused() -> None:
    text = (ROOT / "glue/plan.json").read_text(encoding="utf-8")
    assert parse_plan(text) == read_plan(str(ROOT / "glue/plan.json"))
    with pytest.raises(ValueError, match="hash differs"):
        parse_plan(text.replace("velocity > 340", "velocity > 350"))
