# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the end-to-end tests stand on: a real pagemill on loopback, a small HTTP client, and the way
a test file is run. Standard library only. Documents come from documents.py beside this file.

A test file is test_*.py, a unittest module that ends with

    if __name__ == "__main__":
        harness.main()

and is run with PAGEMILL_BUILD naming the build directory. It exits 77, with a reason, when what it needs
is absent. Only processes started here are ever signalled.
"""
import atexit
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BUILD = pathlib.Path(os.environ.get("PAGEMILL_BUILD", "build")).resolve()
FINAL = ("completed", "failed", "cancelled")
POLL = 0.02  # seconds between two looks at something that has no way to tell us

Response = collections.namedtuple("Response", "status headers body")
servers = []  # all that this process made, for the log after a failure and for the last cleanup


class Server:
    """One `pagemill serve` with a data directory of its own, which outlives a kill and a restart.

        with Server("--lanes", "1") as server:
            job = server.submit(make_pdf(3), text_layer="text")
            server.wait_job(job["id"])
    """

    def __init__(self, *args, env=None, data=None):
        self.args = list(args)
        self.env = {**os.environ, **(env or {})}
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-test-"))
        self.data = pathlib.Path(data) if data else self.top / "data"
        self.log = self.top / "log"
        self.process = self.port = None
        self.headers = {}  # sent with every request
        servers.append(self)

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *exc):
        self.stop()

    # --- life ---

    def start(self, ready=True, timeout=30):
        """Starts the program and waits for its port, and for /readyz unless ready is False."""
        assert self.process is None, "already running"
        seen = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BUILD / "pagemill", "serve", "--listen", "127.0.0.1:0", "--data", self.data,
                 *self.args], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        self.port = self.wait(lambda: self.announced(seen), timeout, "its port")
        if ready:
            self.wait(self.ready, timeout, "/readyz")
        return self

    def announced(self, seen):
        with open(self.log, "rb") as log:
            log.seek(seen)
            found = re.search(rb"^listening on http://127\.0\.0\.1:(\d+)\s", log.read(), re.M)
        return int(found[1]) if found else None

    def ready(self):
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def wait(self, condition, timeout, what):
        """What condition() gives as soon as it is true; the program must stay alive meanwhile."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            assert self.process.poll() is None, f"pagemill exited with {self.process.returncode}"
            assert time.monotonic() < deadline, f"pagemill: no {what} within {timeout} s"
            time.sleep(POLL)
        return value

    def terminate(self, timeout=60):
        """SIGTERM, as a service manager does; returns the exit status after the drain."""
        return self.end(signal.SIGTERM, timeout)

    def kill(self):
        """SIGKILL in the middle of whatever it does. Its workers must then end by themselves."""
        return self.end(signal.SIGKILL, 10)

    def end(self, number, timeout):
        started = self.workers()
        self.process.send_signal(number)
        status = self.process.wait(timeout)
        self.process = self.port = None
        deadline = time.monotonic() + 10
        while any(alive(worker) for worker in started) and time.monotonic() < deadline:
            time.sleep(POLL)
        left = [worker for worker in started if alive(worker)]
        for pid, _ in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"workers outlived their service: {left}"
        return status

    def restart(self, **options):
        if self.process:
            self.terminate()
        return self.start(**options)

    def stop(self):
        """Ends what still runs and removes the data. Safe to call twice."""
        try:
            if self.process and self.process.poll() is None:
                self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("pagemill did not end within its drain time") from None
        finally:
            self.process = None
            shutil.rmtree(self.data, ignore_errors=True)

    def workers(self):
        """The programs below the server, as (pid, start time): what no other process can be."""
        children = collections.defaultdict(list)
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            fields = stat_fields(entry.name)
            if fields:
                children[int(fields[1])].append((int(entry.name), fields[19]))
        found, todo = [], [self.process.pid] if self.process else []
        while todo:
            below = children[todo.pop()]
            found += below
            todo += [pid for pid, _ in below]
        return found

    # --- HTTP ---

    def request(self, method, path, body=None, headers=None, timeout=60):
        """Response(status, headers, body). body: bytes, a file, or an iterable of bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def post_form(self, path, file, name="document.pdf", headers=None, **fields):
        """A multipart form, streamed: file is bytes or a path. What a browser or curl -F sends."""
        body, length, kind = multipart(file, name, fields)
        return self.request("POST", path, body, {
            "Content-Type": kind, "Content-Length": str(length), **(headers or {})})

    def submit(self, file, name="document.pdf", headers=None, **options):
        """POST /v1/jobs; returns the job, a new one unless force is False. Options are sent as plain form fields."""
        options.setdefault("force", True)
        answer = self.post_form("/v1/jobs", file, name, headers, **options)
        assert answer.status in (200, 202), f"submit: {answer.status} {answer.body[:500]!r}"
        return json.loads(answer.body)

    def get_json(self, path, status=200):
        answer = self.request("GET", path)
        assert answer.status == status, f"GET {path}: {answer.status} {answer.body[:500]!r}"
        return json.loads(answer.body)

    def job(self, job_id):
        return self.get_json(f"/v1/jobs/{urllib.parse.quote(job_id)}")

    def wait_job(self, job_id, timeout=120, until=lambda job: job["status"] in FINAL):
        """The job once `until` holds for it: by default, once it has ended in any way. By long polls, as a
        client should: nobody is kept busy by the waiting."""
        deadline = time.monotonic() + timeout
        job = self.job(job_id)
        while not until(job):
            assert time.monotonic() < deadline, f"job {job_id} is still {job} after {timeout} s"
            job = self.get_json(f"/v1/jobs/{urllib.parse.quote(job_id)}?wait=5&revision={job['revision']}")
        return job

    def result(self, job_id, extension="txt"):
        answer = self.request("GET", f"/v1/jobs/{job_id}/result.{extension}")
        assert answer.status == 200, f"result.{extension}: {answer.status} {answer.body[:500]!r}"
        return answer.body

    def read(self, file, extension="txt", **options):
        """Submit, wait, and give the output: for tests that only care about that."""
        job = self.wait_job(self.submit(file, **options)["id"])
        assert job["status"] == "completed", job
        return self.result(job["id"], extension)


def stat_fields(pid):
    """The fields of /proc/PID/stat after the name: state, parent, …, start time at 19."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None


def alive(worker):
    fields = stat_fields(worker[0])
    return bool(fields) and fields[19] == worker[1] and fields[0] not in "ZX"


def multipart(file, name, fields):
    """(pieces, total length, content type) of a form with the fields and then the file."""
    boundary = "pagemill-test-boundary-7d1f3c"
    head = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
                   f"{form_value(value)}\r\n" for key, value in fields.items())
    head += (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
             "Content-Type: application/octet-stream\r\n\r\n")
    head, tail = head.encode(), f"\r\n--{boundary}--\r\n".encode()
    size = len(file) if isinstance(file, bytes) else os.path.getsize(file)
    return (pieces(head, file, tail), len(head) + size + len(tail),
            f"multipart/form-data; boundary={boundary}")


def pieces(head, file, tail):
    yield head
    if isinstance(file, bytes):
        yield file
    else:
        with open(file, "rb") as source:
            yield from iter(lambda: source.read(1 << 16), b"")
    yield tail


def form_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


class ServerCase(unittest.TestCase):
    """A test case whose tests share one server, started with `args` and `env`."""
    args = ()
    env = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.args, env=cls.env).start()
        cls.addClassCleanup(cls.server.stop)


def skip_file(reason):
    """Ends the test program as skipped."""
    print(f"SKIP: {reason}")
    sys.exit(77)


def corpus(*parts):
    """A file of the corpus of real documents, or skips the test that asks."""
    top = os.environ.get("PAGEMILL_CORPUS")
    path = pathlib.Path(top or "/nonexistent", *parts)
    if not path.exists():
        raise unittest.SkipTest(f"PAGEMILL_CORPUS has no {'/'.join(parts)}" if top
                                else "PAGEMILL_CORPUS is not set")
    return path


def models():
    """The directory of real models: PAGEMILL_TEST_MODELS, or `models` beside the corpus; or None."""
    top = os.environ.get("PAGEMILL_TEST_MODELS")
    if not top and os.environ.get("PAGEMILL_CORPUS"):
        top = pathlib.Path(os.environ["PAGEMILL_CORPUS"]).parent / "models"
    return pathlib.Path(top) if top and pathlib.Path(top, "manifest.json").exists() else None


def clean_up():
    for server in servers:
        if server.process and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(server.top, ignore_errors=True)


def show_logs():
    for number, server in enumerate(servers, 1):
        lines = server.log.read_text(errors="replace").splitlines() if server.log.exists() else []
        print(f"--- log of server {number}, last {min(len(lines), 200)} of {len(lines)} lines",
              file=sys.stderr)
        print("\n".join(lines[-200:]), file=sys.stderr)


def main(needs=()):
    """Runs the calling test file. needs: programs that must be installed."""
    atexit.register(clean_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a time-out still cleans up
    for program in ("pagemill", "pagemill-work"):
        if not (BUILD / program).exists():
            skip_file(f"no {program} in {BUILD}: set PAGEMILL_BUILD to a build directory")
    for program in needs:
        if not shutil.which(program):
            skip_file(f"{program} is not installed")
    result = unittest.main(exit=False, verbosity=2).result
    if not result.wasSuccessful():
        show_logs()
        sys.exit(1)
    if result.testsRun <= len(result.skipped):
        skip_file(result.skipped[0][1] if result.skipped else "no tests")
