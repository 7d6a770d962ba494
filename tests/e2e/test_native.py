# SPDX-License-Identifier: AGPL-3.0-or-later
"""The native surface as its clients live with it: waiting and following without missing anything, one call for
one document, lists that change while they are read, bytes in pieces, requests that come twice, the life of a job."""
import concurrent.futures
import datetime
import http.client
import itertools
import json
import random
import threading
import time

import documents
import harness

FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "txt": "text/plain; charset=utf-8",
           "md": "text/markdown; charset=utf-8", "mmd": "text/markdown; charset=utf-8",
           "det.mmd": "text/markdown; charset=utf-8"}
BAD_PAGE = (b"/Count 3", b"/Count 4")  # page 4 is promised and not there
serial = itertools.count(1)


def fresh_pdf(pages=1, **how):
    """A document like no other, so that nothing has read it before."""
    number = next(serial)
    return documents.make_pdf(pages, lambda n: documents.page_lines(n) + [f"COPY {number}"], **how)


class Gate:
    """A door before every worker that opens a document: while it is shut, jobs stay where they are."""

    def __init__(self, top):
        self.open_file = top / "gate-open"
        self.program = top / "work"
        self.program.write_text(
            f'#!/bin/sh\ncase "$*" in *decode*) while [ ! -e {self.open_file} ]; do sleep 0.05; done ;; esac\n'
            f'exec {harness.BUILD}/pagemill-work "$@"\n')
        self.program.chmod(0o755)

    def open(self):
        self.open_file.touch()


def gated_server(*args):
    """A server of one lane behind a shut gate: server.gate.open() lets the work begin."""
    server = harness.Server("--lanes", "1", *args)
    server.gate = Gate(server.top)
    server.args += ["--work-program", str(server.gate.program)]
    return server


class Event:
    def __init__(self, name, number, data):
        self.name, self.number, self.data = name, number, data

    def __repr__(self):
        return f"{self.number}:{self.name}"


class Follower:
    """One connection to /events, read an event at a time. What ends without a blank line is no event."""

    def __init__(self, server, job_id, last=None, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        headers = {"Accept": "text/event-stream", **({} if last is None else {"Last-Event-ID": str(last)})}
        self.connection.request("GET", f"/v1/jobs/{job_id}/events", headers=headers)
        self.answer = self.connection.getresponse()

    def __iter__(self):
        fields = {}
        while line := self.answer.readline():
            key, colon, value = line.decode().rstrip("\n").partition(": ")
            if colon:
                fields[key] = value
            elif fields:
                yield Event(fields["event"], int(fields["id"]), json.loads(fields["data"]))
                fields = {}

    def close(self):
        self.answer.close()
        self.connection.close()


def follow(server, job_id, last=None):
    follower = Follower(server, job_id, last)
    events = list(follower)
    follower.close()
    return events


def pages_of(events):
    return sorted(event.data["page"] for event in events if event.name == "page")


class Native(harness.ServerCase):
    args = ("--lanes", "2")

    def problem(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body[:500])
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = json.loads(answer.body)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def finished(self, pages=1, **options):
        return self.server.wait_job(self.submit(pages, **options)["id"])

    def submit(self, pages=1, **options):
        options.setdefault("text_layer", "text")
        return self.server.submit(fresh_pdf(pages), **options)

    def opened(self, job):
        return self.server.wait_job(job["id"], until=lambda j: j["pages"]["total"])


class Waiting(Native):
    def test_a_chain_of_long_polls_sees_every_revision_grow_and_the_end(self):
        job = self.submit(60)

        def chain(_):
            seen, now = [job["revision"]], job
            while now["status"] not in harness.FINAL:
                now = self.server.get_json(f"/v1/jobs/{job['id']}?wait=30&revision={seen[-1]}")
                seen.append(now["revision"])
            return seen, now

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for seen, last in pool.map(chain, range(8)):
                self.assertEqual(seen, sorted(set(seen)), "no answer without news")
                self.assertEqual((last["status"], last["pages"]["done"]), ("completed", 60))

    def test_a_poll_that_knows_less_is_answered_at_once(self):
        job = self.submit(2)
        done = self.server.wait_job(job["id"])
        start = time.monotonic()
        for query in (f"wait=30&revision={job['revision']}", f"wait=30&revision={done['revision']}", "wait=30",
                      f"wait=30&revision={done['revision'] + 1000}"):
            self.assertEqual(self.server.get_json(f"/v1/jobs/{job['id']}?{query}")["status"], "completed")
        self.assertLess(time.monotonic() - start, 25, "an ended job has no news to wait for")

    def test_a_poll_with_nothing_to_tell_ends_with_its_time(self):
        with gated_server() as server:
            waiting = server.submit(fresh_pdf())
            server.wait(lambda: server.job(waiting["id"])["phase"] == "opening", 10, "its worker at the gate")
            start = time.monotonic()
            self.assertEqual(server.get_json(f"/v1/jobs/{waiting['id']}?wait=0.3")["status"], "pending")
            self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_a_page_can_be_awaited_before_the_document_is_open(self):
        with gated_server() as server, concurrent.futures.ThreadPoolExecutor(2) as pool:
            job = server.submit(fresh_pdf(2), text_layer="text")
            path = f"/v1/jobs/{job['id']}/pages/"
            self.problem(server.request("GET", path + "2"), 409, "conflict")
            waits = [pool.submit(server.request, "GET", f"{path}{n}?wait=30") for n in (2, 3)]
            time.sleep(0.2)
            server.gate.open()
            self.assertEqual(json.loads(waits[0].result().body)["page"], 2)
            self.problem(waits[1].result(), 404, "not_found")

    def test_waits_are_checked(self):
        job = self.finished()
        for query in ("wait=-1", "wait=61", "wait=x", "wait=nan", "wait=1&wait=2", "revision=x", "wait=", "odd=1"):
            self.problem(self.server.request("GET", f"/v1/jobs/{job['id']}?{query}"), 422, "input")
        self.problem(self.server.request("POST", "/v1/jobs?wait=99", fresh_pdf()), 422, "input")

    def test_a_submission_that_waits(self):
        answer = self.server.request("POST", "/v1/jobs?wait=30&text_layer=text", fresh_pdf(3))
        self.assertEqual((answer.status, json.loads(answer.body)["status"]), (200, "completed"))
        self.assertTrue(answer.headers["Location"].endswith(json.loads(answer.body)["id"]))
        answer = self.server.request("POST", "/v1/jobs?wait=0.05", documents.make_scan_pdf(20))
        job = json.loads(answer.body)
        self.assertEqual((answer.status, job["status"] in ("pending", "processing")), (202, True))
        self.server.request("DELETE", f"/v1/jobs/{job['id']}")

    def test_a_deleted_job_ends_every_wait(self):
        with gated_server() as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
            job = server.submit(fresh_pdf())
            server.wait(lambda: server.job(job["id"])["phase"] == "opening", 10, "its worker at the gate")
            waits = [pool.submit(server.request, "GET", f"/v1/jobs/{job['id']}?wait=50") for _ in range(4)]
            time.sleep(0.2)
            server.request("DELETE", f"/v1/jobs/{job['id']}")
            for wait in waits:
                self.problem(wait.result(20), 404, "not_found")


class Following(Native):
    def check_whole(self, events, pages):
        self.assertEqual(pages_of(events), list(range(1, pages + 1)))
        numbers = [event.number for event in events]
        self.assertEqual(numbers, sorted(numbers), "ids ascend")
        self.assertEqual([event.name for event in events if event.name == "done"], ["done"])
        self.assertEqual(events[-1].name, "done")
        counts = [event.data["pages"]["done"] for event in events if event.name != "page"]
        self.assertEqual(counts, sorted(counts))

    def test_pages_progress_and_the_end(self):
        job = self.submit(40)
        events = follow(self.server, job["id"])
        self.check_whole(events, 40)
        self.assertTrue(any(event.name == "progress" for event in events))
        done = events[-1].data
        self.assertEqual((done["id"], done["status"], done["pages"]["done"]), (job["id"], "completed", 40))
        for event in events:
            if event.name == "page":
                self.assertEqual((event.data["status"], event.data["attempts"]), ("done", 1))

    def test_the_answer_is_a_stream_nobody_keeps(self):
        job = self.finished(1)
        follower = Follower(self.server, job["id"])
        self.assertEqual(follower.answer.headers["Content-Type"], "text/event-stream")
        self.assertEqual(follower.answer.headers["Cache-Control"], "no-store")
        self.assertEqual([event.name for event in follower], ["page", "done"])
        follower.close()
        self.problem(self.server.request("GET", "/v1/jobs/x/events"), 404, "not_found")
        head = self.server.request("HEAD", f"/v1/jobs/{job['id']}/events")
        self.assertEqual((head.status, head.headers["Content-Type"], head.body), (200, "text/event-stream", b""))

    def test_progress_that_was_told_is_true(self):
        """When `progress` counts so many pages, so many have been told."""
        job = self.submit(30)
        told = set()
        follower = Follower(self.server, job["id"])
        self.addCleanup(follower.close)
        for event in follower:
            if event.name == "page":
                told.add(event.data["page"])
            else:
                self.assertLessEqual(event.data["pages"]["done"] + event.data["pages"]["failed"], len(told))

    def cut(self, job_id, pieces):
        """Follows with a connection for each number in pieces, cut after so many events; then to the end."""
        events, last = [], None
        for piece in pieces:
            follower = Follower(self.server, job_id, last)
            for event in itertools.islice(follower, piece):
                events.append(event)
                last = event.number
            follower.close()
            if events and events[-1].name == "done":
                return events
        return events + follow(self.server, job_id, last)

    def test_last_event_id_resumes_without_gap_or_repetition(self):
        dice = random.Random(7)
        for pieces in ([1], [5], [1] * 30, [dice.randint(1, 9) for _ in range(12)]):
            job = self.submit(40)
            events = self.cut(job["id"], pieces)
            self.assertEqual(pages_of(events), list(range(1, 41)), pieces)
            self.assertEqual(events[-1].name, "done")
            numbers = [event.number for event in events]
            self.assertEqual(numbers, sorted(numbers))

    def test_after_the_end_everything_can_still_be_told(self):
        job = self.finished(300)
        events = follow(self.server, job["id"])
        self.check_whole(events, 300)
        middle = events[150].number
        rest = follow(self.server, job["id"], middle)
        self.assertEqual(pages_of(events[:151]) + pages_of(rest), pages_of(events[:151] + rest))
        self.assertEqual(sorted(pages_of(events[:151]) + pages_of(rest)), list(range(1, 301)))
        self.assertEqual([event.name for event in follow(self.server, job["id"], events[-1].number)], ["done"])

    def test_odd_last_event_ids(self):
        job = self.finished(2)
        for last in ("", "x", "-5", "999999999999999999999999", "0"):
            events = follow(self.server, job["id"], last)
            self.assertEqual(events[-1].name, "done", last)

    def test_failed_pages_are_told(self):
        bad = fresh_pdf(3).replace(*BAD_PAGE, 1)
        job = self.server.submit(bad, text_layer="text")
        events = follow(self.server, job["id"])
        states = {event.data["page"]: event.data["status"] for event in events if event.name == "page"}
        self.assertEqual(states, {1: "done", 2: "done", 3: "done", 4: "failed"})
        self.assertEqual(events[-1].data["pages"], {"total": 4, "done": 3, "failed": 1, "running": 0})

    def test_a_job_deleted_meanwhile(self):
        job = self.server.submit(documents.make_scan_pdf(40))
        self.opened(job)
        follower = Follower(self.server, job["id"], timeout=20)
        events = iter(follower)
        next(events)
        self.server.request("DELETE", f"/v1/jobs/{job['id']}")
        rest = list(events)
        self.assertEqual((rest[-1].name, rest[-1].data), ("done", {"id": job["id"], "status": "deleted"}))
        follower.close()

    def test_a_cancelled_job(self):
        job = self.server.submit(documents.make_scan_pdf(40))
        self.opened(job)
        follower = Follower(self.server, job["id"], timeout=20)
        self.server.request("POST", f"/v1/jobs/{job['id']}/cancel")
        events = list(follower)
        self.assertEqual((events[-1].name, events[-1].data["status"]), ("done", "cancelled"))
        follower.close()

    def test_two_hundred_followers(self):
        job = self.submit(30)
        told = [None] * 200

        def one(i):
            told[i] = follow(self.server, job["id"])

        threads = [threading.Thread(target=one, args=(i,)) for i in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for events in told:
            self.assertIsNotNone(events)
            self.check_whole(events, 30)

    def test_a_follower_goes_home_when_the_server_does(self):
        with harness.Server("--lanes", "1") as server:
            job = server.submit(documents.make_scan_pdf(40))
            server.wait_job(job["id"], until=lambda j: j["pages"]["done"] >= 1)
            follower = Follower(server, job["id"], timeout=40)
            events = iter(follower)
            first = next(events)
            threading.Timer(0.2, server.process.terminate).start()
            rest = [first, *events]  # ends: neither a time-out nor a torn chunk
            follower.close()
            self.assertNotEqual(rest[-1].name, "done")
            self.assertEqual(server.process.wait(60), 0)
            server.process = None
            server.start()
            self.assertEqual(pages_of(rest + follow(server, job["id"], rest[-1].number)), list(range(1, 41)))


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
        cls.outputs = [f"{cls.base}/result.{name}" for name in (*FORMATS, "layouts.pdf")] + [
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
            server.gate.open()
            done = server.wait_job(first["id"])
            moment = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            kept = moment(done["expires_at"]) - moment(done["finished_at"])
            self.assertAlmostEqual(kept.total_seconds(), 5000, delta=2)
            longer = json.loads(self.post(data, server=server, ttl=90000).body)
            self.assertEqual(longer["id"], first["id"])
            kept = moment(longer["expires_at"]) - moment(done["finished_at"])
            self.assertGreaterEqual(kept.total_seconds(), 90000)


# Of the contract; what is not in it may be added, what is may not go.
JOB = """id job_id document_id status phase filename content_type size sha256 owner options priority pages failed_pages
queue_position eta_seconds engine error result created_at started_at updated_at finished_at expires_at metadata""".split()


class Life(Native):
    def test_the_job_object(self):
        job = self.finished(2)
        self.assertEqual([key for key in JOB if key not in job], [])
        self.assertEqual((set(job["pages"]), set(job["engine"])), ({"total", "done", "failed", "running"}, {"name", "version"}))
        self.assertEqual(job["id"], job["job_id"])
        bad = fresh_pdf(3).replace(*BAD_PAGE, 1)
        failed = self.server.wait_job(self.server.submit(bad, text_layer="text", strict=True)["id"])
        self.assertEqual(set(failed["error"]), {"code", "message", "page"})
        self.assertEqual(set(failed["failed_pages"][0]), {"page", "code", "message", "retryable"})

    def test_metadata_comes_back_as_it_was_given(self):
        for value in ({"a": [1, 2.5, None, True, "ü \u2028 \" \\ 😀"], "b": {"c": {}}}, "text", 7, None, [], False,
                      {"big": 2**53}, {"x": "y" * 5000}):
            job = self.server.submit(fresh_pdf(), text_layer="text", metadata=json.dumps(value))
            self.assertEqual(job["metadata"], value)
            self.assertEqual(self.server.job(job["id"])["metadata"], value)
            self.assertEqual(json.loads(json.dumps(self.server.wait_job(job["id"])["metadata"])), value)
        for size, status in ((20000, 422), (70000, 413)):
            self.problem(self.server.post_form("/v1/jobs", fresh_pdf(), metadata=json.dumps("x" * size)), status)
        self.problem(self.server.post_form("/v1/jobs", fresh_pdf(), metadata="{not json"), 422, "input")

    def test_the_place_in_the_queue_and_the_time_left(self):
        with gated_server() as server:
            scans = [documents.make_scan_pdf(3, lambda n: documents.page_lines(n) + [f"COPY {i}"]) for i in range(6)]
            ids = [server.submit(scan)["id"] for scan in scans]
            positions = lambda: [server.job(job)["queue_position"] for job in ids]
            server.wait(lambda: positions() == [1, 2, 3, 4, 5, 6], 10, "places in order")
            urgent = server.submit(scans[0], priority=50)["id"]
            server.wait(lambda: server.job(urgent)["queue_position"] == 1, 10, "the urgent one first")
            server.wait(lambda: positions() == [2, 3, 4, 5, 6, 7], 10, "the others behind it")
            server.gate.open()
            told = {job: [] for job in ids}
            while any(server.job(job)["status"] not in harness.FINAL for job in ids):
                for job in ids:
                    now = server.job(job)
                    told[job].append((now["queue_position"], now["eta_seconds"], now["status"]))
                time.sleep(0.1)
            for job in ids:
                self.assertEqual(server.job(job)["queue_position"], None)
                self.assertEqual(server.job(job)["eta_seconds"], None)
                places = [place for place, _, _ in told[job] if place is not None]
                self.assertEqual(places, sorted(places, reverse=True), "nobody is put back")
                for place, eta, status in told[job]:
                    self.assertEqual(place is not None, status == "pending")
            last = [eta for _, eta, _ in told[ids[-1]] if eta is not None]
            self.assertTrue(last, "a time was told")
            self.assertLess(last[-1], max(last))

    def test_retry(self):
        bad = fresh_pdf(3).replace(*BAD_PAGE, 1)
        job = self.server.wait_job(self.server.submit(bad, text_layer="text", strict=True)["id"])
        self.assertEqual(job["status"], "failed")
        attempts = lambda: {page["page"]: page["attempts"] for page in
                            self.server.get_json(f"/v1/jobs/{job['id']}/pages")["pages"]}
        before = attempts()
        answer = self.server.request("POST", f"/v1/jobs/{job['id']}/retry")
        self.assertEqual((answer.status, json.loads(answer.body)["finished_at"]), (200, None))
        self.assertEqual(self.server.wait_job(job["id"])["status"], "failed")
        after = attempts()
        self.assertEqual({n: after[n] - before[n] for n in (1, 2, 3)}, {1: 0, 2: 0, 3: 0}, "only what failed")
        good = self.finished(2)
        self.problem(self.server.request("POST", f"/v1/jobs/{good['id']}/retry"), 409, "conflict")
        self.assertEqual(self.server.request("POST", f"/v1/jobs/{good['id']}/retry?all=1").status, 200)
        self.assertEqual(self.server.wait_job(good["id"])["pages"]["done"], 2)
        self.problem(self.server.request("POST", "/v1/jobs/x/retry"), 404, "not_found")

    def test_delete_leaves_nothing_on_any_route(self):
        job = self.finished(2)
        base = f"/v1/jobs/{job['id']}"
        routes = [base, f"{base}/pages", f"{base}/pages/1", f"{base}/pages/1/image", f"{base}/result.txt",
                  f"{base}/result.layouts.pdf", f"{base}/images", f"{base}/events", f"{base}/deliveries",
                  f"/v1/documents/{job['id']}", f"/v1/documents/{job['id']}/content"]
        for path in routes:
            self.assertEqual(self.server.request("GET", path).status, 200, path)
        answer = self.server.request("DELETE", base)
        self.assertEqual((answer.status, answer.body), (204, b""))
        for path in routes:
            self.problem(self.server.request("GET", path), 404, "not_found")
        self.assertNotIn(job["id"], [j["id"] for j in self.server.get_json("/v1/jobs?limit=500")["jobs"]])
        self.server.wait(lambda: not (self.server.data / "blobs" / job["id"]).exists(), 30, "removal of the files")

    def test_results_before_and_after_the_end_of_a_cancelled_job(self):
        with gated_server() as server:
            job = server.submit(fresh_pdf(2), text_layer="text")
            self.problem(server.request("GET", f"/v1/jobs/{job['id']}/result.txt"), 409, "conflict")
            self.problem(server.request("GET", f"/v1/jobs/{job['id']}/result.layouts.pdf"), 409, "conflict")
            server.request("POST", f"/v1/jobs/{job['id']}/cancel")
            for extension in (*FORMATS, "layouts.pdf"):
                problem = self.problem(server.request("GET", f"/v1/jobs/{job['id']}/result.{extension}"), 409, "cancelled")
                self.assertEqual(problem["job_id"], job["id"])

    def test_usage(self):
        before = self.server.get_json("/v1/usage")
        data = fresh_pdf(4)
        self.server.wait_job(self.server.submit(data, text_layer="text", pages="2-4")["id"])
        used = self.server.get_json("/v1/usage")
        self.assertEqual(used["pages"] - before["pages"], 3, "what was asked for")
        self.assertEqual(used["bytes"] - before["bytes"], len(data))
        self.assertEqual((used["owner"], used["pages_allowed"]), ("default", None))
        self.server.submit(data, text_layer="text", pages="2-4", force=False)
        self.assertEqual(self.server.get_json("/v1/usage")["pages"], used["pages"], "a twin costs nothing")


if __name__ == "__main__":
    harness.main()
