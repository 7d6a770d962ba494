# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much and how often: quotas, rates, and a server that has no room for more."""
import concurrent.futures
import http.client
import json
import re
import signal
import socket
import threading
import time

import documents
from gate import Gate
import harness
from owners import Access, ask, bearer, connected, make_token, token_command


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
        gate = Gate()
        self.addCleanup(gate.remove)
        gate.close("decode")
        server = self.server(*gate.arguments())
        token, other = make_token(server.data, "ci", "--quota-jobs", "2"), make_token(server.data, "other")
        first = self.post(server, token)
        self.assertEqual(self.post(server, token).status, 202)
        self.problem(self.post(server, token), 429, "quota")
        self.assertEqual(self.post(server, other).status, 202)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            crowd = make_token(server.data, "crowd", "--quota-jobs", "3")
            self.assertEqual(sorted(answer.status for answer in pool.map(lambda _: self.post(server, crowd), range(16))),
                             [202] * 3 + [429] * 13)
        gate.open("decode")
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
        gate = Gate()
        self.addCleanup(gate.remove)
        gate.close("decode")
        server = self.server("--max-queue", "3", *gate.arguments())
        jobs = [server.submit(documents.make_pdf(1), text_layer="text")["id"] for _ in range(3)]
        self.check_full(server, "queue")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: server.post_form("/v1/jobs", documents.make_pdf(1)).status, range(16)))
        self.assertEqual(set(statuses), {503})
        self.assertEqual(len(server.get_json("/v1/jobs")["jobs"]), 3)
        self.problem(server.request("POST", f"/v1/jobs/{jobs[0]}/retry"), 503, "busy")
        gate.open("decode")
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


if __name__ == "__main__":
    harness.main()
