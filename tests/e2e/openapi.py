# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenAPI 3.1 document: is it one, as far as ours goes; and does an answer keep what it promises? Members that
a schema does not list are errors here.
"""
import copy
import functools
import json
import re

import jsonschema

from expect import TIME, UUID

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
PLACES = {"path", "query", "header", "cookie"}
MEDIA = re.compile(r"[\w.+*-]+/[\w.+*-]+(; ?[\w-]+=[\w.-]+)?")

formats = jsonschema.FormatChecker(formats=())
formats.checks("uuid")(lambda value: not isinstance(value, str) or bool(UUID.fullmatch(value)))
formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(TIME.fullmatch(value)))


def once(pairs):
    """For json: a key given twice is an error."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key given twice among {[key for key, _ in pairs]}")
    return found


def load(text):
    return json.loads(text, object_pairs_hook=once)


def walk(node, where="#"):
    """Every object in the document, with its place."""
    if isinstance(node, dict):
        yield where, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from walk(value, f"{where}/{key}")


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


# --- is it one? -----------------------------------------------------------------------------------

def problems(document):
    """What is wrong with the document, a line each."""
    lines = [f"{key}: missing" for key in ("openapi", "info", "paths", "components") if key not in document]
    if lines:
        return lines
    if document["openapi"] != "3.1.0" or not {"title", "version"} <= document["info"].keys():
        lines.append("openapi, info: not of 3.1")
    lines += reference_problems(document) + schema_problems(document)
    shapes = [re.sub(r"\{[^}]*\}", "{}", path) for path in document["paths"]]
    lines += [f"{shape}: twice" for shape in set(shapes) if shapes.count(shape) > 1]
    for method, path, operation in operations(document):
        lines += [f"{method} {path}: {line}" for line in operation_problems(document, method, path, operation)]
    return lines


def reference_problems(document):
    used = {node["$ref"] for _, node in walk(document) if isinstance(node.get("$ref"), str)}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    return ([f"{name}: refers to nothing" for name in used - known] +
            [f"{name}: nobody refers to it" for name in known - used])


def schema_problems(document):
    lines = []
    for name, schema in document["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            lines.append(f"{name}: {error.message}")
        lines += [f"{name}: {key} is required and unknown" for key in schema.get("required", ())
                  if key not in schema.get("properties", ())]
    return lines


def operation_problems(document, method, path, operation):
    lines = [] if method in METHODS and path.startswith("/") else ["no method and path"]
    parameters = operation.get("parameters", [])
    names = [(each["in"], each["name"]) for each in parameters]
    in_path = {name for place, name in names if place == "path"}
    if in_path != set(re.findall(r"\{([^}]+)\}", path)) or len(set(names)) != len(names):
        lines.append(f"parameters {names}")
    for each in parameters:
        if each["in"] not in PLACES or "schema" not in each or (each["in"] == "path") != each.get("required", False):
            lines.append(f"parameter {each}")
        jsonschema.Draft202012Validator.check_schema(each.get("schema", {}))
    if not operation.get("summary") or not operation.get("tags"):
        lines.append("no summary, or no tag")
    if "requestBody" in operation and (method not in ("post", "put", "patch") or
                                       not operation["requestBody"]["content"]):
        lines.append("a body that is none")
    for need in operation.get("security", []):
        if not need.keys() <= document["components"]["securitySchemes"].keys():
            lines.append(f"security {need}")
    return lines + response_problems(operation["responses"])


def response_problems(responses):
    lines = [] if any(status.startswith("2") for status in responses) else ["no answer when all is well"]
    for status, response in responses.items():
        if not re.fullmatch(r"[2-5]\d\d", status) or not isinstance(response.get("description"), str):
            lines.append(f"response {status}")
        for media, content in response.get("content", {}).items():
            if not MEDIA.fullmatch(media):
                lines.append(f"response {status}: media type {media}")
            jsonschema.Draft202012Validator.check_schema(content.get("schema", {}))
    return lines


# --- does an answer keep it? ----------------------------------------------------------------------

class Promise:
    """The answers of a document, strictly."""

    def __init__(self, document):
        self.components = copy.deepcopy(document["components"])
        for _, node in walk(self.components["schemas"]):
            if isinstance(node.get("properties"), dict) and "type" in node:
                node["additionalProperties"] = False

    @functools.lru_cache(maxsize=None)
    def validator(self, schema):
        return jsonschema.Draft202012Validator({**json.loads(schema), "components": self.components},
                                               format_checker=formats)

    def broken(self, operation, status, content_type, body, head=False):
        """What is wrong with an answer, or None."""
        response = operation["responses"].get(str(status))
        if response is None:
            return f"status {status} is not listed"
        content = response.get("content", {})
        if head or not content:
            return f"a body where none is listed: {body[:80]!r}" if body else None
        media = (content_type or "").partition(";")[0]
        for listed, described in content.items():
            if listed == "*/*" or listed.partition(";")[0] == media:
                return self.broken_body(described.get("schema"), body)
        return f"media type {media} is not listed for {status}"

    def broken_body(self, schema, body):
        if schema is None:
            return None
        try:
            value = load(body.decode("utf-8", "strict"))
        except ValueError as error:
            return f"no JSON: {error}"
        error = next(self.validator(json.dumps(schema, sort_keys=True)).iter_errors(value), None)
        return error and f"{error.json_path}: {error.message[:300]}"
