# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two owners who know nothing of each other, and an administrator who knows both."""
import json
import random
import time

import documents
import harness
from owners import Access, SCOPES, UNKNOWN, ask, bearer, connected, make_token


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
            *(f"/v1/jobs/{job}/result.{name}" for name in ("json", "ndjson", "txt", "md", "mmd", "det.mmd", "html", "csv", "pdf", "hocr", "alto.xml", "page.xml", "tsv", "zip", "layouts.pdf")),
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


if __name__ == "__main__":
    harness.main()
