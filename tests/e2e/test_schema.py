# SPDX-License-Identifier: AGPL-3.0-or-later
"""The OpenAPI document: a valid one, complete, the same everywhere; and the server keeps what it says, whatever it
is asked. PAGEMILL_FUZZ_SECONDS and PAGEMILL_FUZZ_SEED make the asking longer and different.
"""
import importlib.util
import os
import re
import subprocess
import unittest

import documents
import gate
import harness

if not importlib.util.find_spec("jsonschema"):
    harness.skip_file("python3-jsonschema is not installed")

import fuzz
import openapi

SECONDS = float(os.environ.get("PAGEMILL_FUZZ_SECONDS", 20))
SEED = os.environ.get("PAGEMILL_FUZZ_SEED", "1")
TOKEN = "s3cret-of-the-test"

ROUTES = """
POST /v1/jobs
POST /v1/ocr
GET /v1/jobs
GET /v1/jobs/{}
DELETE /v1/jobs/{}
POST /v1/jobs/{}/cancel
POST /v1/jobs/{}/retry
GET /v1/jobs/{}/events
GET /v1/jobs/{}/pages
GET /v1/jobs/{}/pages/{}
GET /v1/jobs/{}/pages/{}/image
GET /v1/jobs/{}/result.{}
GET /v1/jobs/{}/images
GET /v1/jobs/{}/images/{}
GET /v1/jobs/{}/deliveries
POST /v1/jobs/{}/deliveries/{}/resend
GET /v1/documents/{}
GET /v1/documents/{}/content
GET /v1/usage
GET /livez
GET /readyz
GET /health
GET /metrics
GET /openapi.json
GET /docs
GET /
POST /api/v1/ocr/process
GET /api/v1/ocr/results/{}
POST /process_pdf
GET /result/{}/status
GET /result/{}/markdown
GET /result/{}/markdown_det
GET /result/{}/layout_pdf
GET /result/{}/images
GET /result/{}/images/{}
GET /tasks
GET /queue/status
DELETE /result/{}
POST /v1/documents/upload-document
GET /v1/documents/list-document
""".split("\n")[1:-1]


class Document(harness.ServerCase):
    args = ("--lanes", "1")

    def test_it_is_valid(self):
        text = self.server.request("GET", "/openapi.json").body.decode()
        self.assertEqual(openapi.problems(openapi.load(text)), [])

    def test_the_program_prints_the_same(self):
        printed = subprocess.run([harness.BUILD / "pagemill", "openapi"], capture_output=True, check=True).stdout
        self.assertEqual(printed, self.server.request("GET", "/openapi.json").body)

    def test_every_route_is_in_it(self):
        document = openapi.load(self.server.request("GET", "/openapi.json").body)
        there = {f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}" for method, path, _ in openapi.operations(document)}
        self.assertEqual(sorted(set(ROUTES) - there), [])


class Fuzz(unittest.TestCase):
    def fuzz(self, *args, token=None):
        held = gate.Gate()
        self.addCleanup(held.remove)
        arguments = ("--lanes", "2", "--sync-timeout", "2", "--open-timeout", "3600", "--max-upload", "2M",
                     "--log-level", "warning", *held.arguments(), *args)
        with harness.Server(*arguments, env={"AUTH_TOKEN": token} if token else None) as server:
            world = fuzz.World(server, held, token)
            run = fuzz.Run(world, openapi.load(server.request("GET", "/openapi.json").body), SEED)
            run.go(SECONDS / 2)
            print(f"{run.count} requests, seed {SEED}: " + ", ".join(
                f"{status}: {n}" for status, n in sorted(run.statuses.items())))
            untried = run.untried()
            held.open("decode")
            self.assertEqual(run.failures, [], "\n" + "\n\n".join(run.failures))
            self.assertEqual(server.request("GET", "/livez").status, 200)
            if run.count > 2000:
                self.assertEqual(untried, [], "never answered well")

    def test_an_open_server(self):
        self.fuzz()

    def test_a_server_with_a_token(self):
        self.fuzz(token=TOKEN)


if __name__ == "__main__":
    harness.main()
