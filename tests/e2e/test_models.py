# SPDX-License-Identifier: AGPL-3.0-or-later
"""`pagemill models` as people use it: real model files, and a real HTTP server that can resume, cut, redirect and lie."""
import hashlib
import http.server
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import harness

PAGEMILL = harness.BUILD / "pagemill"
LINES = "PP-LCNet_x0_25_textline_ori"


MODELS = harness.models()


class Hub(http.server.BaseHTTPRequestHandler):
    """Serves `content` under every path that ends in inference.onnx, the way `mode` says."""
    content = b""
    mode = "plain"
    ranges = []
    started = threading.Event()
    go_on = threading.Event()
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        self.ranges.append(start)
        self.close_connection = True
        if self.mode == "absent" or not self.path.endswith("inference.onnx"):
            return self.answer(404, b"")
        if self.mode == "moved" and not self.path.startswith("/elsewhere"):
            return self.answer(307, b"", Location="/elsewhere" + self.path)
        body = self.content[start:]
        if self.mode == "wrong":
            body = body[:100] + b"?" + body[101:]
        headers = {"Content-Range": f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"} if start else {}
        self.answer(206 if start else 200, body, **headers)

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.mode == "cut":
            body = body[:300000]
        if self.mode == "hang":
            self.wfile.write(body[:300000])
            self.wfile.flush()
            self.started.set()
            self.go_on.wait(60)
            return
        self.wfile.write(body)


@unittest.skipIf(MODELS is None, "no models: set PAGEMILL_TEST_MODELS, or PAGEMILL_CORPUS with models beside it")
class Models(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-models-"))
        self.addCleanup(shutil.rmtree, self.top)
        self.models = self.top / "models"
        Hub.content, Hub.mode, Hub.ranges = (MODELS / f"{LINES}.onnx").read_bytes(), "plain", []
        Hub.started, Hub.go_on = threading.Event(), threading.Event()
        self.hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        self.hub.daemon_threads = True
        threading.Thread(target=self.hub.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.hub.shutdown)
        self.addCleanup(Hub.go_on.set)
        self.mirror = f"http://127.0.0.1:{self.hub.server_port}/hub"

    def command(self, *args):
        return [PAGEMILL, "models", *map(str, args), "--models", str(self.models), "--data", str(self.top / "data")]

    def run_models(self, *args, status=0):
        done = subprocess.run(self.command(*args), capture_output=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode() if status == 0 else done.stderr.decode()

    def installed(self):
        return sorted(p.name for p in self.models.iterdir()) if self.models.exists() else []

    def test_list(self):
        said = self.run_models("list")
        for name in ("PP-OCRv6_tiny", "PP-OCRv6_small", "PP-OCRv6_medium", LINES):
            self.assertRegex(said, rf"(?m)^{name} +- ")
        self.assertEqual(said, self.run_models())
        self.run_models("frobnicate", status=2)
        self.run_models("install", status=2)
        self.run_models("list", "PP-OCRv6_tiny", status=2)

    def test_download_verify_remove(self):
        said = self.run_models("install", LINES, "--mirror", self.mirror)
        self.assertIn(hashlib.sha256(Hub.content).hexdigest(), said)
        self.assertEqual(self.installed(), [LINES])
        manifest = json.loads((self.models / LINES / "manifest.json").read_text())
        self.assertEqual(manifest["name"], LINES)
        self.assertEqual([m["task"] for m in manifest["models"]], ["textline_ori"])
        self.assertRegex(self.run_models(), rf"(?m)^{LINES} +installed ")
        self.assertIn("already", self.run_models("install", LINES, "--mirror", self.mirror))
        self.assertEqual(len(Hub.ranges), 1)
        self.assertIn(f"ok   {LINES}/textline_ori.onnx", self.run_models("verify"))
        (self.models / LINES / "textline_ori.onnx").write_bytes(b"?" + Hub.content[1:])
        self.assertIn("1 files", self.run_models("verify", LINES, status=2))
        self.run_models("install", LINES, "--mirror", self.mirror, status=8)
        self.run_models("remove", LINES)
        self.assertEqual(self.installed(), [])
        self.run_models("remove", LINES, status=7)
        self.run_models("verify", LINES, status=7)

    def test_a_server_that_cuts_and_one_that_moves(self):
        Hub.mode = "cut"
        self.run_models("install", LINES, "--mirror", self.mirror)
        self.assertEqual(Hub.ranges, [0, 300000, 600000, 900000])
        self.run_models("remove", LINES)
        Hub.mode = "moved"
        self.run_models("install", LINES, "--mirror", self.mirror)
        self.run_models("verify")

    def test_wrong_answers_install_nothing(self):
        for mode, words in (("wrong", "wrong content"), ("absent", "HTTP 404")):
            Hub.mode = mode
            self.assertIn(words, self.run_models("install", LINES, "--mirror", self.mirror, status=12))
            self.assertEqual(self.installed(), [])
        self.run_models("install", LINES, "--mirror", "http://127.0.0.1:1/x", status=12)
        self.assertEqual(self.installed(), [])

    def test_killed_in_the_middle_and_taken_up(self):
        Hub.mode = "hang"
        process = subprocess.Popen(self.command("install", LINES, "--mirror", self.mirror),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(Hub.started.wait(30))
        part = self.models / f".{LINES}.part" / "textline_ori.onnx.part"
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size == 300000):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(harness.POLL)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        self.assertRegex(self.run_models(), rf"(?m)^{LINES} +- ")
        Hub.mode, Hub.ranges[:] = "plain", []
        self.run_models("install", LINES, "--mirror", self.mirror)
        self.assertEqual(Hub.ranges, [300000])
        self.assertEqual(self.installed(), [LINES])
        self.run_models("verify")

    def test_progress_on_a_terminal(self):
        ours, theirs = pty.openpty()
        done = subprocess.Popen(self.command("install", LINES, "--mirror", self.mirror),
                                stdout=subprocess.DEVNULL, stderr=theirs)
        self.assertEqual(done.wait(60), 0)
        os.close(theirs)
        self.assertRegex(os.read(ours, 1 << 16), rb"textline_ori.onnx +\[#+\.*\]")
        os.close(ours)

    def test_from_a_directory(self):
        said = self.run_models("install", "mine", "--from", MODELS)
        self.assertIn("recorded as found", said)
        self.assertEqual(self.installed(), ["mine"])
        names = {m["task"]: m["name"] for m in json.loads((self.models / "mine/manifest.json").read_text())["models"]}
        self.assertEqual(names["rec"], "PP-OCRv6_tiny_rec_fp32")
        self.assertEqual(names["det"], "PP-OCRv6_tiny_det")
        self.run_models("verify", "mine")
        self.run_models("install", LINES, "--from", MODELS)
        self.assertEqual(self.installed(), [LINES, "mine"])

    def test_a_known_name_takes_only_the_known_file(self):
        said = self.run_models("install", "PP-OCRv6_tiny", "--from", MODELS, status=2)
        self.assertIn("give the pack another name", said)
        self.assertEqual(self.installed(), [])
        self.run_models("install", "unheard-of", status=7)
        self.run_models("install", "../up", "--from", MODELS, status=2)

    def test_the_models_as_they_lie_there(self):
        said = subprocess.run([PAGEMILL, "models", "verify", "--models", MODELS], capture_output=True, check=True,
                              timeout=120).stdout.decode()
        self.assertIn("ok   PP-OCRv6_tiny/PP-OCRv6_tiny_det.onnx", said)
        self.assertNotIn("BAD", said)


if __name__ == "__main__":
    harness.main()
