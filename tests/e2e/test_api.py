# SPDX-License-Identifier: AGPL-3.0-or-later
"""The native API, route by route, against a real server."""
import json
import re
import threading
import time
import unittest

import documents
import harness

UNKNOWN = "01900000-0000-7000-8000-000000000000"


def text_pdf(pages):
    return documents.make_pdf(pages)


class Api(harness.ServerCase):
    args = ("--lanes", "2")

    def problem(self, answer, status, code):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = json.loads(answer.body)
        self.assertEqual((problem["code"], problem["status"]), (code, status))
        self.assertTrue(problem["detail"] and problem["title"])
        return problem

    def finished(self, pages=3, **options):
        job = self.server.submit(text_pdf(pages), text_layer="text", **options)
        return self.server.wait_job(job["id"])

    # --- submit ---

    def test_a_multipart_document_becomes_page_results(self):
        answer = self.server.post_form("/v1/jobs", text_pdf(3), "report.pdf", text_layer="text",
                                       metadata={"case": 7}, priority=5)
        self.assertEqual(answer.status, 202)
        job = json.loads(answer.body)
        self.assertEqual(answer.headers["Location"], f"/v1/jobs/{job['id']}")
        self.assertEqual((job["filename"], job["content_type"], job["metadata"], job["priority"]),
                         ("report.pdf", "application/pdf", {"case": 7}, 5))
        job = self.server.wait_job(job["id"])
        self.assertEqual(job["status"], "completed")
        self.assertEqual(job["pages"], {"total": 3, "done": 3, "failed": 0, "running": 0})
        for key in ("created_at", "started_at", "updated_at", "finished_at", "expires_at"):
            self.assertRegex(job[key], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_a_raw_body_with_options_in_the_query(self):
        answer = self.server.request("POST", "/v1/jobs?text_layer=text&pages=2&filename=a%20b.pdf&wait=20",
                                     text_pdf(3), {"Content-Type": "application/pdf"})
        self.assertEqual(answer.status, 200, answer.body)
        job = json.loads(answer.body)
        self.assertEqual((job["status"], job["filename"], job["pages"]["total"], job["document_pages"]),
                         ("completed", "a b.pdf", 1, 3))

    def test_options_as_one_json_object(self):
        job = self.server.submit(text_pdf(4), options={"text_layer": "text", "pages": "1,3-", "strict": True})
        job = self.server.wait_job(job["id"])
        self.assertEqual((job["pages"]["total"], job["options"]["strict"]), (3, True))

    def test_what_is_refused_at_the_door(self):
        post = self.server.post_form
        self.problem(post("/v1/jobs", b"just some words", "a.txt"), 415, "unsupported")
        self.problem(post("/v1/jobs", b"", "empty.pdf"), 422, "input")
        detail = self.problem(post("/v1/jobs", text_pdf(1), colour="red"), 422, "input")["detail"]
        self.assertIn("colour", detail)
        detail = self.problem(post("/v1/jobs", text_pdf(1), languages="eng+xyz"), 422, "input")["detail"]
        self.assertIn("xyz", detail)
        self.assertIn("eng", detail.split("installed:")[1])
        for bad in ({"dpi": 5}, {"pages": "3-1"}, {"engine": "magic"}, {"text_layer": "x"}, {"metadata": "{"}):
            with self.subTest(bad):
                self.problem(post("/v1/jobs", text_pdf(1), **bad), 422, "input")
        self.problem(self.server.request("POST", "/v1/jobs"), 422, "input")

    def test_a_page_selection_beyond_the_document(self):
        job = self.server.submit(text_pdf(2), text_layer="text", pages="9-")
        job = self.server.wait_job(job["id"])
        self.assertEqual((job["status"], job["error"]["code"]), ("failed", "input"))
        self.assertIn("has 2", job["error"]["message"])

    # --- look ---

    def test_unknown_things(self):
        get = self.server.request
        for path in (f"/v1/jobs/{UNKNOWN}", "/v1/jobs/x", f"/v1/jobs/{UNKNOWN}/pages",
                     f"/v1/jobs/{UNKNOWN}/result.txt", "/nowhere"):
            self.problem(get("GET", path), 404, "not_found")
        job = self.finished(1)
        for rest in ("pages/2", "pages/0", "pages/x", "result.docx", "pages/9/image"):
            self.problem(get("GET", f"/v1/jobs/{job['id']}/{rest}"), 404, "not_found")
        answer = get("PUT", "/v1/jobs")
        self.assertEqual((answer.status, sorted(answer.headers["Allow"].split(", "))), (405, ["GET", "HEAD", "POST"]))

    def test_pages_and_results(self):
        job = self.finished(3)
        base = f"/v1/jobs/{job['id']}"
        pages = self.server.get_json(base + "/pages")
        self.assertEqual([(p["page"], p["status"], p["attempts"]) for p in pages["pages"]],
                         [(n, "done", 1) for n in (1, 2, 3)])
        page = self.server.get_json(base + "/pages/2")
        self.assertEqual((page["page"], page["unit"], page["dpi"], page["source"]), (2, "px", 144, "text"))
        lines = [line["text"] for block in page["blocks"] for line in block["lines"]]
        self.assertEqual(lines, documents.page_lines(2))
        whole = json.loads(self.server.result(job["id"], "json"))
        self.assertEqual([p["page"] for p in whole["pages"]], [1, 2, 3])
        self.assertEqual(whole["pages"][1], page)
        self.assertEqual(whole["job"]["id"], job["id"])
        lines = self.server.result(job["id"], "ndjson").decode().splitlines()
        self.assertEqual([json.loads(line)["page"] for line in lines], [1, 2, 3])
        text = self.server.result(job["id"], "txt").decode()
        self.assertEqual([p.splitlines()[0] for p in text.split("\f")],
                         [documents.page_lines(n)[0] for n in (1, 2, 3)])
        some = self.server.request("GET", base + "/result.txt?pages=3").body.decode()
        self.assertTrue(some.startswith(documents.page_lines(3)[0]))
        self.assertEqual(self.server.request("HEAD", base).body, b"")

    def test_the_picture_of_a_page(self):
        job = self.finished(1)
        answer = self.server.request("GET", f"/v1/jobs/{job['id']}/pages/1/image?dpi=72")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "image/png"))
        page = self.server.get_json(f"/v1/jobs/{job['id']}/pages/1")
        width, height = (int.from_bytes(answer.body[at:at + 4], "big") for at in (16, 20))
        self.assertAlmostEqual(width, page["width"] / 2, delta=1)
        self.assertAlmostEqual(height, page["height"] / 2, delta=1)

    def test_lists_with_filters_and_cursor(self):
        mine = [self.finished(1, metadata=n)["id"] for n in range(3)]
        first = self.server.get_json("/v1/jobs?limit=2")
        self.assertEqual([job["id"] for job in first["jobs"]], mine[:0:-1])
        second = self.server.get_json(f"/v1/jobs?limit=1&cursor={first['next_cursor']}")
        self.assertEqual(second["jobs"][0]["id"], mine[0])
        for job in self.server.get_json("/v1/jobs?status=failed&limit=500")["jobs"]:
            self.assertEqual(job["status"], "failed")
        self.problem(self.server.request("GET", "/v1/jobs?limit=0"), 422, "input")
        self.problem(self.server.request("GET", "/v1/jobs?status=odd"), 422, "input")

    def test_a_long_poll_ends_with_a_change_not_with_time(self):
        scan = documents.make_scan_pdf(3)
        job = self.server.submit(scan)
        seen = [job["revision"]]
        while job["status"] not in harness.FINAL:
            job = self.server.get_json(f"/v1/jobs/{job['id']}?wait=50&revision={seen[-1]}")
            seen.append(job["revision"])
        self.assertEqual(job["status"], "completed")
        self.assertEqual(seen, sorted(set(seen)), "each answer shows a newer revision")

    def test_a_page_is_readable_while_the_rest_is_read(self):
        job = self.server.submit(documents.make_scan_pdf(12))
        page = self.server.get_json(f"/v1/jobs/{job['id']}/pages/1?wait=60") if self.opened(job) else None
        still = self.server.job(job["id"])
        self.assertEqual(page["page"], 1)
        self.assertLess(still["pages"]["done"], 12)
        self.problem(self.server.request("GET", f"/v1/jobs/{job['id']}/result.txt"), 409, "conflict")
        part = self.server.request("GET", f"/v1/jobs/{job['id']}/result.ndjson?partial=1")
        self.assertGreaterEqual(len(part.body.splitlines()), 1)
        self.server.request("DELETE", f"/v1/jobs/{job['id']}")

    def opened(self, job):
        return self.server.wait_job(job["id"], until=lambda j: j["pages"]["total"])

    # --- act ---

    def test_cancel_is_quick_and_final(self):
        job = self.server.submit(documents.make_scan_pdf(30))
        self.opened(job)
        answer = self.server.request("POST", f"/v1/jobs/{job['id']}/cancel")
        cancelled = json.loads(answer.body)
        self.assertEqual((answer.status, cancelled["status"]), (200, "cancelled"))
        done = cancelled["pages"]["done"]
        health = self.server.wait(lambda: (h := self.server.get_json("/health"))["workers"]["pages_in_flight"] == 0 and h,
                                  10, "idle lanes")
        self.assertEqual(health["pages"]["running"], 0)
        self.assertEqual(self.server.job(job["id"])["pages"]["done"], done)
        again = self.server.request("POST", f"/v1/jobs/{job['id']}/cancel")
        self.assertEqual(again.status, 200, "cancelling twice is no error")
        text = self.server.result(job["id"], "txt").decode()
        self.assertIn("cancelled", text, "pages that were not read are marked")

    def test_a_cancelled_job_can_be_taken_up_again(self):
        job = self.server.submit(documents.make_scan_pdf(4))
        self.opened(job)
        self.server.request("POST", f"/v1/jobs/{job['id']}/cancel")
        answer = self.server.request("POST", f"/v1/jobs/{job['id']}/retry")
        self.assertEqual(answer.status, 200, answer.body)
        job = self.server.wait_job(job["id"])
        self.assertEqual((job["status"], job["pages"]["done"]), ("completed", 4))
        self.problem(self.server.request("POST", f"/v1/jobs/{job['id']}/retry"), 409, "conflict")
        self.problem(self.server.request("POST", f"/v1/jobs/{job['id']}/cancel"), 409, "conflict")

    def test_delete_leaves_nothing(self):
        job = self.finished(2)
        self.assertTrue((self.server.data / "blobs" / job["id"]).exists())
        self.assertEqual(self.server.request("DELETE", f"/v1/jobs/{job['id']}").status, 204)
        self.problem(self.server.request("GET", f"/v1/jobs/{job['id']}"), 404, "not_found")
        self.problem(self.server.request("DELETE", f"/v1/jobs/{job['id']}"), 404, "not_found")
        self.server.wait(lambda: not (self.server.data / "blobs" / job["id"]).exists(), 30, "removal of the files")

    def test_passwords(self):
        locked = documents.encrypt_pdf(text_pdf(2), "secret")
        for given, message in (({}, "needed"), ({"password": "guess"}, "wrong")):
            job = self.server.wait_job(self.server.submit(locked, text_layer="text", **given)["id"])
            self.assertEqual((job["status"], job["error"]["code"]), ("failed", "password"))
            self.assertIn(message, job["error"]["message"])
            self.problem(self.server.request("GET", f"/v1/jobs/{job['id']}/result.txt"), 422, "password")
        job = self.server.wait_job(self.server.submit(locked, text_layer="text", password="secret")["id"])
        self.assertEqual((job["status"], job["pages"]["done"]), ("completed", 2))
        self.assertNotIn("secret", json.dumps(job))

    # --- the machine ---

    def test_health(self):
        self.assertEqual(self.server.get_json("/livez")["status"], "ok")
        ready = self.server.get_json("/readyz")
        self.assertEqual((ready["status"], ready["lanes_ready"]), ("ready", 2))
        self.assertIn("seccomp", ready["sandbox"])
        health = self.server.get_json("/health")
        self.assertEqual((health["status"], health["model_loaded"]), ("healthy", True))
        self.assertRegex(health["engine"], r"^auto/tesseract/\d")

    def test_the_page_for_people(self):
        answer = self.server.request("GET", "/", headers={"Accept": "text/html"})
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        for name in re.findall(r'(?:src|href)="(/ui/[^"]+)"', answer.body.decode()):
            self.assertEqual(self.server.request("GET", name).status, 200, name)
        self.assertEqual(self.server.get_json("/")["service"], "pagemill")

    def test_a_short_job_passes_a_long_one(self):
        thirty_lines = lambda n: documents.page_lines(n, 30)
        long = self.server.submit(documents.make_pdf(1000, thirty_lines), text_layer="ocr")
        self.server.wait_job(long["id"], until=lambda job: job["pages"]["done"] > 2)
        short = self.server.submit(documents.make_pdf(1, thirty_lines), text_layer="ocr")
        before = self.server.job(long["id"])["pages"]["done"]
        self.server.wait_job(short["id"])
        passed = self.server.job(long["id"])["pages"]["done"] - before
        # Two lanes: in three page times the long job can have finished six pages at most.
        self.assertLessEqual(passed, 6)
        self.server.request("DELETE", f"/v1/jobs/{long['id']}")


class Sites(harness.ServerCase):
    args = ("--lanes", "1", "--hosts", "pages.example")

    def test_other_sites_cannot_use_an_open_server(self):
        here = f"127.0.0.1:{self.server.port}"
        for host, origin, status in ((here, None, 200), (f"localhost:{self.server.port}", None, 200),
                                     ("pages.example", None, 200), ("evil.example", None, 403),
                                     (here, f"http://{here}", 200), (here, "http://evil.example", 403),
                                     (here, "null", 403)):
            headers = {"Host": host, **({"Origin": origin} if origin else {})}
            answer = self.server.request("GET", "/v1/jobs", headers=headers)
            self.assertEqual(answer.status, status, headers)
        answer = self.server.request("POST", "/v1/jobs", documents.make_pdf(1), {"Origin": "http://evil.example"})
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.server.request("GET", "/livez", headers={"Host": "evil.example"}).status, 200)


class Token(harness.ServerCase):
    args = ("--lanes", "1", "--auth-token", "correct horse")

    def test_a_token_guards_what_is_not_health(self):
        self.assertEqual(self.server.request("GET", "/livez").status, 200)
        refused = self.server.request("GET", "/v1/jobs")
        self.assertEqual((refused.status, refused.headers["WWW-Authenticate"]), (401, "Bearer"))
        for given, status in (("Bearer wrong", 401), ("Bearer correct horse", 200), ("Basic x", 401)):
            answer = self.server.request("GET", "/v1/jobs", headers={"Authorization": given})
            self.assertEqual(answer.status, status, given)
        big = self.server.request("POST", "/v1/jobs", documents.make_pdf(1))
        self.assertEqual(big.status, 401)


class Limits(harness.ServerCase):
    args = ("--lanes", "1", "--max-upload", "20K", "--max-pages", "5", "--max-pixels", "100000")

    def test_a_document_that_is_too_large(self):
        answer = self.server.request("POST", "/v1/jobs", b"%PDF-" + b"x" * 30000)
        self.assertEqual(answer.status, 413)
        chunked = self.server.request("POST", "/v1/jobs", iter([b"%PDF-"] + [b"x" * 5000] * 6))
        self.assertEqual(chunked.status, 413)

    def test_too_many_pages(self):
        job = self.server.wait_job(self.server.submit(documents.make_pdf(6))["id"])
        self.assertEqual((job["status"], job["error"]["code"]), ("failed", "limit"))
        self.assertIn("max_pages", job["error"]["message"])

    def test_a_page_over_the_pixel_cap_is_read_smaller_and_says_so(self):
        job = self.server.wait_job(self.server.submit(documents.make_pdf(1), text_layer="ocr")["id"])
        self.assertEqual(job["status"], "completed")
        page = self.server.get_json(f"/v1/jobs/{job['id']}/pages/1")
        self.assertLess(page["dpi"], 144)
        self.assertLessEqual(page["width"] * page["height"], 100000)
        self.assertEqual([w["code"] for w in page["warnings"]], ["dpi_reduced"])


class Drain(unittest.TestCase):
    def test_sigterm_finishes_pages_and_gives_the_others_back(self):
        server = harness.Server("--lanes", "1").start()
        self.addCleanup(server.stop)
        job = server.submit(documents.make_scan_pdf(8))
        server.wait_job(job["id"], until=lambda j: j["pages"]["done"] >= 2)
        self.assertEqual(server.terminate(), 0)
        server.start()
        pages = server.get_json(f"/v1/jobs/{job['id']}/pages")["pages"]
        self.assertNotIn("failed", {p["status"] for p in pages})
        job = server.wait_job(job["id"])
        self.assertEqual((job["status"], job["pages"]["done"]), ("completed", 8))
        attempts = [p["attempts"] for p in server.get_json(f"/v1/jobs/{job['id']}/pages")["pages"]]
        self.assertEqual(attempts, [1] * 8, "a drain burns no attempts")

    def test_a_waiting_client_is_answered_at_once(self):
        server = harness.Server("--lanes", "1").start()
        self.addCleanup(server.stop)
        job = server.submit(documents.make_scan_pdf(40))
        server.wait_job(job["id"], until=lambda j: j["pages"]["total"])
        answers = []

        def wait():
            revision = server.job(job["id"])["revision"]
            answers.append(server.request("GET", f"/v1/jobs/{job['id']}?wait=50&revision={revision}").status)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        self.assertEqual(server.terminate(), 0)
        thread.join(10)
        self.assertEqual(answers, [200])


class Listen(unittest.TestCase):
    def test_no_open_door_to_the_world(self):
        server = harness.Server("--listen", "0.0.0.0:0")
        self.addCleanup(server.stop)
        with self.assertRaisesRegex(AssertionError, "exited with 9"):
            server.start(timeout=10)
        server.process = None

    def test_one_process_owns_the_database(self):
        server = harness.Server("--lanes", "1").start()
        self.addCleanup(server.stop)
        second = harness.Server("--lanes", "1", data=server.data)
        with self.assertRaisesRegex(AssertionError, "exited with 8"):
            second.start(timeout=10)
        second.process = None
        self.assertEqual(server.get_json("/livez")["status"], "ok")


if __name__ == "__main__":
    harness.main(needs=("qpdf",))
