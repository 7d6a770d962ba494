# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of the native surface stand on: documents like no other, a server that can be held, and the case that
looks at refusals."""
import contextlib
import itertools
import json

import documents
from gate import Gate
import harness


FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "txt": "text/plain; charset=utf-8",
           "md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8", "mmd": "text/markdown; charset=utf-8",
           "det.mmd": "text/markdown; charset=utf-8",
           "hocr": "application/xhtml+xml; charset=utf-8", "alto.xml": "application/xml; charset=utf-8",
           "tsv": "text/tab-separated-values; charset=utf-8"}  # of any number of pages
BAD_PAGE = (b"/Count 3", b"/Count 4")  # page 4 is promised and not there
serial = itertools.count(1)


def fresh_pdf(pages=1, **how):
    """A document like no other, so that nothing has read it before."""
    number = next(serial)
    return documents.make_pdf(pages, lambda n: documents.page_lines(n) + [f"COPY {number}"], **how)


@contextlib.contextmanager
def gated_server(*args):
    """A server of one lane that opens no document before server.gate.open("decode")."""
    gate = Gate()
    gate.close("decode")
    try:
        with harness.Server("--lanes", "1", *gate.arguments(), *args) as server:
            server.gate = gate
            yield server
    finally:
        gate.remove()


class Native(harness.ServerCase):
    args = ("--lanes", "2")

    def problem(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body[:500])
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = json.loads(answer.body)
        if code:
            self.assertEqual(problem["code"], code, problem)
        return problem

    def finished(self, pages=1, **options):
        return self.server.wait_job(self.submit(pages, **options)["id"])

    def submit(self, pages=1, **options):
        options.setdefault("text_layer", "text")
        return self.server.submit(fresh_pdf(pages), **options)

    def opened(self, job):
        return self.server.wait_job(job["id"], until=lambda j: j["pages"]["total"])
