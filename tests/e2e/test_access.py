# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what, how often, and how much: tokens, scopes, owners that know nothing of each other, quotas, rate
limits, back-pressure, and the doors a server has: loopback, the network, Unix sockets, TLS, other sites."""
import concurrent.futures
import contextlib
import http.client
import json
import random
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import documents
import harness

SCOPES = ("submit", "read", "delete", "admin")
TOKEN = re.compile(r"^pm_[0-9a-z]{12}_[0-9a-z]{38}$")
UNKNOWN = "01900000-0000-7000-8000-000000000000"


def token_command(data, *args):
    return subprocess.run([harness.BUILD / "pagemill", "token", "--data", data, *args], capture_output=True, text=True,
                          timeout=60)


def make_token(data, name, *flags):
    done = token_command(data, "create", "--name", name, *flags)
    assert done.returncode == 0, done.stderr
    token = done.stdout.strip()
    assert TOKEN.match(token), token
    return token


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def token_list(data):
    return json.loads(token_command(data, "list", "--json").stdout)["tokens"]


@contextlib.contextmanager
def connected(server, source=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60,
                                            source_address=(source, 0) if source else None)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return harness.Response(answer.status, answer.headers, answer.read())


class Gate:
    """A door before every worker that opens a document: while it is shut, jobs stay where they are."""

    def __init__(self, server):
        self.open_file = server.top / "gate-open"
        program = server.top / "work"
        program.write_text(
            f'#!/bin/sh\ncase "$*" in *decode*) while [ ! -e {self.open_file} ]; do sleep 0.05; done ;; esac\n'
            f'exec {harness.BUILD}/pagemill-work "$@"\n')
        program.chmod(0o755)
        server.args += ["--work-program", str(program)]

    def open(self):
        self.open_file.touch()


class Access(unittest.TestCase):
    def server(self, *flags, start=True):
        server = harness.Server("--lanes", "1", *flags)
        self.addCleanup(server.stop)
        server.data.mkdir(parents=True)
        return server.start() if start else server

    def problem(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body[:500])
        problem = json.loads(answer.body)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def status(self, server, token, method="GET", path="/v1/jobs", **rest):
        return server.request(method, path, headers=bearer(token), **rest).status


class Tokens(Access):
    def test_before_and_while_a_server_runs(self):
        server = self.server(start=False)
        first = make_token(server.data, "first")
        server.start()
        self.assertEqual(self.status(server, first), 200)
        self.assertEqual(self.status(server, None), 401)
        second = make_token(server.data, "second", "--scopes", "read")
        self.assertEqual(self.status(server, second), 200, "known at once")
        self.assertEqual((server.data / "control.sock").stat().st_mode & 0o777, 0o600)
        listed = token_list(server.data)
        self.assertEqual([(t["owner"], t["scopes"]) for t in listed], [("first", "submit,read,delete"), ("second", "read")])
        for text in (json.dumps(listed), server.log.read_text(), token_command(server.data, "list").stdout):
            for token in (first, second):
                self.assertNotIn(token.split("_")[2], text)
        server.restart()
        self.assertEqual((self.status(server, first), self.status(server, second)), (200, 200))

    def test_an_open_server_closes_with_its_first_token(self):
        server = self.server()
        self.assertEqual(self.status(server, None), 200)
        token = make_token(server.data, "ci")
        self.assertEqual((self.status(server, None), self.status(server, token)), (401, 200))
        token_id = token_list(server.data)[0]["id"]
        self.assertEqual(token_command(server.data, "revoke", token_id).returncode, 0)
        self.assertEqual((self.status(server, None), self.status(server, token)), (401, 401), "and does not fall open")

    def test_rotation(self):
        server = self.server()
        old = make_token(server.data, "ci")
        rotated = token_command(server.data, "rotate", "--name", "ci")
        new = rotated.stdout.strip()
        self.assertEqual((self.status(server, old), self.status(server, new)), (200, 200), "both are valid")
        third = token_command(server.data, "rotate", "--name", "ci")
        self.assertEqual((third.returncode, third.stdout), (8, ""))
        self.assertEqual(token_command(server.data, "create", "--name", "ci").returncode, 8)
        self.assertEqual(token_command(server.data, "revoke", old.split("_")[1]).returncode, 0)
        self.assertEqual((self.status(server, old), self.status(server, new)), (401, 200), "at once")
        newest = token_command(server.data, "rotate", "--name", "ci", "--grace", "1").stdout.strip()
        self.assertEqual((self.status(server, new), self.status(server, newest)), (200, 200))
        server.wait(lambda: self.status(server, new) == 401, 10, "end of the grace")
        self.assertEqual(self.status(server, newest), 200)
        job = server.post_form("/v1/jobs", documents.make_pdf(1), headers=bearer(newest), text_layer="text")
        self.assertEqual(json.loads(job.body)["owner"], "ci", "one owner, whichever token")

    def test_expiry(self):
        server = self.server()
        make_token(server.data, "other")
        token = make_token(server.data, "brief", "--expires", "1")
        self.assertEqual(self.status(server, token), 200)
        server.wait(lambda: self.status(server, token) == 401, 10, "its end")
        answer = server.request("GET", "/v1/jobs", headers=bearer(token))
        self.assertIn("ended", self.problem(answer, 401)["detail"])
        self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_what_is_no_token(self):
        server = self.server()
        token = make_token(server.data, "ci")
        wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
        for given in ("", "x", token[:-1], wrong, token + "x", token.upper(), "pm__", "x" * 4000, "pm_" + "0" * 12 + "_" + "0" * 38):
            self.assertEqual(self.status(server, given or " "), 401, given)
        for header in (f"Basic {token}", token, f"Bearer{token}", "Bearer"):
            self.assertEqual(server.request("GET", "/v1/jobs", headers={"Authorization": header}).status, 401, header)
        for header in (f"bearer {token}", f"Bearer  {token}"):
            self.assertEqual(server.request("GET", "/v1/jobs", headers={"Authorization": header}).status, 200, header)

    def test_what_the_command_refuses(self):
        data = self.server(start=False).data
        for args in (("create",), ("create", "--name", "a b"), ("create", "--name", "default"), ("create", "--name", "x" * 64),
                     ("create", "--name", "a", "--scopes", "root"), ("create", "--name", "a", "--rate", "fast"),
                     ("create", "--name", "a", "--quota-pages", "5"), ("revoke",), ("frobnicate",), ("rotate",),
                     ("create", "--name", "a", "--quota-pages", "5/day", "--quota-bytes", "5/month")):
            done = token_command(data, *args)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)
            self.assertTrue(done.stderr)
        for args in (("revoke", "x"), ("rotate", "--name", "nobody")):
            self.assertEqual(token_command(data, *args).returncode, 7, args)
        self.assertEqual(token_list(data), [])

    def test_over_http_for_admins(self):
        server = self.server()
        admin = make_token(server.data, "root", "--scopes", ",".join(SCOPES))
        post = lambda path, body: server.request("POST", path, json.dumps(body) if body is not None else None, {
            **bearer(admin), "Content-Type": "application/json"})
        made = post("/v1/admin/tokens", {"owner": "web", "scopes": "read", "expires_in": 1000})
        self.assertEqual(made.status, 201)
        self.assertEqual(made.headers["Cache-Control"], "no-store")
        token = json.loads(made.body)["token"]
        self.assertEqual(self.status(server, token), 200)
        rotated = json.loads(post("/v1/admin/tokens/web/rotate", {"grace": 1000}).body)["token"]
        self.assertEqual(self.status(server, rotated), 200)
        for body in ({"owner": "x y"}, {"owner": 5}, {"owner": "a", "pages": -1}, {"owner": "a", "colour": "red"}, {},
                     {"owner": "a", "expires_in": -1}, {"owner": "a", "scopes": ""}, []):
            self.problem(post("/v1/admin/tokens", body), 422, "input")
        self.assertEqual(server.request("POST", "/v1/admin/tokens", "{", bearer(admin)).status, 422)
        self.assertEqual(post("/v1/admin/tokens/nobody/rotate", None).status, 404)
        listed = json.loads(server.request("GET", "/v1/admin/tokens", headers=bearer(admin)).body)["tokens"]
        self.assertEqual([t["owner"] for t in listed], ["root", "web", "web"])
        self.assertNotIn("sha256", json.dumps(listed))
        token_id = rotated.split("_")[1]
        self.assertEqual(self.status(server, admin, "DELETE", f"/v1/admin/tokens/{token_id}"), 204)
        self.assertEqual(self.status(server, rotated), 401, "at once")
        self.assertEqual(self.status(server, admin, "DELETE", "/v1/admin/tokens/none"), 404)


# Every route that needs a token, and the scope it needs. That none is missing is checked against /openapi.json.
WHO = {
    "submit": ["POST /v1/jobs", "POST /v1/ocr", "POST /v1/jobs/{id}/cancel", "POST /v1/jobs/{id}/retry",
               "POST /v1/jobs/{id}/deliveries/{delivery}/resend", "POST /api/v1/ocr/process", "POST /process_pdf",
               "POST /v1/documents/upload-document"],
    "read": ["GET /v1/jobs", "GET /v1/jobs/{id}", "GET /v1/jobs/{id}/events", "GET /v1/jobs/{id}/pages",
             "GET /v1/jobs/{id}/pages/{page}", "GET /v1/jobs/{id}/pages/{page}/image", "GET /v1/jobs/{id}/result.{ext}",
             "GET /v1/jobs/{id}/images", "GET /v1/jobs/{id}/images/{name}", "GET /v1/jobs/{id}/deliveries", "GET /v1/usage",
             "GET /api/v1/ocr/results/{task_id}", "GET /result/{id}/status", "GET /result/{id}/markdown",
             "GET /result/{id}/markdown_det", "GET /result/{id}/layout_pdf", "GET /result/{id}/images",
             "GET /result/{id}/images/{name}", "GET /tasks", "GET /queue/status", "GET /v1/documents/list-document",
             "GET /v1/documents/{id}", "GET /v1/documents/{id}/content", "GET /metrics"],
    "delete": ["DELETE /v1/jobs/{id}", "DELETE /result/{id}"],
    "admin": ["GET /v1/admin/tokens", "POST /v1/admin/tokens", "POST /v1/admin/tokens/{owner}/rotate",
              "DELETE /v1/admin/tokens/{token}"],
}
NOBODY = ["GET /livez", "GET /readyz", "GET /health", "GET /openapi.json", "GET /docs", "GET /docs/{name}", "GET /",
          "GET /ui/{name}"]
COMPATIBLE = re.compile(r"^\w+ (/api/|/process_pdf|/result/|/tasks|/queue/|/v1/documents/(upload|list)-)")


class Scopes(Access):
    def test_each_route_with_each_scope(self):
        server = self.server()
        tokens = {scope: make_token(server.data, f"only-{scope}", "--scopes", scope) for scope in SCOPES}
        paths = server.get_json("/openapi.json")["paths"]
        known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
        self.assertEqual(known, {route for routes in WHO.values() for route in routes} | set(NOBODY))
        for wanted, routes in WHO.items():
            for route in routes:
                self.check(server, tokens, wanted, route)
        for route in NOBODY:
            method, path = route.split()
            self.assertNotIn(self.status(server, None, method, path.replace("{name}", "x")), (401, 403), route)

    def check(self, server, tokens, wanted, route):
        method, path = route.split()
        path = path.replace("{page}", "1").replace("{ext}", "txt").replace("{name}", "x").replace("{owner}", "x")
        path = re.sub(r"\{\w+\}", UNKNOWN, path)
        for scope, token in tokens.items():
            answer = server.request(method, path, headers=bearer(token))
            if scope == wanted:
                self.assertNotIn(answer.status, (401, 403), (route, scope, answer.body))
            else:
                self.assertEqual(answer.status, 403, (route, scope, answer.body))
                self.assertIn(wanted, json.loads(answer.body)["detail"], route)
        missing = server.request(method, path)
        wrong = server.request(method, path, headers=bearer("wrong"))
        self.assertEqual((missing.headers["WWW-Authenticate"], wrong.headers["WWW-Authenticate"]), ("Bearer", "Bearer"))
        if COMPATIBLE.match(route):
            self.assertEqual((missing.status, missing.body), (403, b'{"detail":"Not authenticated"}'), route)
            self.assertEqual((wrong.status, wrong.body), (401, b'{"detail":"Invalid authentication token"}'), route)
        else:
            self.problem(missing, 401, "unauthorized")
            self.problem(wrong, 401, "unauthorized")

    def test_surfaces_that_stay_open(self):
        server = self.server("--open-surfaces", "a,c")
        token = make_token(server.data, "ci")
        self.assertEqual(self.status(server, None, path=f"/api/v1/ocr/results/{UNKNOWN}"), 200)
        self.assertEqual(self.status(server, None, path="/v1/documents/list-document"), 200)
        self.assertEqual(self.status(server, None, path="/tasks"), 403)
        self.assertEqual(self.status(server, None), 401, "the native one is never open")
        self.assertEqual(self.status(server, "wrong", path="/v1/documents/list-document"), 401, "a wrong token is wrong")
        answer = server.post_form("/v1/documents/upload-document", documents.make_pdf(1))
        mine = json.loads(answer.body)["job_id"]
        self.assertEqual(self.status(server, token, path=f"/v1/jobs/{mine}"), 404, "of nobody's token")
        theirs = json.loads(server.request("POST", "/v1/jobs?wait=20&text_layer=text", documents.make_pdf(1), bearer(token)).body)["id"]
        shown = server.get_json(f"/api/v1/ocr/results/{theirs}")
        self.assertEqual((shown["status"], shown["result"]), ("PENDING", None), "an owner's stays the owner's")
        listed = server.get_json("/v1/documents/list-document")["items"]
        self.assertEqual([item["job_id"] for item in listed], [mine])

    def test_only_surfaces_whose_clients_know_no_token_can_be_open(self):
        server = self.server("--open-surfaces", "b", start=False)
        with self.assertRaisesRegex(AssertionError, "exited with 2"):
            server.start()
        server.process = None

    def test_surfaces_that_are_off(self):
        server = self.server("--surfaces", "b")
        self.assertEqual([server.request("GET", path).status for path in
                          ("/tasks", f"/api/v1/ocr/results/{UNKNOWN}", "/v1/documents/list-document")], [200, 404, 404])


class Person:
    """An owner with documents that carry its mark in their text, name and metadata, and what it knows of them."""

    def __init__(self, name, mark, token):
        self.name, self.mark, self.token = name, mark, token
        self.jobs, self.ended, self.deliveries, self.count = [], {}, [], 0

    def document(self):
        self.count += 1
        return documents.make_pdf(1, lambda n: [f"{self.mark} {self.count}"] + documents.page_lines(n, 3))


class Owners(Access):
    """Two owners and a great many requests with each other's ids."""
    REQUESTS = 3000

    def setUp(self):
        self.front = self.server()
        data = self.front.data
        self.people = [Person("alice", "QALICEQ", make_token(data, "alice")), Person("bob", "ZBOBZ", make_token(data, "bob"))]
        self.admin = make_token(data, "root", "--scopes", ",".join(SCOPES))
        self.dice = random.Random(20261122)
        for person in self.people:
            self.fill(person)

    def call(self, person, method, path, body=None, headers=None):
        connection = self.connection
        return ask(connection, method, path, body, {**bearer(person.token), **(headers or {})})

    def post(self, person, path, document, name, **fields):
        pieces, length, kind = harness.multipart(document, name, fields)
        return self.call(person, "POST", path, b"".join(pieces), {"Content-Type": kind})

    def submit(self, person, **fields):
        person.count += 1
        fields = {"text_layer": "text", "metadata": {"mark": person.mark}, "webhook_url": f"https://{person.mark}.example/", **fields}
        answer = self.post(person, "/v1/jobs", person.document(), f"{person.mark}-{person.count}.pdf", **fields)
        self.assertEqual(answer.status, 202, answer.body)
        job = json.loads(answer.body)["id"]
        person.jobs.append(job)
        return job

    def fill(self, person):
        with connected(self.front) as self.connection:
            jobs = [self.submit(person) for _ in range(4)]
            for path, field, name in (("/api/v1/ocr/process", "task_id", "a"), ("/process_pdf", "job_id", "b"),
                                      ("/v1/documents/upload-document", "job_id", "c")):
                answer = self.post(person, path, person.document(), f"{person.mark}-{name}.pdf")
                person.jobs.append(json.loads(answer.body)[field])
            for job in person.jobs:
                while (shown := self.look(person, job))["status"] not in harness.FINAL:
                    time.sleep(0.05)
                self.assertEqual(shown["status"], "completed")
                person.ended[job] = shown
            for job in jobs:
                log = json.loads(self.call(person, "GET", f"/v1/jobs/{job}/deliveries").body)["deliveries"]
                person.deliveries += [(job, delivery["id"]) for delivery in log]

    def look(self, person, job):
        return json.loads(self.call(person, "GET", f"/v1/jobs/{job}").body)

    def check_blind(self, person, other, answer, asked):
        """Nothing in the answer is the other's: no mark, and no id but the one that was asked for."""
        text = answer.body + str(answer.headers).encode()
        self.assertNotIn(other.mark.encode(), text, asked)
        for job in other.jobs:
            if job not in asked:
                self.assertNotIn(job.encode(), text, asked)

    def paths(self, job, delivery):
        """Every way to touch a job, and what must be said of one that is somebody else's."""
        get = [("GET", path, 404) for path in (
            f"/v1/jobs/{job}", f"/v1/jobs/{job}?text=1", f"/v1/jobs/{job}?wait=5", f"/v1/jobs/{job}/events", f"/v1/jobs/{job}/pages",
            f"/v1/jobs/{job}/pages/1", f"/v1/jobs/{job}/pages/1?wait=5", f"/v1/jobs/{job}/pages/1/image?dpi=36",
            *(f"/v1/jobs/{job}/result.{name}" for name in ("json", "ndjson", "txt", "md", "mmd", "det.mmd", "layouts.pdf")),
            f"/v1/jobs/{job}/result.txt?partial=1", f"/v1/jobs/{job}/images", f"/v1/jobs/{job}/images/0_0.jpg",
            f"/v1/jobs/{job}/deliveries", f"/v1/documents/{job}", f"/v1/documents/{job}/content",
            f"/result/{job}/status", f"/result/{job}/markdown", f"/result/{job}/markdown_det", f"/result/{job}/layout_pdf",
            f"/result/{job}/images", f"/result/{job}/images/0_0.jpg")]
        change = [("POST", f"/v1/jobs/{job}/cancel", 404), ("POST", f"/v1/jobs/{job}/retry", 404),
                  ("POST", f"/v1/jobs/{job}/retry?all=1", 404), ("DELETE", f"/v1/jobs/{job}", 404), ("DELETE", f"/result/{job}", 404),
                  ("POST", f"/v1/jobs/{delivery[0]}/deliveries/{delivery[1]}/resend", 404)]
        return get + change + [("GET", f"/api/v1/ocr/results/{job}", 200)]

    def touch_theirs(self, person, other):
        job = self.dice.choice(list(other.ended))
        method, path, status = self.dice.choice(self.paths(job, self.dice.choice(other.deliveries)))
        headers = self.dice.choice(({}, {"Range": "bytes=0-50"}, {"If-None-Match": "*"}, {"If-None-Match": f'"{other.ended[job]["sha256"]}"'},
                                    {"Last-Event-ID": "0"}))
        answer = self.call(person, method, path, headers=headers)
        self.assertEqual(answer.status, status, (path, answer.body[:300]))
        self.check_blind(person, other, answer, path)
        if "/api/v1/" in path:
            shown = json.loads(answer.body)
            self.assertEqual((shown["status"], shown["result"]), ("PENDING", None), "as of a task that does not exist")
        if method != "GET":
            self.assertEqual(self.look(other, job), other.ended[job], path)

    def touch_mixed(self, person, other):
        """The own job's name with the other's delivery; lists and filters that ask for the other."""
        mine, theirs = self.dice.choice(person.deliveries), self.dice.choice(other.deliveries)
        method, path, status = self.dice.choice((
            ("POST", f"/v1/jobs/{mine[0]}/deliveries/{theirs[1]}/resend", 404),
            ("GET", f"/v1/jobs?owner={other.name}", 403), ("GET", "/v1/jobs?owner=*", 403),
            ("GET", f"/v1/jobs?filename={other.mark}&limit=500", 200), ("GET", "/v1/jobs?limit=500", 200),
            ("GET", f"/v1/jobs?cursor={self.dice.randint(1, 200)}", 200), ("GET", "/tasks", 200), ("GET", "/queue/status", 200),
            ("GET", f"/v1/documents/list-document?filename={other.mark}&limit=1000", 200),
            ("GET", "/v1/documents/list-document?limit=1000", 200), ("GET", "/v1/usage", 200), ("GET", "/metrics", 200),
            ("GET", "/v1/admin/tokens", 403), ("POST", f"/v1/admin/tokens/{other.name}/rotate", 403),
            ("DELETE", f"/v1/admin/tokens/{other.token.split('_')[1]}", 403), ("GET", "/health", 200)))
        answer = self.call(person, method, path)
        self.assertEqual(answer.status, status, (path, answer.body[:300]))
        if status == 200:
            self.check_blind(person, other, answer, path)
        if other.mark in path:
            self.assertIn(b'"jobs":[]' if path.startswith("/v1/jobs") else b'"total":0', answer.body)

    def touch_own(self, person, other):
        job = self.dice.choice(list(person.ended))
        method, path, _ = self.dice.choice(self.paths(job, self.dice.choice(person.deliveries))[:21])
        if "/images/" in path or "text=1" in path:
            return
        answer = self.call(person, method, path)
        self.assertIn(answer.status, (200, 422), (path, answer.body[:300]))
        self.check_blind(person, other, answer, path)

    def twins(self, number):
        """The same document, options and key from both: two jobs, each its owner's."""
        same = documents.make_pdf(1, lambda n: [f"SHARED {number}"])
        key = {"Idempotency-Key": f"key-{number}"} if number % 2 else {}
        made = []
        for person in self.people * 2:
            pieces, _, kind = harness.multipart(same, "same.pdf", {"text_layer": "text"})
            answer = self.call(person, "POST", "/v1/jobs", b"".join(pieces), {"Content-Type": kind, **key})
            self.assertIn(answer.status, (200, 202), answer.body)
            job = json.loads(answer.body)
            self.assertEqual(job["owner"], person.name)
            made.append(job["id"])
        self.assertEqual((made[0], made[1]), (made[2], made[3]))
        self.assertNotEqual(made[0], made[1])
        for person, job in zip(self.people, made):
            person.jobs.append(job)

    def test_neither_sees_or_changes_anything_of_the_other(self):
        ways = [self.touch_theirs] * 6 + [self.touch_mixed] * 2 + [self.touch_own] * 2
        with connected(self.front) as self.connection:
            for number in range(self.REQUESTS):
                person, other = self.dice.sample(self.people, 2)
                self.dice.choice(ways)(person, other)
                if number % 200 == 0:
                    self.twins(number // 200)
            for person, other in (self.people, self.people[::-1]):
                for method, path, status in self.paths(*[next(iter(other.ended))], other.deliveries[0]):
                    answer = self.call(person, method, path)
                    self.assertEqual(answer.status, status, path)
                    self.check_blind(person, other, answer, path)
                for job, before in other.ended.items():
                    self.assertEqual(self.look(other, job), before)
            self.check_admin()

    def check_admin(self):
        admin = Person("root", "", self.admin)
        everybody = json.loads(self.call(admin, "GET", "/v1/jobs?owner=*&limit=500").body)["jobs"]
        self.assertEqual({job["id"] for job in everybody}, {job for person in self.people for job in person.jobs})
        self.assertEqual(json.loads(self.call(admin, "GET", "/v1/jobs").body)["jobs"], [], "its own")
        for person in self.people:
            listed = json.loads(self.call(admin, "GET", f"/v1/jobs?owner={person.name}&limit=500").body)["jobs"]
            self.assertEqual({job["id"] for job in listed}, set(person.jobs))
            job = next(iter(person.ended))
            self.assertIn(person.mark.encode(), self.call(admin, "GET", f"/v1/jobs/{job}/result.txt").body)
            self.assertEqual(self.call(admin, "DELETE", f"/v1/jobs/{job}").status, 204)

    def test_a_running_job_of_another_cannot_be_followed_or_stopped(self):
        alice, bob = self.people
        scan = documents.make_scan_pdf(6, lambda n: [alice.mark])
        job = json.loads(self.front.post_form("/v1/jobs", scan, headers=bearer(alice.token)).body)["id"]
        with connected(self.front) as self.connection:
            for method, path, status in self.paths(job, (job, UNKNOWN)):
                answer = self.call(bob, method, path)
                self.assertEqual(answer.status, status, path)
                self.assertNotIn(alice.mark.encode(), answer.body)
            while (shown := self.look(alice, job))["status"] not in harness.FINAL:
                time.sleep(0.1)
        self.assertEqual((shown["status"], shown["pages"]["done"]), ("completed", 6))


class Quotas(Access):
    def post(self, server, token, length=1, **fields):
        fields.setdefault("text_layer", "text")
        fields.setdefault("force", True)
        return server.post_form("/v1/jobs", documents.make_pdf(length), headers=bearer(token), **fields)

    def end_of(self, server, token, answer):
        self.assertEqual(answer.status, 202, answer.body)
        path = f"/v1/jobs/{json.loads(answer.body)['id']}?wait=30"
        while (job := json.loads(server.request("GET", path, headers=bearer(token)).body))["status"] not in harness.FINAL:
            pass
        return job

    def test_pages(self):
        server = self.server()
        token, other = make_token(server.data, "ci", "--quota-pages", "5/month"), make_token(server.data, "other")
        self.assertEqual(self.end_of(server, token, self.post(server, token, 3))["status"], "completed")
        job = self.end_of(server, token, self.post(server, token, 3))
        self.assertEqual((job["status"], job["error"]["code"]), ("failed", "quota"))
        self.assertEqual(self.end_of(server, token, self.post(server, token, 3, pages="2-3"))["status"], "completed",
                         "what is asked for counts")
        self.assertEqual(self.end_of(server, other, self.post(server, other, 9))["status"], "completed")
        used = json.loads(server.request("GET", "/v1/usage", headers=bearer(token)).body)
        self.assertEqual((used["owner"], used["pages"], used["pages_allowed"]), ("ci", 5, 5))
        self.assertRegex(used["since"], r"^\d{4}-\d\d-01T00:00:00")
        self.assertIsNone(json.loads(server.request("GET", "/v1/usage", headers=bearer(other)).body)["pages_allowed"])

    def test_bytes(self):
        server = self.server()
        size = len(documents.make_pdf(1))
        token = make_token(server.data, "ci", "--quota-bytes", f"{2 * size + 10}/day")
        self.assertEqual([self.post(server, token).status for _ in range(2)], [202, 202])
        answer = self.post(server, token)
        self.problem(answer, 429, "quota")
        self.assertTrue(int(answer.headers["Retry-After"]) > 0)
        self.assertEqual(self.post(server, token, force=False).status // 100, 2, "a twin costs nothing")
        used = json.loads(server.request("GET", "/v1/usage", headers=bearer(token)).body)
        self.assertEqual((used["bytes"], used["bytes_allowed"]), (2 * size, 2 * size + 10))
        for path in ("/api/v1/ocr/process", "/process_pdf", "/v1/documents/upload-document"):
            refused = server.post_form(path, documents.make_pdf(2), headers=bearer(token))
            self.assertEqual(refused.status, 429, path)
            self.assertEqual(list(json.loads(refused.body)), ["detail"], path)
        self.assertEqual(len(json.loads(server.request("GET", "/v1/jobs", headers=bearer(token)).body)["jobs"]), 2)

    def test_unfinished_jobs(self):
        server = self.server(start=False)
        gate = Gate(server)
        server.start()
        token, other = make_token(server.data, "ci", "--quota-jobs", "2"), make_token(server.data, "other")
        first = self.post(server, token)
        self.assertEqual(self.post(server, token).status, 202)
        self.problem(self.post(server, token), 429, "quota")
        self.assertEqual(self.post(server, other).status, 202)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            crowd = make_token(server.data, "crowd", "--quota-jobs", "3")
            self.assertEqual(sorted(answer.status for answer in pool.map(lambda _: self.post(server, crowd), range(16))),
                             [202] * 3 + [429] * 13)
        gate.open()
        self.end_of(server, token, first)
        server.wait(lambda: self.post(server, token).status == 202, 20, "room for another")


class Rates(Access):
    def test_headers_and_the_answer_when_it_is_too_often(self):
        server = self.server()
        token = make_token(server.data, "ci", "--rate", "6/min+3")
        other = make_token(server.data, "other")
        left = []
        for _ in range(3):
            answer = server.request("GET", "/v1/jobs", headers=bearer(token))
            self.assertEqual(answer.status, 200)
            left.append(int(re.fullmatch(r'"default";r=(\d+);t=\d+', answer.headers["RateLimit"])[1]))
            self.assertRegex(answer.headers["RateLimit-Policy"], r'^"default";q=\d+;w=\d+$')
        self.assertEqual(left, [2, 1, 0])
        answer = server.request("GET", "/v1/jobs", headers=bearer(token))
        self.problem(answer, 429, "rate_limited")
        self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 11)
        self.assertIn("r=0", answer.headers["RateLimit"])
        refused = server.request("GET", "/v1/documents/list-document", headers=bearer(token))
        self.assertEqual((refused.status, refused.body), (429, b'{"detail":"Too Many Requests"}'))
        self.assertEqual(self.status(server, other), 200)
        for path in ("/livez", "/readyz", "/health", "/openapi.json"):
            self.assertEqual(self.status(server, token, path=path), 200, "counts nowhere")
        rotated = token_command(server.data, "rotate", "--name", "ci").stdout.strip()
        self.assertEqual(self.status(server, rotated), 429, "counted by owner")

    def spend(self, server, source, headers=None):
        """Requests that are answered until one is not."""
        with connected(server, source) as connection:
            for count in range(50):
                if ask(connection, "GET", "/v1/jobs", headers=headers).status == 429:
                    return count
        self.fail("no limit")

    def test_by_address_and_whom_to_believe(self):
        server = self.server("--rate-limit", "1/hour+4", "--proxies", "127.0.0.3")
        self.assertEqual(self.spend(server, "127.0.0.1"), 4)
        self.assertEqual(self.spend(server, "127.0.0.2"), 4, "another address")
        self.assertEqual(self.spend(server, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}), 0, "who is no proxy is not believed")
        self.assertEqual(self.spend(server, "127.0.0.3", {"X-Forwarded-For": "203.0.113.7"}), 4)
        self.assertEqual(self.spend(server, "127.0.0.3", {"X-Forwarded-For": "203.0.113.8"}), 4)
        self.assertEqual(self.spend(server, "127.0.0.3", {"X-Forwarded-For": "9.9.9.9, 203.0.113.7"}), 0, "only what the proxy saw")
        self.assertEqual(self.spend(server, "127.0.0.3", {"X-Forwarded-For": "2001:db8::1"}), 4)
        self.assertEqual(self.spend(server, "127.0.0.3", {"X-Forwarded-For": "2001:db8::ffff:1"}), 0, "a network of 64 bits")

    def test_wrong_tokens_count_by_address(self):
        server = self.server("--rate-limit", "1/hour+4")
        make_token(server.data, "ci")
        self.assertEqual([self.status(server, "wrong") for _ in range(6)], [401] * 4 + [429] * 2)

    def test_many_threads_get_what_is_due_and_no_more(self):
        rate, burst, seconds = 60, 30, 3
        server = self.server()
        token = make_token(server.data, "ci", "--rate", f"{rate}/s+{burst}")
        begun, over, allowed, tries = [], [], [], []
        start = time.monotonic()

        def hammer():
            with connected(server) as connection:
                while True:
                    sent = time.monotonic()
                    status = ask(connection, "GET", "/v1/usage", headers=bearer(token)).status
                    begun.append(sent)
                    over.append(time.monotonic())
                    tries.append(status)
                    if over[-1] - start > seconds:
                        return

        threads = [threading.Thread(target=hammer) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(tries), {200, 429})
        allowed = tries.count(200)
        # The limiter's clock runs from its first decision to its last: between these two times.
        least = burst + rate * (max(begun) - min(over))
        most = burst + rate * (max(over) - min(begun))
        print(f"{allowed} of {len(tries)} allowed, {least:.1f} to {most:.1f} are due", end=" ")
        self.assertGreaterEqual(allowed, least - 1)
        self.assertLessEqual(allowed, most + 1)


class Doors(Access):
    def test_a_shared_token_from_the_environment(self):
        server = harness.Server("--lanes", "1", env={"AUTH_TOKEN": "correct horse battery"}).start()
        self.addCleanup(server.stop)
        self.assertEqual([self.status(server, token) for token in (None, "wrong", "correct horse battery")], [401, 401, 200])
        answer = server.request("GET", "/tasks", headers=bearer("correct horse battery"))
        self.assertEqual(answer.status, 200)
        own = make_token(server.data, "ci")
        self.assertEqual([self.status(server, own), self.status(server, "correct horse battery")], [200, 200])

    def test_the_network_needs_a_token(self):
        server = self.server("--listen", "127.0.0.1:0,0.0.0.0:0", start=False)
        with self.assertRaisesRegex(AssertionError, "exited with 9"):
            server.start()
        server.process = None
        self.assertIn("token", server.log.read_text())
        token = make_token(server.data, "ci")
        server.start()
        self.assertEqual([self.status(server, None), self.status(server, token)], [401, 200])
        port = int(re.search(r"http://0\.0\.0\.0:(\d+)", server.log.read_text())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.addCleanup(connection.close)
        self.assertEqual(ask(connection, "GET", "/v1/jobs", headers=bearer(token)).status, 200)

    def test_a_unix_socket(self):
        server = self.server("--listen", "127.0.0.1:0", start=False)
        path = server.top / "web.sock"
        server.args += ["--listen", f"127.0.0.1:0,unix:{path}"]
        server.start()

        class Unix(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.settimeout(30)
                self.sock.connect(str(path))

        connection = Unix("localhost")
        self.addCleanup(connection.close)
        answer = ask(connection, "POST", "/v1/jobs?wait=30&text_layer=text", documents.make_pdf(1))
        self.assertEqual((answer.status, json.loads(answer.body)["status"]), (200, "completed"))
        make_token(server.data, "ci")
        self.assertEqual(ask(connection, "GET", "/v1/jobs").status, 401, "a token guards it, too")
        server.terminate()
        self.assertFalse(path.exists())

    def test_tls(self):
        server = self.server(start=False)
        key, certificate = server.top / "key.pem", server.top / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        server.args += ["--tls-certificate", str(certificate), "--tls-key", str(key)]
        context = ssl.create_default_context(cafile=certificate)

        def announced(seen):
            found = re.search(r"^listening on https://127\.0\.0\.1:(\d+)\s", server.log.read_text()[seen:], re.M)
            return int(found[1]) if found else None

        server.announced = announced
        server.start(ready=False)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
        self.addCleanup(connection.close)
        server.wait(lambda: ask(connection, "GET", "/readyz").status == 200, 30, "lanes")
        document = documents.make_pdf(3, ballast=3 << 20)
        answer = ask(connection, "POST", "/v1/jobs?wait=30&text_layer=text", document)
        job = json.loads(answer.body)
        self.assertEqual((answer.status, job["status"]), (200, "completed"))
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertEqual(ask(connection, "GET", f"/v1/documents/{job['id']}/content").body, document)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            one = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
            self.assertEqual(ask(one, "GET", "/livez").status, 200, version)
            one.close()
        with self.assertRaises((OSError, http.client.HTTPException)):
            server.request("GET", "/livez", timeout=10)

    def test_a_listed_site_may_use_an_open_server(self):
        server = self.server("--cors-origins", "https://app.example, https://b.example")
        for origin, status in (("https://app.example", 200), ("https://b.example", 200), ("https://evil.example", 403)):
            self.assertEqual(server.request("GET", "/v1/jobs", headers={"Origin": origin}).status, status, origin)

    def test_other_sites(self):
        server = self.server("--cors-origins", "https://app.example,https://b.example")
        token = make_token(server.data, "ci")
        get = lambda origin, method="GET", **more: server.request(
            method, "/v1/jobs", headers={"Origin": origin, **({} if method == "OPTIONS" else bearer(token)), **more})
        for origin in ("https://app.example", "https://b.example"):
            answer = get(origin)
            self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, origin))
            self.assertIn("Location", answer.headers["Access-Control-Expose-Headers"])
            self.assertIsNone(answer.headers["Access-Control-Allow-Credentials"])
            answer = get(origin, "OPTIONS", **{"Access-Control-Request-Method": "POST",
                                               "Access-Control-Request-Headers": "authorization,idempotency-key"})
            self.assertEqual(answer.status, 204, "a preflight needs no token")
            self.assertIn("POST", answer.headers["Access-Control-Allow-Methods"])
            self.assertIn("Idempotency-Key", answer.headers["Access-Control-Allow-Headers"])
        for origin in ("https://evil.example", "https://app.example.evil.example", "http://app.example", "null"):
            self.assertIsNone(get(origin).headers["Access-Control-Allow-Origin"], origin)
            answer = get(origin, "OPTIONS", **{"Access-Control-Request-Method": "POST"})
            self.assertIsNone(answer.headers["Access-Control-Allow-Methods"], origin)
        refused = server.request("GET", "/v1/jobs", headers={"Origin": "https://app.example"})
        self.assertEqual((refused.status, refused.headers["Access-Control-Allow-Origin"]), (401, "https://app.example"),
                         "so that the script can read why")


class Room(Access):
    def headers_only(self, server, token=None, path="/v1/jobs", size=100 << 20, expect=False):
        """The answer to the headers of a large upload, of which not one byte is sent."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            auth = f"Authorization: Bearer {token}\r\n" if token else ""
            wish = "Expect: 100-continue\r\n" if expect else ""
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n{auth}{wish}\r\n".encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return harness.Response(answer.status, answer.headers, answer.read())

    def check_full(self, server, word):
        for path in ("/v1/jobs", "/v1/ocr"):
            for expect in (False, True):
                answer = self.headers_only(server, path=path, expect=expect)
                self.assertIn(word, self.problem(answer, 503, "busy")["detail"])
                self.assertGreater(int(answer.headers["Retry-After"]), 0)
        for path in ("/api/v1/ocr/process", "/process_pdf", "/v1/documents/upload-document"):
            answer = self.headers_only(server, path=path)
            self.assertEqual((answer.status, list(json.loads(answer.body))), (503, ["detail"]), path)
        ready = json.loads(server.request("GET", "/readyz").body)
        self.assertEqual(ready["room"], False)

    def test_a_full_queue(self):
        server = self.server("--max-queue", "3", start=False)
        gate = Gate(server)
        server.start()
        jobs = [server.submit(documents.make_pdf(1), text_layer="text")["id"] for _ in range(3)]
        self.check_full(server, "queue")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: server.post_form("/v1/jobs", documents.make_pdf(1)).status, range(16)))
        self.assertEqual(set(statuses), {503})
        self.assertEqual(len(server.get_json("/v1/jobs")["jobs"]), 3)
        self.problem(server.request("POST", f"/v1/jobs/{jobs[0]}/retry"), 503, "busy")
        gate.open()
        for job in jobs:
            server.wait_job(job)
        server.wait(lambda: json.loads(server.request("GET", "/readyz").body)["room"], 10, "room")
        self.assertEqual(server.submit(documents.make_pdf(1), text_layer="text")["status"], "pending")

    def test_a_full_disk(self):
        server = self.server("--min-free", str(1 << 60))
        self.check_full(server, "disk")
        self.assertEqual(server.get_json("/v1/jobs")["jobs"], [], "reading goes on")

    def test_who_may_not_need_not_send(self):
        server = self.server("--max-upload", "1000000")
        self.problem(self.headers_only(server), 413, "limit")
        token = make_token(server.data, "reader", "--scopes", "read")
        self.problem(self.headers_only(server), 401)
        self.problem(self.headers_only(server, token), 403)
        self.problem(self.headers_only(server, token, "/v1/jobs?odd=1"), 403)

    def test_a_server_that_drains_takes_no_more(self):
        server = self.server()
        server.submit(documents.make_scan_pdf(1, lambda n: documents.page_lines(n, 20)), dpi=900)
        server.wait(lambda: server.get_json("/health")["workers"]["lanes_busy"], 20, "a page being read")
        with connected(server) as connection:
            self.assertEqual(ask(connection, "GET", "/livez").status, 200)
            server.process.send_signal(signal.SIGTERM)
            server.wait(lambda: b"draining" in server.log.read_bytes(), 10, "the drain")
            ready = server.request("GET", "/readyz")
            self.assertEqual((ready.status, json.loads(ready.body)["status"]), (503, "draining"))
            answer = self.headers_only(server)
            self.assertIn("shutting down", self.problem(answer, 503, "busy")["detail"])
            self.assertTrue(answer.headers["Retry-After"])
            self.assertEqual(server.request("GET", "/v1/jobs").status, 200)
        self.assertEqual(server.process.wait(60), 0)
        server.process = None


class Log(Access):
    def lines(self, server):
        return [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]

    def test_requests_have_ids_and_the_log_has_them(self):
        server = self.server("--log-format", "json")
        token = make_token(server.data, "ci")
        answer = server.request("GET", "/v1/jobs", headers=bearer(token))
        own = server.request("GET", "/v1/jobs/x", headers={**bearer(token), "X-Request-Id": "my-request.1"})
        self.assertEqual(own.headers["X-Request-Id"], "my-request.1")
        self.assertEqual(json.loads(own.body)["request_id"], "my-request.1")
        odd = server.request("GET", "/v1/jobs", headers={**bearer(token), "X-Request-Id": 'a"b {}'})
        self.assertNotEqual(odd.headers["X-Request-Id"], 'a"b {}')
        wanted = [response.headers["X-Request-Id"] for response in (answer, own, odd)]
        self.assertEqual(len(set(wanted)), 3)
        logged = server.wait(lambda: (found := {line["request_id"]: line for line in self.lines(server) if "request_id" in line})
                             and set(wanted) <= set(found) and found, 10, "lines of the log")
        line = logged["my-request.1"]
        self.assertEqual((line["method"], line["path"], line["status"], line["owner"], line["client"], line["service"]),
                         ("GET", "/v1/jobs/x", 404, "ci", "127.0.0.1", "api"))

    def test_nothing_secret_is_written_down(self):
        server = self.server("--log-format", "json", "--log-level", "debug", "--url-input")
        token = make_token(server.data, "ci", "--scopes", ",".join(SCOPES))
        auth = bearer(token)
        locked = documents.make_pdf(1, lambda n: ["WORDSOFTHEPAGE"])
        secrets = {"password": "pass-geheim-word", "webhook_secret": "hook-geheim-word", "file_url": "https://x.invalid/?key=url-geheim"}
        post = lambda **fields: server.post_form("/v1/jobs", locked, headers=auth, **fields)
        job = json.loads(post(password=secrets["password"], webhook_url="https://h.invalid/?key=target-geheim",
                              webhook_secret=secrets["webhook_secret"], text_layer="text", metadata={"m": "meta-geheim"}).body)["id"]
        server.request("POST", f"/v1/jobs?password={secrets['password']}&odd=query-geheim", locked, auth)
        server.request("POST", f"/v1/jobs?password={secrets['password']}&text_layer=text&wait=10", locked, auth)
        server.request("POST", f"/v1/jobs?file_url={secrets['file_url']}", None, auth)
        server.request("GET", "/v1/jobs?filename=query-geheim", headers=auth)
        server.request("GET", "/v1/jobs", headers=bearer(token + "wrong-geheim"))
        server.request("GET", "/v1/jobs", headers={"Authorization": "Basic basic-geheim", "Cookie": "c=cookie-geheim"})
        server.request("GET", f"/v1/jobs/{job}/result.txt?pages=1", headers=auth)
        server.request("POST", "/v1/admin/tokens", json.dumps({"owner": "new"}), auth)
        server.wait(lambda: any(line.get("path") == "/v1/admin/tokens" for line in self.lines(server)), 10, "the last line")
        server.terminate()
        text = server.log.read_text()
        self.assertNotIn("geheim", text)
        self.assertNotIn(token.split("_")[2], text)
        self.assertNotIn("WORDSOFTHEPAGE", text)
        self.assertNotIn("?", "".join(line.get("path", "") for line in self.lines(server)))


if __name__ == "__main__":
    harness.main(needs=("openssl",))
