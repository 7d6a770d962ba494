# SPDX-License-Identifier: AGPL-3.0-or-later
"""The documents say what is true: their commands and programs run, their lists are those of the tables."""
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import documents
import harness

TOP = pathlib.Path(__file__).resolve().parents[2]
SECRET = "whsec_cGFnZW1pbGwgZG9jdW1lbnQgc2VjcmV0LCAzMiBieXQ="


def shell_lines(text):
    """The lines of every sh block, continuation lines joined."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line and line[0] != "#")


def anchors(path):
    """Those of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


class World(http.server.BaseHTTPRequestHandler):
    """The hosts of the examples: a document to fetch, and a receiver that remembers what it was sent."""
    received = queue.Queue()

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(documents.make_scan_pdf(1))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.put(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Docs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="pagemill-docs-")
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.socket = f"{cls.top}/socket"
        cls.server = harness.Server("--lanes", "2", "--listen", f"127.0.0.1:0,unix:{cls.socket}",
                                    "--url-input", "--private-hosts", "127.0.0.1", "--hosts", "ocr.example").start()
        cls.addClassCleanup(cls.server.stop)
        world = http.server.ThreadingHTTPServer(("127.0.0.1", 0), World)
        threading.Thread(target=world.serve_forever, daemon=True).start()
        cls.addClassCleanup(world.server_close)
        cls.addClassCleanup(world.shutdown)
        cls.names = {"127.0.0.1:8000": f"127.0.0.1:{cls.server.port}", "/run/pagemill.sock": cls.socket,
                     "https://app.example": f"http://127.0.0.1:{world.server_port}",
                     "https://files.example": f"http://127.0.0.1:{world.server_port}",
                     "curl -s": "curl -sS --fail-with-body -s"}
        pathlib.Path(cls.top, "scan.pdf").write_bytes(documents.make_scan_pdf(3))

    def run_line(self, line, job_id):
        for name, here in self.names.items():
            line = line.replace(name, here)
        done = subprocess.run(["sh", "-c", line], cwd=self.top, capture_output=True, timeout=60,
                              env={**os.environ, "ID": job_id, "KEY": job_id, "TOKEN": "any",
                                   "SECRET": SECRET})
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout.decode()}{done.stderr.decode()}")

    def test_the_curl_lines_of_the_api(self):
        text = (TOP / "docs/api.md").read_text()
        lines = [line for line in shell_lines(text) if line.startswith("curl")]
        self.assertGreater(len(lines), 30)
        scan = documents.make_pdf(3)
        for line in lines:
            with self.subTest(line):
                job = self.server.submit(scan, text_layer="text")["id"]
                acting = line.endswith("/cancel")
                if not acting:
                    self.server.wait_job(job)
                if line.endswith("/retry"):
                    job = self.server.submit(documents.make_scan_pdf(9))["id"]
                    self.server.request("POST", f"/v1/jobs/{job}/cancel")
                self.run_line(line, job)

    def test_the_programs_of_the_api_verify_what_is_sent(self):
        text = (TOP / "docs/api.md").read_text()
        python, = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
        script, = re.findall(r"^```js\n(.*?)^```", text, re.M | re.S)
        self.server.submit(documents.make_pdf(1), text_layer="text", webhook_secret=SECRET,
                           webhook_url=self.names["https://app.example"] + "/hook", metadata='"only here"')
        while b'"only here"' not in (message := World.received.get(timeout=30))[1]:
            pass
        headers, body = message
        old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
        cases = [[SECRET, headers, body, True], [SECRET, headers, body + b" ", False],
                 [SECRET[:-4] + "AAA=", headers, body, False], [SECRET, old, body, False]]
        scope = {}
        exec(python, scope)
        for secret, *given, good in cases:
            self.assertEqual(scope["verify"](secret, *given), good)
        if not (node := shutil.which("node")):
            self.skipTest("node is not installed: the JavaScript was not run")
        said = json.dumps([[secret, given, bytes_.decode()] for secret, given, bytes_, _ in cases])
        done = subprocess.run(
            [node, "--input-type=module"], capture_output=True, text=True, timeout=60,
            input=f"{script}\nfor (const [s, h, b] of {said}) console.log(verify(s, h, Buffer.from(b)));")
        self.assertEqual(done.stdout.split(), [str(good).lower() for *_, good in cases], done.stderr)

    def test_the_nginx_of_the_operations(self):
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not nginx or not shutil.which("openssl"):
            self.skipTest("nginx or openssl is not installed")
        block, = re.findall(r"^```nginx\n(.*?)^```", (TOP / "docs/operations.md").read_text(), re.M | re.S)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ocr.example",
                        "-addext", "subjectAltName=DNS:ocr.example", "-keyout", f"{self.top}/key.pem",
                        "-out", f"{self.top}/cert.pem"], check=True, capture_output=True)
        for name, here in {"listen 443": f"listen 127.0.0.1:{port}", "/run/pagemill/http.sock": self.socket,
                           "/etc/ssl/ocr.example.pem": f"{self.top}/cert.pem",
                           "/etc/ssl/private/ocr.example.key": f"{self.top}/key.pem"}.items():
            self.assertIn(name, block)
            block = block.replace(name, here)
        pathlib.Path(self.top, "nginx.conf").write_text(
            ("user root;" if os.getuid() == 0 else "") + f"pid {self.top}/nginx.pid; daemon off; "
            f"error_log {self.top}/nginx.log; events {{}} http {{ access_log off; "
            + "".join(f"{kind}_temp_path {self.top}/{kind}; "
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) + block + "}")
        proxy = subprocess.Popen([nginx, "-p", self.top, "-c", f"{self.top}/nginx.conf"],
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)
        curl = ["curl", "-sS", "--fail-with-body", "--retry", "20", "--retry-delay", "1", "--retry-connrefused",
                "--cacert", "cert.pem", "--resolve", f"ocr.example:{port}:127.0.0.1", "-H", "X-Forwarded-For: 1.2.3.4"]

        def ask(path, *more):
            done = subprocess.run([*curl, *more, f"https://ocr.example:{port}{path}"], cwd=self.top, timeout=60,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stdout

        job = json.loads(ask("/v1/jobs", "-F", "file=@scan.pdf", "-F", "force=true"))
        self.assertIn("event: done", ask(f"/v1/jobs/{job['id']}/events"))
        self.assertIn(documents.page_key(3), ask(job["result"]["txt"]))
        # nginx adds whom it heard from; what the client said of itself is not believed.
        clients = [entry["client"] for entry in map(json.loads, self.server.log.read_text().splitlines()[2:])
                   if entry.get("path") == job["result"]["txt"]]
        self.assertEqual(clients, ["127.0.0.1"])

    def test_the_reference_is_that_of_the_tables(self):
        made = subprocess.run([harness.BUILD / "pagemill", "openapi", "--markdown"], capture_output=True,
                              check=True).stdout.decode()
        self.assertEqual((TOP / "docs/reference.md").read_text(), made,
                         "docs/reference.md is old: pagemill openapi --markdown > docs/reference.md")

    # No member twice, which strict parsers refuse; nothing referred to that is not there.
    def test_the_description_is_whole(self):
        def members(pairs):
            self.assertEqual(len(pairs), len({name for name, _ in pairs}), [name for name, _ in pairs])
            return dict(pairs)

        made = subprocess.run([harness.BUILD / "pagemill", "openapi"], capture_output=True, check=True).stdout
        description = json.loads(made, object_pairs_hook=members)
        schemas = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
        self.assertEqual(set(re.findall(r'"\$ref":"([^"]*)"', made.decode())) - schemas, set())

    def test_every_setting_of_the_documents_exists(self):
        known = subprocess.run([harness.BUILD / "pagemill", "serve", "--help"], capture_output=True,
                               check=True).stdout.decode()
        for path in (TOP / "docs/api.md", TOP / "docs/operations.md"):
            for name in re.findall(r"settings? `([a-z_]+)`", path.read_text()):
                self.assertIn(f"--{name.replace('_', '-')} ", known, f"{path.name}: {name}")

    def test_every_option_and_error_code_is_in_the_api_document(self):
        text = (TOP / "docs/api.md").read_text()
        help_text = subprocess.run([harness.BUILD / "pagemill", "ocr", "--help"], capture_output=True,
                                   check=True).stdout.decode()
        options = help_text.split("More:")[1].split("Settings:")[0]
        for flag in re.findall(r"^  --([a-z-]+)", options, re.M):
            self.assertIn(f"| `{flag.replace('-', '_')}` |", text)
        source = (TOP / "src/base/error.c").read_text()
        for code in re.findall(r'= \{"([a-z_]+)", "', source):
            if code != "none":
                self.assertIn(code, text)

    def test_links_between_documents_lead_somewhere(self):
        for path in [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]:
            for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", path.read_text()):
                there = path.parent / target if target else path
                self.assertTrue(there.exists(), f"{path.name}: {target}")
                if anchor:
                    self.assertIn(anchor, anchors(there), f"{path.name}: {target}")


if __name__ == "__main__":
    harness.main(needs=("curl",))
