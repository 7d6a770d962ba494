# SPDX-License-Identifier: AGPL-3.0-or-later
"""One call for one document, lists that change while they are read, and outputs in pieces."""
import concurrent.futures
import datetime
import json
import threading
import time

import documents
import harness
from native import FORMATS, Native, fresh_pdf, gated_server


class OneCall(Native):
    args = ("--lanes", "2", "--sync-pages", "5", "--sync-timeout", "3")

    def test_the_output_is_the_answer_in_every_format(self):
        for extension, kind in FORMATS.items():
            answer = self.server.request("POST", f"/v1/ocr?format={extension}&text_layer=text", fresh_pdf(3))
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, kind), answer.body[:300])
            job_id = answer.headers["X-Job-Id"]
            self.assertEqual(answer.body, self.server.result(job_id, extension), extension)
            for n in (1, 2, 3):
                self.assertIn(documents.page_key(n), answer.body.decode())
        answer = self.server.post_form("/v1/ocr", fresh_pdf(), text_layer="text")
        self.assertEqual(json.loads(answer.body)["pages"][0]["page"], 1, "JSON unless something else is asked for")

    def test_formats_that_do_not_exist(self):
        problem = self.problem(self.server.request("POST", "/v1/ocr?format=docx", fresh_pdf()), 422, "input")
        self.assertIn("format", problem["detail"])

    def test_too_many_pages(self):
        answer = self.server.request("POST", "/v1/ocr?format=txt", documents.make_scan_pdf(6))
        problem = self.problem(answer, 413, "limit")
        self.assertIn("/v1/jobs", problem["detail"])
        self.assertEqual(self.server.request("POST", "/v1/ocr?format=txt&pages=2-6&text_layer=text", fresh_pdf(9)).status, 200,
                         "what counts is what is read")
        self.server.wait(lambda: self.server.get_json("/health")["pages"]["ready"] == 0, 30, "an empty queue")

    def test_too_many_pages_for_one_are_no_reason_to_stop_another(self):
        scan = documents.make_scan_pdf(7, lambda n: documents.page_lines(n) + ["SHARED"])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            call = pool.submit(self.server.request, "POST", "/v1/ocr?format=txt", scan)
            job = self.server.submit(scan, force=False)
            self.problem(call.result(60), 413, "limit")
        self.assertEqual(self.server.wait_job(job["id"])["status"], "completed")

    def test_out_of_time_the_job_goes_on(self):
        with harness.Server("--lanes", "1", "--sync-timeout", "1") as server:
            answer = server.request("POST", "/v1/ocr?format=txt", documents.make_scan_pdf(20))
            problem = self.problem(answer, 504, "timeout")
            job = server.wait_job(problem["job_id"])
            self.assertEqual((job["status"], job["pages"]["done"]), ("completed", 20))

    def test_documents_that_cannot_be_read(self):
        self.problem(self.server.request("POST", "/v1/ocr", b"%PDF-1.7\nno more"), 422, "input")
        self.problem(self.server.request("POST", "/v1/ocr", b"words"), 415, "unsupported")
        self.problem(self.server.request("POST", "/v1/ocr"), 422, "input")
        problem = self.problem(self.server.request("POST", "/v1/ocr?pages=9&text_layer=text", fresh_pdf(2)), 422, "input")
        self.assertTrue(problem["job_id"])

    def test_a_job_cancelled_under_it(self):
        with gated_server() as server, concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = pool.submit(server.request, "POST", "/v1/ocr?format=txt", fresh_pdf())
            listed = server.wait(lambda: server.get_json("/v1/jobs")["jobs"], 20, "the job")
            server.request("POST", f"/v1/jobs/{listed[0]['id']}/cancel")
            self.problem(call.result(30), 409, "cancelled")


class Lists(Native):
    def walk(self, query="", limit=7):
        found, cursor = [], ""
        while True:
            page = self.server.get_json(f"/v1/jobs?limit={limit}{query}{cursor}")
            found += [job["id"] for job in page["jobs"]]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def test_pages_of_a_list_that_grows_while_it_is_read(self):
        before = [self.submit(metadata={"n": n})["id"] for n in range(40)]
        stop, later = threading.Event(), []

        def submit_on():
            while not stop.is_set():
                later.append(self.submit()["id"])

        threads = [threading.Thread(target=submit_on) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for limit in (1, 3, 7, 40):
                found = self.walk(limit=limit)
                self.assertEqual(len(found), len(set(found)), "no job twice")
                self.assertEqual([job for job in found if job in set(before)], before[::-1], "none missing, in order")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual(set(before + later), set(self.walk(limit=500)))

    def test_filters_by_time(self):
        first = self.finished()
        time.sleep(0.01)
        second = self.finished()
        listed = lambda query: {job["id"] for job in self.server.get_json(f"/v1/jobs?limit=500&{query}")["jobs"]}
        self.assertNotIn(first["id"], listed(f"date_from={second['created_at']}"))
        self.assertIn(second["id"], listed(f"date_from={second['created_at']}"), "inclusive")
        self.assertIn(first["id"], listed(f"date_to={first['created_at']}"), "inclusive")
        self.assertNotIn(second["id"], listed(f"date_to={first['created_at']}"))
        today = first["created_at"][:10]
        day = datetime.date.fromisoformat(today)
        self.assertIn(first["id"], listed(f"date_from={today}&date_to={today}"), "a day as a whole")
        self.assertNotIn(first["id"], listed(f"date_to={day - datetime.timedelta(1)}"))
        self.assertNotIn(first["id"], listed(f"date_from={day + datetime.timedelta(2)}"))
        offset = datetime.datetime.fromisoformat(second["created_at"].replace("Z", "+00:00")).astimezone(
            datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
        text = offset.isoformat(timespec="milliseconds").replace("+", "%2B")
        self.assertIn(second["id"], listed(f"date_from={text}"), "any offset")
        self.assertNotIn(first["id"], listed(f"date_from={text}"))
        for bad in ("yesterday", "2026-13-01", "2026-02-30", "2026-11-22T25:00:00Z", ""):
            with self.subTest(bad):
                self.problem(self.server.request("GET", f"/v1/jobs?date_from={bad}"), 422, "input")

    def test_filters_by_name_type_and_state(self):
        names = ["Invoice 100%.pdf", "invoice_1.pdf", "INVOICEx1.pdf", "other.pdf"]
        jobs = {name: self.server.wait_job(self.server.submit(fresh_pdf(), name, text_layer="text")["id"])["id"]
                for name in names}
        listed = lambda query: {job["id"] for job in self.server.get_json(f"/v1/jobs?limit=500&{query}")["jobs"]}
        pick = lambda ids: {name for name, job in jobs.items() if job in ids}
        self.assertEqual(pick(listed("filename=iNvoice")), set(names[:3]))
        self.assertEqual(pick(listed("filename=100%25")), {names[0]}, "no wildcards")
        self.assertEqual(pick(listed("filename=e_1")), {names[1]}, "no wildcards")
        self.assertEqual(pick(listed("content_type=application/pdf")), set(names))
        self.assertEqual(pick(listed("content_type=application")), set(), "exact")
        self.assertEqual(pick(listed("status=completed")), set(names))
        self.assertEqual(pick(listed("status=failed")), set())
        self.assertEqual(pick(listed("owner=default")), set(names))
        for bad in ("limit=501", "cursor=0", "cursor=x", "status=done", "sort=up", "limit=7&limit=8"):
            self.problem(self.server.request("GET", f"/v1/jobs?{bad}"), 422, "input")

    def test_pages_of_a_job_in_pieces(self):
        job = self.finished(25)
        found, at = [], 1
        while at:
            page = self.server.get_json(f"/v1/jobs/{job['id']}/pages?from={at}&limit=10")
            found += [row["page"] for row in page["pages"]]
            at = page["next_from"]
        self.assertEqual(found, list(range(1, 26)))


class Bytes(Native):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = fresh_pdf(9)
        cls.job = cls.server.wait_job(cls.server.submit(cls.document, "Ümlaut \"x\".pdf", text_layer="text")["id"])
        cls.base = f"/v1/jobs/{cls.job['id']}"
        cls.outputs = [f"{cls.base}/result.{name}" for name in (*FORMATS, "pdf", "layouts.pdf")] + [
            f"/v1/documents/{cls.job['id']}/content", f"{cls.base}/pages/2/image?dpi=50",
            f"{cls.base}/result.txt?pages=2-4"]

    def ask(self, path, **headers):
        return self.server.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def test_ranges_put_together_are_the_whole(self):
        for path in self.outputs:
            whole = self.ask(path)
            self.assertEqual(whole.status, 200, path)
            size, parts = len(whole.body), []
            step = max(size // 5, 1)
            for start in range(0, size, step):
                part = self.ask(path, Range=f"bytes={start}-{start + step - 1}")
                end = min(start + step, size) - 1
                self.assertEqual((part.status, part.headers["Content-Range"]), (206, f"bytes {start}-{end}/{size}"), path)
                self.assertEqual(part.headers["ETag"], whole.headers["ETag"])
                parts.append(part.body)
            self.assertEqual(b"".join(parts), whole.body, path)
            self.assertEqual(self.ask(path, Range="bytes=-7").body, whole.body[-7:], path)
            self.assertEqual(self.ask(path, Range="bytes=7-").body, whole.body[7:], path)

    def test_ranges_that_are_none(self):
        for path in self.outputs:
            whole = self.ask(path)
            beyond = self.ask(path, Range=f"bytes={len(whole.body)}-")
            self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{len(whole.body)}"), path)
            for odd in ("lines=1-2", "bytes=5-2", "bytes=x-", "bytes=1-2,5-6", "bytes=-"):
                answer = self.ask(path, Range=odd)
                self.assertEqual((answer.status, answer.body), (200, whole.body), (path, odd))
            stale = self.ask(path, Range="bytes=0-3", If_Range='"another"')
            self.assertEqual((stale.status, stale.body), (200, whole.body), path)
            good = self.ask(path, Range="bytes=0-3", If_Range=whole.headers["ETag"])
            self.assertEqual((good.status, good.body), (206, whole.body[:4]), path)

    def test_what_the_client_has_is_not_sent(self):
        tags = set()
        for path in self.outputs:
            whole = self.ask(path)
            tag = whole.headers["ETag"]
            tags.add(tag)
            for known in (tag, f'"a", {tag}', f"W/{tag}", "*"):
                again = self.ask(path, If_None_Match=known)
                self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", tag), path)
            self.assertEqual(self.ask(path, If_None_Match='"other"').status, 200)
            self.assertEqual(self.ask(path, If_Match='"other"').status, 412)
            head = self.server.request("HEAD", path)
            self.assertEqual((head.status, head.body, head.headers["ETag"]), (200, b"", tag), path)
        self.assertEqual(len(tags), len(self.outputs), "another output, another tag")

    def test_the_document_as_it_was_sent(self):
        answer = self.ask(f"/v1/documents/{self.job['id']}/content")
        self.assertEqual((answer.body, answer.headers["Content-Type"]), (self.document, "application/pdf"))
        self.assertRegex(answer.headers["Content-Disposition"],
                         r"^attachment; filename=\"[ -~]*\"; filename\*=UTF-8''%C3%9Cmlaut%20")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        shown = self.server.get_json(f"/v1/documents/{self.job['id']}")
        self.assertEqual((shown["pages"], shown["size"], shown["sha256"]),
                         (9, len(self.document), self.job["sha256"]))
        self.assertEqual(self.ask(shown["content"]).body, self.document)
        self.problem(self.ask("/v1/documents/x/content"), 404, "not_found")

    def test_some_of_the_pages(self):
        keys = [documents.page_key(n) for n in range(1, 10)]
        for pages, wanted in (("1-3,7", (1, 2, 3, 7)), ("8-", (8, 9)), ("9,1", (1, 9)), ("5", (5,)), ("30-", ())):
            for extension in FORMATS:
                text = self.ask(f"{self.base}/result.{extension}?pages={pages}")
                self.assertEqual(text.status, 200, text.body)
                self.assertEqual([n for n, key in enumerate(keys, 1) if key in text.body.decode()], list(wanted),
                                 (extension, pages))
        for bad in ("3-1", "0", "x", "1,,2", "2-x"):
            self.problem(self.ask(f"{self.base}/result.txt?pages={bad}"), 422, "input")
        self.problem(self.ask(f"{self.base}/result.layouts.pdf?pages=1"), 422, "input")

    def test_lengths_in_points(self):
        whole = f"{self.base}/result.json?unit=pt"
        pages = json.loads(self.ask(whole).body)["pages"]
        pixels = json.loads(self.ask(f"{self.base}/result.json").body)["pages"]
        self.assertEqual({(p["unit"], p["width"], p["height"]) for p in pages}, {("pt", 612, 792)})
        for ours, theirs in zip(pages, pixels):
            scale = 72 / theirs["dpi"]
            for a, b in zip(ours["blocks"][0]["bbox"], theirs["blocks"][0]["bbox"]):
                self.assertAlmostEqual(a, b * scale, delta=0.006)
        self.assertEqual(self.server.get_json(f"{self.base}/pages/3?unit=pt")["unit"], "pt")
        self.assertEqual(self.server.get_json(f"{self.base}/pages/3?unit=px"), pixels[2])
        self.assertNotEqual(self.ask(whole).headers["ETag"], self.ask(f"{self.base}/result.json").headers["ETag"])
        self.problem(self.ask(f"{self.base}/result.json?unit=mm"), 422, "input")

    def test_a_document_without_tables_has_no_rows(self):
        answer = self.ask(f"{self.base}/result.csv")
        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.body), (200, "text/csv; charset=utf-8", b""))

    def test_what_goes_over_the_pages(self):
        lines = lambda n: ["THE RUNNING HEAD", *[""] * 4, f"page {n} begins here and it", "goes on for a while and is inter-",
                           *[""] * 27, f"- {n} -"]
        with_head = documents.make_pdf(4, lines)
        job = self.server.wait_job(self.server.submit(with_head, text_layer="text")["id"])
        pages = json.loads(self.ask(f"/v1/jobs/{job['id']}/result.json").body)["pages"]
        types = [[block["type"] for block in page["blocks"]] for page in pages]
        self.assertEqual(types, [["header", "text", "page_number"]] * 4)
        self.assertEqual([(block.get("continued", False), block.get("continues", False))
                          for page in pages for block in page["blocks"][1:2]],
                         [(False, True), (True, True), (True, True), (True, False)])
        markdown = self.ask(f"/v1/jobs/{job['id']}/result.md").body.decode()
        self.assertEqual(markdown, "page 1 begins here and it goes on for a while and is inter" + "".join(
            f"page {n} begins here and it goes on for a while and is inter" for n in (2, 3, 4)) + "-\n")
        some = self.ask(f"/v1/jobs/{job['id']}/result.md?pages=1,3").body.decode()
        self.assertIn("inter-\n\n---\n\n", some, "only of what was asked for")

    def test_the_layouts_are_a_pdf_with_every_page(self):
        body = self.ask(f"{self.base}/result.layouts.pdf").body
        self.assertTrue(body.startswith(b"%PDF-") and b"%%EOF" in body[-32:])
        job = self.server.wait_job(self.server.submit(body, text_layer="text")["id"])
        self.assertEqual((job["status"], job["document_pages"]), ("completed", 9))

    def test_text_in_the_job(self):
        job = self.server.get_json(f"{self.base}?text=1")
        self.assertEqual(job["result"]["text"], self.ask(f"{self.base}/result.txt").body.decode())
        self.assertNotIn("text", self.server.get_json(self.base)["result"])
        for name, link in job["result"].items():
            if name != "text":
                self.assertEqual(self.ask(link).status, 200, link)

    def test_a_retry_changes_the_tags(self):
        job = self.finished(2)
        path = f"/v1/jobs/{job['id']}/result.txt"
        before = self.ask(path).headers["ETag"]
        self.assertEqual(self.server.request("POST", f"/v1/jobs/{job['id']}/retry?all=1").status, 200)
        self.server.wait_job(job["id"])
        after = self.ask(path, If_None_Match=before)
        self.assertEqual(after.status, 200)
        self.assertNotEqual(after.headers["ETag"], before)


if __name__ == "__main__":
    harness.main()
