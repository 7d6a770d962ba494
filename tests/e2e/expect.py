# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers against what they must be, member by member. A value that cannot be known beforehand is written as
its kind: a type, a compiled pattern, a set of values, or a function that says yes or no.
"""
import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OPTIONAL = "?"  # ends the name of a member that may be absent


def differences(expected, actual, where="$"):
    """What is wrong, a line each: members missing and members too many count."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return members(expected, actual, where)
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{where}: {len(actual)} elements, not {len(expected)}"]
        return [line for i, (e, a) in enumerate(zip(expected, actual))
                for line in differences(e, a, f"{where}[{i}]")]
    return [] if fits(expected, actual) else [f"{where}: {actual!r} is not {expected!r}"]


def members(expected, actual, where):
    known = {name.removesuffix(OPTIONAL): value for name, value in expected.items()}
    lines = [f"{where}.{name}: missing" for name in expected
             if not name.endswith(OPTIONAL) and name not in actual]
    lines += [f"{where}.{name}: nobody asked for it" for name in actual if name not in known]
    return lines + [line for name in known if name in actual
                    for line in differences(known[name], actual[name], f"{where}.{name}")]


def fits(expected, actual):
    if isinstance(expected, re.Pattern):
        return isinstance(actual, str) and bool(expected.fullmatch(actual))
    if isinstance(expected, type):
        return type(actual) is expected
    if isinstance(expected, (set, frozenset)):
        return actual in expected
    if callable(expected):
        return bool(expected(actual))
    return type(actual) is type(expected) and actual == expected
