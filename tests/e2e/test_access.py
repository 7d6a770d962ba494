# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what: tokens, scopes, the doors a server has (loopback, the network, Unix sockets, TLS, other sites), and what
is written down about those who come."""
import http.client
import json
import re
import socket
import ssl
import subprocess

import documents
import harness
from owners import Access, SCOPES, UNKNOWN, ask, bearer, make_token, token_command, token_list


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
