# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests that come twice, by their Idempotency-Key or by what they ask for."""
import concurrent.futures
import datetime
import json

import documents
import harness
from native import BAD_PAGE, Native, fresh_pdf, gated_server, serial


class Once(Native):
    """Requests that come twice, by their Idempotency-Key or by what they ask for."""

    def post(self, data, key=None, server=None, **fields):
        headers = {"Idempotency-Key": key} if key else {}
        fields.setdefault("text_layer", "text")
        return (server or self.server).post_form("/v1/jobs", data, headers=headers, **fields)

    def id_of(self, answer):
        self.assertIn(answer.status, (200, 202), answer.body)
        return json.loads(answer.body)["id"]

    def test_a_key_is_answered_with_the_same_job(self):
        data, key = fresh_pdf(2), "key-1"
        first = self.post(data, key, force=True)
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        again = self.post(data, key, force=True)
        self.assertEqual((self.id_of(again), again.headers["Idempotent-Replayed"]), (self.id_of(first), "true"))
        self.server.wait_job(self.id_of(first))
        self.assertEqual(self.post(data, key, force=True).status, 200, "ended meanwhile")
        self.assertNotEqual(self.id_of(self.post(data, "KEY-1", force=True)), self.id_of(first), "exactly the key")

    def test_a_key_used_for_something_else(self):
        data = fresh_pdf(2)
        self.post(data, "key-2")
        for other, fields in ((fresh_pdf(2), {}), (data, {"pages": "1"}), (data, {"metadata": {"a": 1}}),
                              (data, {"priority": 3}), (data, {"password": "x"})):
            problem = self.problem(self.post(other, "key-2", **fields), 422, "input")
            self.assertIn("Idempotency-Key", problem["detail"])
        for path in ("/v1/ocr", "/v1/documents/upload-document"):
            answer = self.server.post_form(path, data, headers={"Idempotency-Key": "key-2"})
            self.assertEqual(answer.status, 422, "what another route made is no answer of this one")
        for bad in ("x" * 256, ""):
            answer = self.server.post_form("/v1/jobs", data, headers={"Idempotency-Key": bad})
            self.problem(answer, 422, "input")

    def test_a_key_whose_job_is_gone(self):
        data = fresh_pdf()
        job = self.id_of(self.post(data, "key-3"))
        self.server.request("DELETE", f"/v1/jobs/{job}")
        self.problem(self.post(data, "key-3"), 409, "conflict")

    def test_many_at_once_are_one(self):
        for forced in (True, False):
            data, key = fresh_pdf(2), f"key-4-{forced}"
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                ids = {self.id_of(answer) for answer in
                       pool.map(lambda _: self.post(data, key, force=forced), range(48))}
            self.assertEqual(len(ids), 1)
        data = fresh_pdf(2)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            ids = {self.id_of(answer) for answer in pool.map(lambda _: self.post(data), range(48))}
        self.assertEqual(len(ids), 1, "twins without a key")

    def test_a_key_survives_a_kill(self):
        data = fresh_pdf(2)
        with harness.Server("--lanes", "1") as server:
            first = self.id_of(self.post(data, "key-5", server, force=True))
            server.kill()
            server.start()
            again = self.post(data, "key-5", server, force=True)
            self.assertEqual((self.id_of(again), again.headers["Idempotent-Replayed"]), (first, "true"))
            self.problem(self.post(fresh_pdf(), "key-5", server), 422, "input")

    # --- twins ---

    def test_a_finished_twin_answers_at_once(self):
        data = fresh_pdf(2)
        first = self.id_of(self.post(data))
        self.server.wait_job(first)
        again = self.post(data)
        self.assertEqual((again.status, self.id_of(again)), (200, first))
        self.assertEqual(again.headers["Location"], f"/v1/jobs/{first}")
        self.assertNotEqual(self.id_of(self.post(data, force=True)), first)

    def test_what_asks_for_something_else_is_no_twin(self):
        data = fresh_pdf(2)
        asked = [{}, {"pages": "1"}, {"dpi": 72}, {"text_layer": "ocr"}, {"strict": True}, {"engine": "tesseract"},
                 {"metadata": {"a": 1}}, {"metadata": {"a": 2}}, {"webhook_url": "https://hooks.example/a"},
                 {"webhook_url": "https://hooks.example/b"}, {"password": "pass"},
                 {"webhook_url": "https://hooks.example/a", "webhook_events": "failed"},
                 {"webhook_url": "https://hooks.example/a", "webhook_secret": "shared secret of ours"}]
        ids = [self.id_of(self.post(data, **fields)) for fields in asked]
        self.assertEqual(len(set(ids)), len(asked))
        for fields, job in zip(asked, ids):
            self.assertEqual(self.id_of(self.post(data, **fields)), job, fields)
        self.assertEqual(self.id_of(self.post(data, priority=7)), ids[0], "priority and ttl do not change a result")
        self.assertEqual(self.id_of(self.post(data, ttl=99)), ids[0])
        one_bit = bytearray(data)
        one_bit[-1] ^= 1
        self.assertNotEqual(self.id_of(self.post(bytes(one_bit))), ids[0])

    def test_what_did_not_end_well_is_no_twin(self):
        bad = fresh_pdf(3).replace(*BAD_PAGE, 1)
        first = self.server.wait_job(self.id_of(self.post(bad)))
        self.assertEqual((first["status"], first["pages"]["failed"]), ("completed", 1))
        self.assertNotEqual(self.id_of(self.post(bad)), first["id"])
        scan = documents.make_scan_pdf(9, lambda n: documents.page_lines(n) + [f"COPY {next(serial)}"])
        second = self.id_of(self.post(scan, text_layer="ocr"))
        self.server.request("POST", f"/v1/jobs/{second}/cancel")
        third = self.id_of(self.post(scan, text_layer="ocr"))
        self.assertNotEqual(third, second)
        self.server.request("DELETE", f"/v1/jobs/{third}")
        self.assertNotEqual(self.id_of(self.post(scan, text_layer="ocr")), third, "a deleted one neither")

    def test_what_another_engine_read_is_no_twin(self):
        if not (top := harness.models()):
            self.skipTest("no models: PAGEMILL_TEST_MODELS")
        data = fresh_pdf()
        with harness.Server("--lanes", "1", "--engine", "auto") as server:
            first = self.id_of(self.post(data, server=server))
            server.terminate()
            server.args += ["--models", str(top)]
            server.start(timeout=60)
            second = self.id_of(self.post(data, server=server))
            self.assertNotEqual(second, first)
            self.assertNotEqual(server.job(second)["engine"]["version"], server.job(first)["engine"]["version"])

    def test_a_running_twin_is_joined_with_the_larger_wishes(self):
        with gated_server() as server:
            data = fresh_pdf(2)
            first = json.loads(self.post(data, server=server, priority=1, ttl=1000).body)
            self.assertEqual(first["status"], "pending")
            for priority, ttl, most in ((5, 500, (5, 1000)), (-5, 5000, (5, 5000)), (0, 10, (5, 5000))):
                joined = json.loads(self.post(data, server=server, priority=priority, ttl=ttl).body)
                self.assertEqual((joined["id"], joined["priority"]), (first["id"], most[0]))
            server.gate.open("decode")
            done = server.wait_job(first["id"])
            moment = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            kept = moment(done["expires_at"]) - moment(done["finished_at"])
            self.assertAlmostEqual(kept.total_seconds(), 5000, delta=2)
            longer = json.loads(self.post(data, server=server, ttl=90000).body)
            self.assertEqual(longer["id"], first["id"])
            kept = moment(longer["expires_at"]) - moment(done["finished_at"])
            self.assertGreaterEqual(kept.total_seconds(), 90000)


if __name__ == "__main__":
    harness.main()
