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

import documents
import openapi
from fuzz_request import UNKNOWN, Maker, Request

STREAM_SECONDS = 0.2  # of an endless answer
FAILURES = 12  # then it stops

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
