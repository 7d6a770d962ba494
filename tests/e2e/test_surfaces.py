# SPDX-License-Identifier: AGPL-3.0-or-later
"""The compatible surfaces a, b and c as the clients of the originals see them: route by route, member by member,
literal message by literal message.
"""
import datetime
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import documents
import gate
import harness
from expect import TIME, UUID, differences

UNKNOWN = "01900000-0000-7000-8000-000000000000"
BROKEN = b"%PDF-1.4 and nothing that follows"
MISSING = {"detail": [{"type": "missing", "loc": ["body", "file"], "msg": "Field required"}]}
NO_JOB = {"detail": "Job not found"}
LINES = ["FIRST LINE OF TEXT", "SECOND LINE"]
numbers = itertools.count(1)
DAY = 86400


def fresh(make=documents.make_pdf, pages=1, lines=4):
    """A document that no other test sends: equal ones join each other."""
    name = f"DOCUMENT {next(numbers)}"
    return make(pages, lambda n: [name, *documents.page_lines(n, lines)])


def detail(text):
    return {"detail": text}


def number(value):
    return type(value) in (int, float)


def detection(page):
    corner = [number, number]
    return {"text": str, "box": [corner] * 4, "page_number": page,
            "confidence": lambda value: number(value) and 0 <= value <= 1}


def task(status, result, waiting=int):
    return {"task_id": UUID, "status": status, "result": result, "pending_tasks": waiting}


def pdf_row(status, **changed):
    return {"job_id": UUID, "status": status, "filename": str, "total_pages": int, "processed_pages": int,
            "created_at": TIME, "updated_at": TIME, "error_message": None, **changed}


def item(**changed):
    return {"id": UUID, "filename": str, "content_type": "application/pdf", "size": int, "created_at": TIME,
            "status": "completed", "job_id": UUID, **changed}


class Surface(unittest.TestCase):
    """What all tests here do: ask, and compare."""

    def ask(self, method, path, status, body=None, headers=None, form=None):
        """form: (bytes, name) of a file to upload. body: what the JSON of the answer must be; returns it."""
        if form:
            answer = self.server.post_form(path, *form, headers)
        else:
            answer = self.server.request(method, path, None, headers)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body[:300]!r}")
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        found = json.loads(answer.body)
        if body is not None:
            self.assertEqual(differences(body, found), [], f"{method} {path}")
        return found

    def refused(self, method, path, status, text, headers=None, form=None):
        self.ask(method, path, status, detail(text), headers, form)

    def upload_a(self, file, name="a.pdf"):
        return self.ask("POST", "/api/v1/ocr/process", 202, {
            "task_id": UUID, "status": "pending", "message": "OCR task queued successfully."},
            form=(file, name))["task_id"]

    def upload_b(self, file, name="b.pdf", position=r"\d+"):
        found = self.ask("POST", "/process_pdf", 200, {
            "job_id": UUID, "status": "pending",
            "message": re.compile(rf"PDF processing queued \(position: {position}\)\. "
                                  r"Use /result/[0-9a-f-]{36}/status to check progress\.")}, form=(file, name))
        self.assertIn(f"/result/{found['job_id']}/status", found["message"])
        return found["job_id"]

    def upload_c(self, file, name="c.pdf"):
        found = self.ask("POST", "/v1/documents/upload-document", 202, {
            "job_id": UUID, "document_id": UUID, "status": "pending", "filename": name,
            "content_type": "application/pdf", "size": len(file)}, form=(file, name))
        return found["job_id"]

    def result_a(self, task_id):
        return self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200)


class Shared(harness.ServerCase, Surface):
    args = ("--lanes", "2")


# --- a job through its states ---------------------------------------------------------------------

RESULTS_OF_B = ("markdown", "markdown_det", "layout_pdf", "images", "images/0_0.jpg")


class Walk(Surface):
    """Three jobs of each surface, held pending, then processing; one is cancelled, one deleted, one completed."""

    def setUp(self):
        self.gate = gate.Gate()
        self.addCleanup(self.gate.remove)
        self.gate.close("decode")
        self.gate.close("recognise")
        self.server = harness.Server("--lanes", "6", *self.gate.arguments()).start(ready=False)
        self.addCleanup(self.server.stop)

    def each_status(self, ids, told_a, told_b, told_c):
        self.ask("GET", f"/api/v1/ocr/results/{ids['a']}", 200, task(*told_a))
        self.ask("GET", f"/result/{ids['b']}/status", 200, told_b)
        found = self.ask("GET", f"/v1/jobs/{ids['c']}", 200)
        self.assertEqual((found["status"], found["error"] and found["error"]["message"]), told_c)
        listed = self.ask("GET", "/v1/documents/list-document?filename=c-" + ids["key"], 200)
        self.assertEqual([row["status"] for row in listed["items"]], [told_c[0]])

    def results_of_b(self, job_id, status, text):
        for route in RESULTS_OF_B:
            self.refused("GET", f"/result/{job_id}/{route}", status, text)

    def reach(self, job_id, state):
        self.server.wait_job(job_id, until=lambda job: job["status"] == state)

    def submit(self, n):
        file = fresh(documents.make_scan_pdf, n)
        return {"a": self.upload_a(file, f"a-{n}.pdf"), "b": self.upload_b(file, f"b-{n}.pdf"),
                "c": self.upload_c(file, f"c-{n}.pdf"), "key": str(n)}

    def queue(self, queued, processing):
        """Oldest first."""
        self.ask("GET", "/queue/status", 200, {
            "queue_size": len(queued), "total_tasks": len(queued) + len(processing),
            "queued_tasks": len(queued), "processing_tasks": len(processing),
            "queued_task_ids": queued, "processing_task_ids": processing})

    def test_walk(self):
        done, stopped, gone = (self.submit(n) for n in (2, 3, 4))
        all_ids = [ids[s] for ids in (done, stopped, gone) for s in "abc"]
        self.each_status(done, ("PENDING", None), pdf_row("pending", total_pages=0, processed_pages=0,
                                                          filename="b-2.pdf"), ("pending", None))
        self.results_of_b(done["b"], 202, "Processing not started yet")
        self.queue(all_ids, [])
        self.server.wait(lambda: self.result_a(UNKNOWN)["pending_tasks"] == len(all_ids), 10, "waiting tasks")

        self.gate.open("decode")
        for job_id in all_ids:
            self.reach(job_id, "processing")
        self.each_status(done, ("STARTED", None), pdf_row("processing", total_pages=2, processed_pages=0),
                         ("processing", None))
        self.results_of_b(done["b"], 202, "Processing in progress")
        self.queue([], all_ids)

        for surface in "abc":
            self.server.request("POST", f"/v1/jobs/{stopped[surface]}/cancel")
        self.each_status(stopped, ("REVOKED", None), pdf_row("failed", error_message="Cancelled"),
                         ("failed", "Cancelled"))
        self.results_of_b(stopped["b"], 500, "Processing failed: Cancelled")

        for surface in "abc":  # a running one
            self.ask("DELETE", f"/result/{gone[surface]}", 200, {"job_id": gone[surface], "status": "deleted"})
        self.ask("GET", f"/api/v1/ocr/results/{gone['a']}", 200,
                 {**task("PENDING", None), "task_id": gone["a"]})
        self.refused("GET", f"/result/{gone['b']}/status", 404, "Job not found")
        self.queue([], [done[s] for s in "abc"])

        self.gate.open("recognise")
        for surface in "abc":
            self.reach(done[surface], "completed")
        self.each_status(done, ("SUCCESS", {"detections": list}),
                         pdf_row("completed", total_pages=2, processed_pages=2), ("completed", None))
        self.queue([], [])
        self.server.wait(lambda: not any((self.server.data / "blobs" / gone[s]).exists() for s in "abc"),
                         30, "removal of the files")


# --- a --------------------------------------------------------------------------------------------

class Tasks(Shared):
    def finished(self, file, name="a.pdf"):
        task_id = self.upload_a(file, name)
        self.server.wait_job(task_id)
        return task_id

    def test_detections(self):
        task_id = self.finished(documents.make_scan_pdf(2, lambda n: LINES))
        want = [{**detection(page), "text": text} for page in (1, 2) for text in LINES]
        self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200,
                 {**task("SUCCESS", {"detections": want}, 0), "task_id": task_id})

    def test_every_kind_of_picture(self):
        task_id = self.finished(documents.make_png(LINES), "a.png")
        self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200,
                 task("SUCCESS", {"detections": [{**detection(1), "text": text} for text in LINES]}))

    def test_the_text_layer_is_never_taken(self):
        task_id = self.finished(documents.make_pdf(1))
        self.assertEqual(self.server.get_json(f"/v1/jobs/{task_id}/pages/1")["source"], "ocr")

    def test_a_page_without_text(self):
        task_id = self.finished(documents.make_pdf(1, lambda n: []))
        self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200, task("SUCCESS", {"detections": []}))

    def test_a_real_document(self):
        path = harness.corpus("scans-ocrmypdf", "cardinal.pdf")
        task_id = self.finished(path.read_bytes())
        found = self.result_a(task_id)
        self.assertEqual(found["status"], "SUCCESS")
        for each in found["result"]["detections"]:
            self.assertEqual(differences(detection(lambda page: 1 <= page <= 4), each), [])
        self.assertEqual({each["page_number"] for each in found["result"]["detections"]}, {1, 2, 3, 4})

    def test_failures(self):
        kinds = (("text/plain", "text/plain"), ("application/x-msdownload", "application/x-msdownload"),
                 ("", "application/octet-stream"))
        for declared, told in kinds:
            answer = self.server.request("POST", "/api/v1/ocr/process", *form("file", b"MZ is no page", declared))
            self.assertEqual(answer.status, 202)
            task_id = json.loads(answer.body)["task_id"]
            self.server.wait_job(task_id)
            self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200, task("FAILURE", {
                "error": f"Unsupported file type: {told}. Supported: PDF and image formats."}))
        for broken in (BROKEN, documents.make_png(LINES)[:400]):
            task_id = self.finished(broken)
            self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200, task("FAILURE", {"error": re.compile(".+")}))

    def test_unknown_tasks_wait(self):
        for task_id in (UNKNOWN, "x", "../etc", "%00", "a" * 300, "Ünï", "\u0001", '"'):
            path = "/api/v1/ocr/results/" + urllib.parse.quote(task_id, safe="%")
            answer = self.server.request("GET", path)
            if "/" in task_id or "%00" in task_id:
                self.assertIn(answer.status, (400, 404), task_id)
                continue
            self.assertEqual(answer.status, 200)
            self.assertEqual(differences({**task("PENDING", None), "task_id": task_id},
                                         json.loads(answer.body)), [])

    def test_without_the_field(self):
        for path in ("/api/v1/ocr/process", "/process_pdf", "/v1/documents/upload-document"):
            with self.subTest(path):
                self.ask("POST", path, 422, MISSING)
                for body, headers in (form("document", b"x", "text/plain"), (b"%PDF-1.4", {}),
                                      (b"file=x", {"Content-Type": "application/x-www-form-urlencoded"}),
                                      (b"{}", {"Content-Type": "application/json"})):
                    answer = self.server.request("POST", path, body, headers)
                    self.assertEqual((answer.status, json.loads(answer.body)), (422, MISSING), body[:80])

    def test_results_are_kept_an_hour(self):
        kept = {}
        for upload in (self.upload_a, self.upload_b, self.upload_c):
            job = self.server.wait_job(upload(fresh()))
            kept[upload.__name__] = seconds(job["expires_at"]) - seconds(job["finished_at"])
        self.assertEqual(kept, {"upload_a": 3600, "upload_b": 7 * DAY, "upload_c": 7 * DAY})

    def test_further_fields_and_parameters_change_nothing(self):
        """The original ignored them."""
        body, length, kind = harness.multipart(documents.make_pdf(1), "x.pdf", {"colour": "red", "pages": "7-"})
        for path, status in (("/api/v1/ocr/process?a=1&a=2", 202), ("/process_pdf?b", 200),
                             ("/v1/documents/upload-document?c=", 202)):
            body, length, kind = harness.multipart(documents.make_pdf(1), "x.pdf", {"colour": "red", "pages": "7-"})
            answer = self.server.request("POST", path, body, {"Content-Type": kind, "Content-Length": str(length)})
            self.assertEqual(answer.status, status, answer.body)
            found = json.loads(answer.body)
            self.assertEqual(self.server.wait_job(found.get("task_id") or found["job_id"])["status"], "completed")


class Expiry(Surface):
    def test_an_expired_task_is_pending(self):
        self.server = harness.Server("--lanes", "1", "--ocr-result-ttl", "1").start()
        self.addCleanup(self.server.stop)
        task_id = self.upload_a(documents.make_scan_pdf(1))
        kept = self.upload_b(fresh())
        self.server.wait_job(kept)
        self.server.wait(lambda: self.server.request("GET", f"/v1/jobs/{task_id}").status == 404, 40, "expiry")
        self.ask("GET", f"/api/v1/ocr/results/{task_id}", 200, {**task("PENDING", None, 0), "task_id": task_id})
        self.ask("GET", f"/result/{kept}/status", 200, pdf_row("completed", total_pages=1, processed_pages=1))


# --- b --------------------------------------------------------------------------------------------

class PdfJobs(Shared):
    def finished(self, file, name="b.pdf"):
        job_id = self.upload_b(file, name)
        self.server.wait_job(job_id)
        return job_id

    def test_root_and_health(self):
        about = {"service": "pagemill", "version": re.compile(r"\d+\.\d+\.\d+"), "status": "running"}
        self.ask("GET", "/", 200, about)
        self.ask("GET", "/", 200, about, {"Accept": "application/json"})
        health = self.ask("GET", "/health", 200)
        self.assertEqual((health["status"], health["model_loaded"]), ("healthy", True))

    def test_results(self):
        job_id = self.finished(documents.make_scan_pdf(2))
        self.ask("GET", f"/result/{job_id}/status", 200, {
            **pdf_row("completed", total_pages=2, processed_pages=2), "job_id": job_id})
        content = {"job_id": job_id, "status": "completed", "content": str}
        plain = self.ask("GET", f"/result/{job_id}/markdown", 200, content)["content"]
        marked = self.ask("GET", f"/result/{job_id}/markdown_det", 200, content)["content"]
        self.assertEqual(plain.count("\n<--- Page Split --->\n"), 2)
        self.assertTrue(plain.endswith("\n<--- Page Split --->\n"))
        for n, page in enumerate(plain.split("\n<--- Page Split --->\n")[:2], 1):
            self.assertIn(documents.page_key(n), page)
        boxes = re.findall(r"<\|ref\|>(\w+)<\|/ref\|><\|det\|>\[\[(\d+), ?(\d+), ?(\d+), ?(\d+)\]\]<\|/det\|>\n",
                           marked)
        self.assertGreaterEqual(len(boxes), 2)
        for _, *corners in boxes:
            x1, y1, x2, y2 = map(int, corners)
            self.assertTrue(0 <= x1 < x2 <= 999 and 0 <= y1 < y2 <= 999, corners)
        self.assertEqual(re.sub(r"<\|ref\|>.*?<\|/det\|>\n", "", marked), plain)
        self.ask("GET", f"/result/{job_id}/images", 200,
                 {"job_id": job_id, "status": "completed", "images": [], "count": 0})
        self.refused("GET", f"/result/{job_id}/images/0_0.jpg", 404, "Image not found")

    def test_the_layout_pdf(self):
        job_id = self.finished(fresh(documents.make_scan_pdf, 2))
        answer = self.server.request("GET", f"/result/{job_id}/layout_pdf")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/pdf"))
        self.assertIn(f'attachment; filename="layout_{job_id}.pdf"', answer.headers["Content-Disposition"])
        self.assertTrue(answer.body.startswith(b"%PDF-") and answer.body.rstrip().endswith(b"%%EOF"))
        again = self.server.wait_job(self.server.submit(answer.body, text_layer="text")["id"])
        self.assertEqual((again["status"], again["pages"]["done"]), ("completed", 2))

    def test_pages_are_counted_one_by_one(self):
        job_id = self.upload_b(fresh(documents.make_scan_pdf, 6, 24))
        seen, revision = [], 0
        while not seen or seen[-1] < 6:
            revision = self.server.get_json(f"/v1/jobs/{job_id}?wait=20&revision={revision}")["revision"]
            seen.append(self.ask("GET", f"/result/{job_id}/status", 200)["processed_pages"])
        self.assertEqual(seen, sorted(seen))
        self.assertGreaterEqual(len(set(seen) - {0, 6}), 2, seen)

    def test_the_same_content_again(self):
        file = documents.make_pdf(1, lambda n: ["TWICE"])
        job_id = self.finished(file)
        for name in ("b.pdf", "other.pdf"):
            self.ask("POST", "/process_pdf", 200, {"job_id": job_id, "status": "completed",
                     "message": "Retrieved from cache (file already processed)"}, form=(file, name))
        self.ask("DELETE", f"/result/{job_id}", 200, {"job_id": job_id, "status": "deleted"})
        self.assertNotEqual(self.upload_b(file), job_id)

    def test_failed_content_is_tried_again(self):
        job_id = self.finished(BROKEN)
        self.assertNotEqual(self.finished(BROKEN), job_id)

    def test_what_is_no_pdf(self):
        for file in (b"plain words", b"", documents.make_png(LINES), b"PK\3\4" + b"x" * 5000):
            self.refused("POST", "/process_pdf", 400, "Only PDF files are supported", form=(file, "b.pdf"))

    def test_a_broken_pdf(self):
        job_id = self.finished(BROKEN, "broken.pdf")
        row = self.ask("GET", f"/result/{job_id}/status", 200,
                       pdf_row("failed", error_message=re.compile(".+"), filename="broken.pdf", total_pages=0,
                               processed_pages=0))
        for route in RESULTS_OF_B:
            self.refused("GET", f"/result/{job_id}/{route}", 500, f"Processing failed: {row['error_message']}")

    def test_unknown_jobs(self):
        for job_id in (UNKNOWN, "x", "a" * 300):
            for route in ("status", *RESULTS_OF_B):
                self.ask("GET", f"/result/{job_id}/{route}", 404, NO_JOB)
            self.ask("DELETE", f"/result/{job_id}", 404, NO_JOB)

    def test_lists(self):
        mine = [self.finished(documents.make_pdf(1, lambda n, i=i: [f"LIST {i}"]), f"list-{i}.pdf") for i in range(3)]
        failed = self.finished(BROKEN)
        found = self.ask("GET", "/tasks", 200)
        self.assertEqual(found["count"], len(found["tasks"]))
        order = [row["job_id"] for row in found["tasks"]]
        self.assertEqual([job for job in order if job in mine], mine[::-1])
        for row in found["tasks"]:
            self.assertEqual(differences(pdf_row(str, error_message=lambda text: text is None or bool(text)), row), [])
        for status in ("pending", "processing", "completed", "failed"):
            rows = self.ask("GET", f"/tasks?status={status}", 200)["tasks"]
            self.assertLessEqual({row["status"] for row in rows}, {status})
            self.assertEqual(failed in [row["job_id"] for row in rows], status == "failed")
        self.refused("GET", "/tasks?status=odd", 422,
                     "status: 'odd' is not one of pending/processing/completed/failed/cancelled")


# --- c --------------------------------------------------------------------------------------------

NAMES = ("Invoice 100%.pdf", "invoice_2026.pdf", "Über uns.pdf", "letter.pdf", "report.png")


class Library(harness.ServerCase, Surface):
    args = ("--lanes", "2")
    path = "/v1/documents/list-document"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.jobs = []
        for n, name in enumerate(NAMES):
            file = documents.make_pdf(1, lambda _: [f"NUMBER {n}"]) if name.endswith("pdf") else documents.make_png(LINES)
            answer = cls.server.post_form("/v1/documents/upload-document", file, name)
            cls.jobs.append(json.loads(answer.body)["job_id"])
            cls.server.wait_job(cls.jobs[-1])
            time.sleep(0.01)  # times of creation have milliseconds

    def listed(self, **query):
        return self.ask("GET", self.path + "?" + urllib.parse.urlencode(query), 200)

    def names(self, **query):
        return [row["filename"] for row in self.listed(**query)["items"]]

    def test_upload_and_job(self):
        file = fresh(pages=2)
        job_id = self.upload_c(file, "two pages.pdf")
        self.server.wait_job(job_id)
        job = self.ask("GET", f"/v1/jobs/{job_id}", 200)
        self.assertEqual((job["job_id"], job["document_id"], job["status"], job["error"]),
                         (job_id, job_id, "completed", None))
        text = self.server.result(job_id, "txt").decode()
        self.assertEqual(job["result"]["text"], text)
        self.assertIn(documents.page_key(2), text)
        self.assertEqual(self.ask("GET", f"/v1/jobs/{job_id}", 200), job, "the same from the cache")
        self.server.request("DELETE", f"/v1/jobs/{job_id}")
        answer = self.server.request("GET", f"/v1/jobs/{job_id}")
        self.assertEqual((answer.status, json.loads(answer.body)["detail"]), (404, "Job not found"))

    def test_a_failed_job(self):
        job_id = self.upload_c(BROKEN)
        self.server.wait_job(job_id)
        job = self.ask("GET", f"/v1/jobs/{job_id}", 200)
        self.assertEqual((job["status"], job["error"]["code"], job["result"]["text"]), ("failed", "input", None))
        self.assertTrue(job["error"]["message"])
        self.server.request("DELETE", f"/v1/jobs/{job_id}")

    def test_what_cannot_be_read(self):
        path = "/v1/documents/upload-document"
        self.ask("POST", path, 415, {"detail": re.compile("the document is none of PDF, PNG.*")}, form=(b"words", "c"))
        self.refused("POST", path, 422, "the document is empty", form=(b"", "c.pdf"))

    def test_the_list(self):
        found = self.ask("GET", self.path, 200, {"total": len(NAMES), "limit": 10, "offset": 0, "items": list})
        for row, name, job_id in zip(found["items"], NAMES[::-1], self.jobs[::-1]):
            self.assertEqual(differences(item(filename=name, id=job_id, job_id=job_id,
                             content_type="image/png" if name.endswith("png") else "application/pdf"), row), [])

    def test_pages_of_the_list(self):
        seen = []
        for offset in range(0, 7, 2):
            found = self.listed(limit=2, offset=offset, sort="created_at_asc")
            self.assertEqual((found["total"], found["limit"], found["offset"]), (len(NAMES), 2, offset))
            seen += [row["filename"] for row in found["items"]]
        self.assertEqual(seen, list(NAMES))
        self.assertEqual(self.names(sort="created_at_desc"), list(NAMES[::-1]))
        self.assertEqual(self.names(offset=2**31 - 1), [])

    def test_filters(self):
        for query, want in (
                ({"filename": "INVOICE"}, NAMES[1::-1]), ({"filename": "100%"}, NAMES[:1]),
                ({"filename": "_"}, NAMES[1:2]), ({"filename": "%"}, NAMES[:1]), ({"filename": "Über U"}, NAMES[2:3]),
                ({"filename": "nothing"}, ()), ({"filename": ""}, NAMES[::-1]), ({"filename": "'; --"}, ()),
                ({"content_type": "image/png"}, NAMES[4:]), ({"content_type": "image"}, ()),
                ({"content_type": "IMAGE/PNG"}, ()),
                ({"content_type": "application/pdf", "filename": "e", "limit": 1}, NAMES[3:4])):
            with self.subTest(query):
                self.assertEqual(self.names(**query), list(want))
        self.assertEqual(self.listed(content_type="application/pdf", filename="e", limit=1)["total"], 4)

    def test_dates_are_inclusive(self):
        times = [row["created_at"] for row in self.listed(sort="created_at_asc")["items"]]
        self.assertEqual(self.names(date_from=times[3]), list(NAMES[:2:-1]))
        self.assertEqual(self.names(date_to=times[1]), list(NAMES[1::-1]))
        self.assertEqual(self.names(date_from=times[2], date_to=times[2]), [NAMES[2]])
        for same in (times[2].replace("Z", "+00:00"), times[2].replace("Z", ""), times[2].replace("T", " "),
                     times[2].replace("Z", "-00:00")):
            self.assertEqual(self.names(date_from=same, date_to=same), [NAMES[2]], same)
        day = times[0][:10]
        self.assertEqual(self.listed(date_from=day, date_to=times[-1][:10])["total"], len(NAMES))
        self.assertEqual(self.names(date_to="2020-01-01"), [])
        self.assertEqual(self.names(date_from="2999-01-01T00:00:00Z"), [])

    def test_bad_values(self):
        for name, values in (("limit", ("0", "1001", "-1", "ten", "", "1.5", "1e2", "0x10", " 1", "9" * 30)),
                             ("offset", ("-1", "x", "2147483648", "")),
                             ("sort", ("created_at", "CREATED_AT_ASC", "", "filename")),
                             ("date_from", ("yesterday", "2026-13-01", "2026-02-30", "2026-1-1", "2026-01-01T25:00",
                                            "", "2026-01-01TZ", "2026-01-01Z+1")),
                             ("date_to", ("x", "1700000000")), ("filename", ("x" * 256,)),
                             ("content_type", ("x" * 64,))):
            for value in values:
                with self.subTest(name=name, value=value):
                    found = self.ask("GET", f"{self.path}?{name}={urllib.parse.quote(value)}", 422)
                    self.assertTrue(found["detail"].startswith(name + ": "), found)


# --- who may --------------------------------------------------------------------------------------

ROUTES = (("POST", "/api/v1/ocr/process"), ("GET", f"/api/v1/ocr/results/{UNKNOWN}"), ("POST", "/process_pdf"),
          *(("GET", f"/result/{UNKNOWN}/{route}") for route in ("status", *RESULTS_OF_B)),
          ("DELETE", f"/result/{UNKNOWN}"), ("GET", "/tasks"), ("GET", "/queue/status"),
          ("POST", "/v1/documents/upload-document"), ("GET", "/v1/documents/list-document"))
WITH = {"Authorization": "Bearer s3cret token"}


def surface_of(path):
    return "a" if path.startswith("/api") else "c" if path.startswith("/v1") else "b"


class Guarded(harness.ServerCase, Surface):
    args = ("--lanes", "1")
    env = {"AUTH_TOKEN": "s3cret token"}

    def test_every_route(self):
        for method, path in ROUTES:
            with self.subTest(f"{method} {path}"):
                answer = self.server.request(method, path)
                self.assertEqual((answer.status, json.loads(answer.body)), (403, detail("Not authenticated")))
                for wrong in ("Bearer s3cret", "Bearer s3cret token2", "Bearer ", "bearer x"):
                    answer = self.server.request(method, path, headers={"Authorization": wrong})
                    self.assertEqual((answer.status, json.loads(answer.body), answer.headers["WWW-Authenticate"]),
                                     (401, detail("Invalid authentication token"), "Bearer"), wrong)
                answer = self.server.request(method, path, headers={"Authorization": "Basic czpz"})
                self.assertEqual((answer.status, json.loads(answer.body)), (403, detail("Not authenticated")))
                self.assertNotIn(self.server.request(method, path, headers=WITH).status, (401, 403))

    def test_what_needs_no_token(self):
        for path in ("/", "/health", "/livez", "/readyz", "/openapi.json"):
            self.assertEqual(self.server.request("GET", path).status, 200, path)

    def test_with_the_token(self):
        found = self.ask("POST", "/process_pdf", 200, headers=WITH, form=(documents.make_pdf(1), "x.pdf"))
        self.ask("GET", f"/result/{found['job_id']}/status", 200, headers=WITH)

    def test_a_body_is_not_waited_for(self):
        self.refused("POST", "/process_pdf", 403, "Not authenticated", form=(documents.make_pdf(1), "x.pdf"))


class Open(harness.ServerCase, Surface):
    """Surfaces a and c for clients that cannot send a token."""
    args = ("--lanes", "1", "--auth-token", "s3cret token", "--open-surfaces", "a,c")

    def test_only_those_are_open(self):
        for method, path in ROUTES:
            answer = self.server.request(method, path)
            if surface_of(path) == "b":
                self.assertEqual((answer.status, json.loads(answer.body)), (403, detail("Not authenticated")), path)
            else:
                self.assertNotIn(answer.status, (401, 403), path)
            answer = self.server.request(method, path, headers={"Authorization": "Bearer wrong"})
            self.assertEqual(answer.status, 401, path)

    def test_whole_clients_of_a_and_c(self):
        task_id = self.upload_a(documents.make_scan_pdf(1))
        self.server.wait(lambda: self.result_a(task_id)["status"] == "SUCCESS", 60, "the result")
        job_id = self.upload_c(documents.make_pdf(1))
        self.server.wait(lambda: self.ask("GET", f"/v1/jobs/{job_id}", 200)["status"] == "completed", 60, "the job")

    def test_others_documents_stay_closed(self):
        theirs = self.ask("POST", "/process_pdf", 200, headers=WITH, form=(documents.make_pdf(1), "private.pdf"))
        native = self.server.submit(documents.make_pdf(1), "native.pdf", WITH)["id"]
        self.server.wait(lambda: self.ask("GET", f"/v1/jobs/{native}", 200, headers=WITH)["status"] == "completed",
                         60, "the job")
        for job_id in (theirs["job_id"], native):
            self.ask("GET", f"/api/v1/ocr/results/{job_id}", 200, {**task("PENDING", None), "task_id": job_id})
            self.assertEqual(self.server.request("GET", f"/v1/jobs/{job_id}").status, 404)
        rows = self.ask("GET", "/v1/documents/list-document", 200)["items"]
        self.assertLessEqual({row["filename"] for row in rows}, {"c.pdf", "a.pdf"})
        for path in ("/v1/jobs", f"/v1/jobs/{native}/result.txt", f"/v1/documents/{native}", "/v1/usage",
                     f"/v1/jobs/{native}?text=1", "/v1/admin/tokens", "/metrics"):
            self.assertIn(self.server.request("GET", path).status, (401, 404), path)


class Off(unittest.TestCase):
    def test_surfaces_that_are_switched_off(self):
        for on in ("a", "b", "c", ""):
            with harness.Server("--lanes", "1", "--surfaces", on) as server:
                for method, path in ROUTES:
                    answer = server.request(method, path)
                    there = answer.status not in (404, 405) or b"Job not found" in answer.body
                    if path != "/v1/documents/list-document":  # then a document of that name
                        self.assertEqual(there, surface_of(path) == on, f"{method} {path} with {on!r}: {answer}")
                self.assertEqual(server.request("GET", "/v1/jobs").status, 200)

    def test_letters_that_mean_nothing(self):
        for flag, letter in (("--surfaces", "d"), ("--open-surfaces", "d"), ("--open-surfaces", "b")):
            with tempfile.TemporaryDirectory(prefix="pagemill-test-") as data:
                run = subprocess.run([harness.BUILD / "pagemill", "serve", flag, letter, "--listen", "127.0.0.1:0",
                                      "--data", data], capture_output=True, text=True, timeout=30)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(f"surfaces: '{letter}' is none of a,", run.stderr)


class Rate(harness.ServerCase, Surface):
    args = ("--lanes", "1", "--rate-limit", "6/min+6")

    def test_too_many_requests(self):
        answers = [self.server.request("GET", "/v1/documents/list-document") for _ in range(9)]
        self.assertEqual([answer.status for answer in answers], [200] * 6 + [429] * 3)
        for answer in answers[6:]:
            self.assertEqual(json.loads(answer.body), detail("Too Many Requests"))
            self.assertTrue(1 <= int(answer.headers["Retry-After"]) <= 11, answer.headers["Retry-After"])
        for method, path in ROUTES:
            self.refused(method, path, 429, "Too Many Requests")
        self.assertEqual(self.server.request("GET", "/health").status, 200)


# --- the lines of the originals' manuals ----------------------------------------------------------

@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(harness.ServerCase):
    args = ("--lanes", "1", "--auth-token", "s3cret")

    def curl(self, *line):
        run = subprocess.run(["curl", "-sS", *line], capture_output=True, text=True, timeout=60, check=True)
        return json.loads(run.stdout)

    def setUp(self):
        self.base = f"http://localhost:{self.server.port}"
        self.token = ("-H", "Authorization: Bearer s3cret")
        self.file = self.server.top / "1page.pdf"
        self.file.write_bytes(documents.make_pdf(1, lambda n: ["CURLED TEXT"]))

    def until(self, key, ended, *line):
        found = {}
        self.server.wait(lambda: found.update(self.curl(*line)) or found[key] in ended, 60, f"{key} in {ended}")
        return found

    def test_a(self):
        found = self.curl("-X", "POST", self.base + "/api/v1/ocr/process", "-F", f"file=@{self.file}", *self.token)
        found = self.until("status", ("SUCCESS", "FAILURE"), f"{self.base}/api/v1/ocr/results/{found['task_id']}",
                           *self.token)
        self.assertEqual([each["text"] for each in found["result"]["detections"]], ["CURLED TEXT"])
        self.assertEqual(self.curl(self.base + "/health")["status"], "healthy")

    def test_b(self):
        found = self.curl("-X", "POST", self.base + "/process_pdf", *self.token, "-F", f"file=@{self.file}")
        result = f"{self.base}/result/{found['job_id']}"
        self.until("status", ("completed", "failed"), *self.token, result + "/status")
        self.assertIn("CURLED TEXT", self.curl(*self.token, result + "/markdown")["content"])
        self.assertEqual(self.curl(*self.token, self.base + "/tasks?status=completed")["tasks"][0]["filename"],
                         "1page.pdf")
        self.assertEqual(self.curl("-X", "DELETE", *self.token, result)["status"], "deleted")

    def test_c(self):
        found = self.curl(*self.token, "-F", f"file=@{self.file};type=application/pdf",
                          self.base + "/v1/documents/upload-document")
        found = self.until("status", ("completed", "failed"), *self.token, f"{self.base}/v1/jobs/{found['job_id']}")
        self.assertEqual(found["result"]["text"].strip(), "CURLED TEXT")
        listed = self.curl(*self.token, self.base + "/v1/documents/list-document?limit=10&offset=0&filename=1page"
                           "&content_type=application/pdf&sort=created_at_desc")
        self.assertGreaterEqual(listed["total"], 1)


def form(field, content, kind):
    """(body, headers) of a form with one part."""
    head = f'--frontier\r\nContent-Disposition: form-data; name="{field}"; filename="x.bin"\r\n'
    head += f"Content-Type: {kind}\r\n\r\n" if kind else "\r\n"
    return (head.encode() + content + b"\r\n--frontier--\r\n",
            {"Content-Type": "multipart/form-data; boundary=frontier"})


def seconds(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


if __name__ == "__main__":
    harness.main()
