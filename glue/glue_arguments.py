"""Separates Glue's own job arguments from misspelled options. Glue passes both kinds to the script."""

import re

# From Glue's documentation. Families of arguments match by prefix, so a new argument of Glue does not stop the job.
GLUE_ARGUMENT = re.compile(
    r"--(?:"
    r"[A-Z][A-Z0-9_]+|(?:[A-Z][a-z]+){2,}"  # JOB_NAME, JOB_RUN_ID, TempDir
    r"|(?:enable|disable|extra|custom|customer|continuous-log|job|write-shuffle|user-jars|executor|spark-event-logs)-.+"
    r"|python-modules-installer-option|additional-python-modules|auto-scale-within-microbatch|datalake-formats"
    r"|class|conf|debug|mode|endpoint|encryption-type|scriptLocation|use-postgres-driver"
    r")"
)
# Its value is an option of pip, so it may start with two dashes.
PIP_ARGUMENT = "--python-modules-installer-option"


def unknown_arguments(arguments: list[str]) -> list[str]:
    """
    Returns the arguments that neither the job nor Glue knows.

    `arguments` are those that are not options of the job. A value follows its Glue argument.
    """
    unknown: list[str] = []
    before = ""
    for word in arguments:
        name = word.partition("=")[0]
        is_value = bool(GLUE_ARGUMENT.fullmatch(before)) and (not word.startswith("--") or before == PIP_ARGUMENT)
        if not is_value and not GLUE_ARGUMENT.fullmatch(name):
            unknown.append(name)
        before = "" if is_value else word
    return unknown
