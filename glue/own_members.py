"""What is left of a line for Spark's reader of JSON, where that would read the line otherwise than RFC 8259 does."""

import json
import re
from typing import NoReturn

BLANK = " \t\r\n"
# Spark 4's reader knows no name of more than 50,000 of Java's characters, of which one of ours may be two,
LONG_LINE = 25_000
# none of the readers a number of more than 1,000 digits, point and exponent or not,
LONG_NUMBER = 1_000
DIGITS = re.compile(rf"(?<![0-9.eE+-])[0-9.eE+-]{{{LONG_NUMBER}}}")
# and in one line 150 names of one hash, for a second time: it takes them for an attack
MOST_NAMES = 150


def narrowed(text: str, fields: dict[str, str]) -> str | None:
    """
    A row's own members, of equal names the last; of JSON that is no object `[]`; None where the line may stay as it is.

    It may not where a text field comes twice (Spark keeps a number although text follows), nor where it is too much.
    """
    twice = any(text.count(f'"{name}"') > 1 for name, kind in fields.items() if kind == "text")
    much = is_much(text)
    if not (twice or "\\u" in text or much):
        return None
    try:
        if much and not isinstance(DECODER.decode(text), dict):
            return "[]"
        found = members(text)
    except (ValueError, IndexError):
        return None
    if len(found) == len(dict(found)) and not much:
        return None
    kept = {name: shortened(value) for name, value in found if name in fields}
    return "{" + ",".join(f'"{name}":{value}' for name, value in kept.items()) + "}"


def is_much(text: str) -> bool:
    """Whether Spark's reader may find too much in it what is JSON nevertheless."""
    many = len(text) > LONG_LINE or text.count(":") > MOST_NAMES
    return many or (len(text) > LONG_NUMBER and DIGITS.search(text) is not None)


def shortened(value: str) -> str:
    """JSON that means the same to a field: no field takes a container, and a number is a double."""
    if value[0] in "{[":
        return "{}"
    if len(value) <= LONG_NUMBER or value[0] == '"':
        return value
    return repr(float(value)).replace("inf", "1e999")


def members(text: str) -> list[tuple[str, str]]:
    """Names and values as they are spelt, of a JSON object. Raises ValueError or IndexError for any other text."""
    found: list[tuple[str, str]] = []
    at = _skip(text, 0, "{")
    while text[at] != "}":
        name, at = DECODER.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError("a name is text")
        begin = _skip(text, at, ":")
        _, end = DECODER.raw_decode(text, begin)
        found.append((name, text[begin:end]))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at, ",")
            if text[at] == "}":
                raise ValueError("a comma before the end")
        elif text[at] != "}":
            raise ValueError("no comma")
    if text[at + 1 :].strip(BLANK):
        raise ValueError("more than one value")
    return found


def _skip(text: str, at: int, sign: str = "") -> int:
    """Behind blanks, the sign and more blanks."""
    while text[at] in BLANK:
        at += 1
    if not sign:
        return at
    if text[at] != sign:
        raise ValueError(f"no {sign}")
    return _skip(text, at + 1)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_constant=_refuse)
