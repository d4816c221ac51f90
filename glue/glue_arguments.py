"""What Glue puts beside the job's own options: every argument of the job, also those that Glue itself reads."""

import re

# as Glue's documentation lists them, by their beginnings where they are many: a new one must not stop the job
GLUES = re.compile(
    r"--(?:"
    r"[A-Z][A-Z0-9_]+|(?:[A-Z][a-z]+){2,}"  # JOB_NAME, JOB_RUN_ID, TempDir
    r"|(?:enable|disable|extra|custom|customer|continuous-log|job|write-shuffle|user-jars|executor|spark-event-logs)-.+"
    r"|python-modules-installer-option|additional-python-modules|auto-scale-within-microbatch|datalake-formats"
    r"|class|conf|debug|mode|endpoint|encryption-type|scriptLocation|use-postgres-driver"
    r")"
)
# its value is an option of pip
TAKES_OPTIONS = "--python-modules-installer-option"


def unknown_options(others: list[str]) -> list[str]:
    """Of the arguments that are no options of the job, those that are not Glue's either; values stand behind."""
    unknown: list[str] = []
    before = ""
    for word in others:
        name = word.partition("=")[0]
        is_value = bool(GLUES.fullmatch(before)) and (not word.startswith("--") or before == TAKES_OPTIONS)
        if not is_value and not GLUES.fullmatch(name):
            unknown.append(name)
        before = "" if is_value else word
    return unknown
