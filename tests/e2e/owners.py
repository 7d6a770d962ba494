# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of access stand on: tokens by the command, and requests that carry them."""
import contextlib
import http.client
import json
import re
import subprocess
import unittest

import harness


SCOPES = ("submit", "read", "delete", "admin")
TOKEN = re.compile(r"^pm_[0-9a-z]{12}_[0-9a-z]{38}$")
UNKNOWN = "01900000-0000-7000-8000-000000000000"


def token_command(data, *args):
    return subprocess.run([harness.BUILD / "pagemill", "token", "--data", data, *args], capture_output=True, text=True,
                          timeout=60)


def make_token(data, name, *flags):
    done = token_command(data, "create", "--name", name, *flags)
    assert done.returncode == 0, done.stderr
    token = done.stdout.strip()
    assert TOKEN.match(token), token
    return token


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def token_list(data):
    return json.loads(token_command(data, "list", "--json").stdout)["tokens"]


@contextlib.contextmanager
def connected(server, source=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60,
                                            source_address=(source, 0) if source else None)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return harness.Response(answer.status, answer.headers, answer.read())


class Access(unittest.TestCase):
    def server(self, *flags, start=True):
        server = harness.Server("--lanes", "1", *flags)
        self.addCleanup(server.stop)
        server.data.mkdir(parents=True)
        return server.start() if start else server

    def problem(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body[:500])
        problem = json.loads(answer.body)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def status(self, server, token, method="GET", path="/v1/jobs", **rest):
        return server.request(method, path, headers=bearer(token), **rest).status
