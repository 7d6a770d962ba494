# SPDX-License-Identifier: AGPL-3.0-or-later
"""The native surface as its clients live with it: waiting and following without missing anything, and the life of a job."""
import concurrent.futures
import http.client
import itertools
import json
import random
import threading
import time

import documents
import harness
from native import BAD_PAGE, FORMATS, Native, fresh_pdf, gated_server


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
            server.gate.open("decode")
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
            server.gate.open("decode")
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
