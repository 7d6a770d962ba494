# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the server does on its own towards others: webhooks by Standard Webhooks 1.0, verified here independently,
documents fetched from a URL, and targets inside that neither of the two may reach."""
import base64
import collections
import datetime
import hashlib
import hmac
import http.server
import json
import queue
import socket
import threading
import time
import unittest

import documents
import harness

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TAKE = 30  # seconds in which what should come comes

Call = collections.namedtuple("Call", "path headers body")


class Receiver:
    """An HTTP server on loopback that notes what it is sent and answers as told: answers() gives (status, headers,
    body) or a function that talks to the connection itself."""

    def __init__(self, answers=None, port=0):
        self.calls = queue.Queue()
        self.answer = answers or (lambda call: (204, {}, b""))
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                call = Call(self.path, self.headers, body)
                receiver.calls.put(call)
                answer = receiver.answer(call)
                if callable(answer):
                    self.close_connection = True
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A client that was killed, or has had enough, hangs up."""

        self.server = Listener(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.port}{path}"

    def next(self, timeout=TAKE):
        return self.calls.get(timeout=timeout)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def verify(call, key=KEY):
    """As the specification says it, not as the server does it."""
    signed = b".".join((call.headers["webhook-id"].encode(), call.headers["webhook-timestamp"].encode(), call.body))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in call.headers["webhook-signature"].split(" "))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Hooked(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.server = harness.Server("--lanes", "1", "--private-hosts", f"127.0.0.1:{self.receiver.port}", *self.flags)
        self.server.start()
        self.addCleanup(self.server.stop)

    def submit(self, document=None, **fields):
        fields.setdefault("text_layer", "text")
        fields.setdefault("webhook_url", self.receiver.url())
        fields.setdefault("webhook_secret", SECRET)
        return self.server.submit(document or documents.make_pdf(2), **fields)

    def log_of(self, job):
        return self.server.get_json(f"/v1/jobs/{job['id']}/deliveries")["deliveries"]

    def settled(self, job, count=1):
        def over():
            log = self.log_of(job)
            return len(log) >= count and all(d["status"] != "waiting" for d in log) and log
        return self.server.wait(over, TAKE, "end of the deliveries")


class Deliveries(Hooked):
    def test_a_completed_job_is_told_and_signed(self):
        job = self.submit(metadata={"order": 17})
        call = self.receiver.next()
        self.assertTrue(verify(call))
        self.assertFalse(verify(call, b"another key of quite some length"))
        self.assertFalse(verify(call._replace(body=call.body + b" ")))
        self.assertEqual(call.headers["Content-Type"], "application/json")
        self.assertAlmostEqual(int(call.headers["webhook-timestamp"]), time.time(), delta=60)
        payload = json.loads(call.body)
        self.assertLess(len(call.body), 20000)
        self.assertEqual(payload["type"], "job.completed")
        datetime.datetime.fromisoformat(payload["timestamp"].replace("Z", "+00:00"))
        data = payload["data"]
        self.assertEqual((data["id"], data["status"], data["metadata"], data["error"]),
                         (job["id"], "completed", {"order": 17}, None))
        self.assertEqual(data["pages"], {"total": 2, "done": 2, "failed": 0})
        self.assertEqual(self.server.get_json(data["links"]["job"])["status"], "completed", "told when it is so")
        self.assertNotIn(b"PAGE 1", call.body, "the text is not sent around")
        log = self.settled(job)
        self.assertEqual([(d["id"], d["status"], d["type"]) for d in log],
                         [(call.headers["webhook-id"], "delivered", "job.completed")])
        self.assertEqual([(a["number"], a["status"], a["error"]) for a in log[0]["attempts"]], [(1, 204, None)])
        self.server.terminate()
        self.assertNotIn('"level":"error"', self.server.log.read_text(), "what went well is no error")

    def test_failed_and_cancelled(self):
        self.submit(b"%PDF-1.7\nnothing more")
        payload = json.loads(self.receiver.next().body)
        self.assertEqual((payload["type"], payload["data"]["error"]["code"]), ("job.failed", "input"))
        job = self.submit(documents.make_scan_pdf(20), text_layer="ocr")
        self.server.request("POST", f"/v1/jobs/{job['id']}/cancel")
        payload = json.loads(self.receiver.next().body)
        self.assertEqual((payload["type"], payload["data"]["status"]), ("job.cancelled", "cancelled"))

    def test_only_the_events_that_were_asked_for(self):
        silent = self.submit(webhook_events="failed,cancelled")
        self.server.wait_job(silent["id"])
        told = self.submit(b"%PDF-1.7\nnothing more", webhook_events="failed")
        call = self.receiver.next()
        self.assertEqual(json.loads(call.body)["data"]["id"], told["id"])
        self.assertEqual(self.log_of(silent), [])
        self.assertTrue(self.receiver.calls.empty())

    def test_as_an_object_in_the_options_and_with_any_text_for_a_secret(self):
        job = self.submit(webhook_url="", webhook_secret="", options={
            "webhook": {"url": self.receiver.url("/other?x=1"), "secret": "just some words", "events": ["completed"]}})
        call = self.receiver.next()
        self.assertEqual(call.path, "/other?x=1")
        self.assertTrue(verify(call, b"just some words"))
        shown = json.dumps(self.server.job(job["id"]))
        self.assertNotIn("just some words", shown)
        self.assertNotIn("just some words", self.server.log.read_text())

    def test_a_hook_without_a_secret_is_not_signed(self):
        self.submit(webhook_secret="")
        call = self.receiver.next()
        self.assertIsNone(call.headers["webhook-signature"])
        self.assertTrue(call.headers["webhook-id"])

    def test_what_is_wrong_with_a_wish_is_said_at_once(self):
        for fields in ({"webhook_events": "finished"}, {"webhook_secret": "whsec_short"}, {"webhook_url": "nonsense"},
                       {"webhook_url": ""}, {"webhook_url": "https://x.example/" + "a" * 2000}):
            fields = {"webhook_url": self.receiver.url(), "webhook_secret": SECRET, **fields}
            answer = self.server.post_form("/v1/jobs", documents.make_pdf(1), **fields)
            self.assertIn(answer.status, (403, 422), fields)
            self.assertNotIn(SECRET.encode(), answer.body)
        self.assertEqual(self.server.get_json("/v1/jobs")["jobs"], [])

    def test_again_after_a_failure_with_the_same_id(self):
        answers = iter([(500, {}, b"no"), (200, {}, b"yes")])
        self.receiver.answer = lambda call: next(answers)
        job = self.submit()
        first = self.receiver.next()
        waiting = self.server.wait(lambda: (log := self.log_of(job)) and log[0]["attempts"] and log[0], TAKE, "an attempt")
        self.assertEqual((waiting["status"], waiting["attempts"][0]["status"]), ("waiting", 500))
        self.assertTrue(waiting["next_attempt_at"])
        second = self.receiver.next()
        self.assertEqual(second.headers["webhook-id"], first.headers["webhook-id"])
        self.assertGreaterEqual(int(second.headers["webhook-timestamp"]), int(first.headers["webhook-timestamp"]) + 3)
        self.assertTrue(verify(first) and verify(second))
        log = self.settled(job)
        self.assertEqual([(a["number"], a["status"]) for a in log[0]["attempts"]], [(1, 500), (2, 200)])

    def test_gone_is_final_and_resend_is_once_more(self):
        self.receiver.answer = lambda call: (410, {}, b"")
        job = self.submit()
        first = self.receiver.next()
        log = self.settled(job)
        self.assertEqual((log[0]["status"], log[0]["attempts"][0]["status"]), ("failed", 410))
        self.receiver.answer = lambda call: (200, {}, b"")
        answer = self.server.request("POST", f"/v1/jobs/{job['id']}/deliveries/{log[0]['id']}/resend")
        self.assertEqual(answer.status, 200)
        again = self.receiver.next()
        self.assertEqual(again.headers["webhook-id"], first.headers["webhook-id"])
        self.server.wait(lambda: self.log_of(job)[0]["status"] == "delivered", TAKE, "the delivery")
        for bad in ("x", job["id"]):
            answer = self.server.request("POST", f"/v1/jobs/{job['id']}/deliveries/{bad}/resend")
            self.assertEqual(answer.status, 404)

    def test_a_redirect_is_not_followed(self):
        other = Receiver()
        self.addCleanup(other.close)
        self.receiver.answer = lambda call: (302, {"Location": other.url()}, b"")
        job = self.submit()
        self.receiver.next()
        log = self.server.wait(lambda: (log := self.log_of(job)) and log[0]["attempts"] and log[0], TAKE, "an attempt")
        self.assertEqual((log["status"], log["attempts"][0]["status"]), ("waiting", 302))
        self.assertTrue(other.calls.empty())

    def test_every_end_of_a_job_is_told_once(self):
        bad = documents.make_pdf(3).replace(b"/Count 3", b"/Count 4", 1)
        job = self.submit(bad, strict=True)
        self.receiver.next()
        self.server.wait_job(job["id"])
        self.server.request("POST", f"/v1/jobs/{job['id']}/retry")
        second = self.receiver.next()
        self.assertEqual(json.loads(second.body)["type"], "job.failed")
        log = self.settled(job, 2)
        self.assertEqual(len({d["id"] for d in log}), 2)

    def test_a_hundred_jobs_are_told(self):
        jobs = {self.submit(documents.make_pdf(1))["id"] for _ in range(100)}
        told = [json.loads(self.receiver.next().body)["data"]["id"] for _ in range(100)]
        self.assertEqual(set(told), jobs)

    def test_a_deleted_job_has_no_log(self):
        job = self.submit()
        self.receiver.next()
        self.server.request("DELETE", f"/v1/jobs/{job['id']}")
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{job['id']}/deliveries").status, 404)


class Killed(unittest.TestCase):
    def test_nothing_is_lost_between_the_end_of_the_job_and_the_delivery(self):
        """The receiver is away until the server has been killed: what was owed is in the database alone."""
        port = free_port()
        with harness.Server("--lanes", "2", "--private-hosts", f"127.0.0.1:{port}") as server:
            jobs = [server.submit(documents.make_pdf(1), text_layer="text", webhook_url=f"http://127.0.0.1:{port}/",
                                  webhook_secret=SECRET)["id"] for _ in range(8)]
            for job in jobs:
                server.wait_job(job)
            server.kill()
            receiver = Receiver(port=port)
            self.addCleanup(receiver.close)
            server.start()
            told = {}
            while set(told) != set(jobs):
                call = receiver.next(100)  # one that was under way waits for the end of its lease of a minute
                self.assertTrue(verify(call))
                told[json.loads(call.body)["data"]["id"]] = call.headers["webhook-id"]
            self.assertEqual(len(set(told.values())), len(jobs))


# Hosts that are this machine or some other inside, as strangers spell them.
INSIDE = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7F.0.0.1 0x7f.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.1 017700000001
0000177.0.0.01 127.000.000.001 127.0x0.00.1 127.0.0.1. 127.255.255.254 %31%32%37.0.0.1 127%2e0%2e0%2e1
127.0.0.1%00.example.com 127.0.0.1%09 １２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 ⓛocalhost localhost LocalHost
localhost. a.localhost [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::] [::ffff:127.0.0.1] [::ffff:7f00:1]
[::FFFF:169.254.169.254] [::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [100::1]
[2001::7f00:1] [2001:db8::1] [2002:7f00:1::] [fc00::1] [fd00:ec2::254] [fe80::1] [fe80::1%25lo] [ff02::1] [127.0.0.1]
user@127.0.0.1 example.com@127.0.0.1 example.com:80@127.0.0.1 127.0.0.1#@example.com 127.0.0.1?@example.com
127.0.0.1\\@example.com 127..0.0.1 .127.0.0.1 127.0.0.256 4294967297 0 0.0.0.0 10.0.0.1 10.1 012.0.0.1 100.64.0.1
100.100.100.200 169.254.169.254 0xa9fea9fe 2852039166 0251.0376.0251.0376 169.254.43518 172.16.0.1 192.168.0.1
192.168.1 192.0.0.192 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
""".split()


def spellings(port):
    """With the port of a listener that notes who comes, and with none."""
    for host in INSIDE:
        cut = next((i for i, char in enumerate(host) if char in "#?\\"), len(host))
        yield f"http://{host}/x"
        yield f"http://{host[:cut]}:{port}{host[cut:]}/x"
        yield f"https://{host}/"
    for url in ("file:///etc/passwd", f"gopher://127.0.0.1:{port}/", f"ftp://127.0.0.1:{port}/", f"dict://127.0.0.1:{port}/",
                f"//127.0.0.1:{port}/", f"127.0.0.1:{port}", f"http:\\\\127.0.0.1:{port}/", f"http:/127.0.0.1:{port}/",
                f"http:///127.0.0.1:{port}/", f" http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/\nHost: example.com",
                "http://", "http:///", "http://:80/", f"HTTP://127.0.0.1:{port}/"):
        yield url


class Inside(unittest.TestCase):
    """Nothing inside is reached: at submission, 403 or 422; and nobody knocks at the listener."""

    @classmethod
    def setUpClass(cls):
        cls.trap = Receiver(lambda call: (200, {}, documents.make_pdf(1)))
        cls.addClassCleanup(cls.trap.close)
        cls.server = harness.Server("--lanes", "1", "--url-input").start()
        cls.addClassCleanup(cls.server.stop)

    def check_refused(self, field, document):
        passed = []
        for count, url in enumerate(spellings(self.trap.port), 1):
            if document:
                answer = self.server.post_form("/v1/jobs", document, **{field: url})
            else:
                answer = self.server.request("POST", "/v1/jobs", form(**{field: url}), {
                    "Content-Type": "multipart/form-data; boundary=b"})
            if answer.status not in (403, 422):
                passed.append((url, answer.status, answer.body[:200]))
        self.assertGreaterEqual(count, 60)
        self.assertEqual(passed, [], f"of {count}")
        self.assertTrue(self.trap.calls.empty())
        self.assertEqual(self.server.get_json("/v1/jobs")["jobs"], [])

    def test_webhooks(self):
        self.check_refused("webhook_url", documents.make_pdf(1))

    def test_documents(self):
        self.check_refused("file_url", None)

    def test_an_unlisted_port_of_a_public_host(self):
        for port in (22, 25, 6379, 8080):
            answer = self.server.post_form("/v1/jobs", documents.make_pdf(1), webhook_url=f"http://93.184.215.14:{port}/")
            self.assertEqual(answer.status, 403)


def form(**fields):
    """A form without a file."""
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{harness.form_value(value)}\r\n'
                    for name, value in fields.items())
    return (parts + "--b--\r\n").encode()


class Fetched(Hooked):
    flags = ("--url-input", "--max-upload", "200000")

    def fetch(self, url, **fields):
        return self.server.request("POST", "/v1/jobs", form(file_url=url, text_layer="text", force="true", **fields),
                                   {"Content-Type": "multipart/form-data; boundary=b"}, timeout=180)

    def refused(self, url, statuses, *words):
        answer = self.fetch(url)
        self.assertIn(answer.status, statuses, answer.body)
        detail = json.loads(answer.body)["detail"]
        for word in ("file_url", *words):
            self.assertIn(word, detail)
        self.assertEqual(self.server.get_json("/v1/jobs")["jobs"], [])
        self.assertEqual(list((self.server.data / "blobs" / ".tmp").glob("*")), [], "nothing is left of it")

    def test_a_document_is_fetched(self):
        pdf = documents.make_pdf(2)
        self.receiver.answer = lambda call: (200, {"Content-Type": "application/pdf"}, pdf)
        answer = self.fetch(self.receiver.url("/folder/paper%20one.pdf?x=1"))
        job = self.server.wait_job(json.loads(answer.body)["id"])
        self.assertEqual((answer.status, job["status"], job["pages"]["done"]), (202, "completed", 2))
        self.assertEqual((job["size"], job["sha256"]), (len(pdf), hashlib.sha256(pdf).hexdigest()))
        self.assertEqual(self.server.request("GET", f"/v1/documents/{job['id']}/content").body, pdf)
        call = self.receiver.next()
        self.assertEqual(call.path, "/folder/paper%20one.pdf?x=1")
        for header in ("Authorization", "Cookie", "Referer"):
            self.assertIsNone(call.headers[header])
        self.assertNotIn("paper", self.server.job(job["id"])["filename"].replace("paper one.pdf", ""), "only its last part")

    def test_by_query_and_by_options(self):
        self.receiver.answer = lambda call: (200, {}, documents.make_pdf(1))
        url = self.receiver.url("/a")
        answer = self.server.request("POST", f"/v1/jobs?text_layer=text&file_url={url}&wait=20")
        self.assertEqual((answer.status, json.loads(answer.body)["status"]), (200, "completed"), answer.body)
        answer = self.server.request("POST", "/v1/jobs", form(options={"file_url": url, "text_layer": "text", "force": True}),
                                     {"Content-Type": "multipart/form-data; boundary=b"})
        self.assertEqual(answer.status, 202, answer.body)
        answer = self.server.post_form("/v1/jobs", documents.make_pdf(1), file_url=url)
        self.assertEqual(answer.status, 422, "a document and a URL")

    def test_one_redirect_to_the_listed_and_none_to_the_unlisted(self):
        other = Receiver(lambda call: (200, {}, documents.make_pdf(1)))
        self.addCleanup(other.close)
        pdf = documents.make_pdf(1)
        for target in (other.url(), f"http://localhost:{other.port}/", f"http://2130706433:{other.port}/", "file:///etc/passwd",
                       "gopher://127.0.0.1/"):
            self.receiver.answer = lambda call: (302, {"Location": target}, b"")
            self.refused(self.receiver.url("/x"), (403, 422, 502))
        self.assertTrue(other.calls.empty())
        self.receiver.answer = lambda call: (302, {"Location": call.path + "x"}, b"")
        self.refused(self.receiver.url("/round"), (502,), "redirects")
        self.receiver.answer = lambda call: ((302, {"Location": "/there"}, b"") if call.path == "/here" else (200, {}, pdf))
        self.assertEqual(self.fetch(self.receiver.url("/here")).status, 202)

    def test_what_others_answer(self):
        self.receiver.answer = lambda call: (404, {}, b"no such paper")
        self.refused(self.receiver.url(), (502,), "404")
        self.receiver.answer = lambda call: (200, {}, b"<html>not a document</html>")
        self.assertEqual(self.fetch(self.receiver.url()).status, 415)
        self.receiver.answer = lambda call: (200, {}, b"")
        self.assertEqual(self.fetch(self.receiver.url()).status, 422)
        self.refused(f"http://127.0.0.1:{free_port()}/", (403,))

    def test_too_large_announced_or_not(self):
        big = documents.make_pdf(1, ballast=300000)
        self.receiver.answer = lambda call: (200, {}, big)
        self.refused(self.receiver.url(), (413,), "200000")

        def endless(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + big[:100])
            try:
                while True:
                    handler.wfile.write(big)
            except OSError:
                pass

        self.receiver.answer = lambda call: endless
        self.refused(self.receiver.url(), (413,), "200000")

    def test_a_torn_answer_is_no_document(self):
        pdf = documents.make_pdf(1)
        self.receiver.answer = lambda call: lambda handler: handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(pdf) + pdf[:300])
        self.refused(self.receiver.url(), (502,))

    def test_slow_ones_do_not_keep_others_out(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow(handler):
            release.wait(60)

        self.receiver.answer = lambda call: slow
        threads = [threading.Thread(target=self.fetch, args=(self.receiver.url(),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in threads:
            self.receiver.next()
        answer = self.fetch(self.receiver.url())
        self.assertEqual((answer.status, json.loads(answer.body)["code"]), (503, "busy"))
        self.assertTrue(answer.headers["Retry-After"])
        job = self.server.submit(documents.make_pdf(1), text_layer="text")
        self.assertEqual(self.server.wait_job(job["id"])["status"], "completed")
        release.set()
        for thread in threads:
            thread.join()


class NotFetched(harness.ServerCase):
    args = ("--lanes", "1", "--private-hosts", "127.0.0.1")

    def test_off_unless_switched_on(self):
        trap = Receiver()
        self.addCleanup(trap.close)
        answer = self.server.request("POST", f"/v1/jobs?file_url={trap.url()}")
        self.assertEqual((answer.status, json.loads(answer.body)["code"]), (403, "denied"))
        self.assertTrue(trap.calls.empty())


if __name__ == "__main__":
    harness.main()
