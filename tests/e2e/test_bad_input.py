# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every parameter and field of every route, given wrongly in each of the ways there are: refused with the right
status, by name, and the same connection answers what comes next. The routes are those of the OpenAPI document.
"""
import importlib.util
import json
import unittest
import urllib.parse

import documents
import harness

if not importlib.util.find_spec("jsonschema"):
    harness.skip_file("python3-jsonschema is not installed")

import fuzz
import fuzz_request
import openapi

LAX = fuzz_request.LAX
WRONG = {"integer": ("", "x", "1.5", "1e3", "0x1", "9" * 30, "１"), "number": ("", "x", "nan", "inf", "1,5"),
         "boolean": ("", "maybe", "TRUE", "2"), "string": ()}
TEXT = {  # a text that is wrong although it is one
    "pages": ("x", "3-1", "0"), "date_from": ("", "x", "2026-02-30"), "date_to": ("x", "2026-01-01T25:00"),
    "format": ("docx",), "engine": ("magic",), "languages": ("xyz", "../eng"), "metadata": ("{",), "options": ("{", "[]"),
    "file_url": ("gopher://example.com/",), "webhook_url": ("x",), "webhook_events": ("never",)}
NAMES_OTHER = {"options", "webhook_events", "webhook_secret", "file_url"}  # may be refused for what they go with
BOUNDARY = "limit"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def wrong_values(name, schema):
    values = list(WRONG.get(schema.get("type"), ())) + list(TEXT.get(name, ()))
    if "enum" in schema:
        values += ["", "odd", schema["enum"][0].upper() + "x"]
    for key, step in (("minimum", -1), ("maximum", 1)):
        if key in schema and schema[key] < 2**63 - 1:
            values.append(str(schema[key] + step))
    if "maxLength" in schema:
        values.append("x" * (schema["maxLength"] + 1))
    if schema.get("minLength"):
        values.append("")
    return values


def plain(text):
    """webhook_url is named by "webhook url", too."""
    return text.replace("_", " ")


def part(name, content, filename=None):
    return fuzz_request.part(BOUNDARY, name, filename, content)


def form(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class BadInput(harness.ServerCase):
    args = ("--lanes", "1", "--max-upload", "200K", "--log-level", "warning")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = cls.server.wait_job(cls.server.submit(documents.make_pdf(1), text_layer="text")["id"])["id"]
        cls.document = openapi.load(cls.server.request("GET", "/openapi.json").body)
        cls.promise = openapi.Promise(cls.document)
        cls.wire = fuzz.Wire(cls.server.port)
        cls.addClassCleanup(cls.wire.close)
        cls.pdf = part("file", documents.make_pdf(1), "a.pdf")

    def send(self, operation, method, path, body=b"", headers=None):
        """The answer, when it is one that the document lists and the connection is good for another."""
        request = fuzz_request.Request(method.upper(), path, headers or {}, body, set(), False)
        answer = self.wire.exchange(request)
        self.assertIsNone(self.promise.broken(operation, answer.status, answer.headers["Content-Type"], answer.body),
                          f"{method} {path}: {answer}")
        following = self.wire.exchange(fuzz.PING)
        self.assertEqual((following.status, following.body), (200, b'{"status":"ok"}\n'), f"after {method} {path}")
        return answer

    def refused(self, answer, statuses, name, what):
        self.assertIn(answer.status, statuses, f"{what}: {answer.body[:300]!r}")
        if answer.status == 422 and name:
            self.assertIn(plain(name[:64]), plain(answer.body.decode()), what)

    def path(self, pattern):
        names = {"id": self.job, "task_id": self.job, "page": "1", "ext": "txt", "name": "x", "owner": "x", "token": "x",
                 "delivery": fuzz_request.UNKNOWN}
        return pattern.format(**names)

    def operations(self, with_form=False):
        for method, path, operation in openapi.operations(self.document):
            content = operation.get("requestBody", {}).get("content", {})
            if method != "delete" and not (with_form and "multipart/form-data" not in content):
                yield method, path, operation

    def is_lax(self, operation):
        return operation["tags"][0].startswith(LAX)

    # --- queries ---

    def test_query_parameters(self):
        for method, pattern, operation in self.operations():
            for each in operation["parameters"]:
                if each["in"] != "query":
                    continue
                for value in wrong_values(each["name"], each["schema"]):
                    what = f"{method} {pattern}?{each['name']}={value[:40]!r}"
                    path = f"{self.path(pattern)}?{urllib.parse.urlencode({each['name']: value})}"
                    self.refused(self.send(operation, method, path), (422,), each["name"], what)

    def test_parameters_that_are_unknown_or_given_twice(self):
        for method, pattern, operation in self.operations():
            path = self.path(pattern)
            names = [each["name"] for each in operation["parameters"] if each["in"] == "query"][:1]
            for name, query in [("colour", "colour=red"), ("x" * 60, "x" * 300 + "=1"), ("Limit", "Limit=1")] + [
                    (name, f"{name}=1&{name}=1") for name in names]:
                answer = self.send(operation, method, f"{path}?{query}")
                lax = self.is_lax(operation) or pattern.startswith("/v1/documents/list-")
                if not lax:
                    self.refused(answer, (422,), name, f"{method} {pattern}?{query[:40]}")
                elif operation.get("requestBody"):
                    self.refused(answer, (422,), "file", pattern)
                else:
                    self.assertNotIn(answer.status, (400, 500), pattern)

    def test_bytes_that_are_no_text(self):
        for method, pattern, operation in self.operations():
            for query in ("a=%FF", "a=%C3%28", "a=%ED%A0%80", "a=%F0%9F", "%FF=1"):
                self.refused(self.send(operation, method, f"{self.path(pattern)}?{query}"), (400,), "", f"{pattern}?{query}")
            if "{" in pattern:
                path = pattern.replace("{", "%FF{").replace("}", "}")
                self.refused(self.send(operation, method, self.path(path)), (400,), "", path)

    # --- forms ---

    def test_broken_forms(self):
        whole = form(self.pdf)
        for method, pattern, operation in self.operations(with_form=True):
            for what, body, statuses in (
                    ("nothing", b"", (422,)), ("only its end", form(), (422,)),
                    ("cut in a header", whole[:40], (400,)), ("cut in the file", whole[:400], (400,)),
                    ("without its end", whole[:-4], (400,)), ("another boundary", whole.replace(b"limit", b"other"), (400,)),
                    ("no file", form(part("dpi", b"100")), (422,)),
                    ("two files", form(self.pdf, self.pdf), (400,)),
                    ("a part without a name", form(part("", b"x"), self.pdf), (400,)),
                    ("a huge name", form(part("n" * 5000, b"x"), self.pdf), (400, 413)),
                    ("a name over all bounds", form(part("n" * 100000, b"x"), self.pdf), (400, 413)),
                    ("a name that is no text", form(part("\xff", b"x"), self.pdf), (400,)),
                    ("a field that is no text", form(part("dpi", b"\xff"), self.pdf), (400,)),
                    ("a field with NUL", form(part("dpi", b"1\x002"), self.pdf), (400,)),
                    ("a huge field", form(part("metadata", b"1" * 100000), self.pdf), (413,)),
                    ("too many fields", form(*[part("priority", b"1")] * 65, self.pdf), (413,)),
                    ("too large a file", form(part("file", b"%PDF-" + b"x" * 300000, "a.pdf")), (413,)),
                    ("lines that end in LF", whole.replace(b"\r\n", b"\n"), (400,))):
                answer = self.send(operation, method, self.path(pattern), body, FORM)
                self.refused(answer, statuses, "file" if statuses == (422,) else "", f"{pattern}: {what}")

    def test_content_types(self):
        for method, pattern, operation in self.operations(with_form=True):
            for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 300,
                         'multipart/form-data; boundary="a'):
                answer = self.send(operation, method, self.path(pattern), form(self.pdf), {"Content-Type": kind})
                self.refused(answer, (400,), "", f"{pattern}: {kind}")

    def test_fields(self):
        for method, pattern, operation in self.operations(with_form=True):
            schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            for name, member in schema["properties"].items():
                for value in wrong_values(name, member) if name != "file" else ():
                    body = form(part(name, value.encode()), self.pdf)
                    if not value and member.get("type") == "string":
                        continue  # a text field left empty
                    answer = self.send(operation, method, self.path(pattern), body, FORM)
                    told = "" if name in NAMES_OTHER else name
                    self.refused(answer, (422, 403) if told != name else (422,), told, f"{pattern}: {name}={value[:40]!r}")
            if not self.is_lax(operation):
                answer = self.send(operation, method, self.path(pattern), form(part("colour", b"red"), self.pdf), FORM)
                self.refused(answer, (422,), "colour", pattern)

    def test_options_given_twice(self):
        for path in ("/v1/jobs", "/v1/ocr"):
            operation = self.document["paths"][path]["post"]
            for query, parts in (("", 2), ("?dpi=100", 1)):
                body = form(*[part("dpi", b"100")] * parts, self.pdf)
                answer = self.send(operation, "post", path + query, body, FORM)
                self.refused(answer, (422,), "dpi: given more than once", path + query)

    def test_options_in_json(self):
        operation = self.document["paths"]["/v1/jobs"]["post"]
        for text, name in (('{"colour":1}', "colour"), ('{"dpi":{}}', "dpi"), ('{"dpi":"x"}', "dpi"), ('{"strict":1.5}', "strict"),
                           ('{"languages":[1]}', "languages"), ('{"dpi":100,"dpi":100}', "options"), ("[]", "options"),
                           ("{", "options"), ('"x"', "options"), ('{"webhook":1}', "webhook"), ("[" * 9000, "options"),
                           ('{"webhook":{"colour":1}}', "webhook"), ('{"password":"a\\u0000b"}', "options"),
                           ('{"pages":"1\\ud800"}', "options"), ('{"priority":1e3}', "priority"),
                           ('{"priority":99999999999999999999}', "options")):
            answer = self.send(operation, "post", "/v1/jobs", form(part("options", text.encode()), self.pdf), FORM)
            self.refused(answer, (422,), name, text[:60])

    # --- JSON bodies ---

    def test_json_bodies(self):
        for path in ("/v1/admin/tokens", "/v1/admin/tokens/nobody/rotate"):
            operation = next(item["post"] for pattern, item in self.document["paths"].items()
                             if pattern.replace("{owner}", "nobody") == path)
            for body, name in ((b"{", ""), (b"[]", ""), (b"null", ""), (b"\xff", ""), (b"[" * 9000, ""), (b'{"colour":1}', "colour"),
                               (b'{"owner":1}', "owner"), (b'{"owner":"x","owner":"x"}', ""), (b'{"grace":"1"}', "grace"),
                               (b'{"grace":-1}', "grace"), (b'{"owner":"x","rate":"fast"}', "rate"),
                               (b'{"owner":"x","scopes":"fly"}', "scopes"), (b'{"owner":"x","pages":-1}', "pages"),
                               (b'{"owner":"x","quota_period":"year"}', "quota_period"), (b'{"owner":"../x"}', "owner"),
                               (b'{"owner":"' + b"x" * 500 + b'"}', "owner"), (b'{"owner":""}', "owner"),
                               (b'{"owner":"x","expires_in":99999999999999999}', "")):
                answer = self.send(operation, "post", path, body, {"Content-Type": "application/json"})
                self.refused(answer, (422,), name if name and path.endswith("tokens") else "", f"{path} {body[:60]}")
        self.assertEqual(self.server.get_json("/v1/admin/tokens"), {"tokens": []})

    def test_bodies_where_none_belong(self):
        for method, pattern, operation in self.operations():
            if "requestBody" not in operation and "{token}" not in pattern:
                answer = self.send(operation, method, self.path(pattern), b"x" * (2 << 20))
                self.refused(answer, (413,), "", pattern)

    # --- nothing that follows an answer ---

    def test_head(self):
        """No byte of a body, whatever GET would have sent."""
        for method, pattern, operation in self.operations():
            if method == "get":
                head = fuzz_request.Request("HEAD", self.path(pattern), {}, b"", set(), False)
                self.assertEqual(self.wire.exchange(head).body, b"")
                following = self.wire.exchange(fuzz.PING)
                self.assertEqual((following.status, json.loads(following.body)), (200, {"status": "ok"}), pattern)


if __name__ == "__main__":
    harness.main()
