# SPDX-License-Identifier: AGPL-3.0-or-later
"""One request for an operation of an OpenAPI document, right or wrong, and what is wrong with it. Used by fuzz.
"""
import collections
import json
import urllib.parse

UNKNOWN = "01900000-0000-7000-8000-000000000000"
LAX = ("a: ", "b: ", "c: ")  # surfaces that ignore what they do not know

Request = collections.namedtuple("Request", "method path headers body wrong lax")


# --- values ---------------------------------------------------------------------------------------

NAMED = {  # what a text must look like, where the document only says that it is one
    "pages": ("1", "1-2", "2-", "1,2"), "languages": ("eng",), "engine": ("tesseract", "auto"), "owner": ("*", "fuzz"),
    "date_from": ("2026-01-01", "2026-01-01T10:00:00Z"), "date_to": ("2030-12-31", "2026-06-01T00:00:00.5+02:00"),
    "format": ("json", "txt", "md", "html", "csv", "mmd", "ndjson", "det.mmd"), "metadata": ('{"k":"v"}', "[]", "null", '"x"'),
    "options": ('{"dpi":100}', "{}", '{"languages":["eng"],"strict":true}'), "password": ("x", "pässword"),
    "rate": ("60/min", "5/s+10"), "scopes": ("submit,read", "read"), "file_url": ("",), "webhook_url": ("",),
    "webhook_secret": ("",), "webhook_events": ("",), "filename": ("a.pdf", "Ünï cödé.pdf", "%", "a/b\\c"),
}
BAD = {"pages": ("x", "2-1", "0", "1,,2", "1-2-3", "99999999999999999999"), "date_from": ("x", "2026-02-30", ""),
       "date_to": ("tomorrow", "2026-1-1"), "format": ("docx", "JSON", "x"), "metadata": ("{", "\x01", '{"a":1,"a":2}'),
       "options": ("[]", "{", '{"colour":1}', '{"dpi":{}}', '{"dpi":1,"dpi":2}', "null"), "engine": ("magic", "a" * 200),
       "languages": ("xyz", "../eng", "eng;deu"), "rate": ("x", "1/century"), "scopes": ("fly",),
       "file_url": ("http://127.0.0.1/x", "gopher://x", "http://[", "http://example.com/a.pdf"),
       "webhook_url": ("x", "http://127.0.0.1:1/", "ftp://h/"), "webhook_events": ("x",), "webhook_secret": ("x",)}


def valid(rng, name, schema):
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "boolean":
        return rng.choice(("true", "false"))
    if kind == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
        return str(rng.choice((low, min(high, low + 1), rng.randint(low, min(high, low + 300)))))
    if kind == "number":
        return rng.choice(("0", "0.1", "0.05"))  # seconds to wait
    return rng.choice(NAMED.get(name, ("x", "ab c", "ü")))


def invalid(rng, name, schema):
    """None where every text will do."""
    if "enum" in schema:
        return rng.choice(("odd", "", schema["enum"][0].upper(), schema["enum"][0] + "/", schema["enum"][0] + " "))
    kind = schema.get("type")
    if kind == "boolean":
        return rng.choice(("maybe", "", "TRUE", "2", "truefalse", "1 "))
    if kind == "integer":
        return rng.choice(("", "x", "1.5", "1e2", "0x10", "1 ", "--1", "9" * 40, "１", "1_0",
                           str(schema.get("minimum", 0) - 1), str(schema.get("maximum", 2**64) + 1)))
    if kind == "number":
        return rng.choice(("", "x", "nan", "inf", "-0.1", "1e1", "0x1p1", "61", "1,5", "9" * 400))
    if name in BAD and rng.random() < 0.7:
        return rng.choice(BAD[name])
    return "x" * (schema["maxLength"] + 1) if "maxLength" in schema else rng.choice(BAD.get(name, (None,)))


# --- requests -------------------------------------------------------------------------------------

class Maker:
    """One request for an operation. `wrong` collects the names of what is wrong with it."""

    def __init__(self, rng, world, document):
        self.rng, self.world, self.document = rng, world, document
        self.wrong, self.headers, self.unsure = set(), {}, False
        self.given = None  # an option in the query

    def chance(self, part):
        return self.rng.random() < part

    def schema(self, schema):
        name = schema.get("$ref", "").rpartition("/")[2]
        return self.document["components"]["schemas"][name] if name else schema

    def request(self, method, path, operation):
        self.lax = operation["tags"][0].startswith(LAX)
        destroys = method == "delete" or path.endswith(("/cancel", "/retry"))
        named = [each for each in operation["parameters"] if each["in"] == "query"]
        form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
        self.fields = {} if self.lax else {
            name: self.schema(schema) for name, schema in self.schema(form).get("properties", {}).items() if name != "file"}
        target = self.path(path, destroys) + self.query(named)
        self.odd_headers(operation)
        self.authorize()
        body = self.body(operation)
        if method == "get" and self.chance(0.06):
            method = "head"
        return Request(method.upper(), target, self.headers, body, set() if self.unsure else self.wrong, self.lax)

    # where

    def path(self, pattern, destroys):
        pieces = []
        for piece in pattern.split("{"):
            name, _, rest = piece.rpartition("}")
            pieces.append(urllib.parse.quote(self.segment(name, destroys), safe="") + rest if name else rest)
        return "".join(pieces)

    def segment(self, name, destroys):
        rng, world = self.rng, self.world
        if self.chance(0.08):
            return rng.choice(("x", "..", "%", "\x01", "ü" * 80, "a" * 3000, UNKNOWN[:-1], UNKNOWN + "0", "\\", "'", "null",
                               "-1", "💥", "\x7f"))
        if name in ("id", "task_id") and destroys:
            return rng.choice(world.spare[-50:] or [UNKNOWN])
        if name in ("id", "task_id"):
            return rng.choice([*world.states.values(), *world.spare[-3:]])
        if name == "page":
            return rng.choice(("1", "2", "3", "4", "150", "0", "99999999999999999999", "1.0", " 1", "+1", "0x1"))
        if name == "ext":
            return rng.choice(("json", "ndjson", "txt", "md", "mmd", "det.mmd", "hocr", "alto.xml", "page.xml", "tsv", "zip", "pdf", "layouts.pdf", "docx", "html", "csv"))
        if name == "name":
            return rng.choice(("0_0.jpg", "swagger-ui.css", "app.js", "ui.css"))
        return rng.choice((UNKNOWN, "fuzz", "default"))

    def query(self, named):
        pairs = []
        for each in named:
            if self.chance(0.35):
                pairs.append((each["name"], self.value(each["name"], self.schema(each["schema"]), self.chance(0.15))))
        if self.fields and self.chance(0.3):
            name = self.rng.choice(sorted(self.fields))
            pairs.append((name, self.value(name, self.fields[name], self.chance(0.2))))
            self.given = name
        if pairs and self.chance(0.05):
            pairs.append(pairs[0])
            self.spoil(pairs[0][0])
        if self.chance(0.05):
            name = self.rng.choice(("colour", "", "Wait", "x" * 5000, "wait\n", "a[]"))
            pairs.append((name, "1"))
            self.spoil(name)
        text = urllib.parse.urlencode(pairs)
        if self.chance(0.04):
            self.unsure = True
            text += self.rng.choice(("&pages=%FF", "&filename=%C3%28", "&filename=a%00b", "&filename=%ED%A0%80", "&&", "&=", "%",
                                     "&a=%", "&%", "?wait", "&filename=%F0%9F", "&a=%zz", ";", "&filename=" + "y" * 9000))
        return "?" + text if text else ""

    def spoil(self, name):
        """Surfaces with their originals' manners ignore what they do not know."""
        if not self.lax:
            self.wrong.add(name)

    def value(self, name, schema, wrong):
        value = invalid(self.rng, name, schema) if wrong else None
        if value is None:
            return valid(self.rng, name, schema)
        self.wrong.add(name)
        if name in ("options", "metadata", "webhook_url", "webhook_secret", "webhook_events", "file_url"):
            self.unsure = True  # it may be a member of it that is named
        return value

    # how

    def odd_headers(self, operation):
        rng = self.rng
        for chance, name, values in (
                (0.1, "Range", ("bytes=0-9", "bytes=-5", "bytes=9999999-", "bytes=5-2", "bytes=0-1,3-4", "lines=1", "bytes=",
                                "bytes=-0", "bytes=99999999999999999999-")),
                (0.1, "If-None-Match", ("*", '"x"', 'W/"x"', "x", '"', ",,", '"a", "b"')),
                (0.05, "If-Match", ('"x"', "*")), (0.05, "If-Range", ('"x"', "Sun, 22 Nov 2026 10:00:00 GMT")),
                (0.1, "Last-Event-ID", ("0", "1", "-1", "x", "9" * 30, "")),
                (0.1, "Accept", ("text/html", "*/*", "application/json;q=0", "", "x", "text/html;q=0", "a" * 500)),
                (0.1, "X-Request-Id", ("mine-1", "<script>", "x" * 200, "")), (0.03, "Accept-Encoding", ("gzip", "br", "*")),
                (0.03, "Cookie", ("a=b",)), (0.03, "X-Forwarded-For", ("1.2.3.4", "x", "::1")), (0.02, "Expect", ("100-continue",)),
                (0.1 if "requestBody" in operation else 0.005, "Transfer-Encoding", ("chunked",)), (0.02, "X-" + "y" * 50, ("z" * 4000,))):
            if self.chance(chance):
                self.headers[name] = rng.choice(values)
        if any(each["in"] == "header" for each in operation["parameters"]) and self.chance(0.15):
            key = rng.choice(("k1", "k2", '"quoted"', "k" * 255, "k" * 256, "", "ü"))
            self.headers["Idempotency-Key"] = key
            if key in ("", "k" * 256):
                self.wrong.add("Idempotency-Key")

    def authorize(self):
        if self.world.token and not self.chance(0.06):
            self.headers.update(self.world.headers)
        elif self.chance(0.3):
            self.headers["Authorization"] = self.rng.choice(("Bearer wrong", "Bearer", "Basic x", "", "Bearer " + "x" * 3000))

    # what

    def body(self, operation):
        content = operation.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content and self.chance(0.75):
            return self.form()
        if "application/octet-stream" in content and self.chance(0.8):
            return self.file()
        if "application/json" in content:
            return self.json(self.schema(content["application/json"]["schema"]))
        self.unsure |= bool(content)
        if not content and not self.chance(0.03):
            return b""
        self.headers["Content-Type"] = self.rng.choice(("text/plain", "multipart/form-data", "", "application/x-www-form-urlencoded",
                                                        "multipart/form-data; boundary=" + "b" * 300, "application/json"))
        return self.rng.choice((b"", b"x", b"{}", b"--b--", b"y" * (2 << 20)))

    def file(self):
        name = self.rng.choice(("pdf", "pdf", "png", "broken", "text", "empty", "long", "large"))
        if name in ("broken", "empty", "text"):
            self.unsure = True  # the document may be what is refused
        return self.world.files[name]

    def form(self):
        rng = self.rng
        parts = []
        for name, schema in self.fields.items():
            if self.chance(0.08):
                parts.append((name, None, self.value(name, schema, self.chance(0.2)).encode()))
                self.wrong |= {name} & {self.given}
        if self.chance(0.9):
            parts.append(("file", rng.choice(("a.pdf", "../../x", "ü.png", "", "n" * 2000, 'q"q', "a\tb")), self.file()))
        else:
            self.wrong.add("file")
            self.unsure |= any(name == "file_url" for name, _, _ in parts)
        if self.chance(0.1):
            self.odd_part(parts)
        rng.shuffle(parts)
        boundary = "fuzz-0123"
        body = b"".join(part(boundary, *each) for each in parts) + f"--{boundary}--\r\n".encode()
        self.headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        return self.cut(body) if self.chance(0.08) else body

    def odd_part(self, parts):
        self.unsure = True
        parts.append(self.rng.choice((
            ("file", "second.pdf", self.world.files["pdf"]), ("x" * 60000, None, b"1"), ("dpi", None, b"\xff\xfe"),
            ("dpi", None, b"1\x002"), ("pages", None, b"1" * 70000), ("", None, b"1"), ("colour", None, b"red"),
            ("metadata", None, b'"' + b"m" * 20000 + b'"'), ("metadata", None, b"[" * 3000), ("\xff", None, b""))))

    def cut(self, body):
        self.unsure = True
        at = self.rng.randrange(len(body))
        return self.rng.choice((body[:at], body[:-4], body + b"more", body[:at] + b"\0\r\n--" + body[at:], body.replace(b"\r\n", b"\n"),
                                b"preamble" + body))

    def json(self, schema):
        rng = self.rng
        self.headers["Content-Type"] = rng.choice(("application/json",) * 8 + ("text/plain", ""))
        # A first token would close an open server.
        if (not self.world.token and schema.get("required")) or self.chance(0.15):
            self.unsure = True
            return rng.choice((b"{", b"[]", b"null", b"\xff", b'{"owner":1}', b'{"owner":"a","owner":"b"}', b"[" * 5000, b'{"a":1}',
                               b'{"owner":"a\\u0000b"}', b'{"owner":"../x"}', b"x" * (2 << 20), b'{"grace":-1}', b'{"owner":null}'))
        value = {}
        for name, member in schema["properties"].items():
            if name in schema.get("required", ()) or self.chance(0.3):
                number = member.get("type") == "integer"
                value[name] = "fuzz" if name == "owner" else rng.randint(1, 10**6) if number else valid(rng, name, member)
                if self.chance(0.05):
                    value[name] = rng.choice((None, [], {}, -1, 1.5, True, "x" * 5000) if number else (None, [], 1, {}, True))
                    self.wrong.add(name)
        if self.chance(0.05):
            value["colour"] = 1
            self.wrong.add("colour")
        return json.dumps(value).encode()


def part(boundary, name, filename, content):
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    return head.encode("latin-1" if name == "\xff" else "utf-8") + b"\r\n\r\n" + content + b"\r\n"
