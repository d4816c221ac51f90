"""
Reduces a line to the members that the contract knows, where Spark's JSON reader would not read it as RFC 8259 requires.

docs/spark-reference.md lists the differences between the readers.
"""

import json
import re
from typing import NoReturn

BLANK = " \t\r\n"
# Spark 4 rejects names of more than 50,000 UTF-16 units. A Python character has one or two of them.
MAX_CHARACTERS = 25_000
# Both Spark versions reject numbers of more than 1,000 digits. The point and the exponent do not end the count.
MAX_DIGITS = 1_000
LONG_NUMBER = re.compile(rf"(?<![0-9.eE+-])[0-9.eE+-]{{{MAX_DIGITS}}}")
# Spark rejects a line when about 300 of its names have the same hash. Half of them leaves a margin.
MAX_COLONS = 150


def keep_known_members(text: str, fields: dict[str, str]) -> str | None:
    """
    A row with only its known members, and only the last of members with equal names.

    Returns `[]` for JSON that is not an object, and None for a line that Spark reads correctly. Spark does not when a
    text field occurs twice (it keeps a number although a text follows), or when the line exceeds a limit.
    """
    has_repeated_name = any(text.count(f'"{name}"') > 1 for name, kind in fields.items() if kind == "text")
    exceeds = exceeds_limits(text)
    if not (has_repeated_name or "\\u" in text or exceeds):
        return None
    try:
        if exceeds and not isinstance(DECODER.decode(text), dict):
            return "[]"
        members = parse_members(text)
    except (ValueError, IndexError):
        return None
    if len(members) == len(dict(members)) and not exceeds:
        return None
    known = {name: shorten_value(value) for name, value in members if name in fields}
    return "{" + ",".join(f'"{name}":{value}' for name, value in known.items()) + "}"


def exceeds_limits(text: str) -> bool:
    """Whether Spark's reader might reject the line although it is JSON."""
    is_large = len(text) > MAX_CHARACTERS or text.count(":") > MAX_COLONS
    return is_large or (len(text) > MAX_DIGITS and LONG_NUMBER.search(text) is not None)


def shorten_value(value: str) -> str:
    """JSON with the same meaning for a field: no field accepts a container, and every number becomes a double."""
    if value[0] in "{[":
        return "{}"
    if len(value) <= MAX_DIGITS or value[0] == '"':
        return value
    return repr(float(value)).replace("inf", "1e999")


def parse_members(text: str) -> list[tuple[str, str]]:
    """A JSON object's members as (name, text of the value). Raises ValueError or IndexError for other text."""
    members: list[tuple[str, str]] = []
    at = _skip(text, 0, "{")
    while text[at] != "}":
        name, at = DECODER.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError(f"the member name {name!r} is not a string")
        start = _skip(text, at, ":")
        _, end = DECODER.raw_decode(text, start)
        members.append((name, text[start:end]))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at, ",")
            if text[at] == "}":
                raise ValueError(f"a comma before the closing brace at {at}")
        elif text[at] != "}":
            raise ValueError(f"expected a comma or a closing brace at {at}")
    if text[at + 1 :].strip(BLANK):
        raise ValueError(f"text after the object at {at + 1}")
    return members


def _skip(text: str, at: int, sign: str = "") -> int:
    """The position after blanks, the sign, and more blanks."""
    while text[at] in BLANK:
        at += 1
    if not sign:
        return at
    if text[at] != sign:
        raise ValueError(f"expected {sign} at {at}")
    return _skip(text, at + 1)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
