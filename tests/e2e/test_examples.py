# SPDX-License-Identifier: AGPL-3.0-or-later
"""The programs of examples/ as their users run them, against a server that asks for a token."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import documents
import harness

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
TOKEN = "examples-test-token-of-some-length"
SECRET = "whsec_cGFnZW1pbGwgZXhhbXBsZSBzZWNyZXQsIDMyIGI="


def python_with(*modules):
    """A Python that has the modules: the one that runs this, or Debian's."""
    for program in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([program, "-c", f"import {', '.join(modules)}"], capture_output=True).returncode == 0:
            return program
    raise unittest.SkipTest(f"no Python with {' and '.join(modules)}")


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server("--lanes", "2", "--private-hosts", "127.0.0.1", env={"AUTH_TOKEN": TOKEN})
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="pagemill-examples-")
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)

    def scan(self, name="scan.pdf", pages=2, first=1):
        lines = lambda n: documents.page_lines(n + first - 1)
        (self.top / name).write_bytes(documents.make_scan_pdf(pages, lines))
        return self.top / name

    def environment(self, server=None, **more):
        return {**os.environ, "PAGEMILL_URL": f"http://127.0.0.1:{(server or self.server).port}",
                "PAGEMILL_TOKEN": TOKEN, **more}

    def run_example(self, *command, status=0, **options):
        done = subprocess.run([str(part) for part in command], cwd=self.top, capture_output=True, text=True,
                              timeout=120, env=self.environment(**options))
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}\n{done.stderr}")
        return done

    def ask(self, path):
        answer = self.server.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        return json.loads(answer.body)

    def submit(self, pages=2):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.server.submit(documents.make_scan_pdf(pages), headers=headers)["id"]

    def wait(self, job):
        self.server.wait(lambda: self.ask(f"/v1/jobs/{job}?wait=5")["status"] == "completed", 60, "end of the job")


class Curl(Examples):
    def setUp(self):
        super().setUp()
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")

    def test_submit_wait_read(self):
        script = EXAMPLES / "curl/submit-wait-read.sh"
        text = self.run_example(script, self.scan()).stdout
        self.assertIn(documents.page_key(2), text)
        self.scan("with space.pdf")
        text = self.run_example(script, "with space.pdf", "json", "pages=2", "metadata=\"two words\"").stdout
        self.assertEqual([page["page"] for page in json.loads(text)["pages"]], [2])

    def test_submit_wait_read_says_what_is_wrong(self):
        script = EXAMPLES / "curl/submit-wait-read.sh"
        wrong = self.run_example(script, self.scan(), "txt", "colour=red", status=1)
        self.assertIn("unknown option 'colour'", wrong.stderr)
        (self.top / "torn.pdf").write_bytes(b"%PDF-1.5\nnothing else\n")
        self.assertIn('"code":"input"', self.run_example(script, "torn.pdf", status=1).stderr)

    def test_follow_events(self):
        out = self.run_example(EXAMPLES / "curl/follow-events.sh", self.submit()).stdout
        self.assertEqual(sorted(re.findall(r'^page \{"page":(\d)', out, re.M)), ["1", "2"])
        self.assertTrue(out.splitlines()[-1].startswith("done "), out)
        missing = self.run_example(EXAMPLES / "curl/follow-events.sh", "nothing", status=1)
        self.assertIn("not_found", missing.stderr)

    def test_batch_waits_as_it_is_told(self):
        server = harness.Server("--lanes", "2", "--rate-limit", "60/min+2", env={"AUTH_TOKEN": TOKEN}).start()
        self.addCleanup(server.stop)
        for n in range(1, 5):
            self.scan(f"letter {n}.pdf", pages=1, first=n)
        (self.top / "notes.odt").write_bytes(b"not a document that is read")
        done = self.run_example(EXAMPLES / "curl/batch.sh", self.top, server=server, status=1)
        self.assertIn("429: again in", done.stderr)
        self.assertIn("unsupported", done.stderr)
        for n in range(1, 5):
            self.assertIn(documents.page_key(n), (self.top / f"letter {n}.pdf.txt").read_text())

    def test_batch_again_joins_what_there_is(self):
        self.scan("one.pdf", pages=1)
        before = len(self.ask("/v1/jobs")["jobs"])
        for _ in range(2):
            self.run_example(EXAMPLES / "curl/batch.sh", self.top)
            (self.top / "one.pdf.txt").unlink()
        self.assertEqual(len(self.ask("/v1/jobs")["jobs"]), before + 1)


class Python(Examples):
    def test_submit_and_wait(self):
        python, script = python_with("requests"), EXAMPLES / "python/submit_and_wait.py"
        text = self.run_example(python, script, self.scan(), self.scan("b.pdf", first=5), "languages=eng").stdout
        self.assertIn(documents.page_key(2), text)
        self.assertIn(documents.page_key(6), text)
        wrong = self.run_example(python, script, self.scan(), "dpi=9", status=1)
        self.assertIn("422 input: dpi", wrong.stderr)

    def test_stream_events(self):
        python = python_with("requests")
        done = self.run_example(python, EXAMPLES / "python/stream_events.py", self.submit())
        self.assertIn(documents.page_key(1), done.stdout)
        self.assertIn("completed", done.stderr)

    def test_overlay(self):
        python, job = python_with("requests", "PIL"), self.submit(1)
        self.wait(job)
        self.run_example(python, EXAMPLES / "python/overlay.py", job, 1, self.top / "out.png")
        # Outlines are the only colour on a page of black and white.
        count = "import sys; from PIL import Image; i = Image.open(sys.argv[1]).convert('RGB'); " \
                "print(i.size, sum(n for n, (r, g, b) in i.getcolors(1 << 24) if r != g))"
        size, coloured = self.run_example(python, "-c", count, self.top / "out.png").stdout.rsplit(" ", 1)
        self.assertEqual(size, "(1224, 1584)")
        self.assertGreater(int(coloured), 1000)

    def test_webhook_receiver(self):
        receiver = subprocess.Popen([sys.executable, EXAMPLES / "python/webhook_receiver.py", "0"], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    env={**os.environ, "WEBHOOK_SECRET": SECRET})
        self.addCleanup(receiver.communicate)
        self.addCleanup(receiver.kill)
        url = re.search(r"http://\S+", receiver.stderr.readline())[0]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for secret in ("another", SECRET):
            job = self.server.submit(documents.make_scan_pdf(1), headers=headers, webhook_url=url,
                                     webhook_secret=secret, webhook_events="completed")["id"]
            tried = lambda: self.ask(f"/v1/jobs/{job}/deliveries")["deliveries"][0:1]
            self.server.wait(lambda: tried() and tried()[0]["attempts"], 60, "delivery")
            delivery = tried()[0]
            good = secret == SECRET
            self.assertEqual(delivery["attempts"][0]["status"], 204 if good else 403)
            self.assertEqual(delivery["status"], "delivered" if good else "waiting")
        self.assertEqual(receiver.stdout.readline(), f"job.completed {job} document.pdf\n")


class Node(Examples):
    def test_submit(self):
        node = shutil.which("node") or self.skipTest("node is not installed")
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(re.match(r"v(\d+)", version)[1]) < 18:
            self.skipTest(f"node {version} has no fetch")
        script = EXAMPLES / "javascript/submit.mjs"
        done = self.run_example(node, script, self.scan(), "pages=2-")
        self.assertIn(documents.page_key(2), done.stdout)
        self.assertIn("page 2: done", done.stderr)
        self.assertIn("unknown option", self.run_example(node, script, self.scan(), "colour=red", status=1).stderr)


if __name__ == "__main__":
    harness.main()
