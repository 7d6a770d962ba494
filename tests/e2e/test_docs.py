# SPDX-License-Identifier: AGPL-3.0-or-later
"""The documents say what is true: their curl lines run, their lists are those of the tables."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import documents
import harness

TOP = pathlib.Path(__file__).resolve().parents[2]


def shell_lines(text):
    """The lines of every sh block, continuation lines joined."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line and line[0] != "#")


class Docs(harness.ServerCase):
    args = ("--lanes", "2")

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="pagemill-docs-")
        self.addCleanup(shutil.rmtree, self.top)
        pathlib.Path(self.top, "scan.pdf").write_bytes(documents.make_scan_pdf(3))

    def run_line(self, line, job_id):
        line = line.replace("127.0.0.1:8000", f"127.0.0.1:{self.server.port}")
        line = line.replace("curl -s", "curl -sS --fail-with-body")
        done = subprocess.run(["sh", "-c", line], cwd=self.top, capture_output=True, timeout=60,
                              env={**os.environ, "ID": job_id})
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout.decode()}{done.stderr.decode()}")

    def test_the_curl_lines_of_the_api(self):
        text = (TOP / "docs/api.md").read_text()
        lines = [line for line in shell_lines(text) if line.startswith("curl")]
        self.assertGreater(len(lines), 12)
        scan = documents.make_scan_pdf(3)
        for line in lines:
            with self.subTest(line):
                job = self.server.submit(scan)["id"]
                acting = line.endswith("/cancel")
                if not acting:
                    self.server.wait_job(job)
                if line.endswith("/retry"):
                    job = self.server.submit(documents.make_scan_pdf(9))["id"]
                    self.server.request("POST", f"/v1/jobs/{job}/cancel")
                self.run_line(line, job)

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
            for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
                self.assertTrue((path.parent / target).exists(), f"{path.name}: {target}")


if __name__ == "__main__":
    harness.main(needs=("curl",))
