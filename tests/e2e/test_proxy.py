# SPDX-License-Identifier: AGPL-3.0-or-later
"""Behind a real nginx that speaks TLS to clients and to the server over a unix socket: the configuration of
docs/operations.md, uploads, events as they happen, and whose address is believed."""
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import documents
import harness

TOP = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def documented_server_block():
    """The server block of docs/operations.md, as an operator would copy it."""
    text = (TOP / "docs/operations.md").read_text()
    return re.search(r"^```nginx\n(.*?)^```", text, re.M | re.S)[1]


class Proxy:
    def __init__(self, upstream):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-nginx-"))
        self.port = free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.top / "key.pem",
                        "-out", self.top / "cert.pem"], check=True, capture_output=True)
        block = documented_server_block()
        for pattern, value in ((r"listen \S+ ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                               (r"ssl_certificate +\S+;", f"ssl_certificate {self.top}/cert.pem;"),
                               (r"ssl_certificate_key +\S+;", f"ssl_certificate_key {self.top}/key.pem;"),
                               (r"server unix:\S+;", f"server unix:{upstream};"),
                               (r"server_name \S+;", "server_name localhost;")):
            block, found = re.subn(pattern, value, block)
            assert found == 1, f"docs/operations.md: {pattern} stands {found} times in the nginx block"
        paths = "".join(f"{kind}_temp_path {self.top}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""  # else the workers may not open the socket
        (self.top / "nginx.conf").write_text(
            f"{user} daemon off; pid {self.top}/pid; error_log {self.top}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{paths}{block}}}\n")
        self.process = subprocess.Popen(["nginx", "-e", self.top / "error.log", "-c", self.top / "nginx.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, self.errors()
                time.sleep(harness.POLL)

    def errors(self):
        return (self.top / "error.log").read_text(errors="replace")

    def connect(self):
        context = ssl.create_default_context(cafile=self.top / "cert.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class BehindNginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-sock-"))
        cls.server = harness.Server("--lanes", "2", "--listen", f"127.0.0.1:0,unix:{top}/http.sock").start()
        cls.addClassCleanup(cls.server.stop)
        cls.proxy = Proxy(top / "http.sock")
        cls.addClassCleanup(cls.proxy.stop)

    def ask(self, method, path, body=None, headers=None):
        connection = self.proxy.connect()
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers or {})
        return connection.getresponse()

    def submit(self, pages, **headers):
        answer = self.ask("POST", "/v1/jobs?text_layer=text&force=true", documents.make_pdf(pages), headers)
        self.assertEqual(answer.status, 202, self.proxy.errors())
        return json.load(answer)["id"]

    def test_a_document_through_the_proxy(self):
        job = self.submit(3)
        done = json.load(self.ask("GET", f"/v1/jobs/{job}?wait=20&revision=0"))
        while done["status"] != "completed":
            done = json.load(self.ask("GET", f"/v1/jobs/{job}?wait=20&revision={done['revision']}"))
        answer = self.ask("GET", f"/v1/jobs/{job}/result.txt", headers={"Range": "bytes=0-9"})
        self.assertEqual((answer.status, len(answer.read())), (206, 10))
        self.assertEqual(answer.headers["Strict-Transport-Security"], "max-age=31536000")

    def test_a_document_larger_than_nginx_takes_by_itself(self):
        answer = self.ask("POST", "/v1/jobs?text_layer=text", documents.make_pdf(1, ballast=3 << 20))
        self.assertEqual(answer.status, 202, answer.read())

    def test_events_come_while_the_job_runs(self):
        job = self.submit(400)
        answer = self.ask("GET", f"/v1/jobs/{job}/events")
        kinds = []
        for line in answer:
            if line.startswith(b"event: "):
                kinds.append(line[7:].strip().decode())
                if len(kinds) == 1:
                    self.assertNotEqual(self.server.job(job)["status"], "completed", "events were held back")
        self.assertEqual((kinds.count("page"), kinds[-1]), (400, "done"))

    def test_the_address_is_the_client_s_as_nginx_says(self):
        name = "/v1/jobs/asked-through-the-proxy"
        self.ask("GET", name, headers={"X-Forwarded-For": "192.0.2.7"}).read()
        line = self.server.wait(lambda: next((l for l in self.server.log.read_text().splitlines() if name in l), None), 5,
                                "line of the access log")
        self.assertEqual(json.loads(line)["client"], "127.0.0.1")  # the last hop's word, not the client's


if __name__ == "__main__":
    harness.main(needs=("nginx", "openssl"))
