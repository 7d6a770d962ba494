# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests made from an OpenAPI document, right ones and wrong ones, and what every answer to them must be. The
n-th request of a seed is always the same, but for the ids of jobs. Used by test_schema.
"""
import collections
import http.client
import json
import random
import re
import socket
import time
import urllib.parse

import documents
import openapi

UNKNOWN = "01900000-0000-7000-8000-000000000000"
STREAM_SECONDS = 0.2  # of an endless answer
FAILURES = 12  # then it stops
LAX = ("a: ", "b: ", "c: ")  # surfaces that ignore what they do not know

Request = collections.namedtuple("Request", "method path headers body wrong lax")
Answer = collections.namedtuple("Answer", "status headers body closed")


class World:
    """A server with jobs in every state, and the ids of all that was made since."""

    def __init__(self, server, held, token):
        self.server, self.token = server, token
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.states, self.spare = {}, []
        self.files = {"pdf": documents.make_pdf(2), "png": documents.make_png(["FUZZ"], 100),
                      "broken": b"%PDF-1.4 nothing", "text": b"plain words", "empty": b"",
                      "long": documents.make_pdf(60), "large": b"%PDF-" + b"x" * (3 << 20)}
        self.make(held)

    def ask(self, method, path):
        return self.server.request(method, path, headers=self.headers)

    def job(self, file, **options):
        return self.server.submit(file, headers=self.headers, **options)["id"]

    def wait(self, job_id, *states):
        self.server.wait(lambda: json.loads(self.ask("GET", f"/v1/jobs/{job_id}").body)["status"] in states,
                         60, f"{job_id} in {states}")

    def make(self, held):
        s = self.states
        s["completed"] = self.job(documents.make_pdf(3), text_layer="text", metadata={"a": [1, None]})
        s["failed"] = self.job(self.files["broken"])
        s["partly"] = self.job(documents.make_pdf(1), pages="1", webhook_url="https://example.com/hook")
        s["deleted"] = self.job(self.files["pdf"])
        for state in s:
            self.wait(s[state], "completed", "failed")
        self.ask("DELETE", f"/v1/jobs/{s['deleted']}")
        s["running"] = self.job(documents.make_scan_pdf(150, dpi=72), priority=-100)
        self.wait(s["running"], "processing")
        s["cancelled"] = self.job(documents.make_scan_pdf(9))
        self.wait(s["cancelled"], "processing")
        self.ask("POST", f"/v1/jobs/{s['cancelled']}/cancel")
        held.close("decode")
        s["pending"] = self.job(self.files["pdf"])
        time.sleep(0.5)  # its worker is at the gate
        held.leave("decode")
        s["unknown"] = UNKNOWN


# --- values ---------------------------------------------------------------------------------------

NAMED = {  # what a text must look like, where the document only says that it is one
    "pages": ("1", "1-2", "2-", "1,2"), "languages": ("eng",), "engine": ("tesseract", "auto"), "owner": ("*", "fuzz"),
    "date_from": ("2026-01-01", "2026-01-01T10:00:00Z"), "date_to": ("2030-12-31", "2026-06-01T00:00:00.5+02:00"),
    "format": ("json", "txt", "md", "mmd", "ndjson", "det.mmd"), "metadata": ('{"k":"v"}', "[]", "null", '"x"'),
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
            return rng.choice(("json", "ndjson", "txt", "md", "mmd", "det.mmd", "layouts.pdf", "docx", "html"))
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


# --- over a socket --------------------------------------------------------------------------------

class Reader:
    """What HTTPResponse takes for a socket: one reader for all answers, so that what follows one is seen."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")
        self.file.close = lambda: None

    def makefile(self, mode):
        return self.file


def halves(body):
    return [piece for piece in (body[:len(body) // 2], body[len(body) // 2:]) if piece]


class Wire:
    """A connection kept as long as the server keeps it."""

    def __init__(self, port):
        self.port, self.socket = port, None

    def open(self):
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.reader = Reader(self.socket)
        return self.socket

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def send(self, request):
        head = [f"{request.method} {request.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        head += [f"{name}: {value}" for name, value in request.headers.items()]
        body = request.body
        if "Transfer-Encoding" in request.headers:
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in halves(body)) + b"0\r\n\r\n"
        elif body or request.method == "POST":
            head.append(f"Content-Length: {len(body)}")
        data = "\r\n".join(head + ["", ""]).encode() + body
        try:
            self.open().sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered already

    def receive(self, method):
        answer = http.client.HTTPResponse(self.reader, method=method)
        answer.begin()
        if (answer.getheader("Content-Type") or "").startswith("text/event-stream") and method != "HEAD":
            return self.some(answer)
        return Answer(answer.status, answer.headers, answer.read(), answer.will_close)

    def some(self, answer):
        """The begin of a stream that may never end."""
        self.socket.settimeout(STREAM_SECONDS)
        try:
            body = answer.read1(1 << 16)
        except TimeoutError:
            body = b""
        return Answer(answer.status, answer.headers, body, True)

    def exchange(self, request):
        self.send(request)
        try:
            answer = self.receive(request.method)
        except Exception:
            self.close()
            raise
        if answer.closed:
            self.close()
        return answer


PING = Request("GET", "/livez", {}, b"", set(), False)


class Run:
    """Requests until the time is up, and what was wrong with the answers."""

    def __init__(self, world, document, seed):
        self.world, self.document, self.seed = world, document, seed
        self.promise = openapi.Promise(document)
        self.operations = list(openapi.operations(document))
        self.weights = [1 + len(each["parameters"]) / 2 + 3 * ("requestBody" in each) for _, _, each in self.operations]
        self.wire = Wire(world.server.port)
        self.count, self.statuses, self.failures, self.well = 0, collections.Counter(), [], set()

    def go(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.failures) < FAILURES:
            self.one(f"{self.seed}:{self.count}")
            self.count += 1
        self.wire.close()

    def one(self, name):
        rng = random.Random(name)
        method, path, operation = rng.choices(self.operations, self.weights)[0]
        request = Maker(rng, self.world, self.document).request(method, path, operation)
        try:
            answer = self.wire.exchange(request)
        except (OSError, http.client.HTTPException) as error:
            self.report(name, request, f"no answer: {error!r}")
            return
        self.statuses[answer.status] += 1
        if answer.status < 300:
            self.well.add((method, path))
        self.remember(request, answer)
        wrong = self.judge(operation, request, answer) or self.ping()
        if wrong:
            self.report(name, request, wrong, answer)

    def remember(self, request, answer):
        """Jobs that were made are there to be cancelled, retried and deleted."""
        found = re.search(rb'"(?:job|task)_id":"([0-9a-f-]{36})"', answer.body[:200])
        if request.method == "POST" and answer.status in (200, 202) and found:
            job_id = found[1].decode()
            if job_id not in self.world.states.values() and job_id not in self.world.spare:
                self.world.spare.append(job_id)

    def ping(self):
        """The same connection goes on, unless the server said that it ends."""
        try:
            answer = self.wire.exchange(PING)
        except (OSError, http.client.HTTPException) as error:
            return f"the connection is of no use afterwards: {error!r}"
        return None if answer.status == 200 and b'"ok"' in answer.body else f"the next answer was {answer}"

    def judge(self, operation, request, answer):
        return (self.promise.broken(operation, answer.status, answer.headers["Content-Type"], answer.body,
                                    request.method == "HEAD" or answer.status == 304)
                or self.judge_status(operation, request, answer) or judge_headers(request, answer))

    def judge_status(self, operation, request, answer):
        if answer.status == 500 and not answer.body.startswith(b'{"detail":"Processing failed: '):
            return "500" if request.method != "HEAD" else None
        if answer.status in (502, 503) and b'"status":"not ready"' not in answer.body:
            return "no reason for that"
        if answer.status < 300 and request.wrong:
            return f"accepted, with a bad {sorted(request.wrong)}"
        if answer.status == 422 and request.method != "HEAD" and request.wrong:
            told = answer.body.decode().replace("_", " ")
            if not any(json_text(each)[:32].replace("_", " ") in told for each in request.wrong):
                return f"names none of {sorted(request.wrong)}"
        return None

    def report(self, name, request, wrong, answer=None):
        told = f"{answer.status} {answer.headers['Content-Type']} {answer.body[:400]!r}" if answer else ""
        headers = {name: value[:60] for name, value in request.headers.items() if name != "Authorization"}
        self.failures.append(f"{name}: {wrong}\n  {request.method} {request.path[:300]} {headers}\n"
                             f"  {len(request.body)} bytes: {request.body[:300]!r}\n  {told}")

    def untried(self):
        return [f"{method} {path}" for method, path, operation in self.operations
                if (method, path) not in self.well and "deliver" not in path and "images/{" not in path
                and "token" not in path]


def json_text(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def judge_headers(request, answer):
    given = request.headers.get("X-Request-Id")
    told = answer.headers["X-Request-Id"]
    if not told or (given == "mine-1") != (told == "mine-1"):
        return f"request id {told}"
    if answer.headers["X-Content-Type-Options"] != "nosniff":
        return "no nosniff"
    if answer.status in (429, 503) and not answer.headers["Retry-After"]:
        return "no Retry-After"
    return None
