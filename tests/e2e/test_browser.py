# SPDX-License-Identifier: AGPL-3.0-or-later
"""In a real browser: scripts of other sites, as far as cors_origins lets them; /docs, which asks no other
host for anything; the web page, with and without a token."""
import functools
import http.server
import json
import pathlib
import tempfile
import threading
import unittest

import browser
import documents
import harness

TOP = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "browser-test-token-of-some-length"

# A script of another site: submits a document, follows it by long polls and by events, reads the text.
SCRIPT = """
async (server, token, bytes) => {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const ask = (path, init) => fetch(server + path, { ...init, headers });
  const form = new FormData();
  form.append('file', new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]), 'scan.pdf');
  const accepted = await ask('/v1/jobs', { method: 'POST', body: form });
  if (!accepted.ok) throw new Error(`refused: ${accepted.status}`);
  let job = await accepted.json();
  while (!['completed', 'failed', 'cancelled'].includes(job.status))
    job = await (await ask(`/v1/jobs/${job.id}?wait=20&revision=${job.revision}`)).json();
  const events = await (await ask(`/v1/jobs/${job.id}/events`)).text();
  const text = await (await ask(job.result.txt)).text();
  return { location: accepted.headers.get('Location'), job, events, text };
}
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """Another web site: an empty page on a port of its own."""

    def __init__(self, page="<!doctype html><link rel=icon href=data:,>"):
        self.page = page

    def __enter__(self):
        self.top = tempfile.TemporaryDirectory(prefix="pagemill-site-")
        pathlib.Path(self.top.name, "index.html").write_text(self.page)
        handler = functools.partial(Quiet, directory=self.top.name)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        self.top.cleanup()


class Browsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chromium = browser.Browser()
        cls.addClassCleanup(cls.chromium.__exit__)

    def serve(self, *args, **env):
        server = harness.Server("--lanes", "1", *args, env=env).start()
        self.addCleanup(server.stop)
        return server

    def open(self, url):
        return self.chromium.open(url)

    def scan(self, pages=2):
        file = tempfile.NamedTemporaryFile(prefix="scan-", suffix=".pdf")
        self.addCleanup(file.close)
        file.write(documents.make_scan_pdf(pages))
        file.flush()
        return file.name


class OtherSites(Browsers):
    def visit(self, site, server, token=""):
        page = self.open(site.origin)
        bytes64 = browser.base64.b64encode(documents.make_scan_pdf(2)).decode()
        given = ", ".join(json.dumps(x) for x in (f"http://127.0.0.1:{server.port}", token, bytes64))
        return page.run(f"({SCRIPT})({given})")

    def test_a_listed_site_submits_follows_and_reads(self):
        with Site() as site:
            # Said with blanks, as people do.
            server = self.serve("--cors-origins", f"https://app.example, {site.origin}")
            seen = self.visit(site, server)
        self.assertEqual(seen["job"]["status"], "completed")
        self.assertEqual(seen["location"], f"/v1/jobs/{seen['job']['id']}")
        self.assertEqual(seen["events"].count("event: page"), 2)
        self.assertIn(documents.page_key(2), seen["text"])

    def test_a_listed_site_with_a_token(self):
        with Site() as site:
            server = self.serve("--cors-origins", site.origin, AUTH_TOKEN=TOKEN)
            seen = self.visit(site, server, TOKEN)
        self.assertIn(documents.page_key(1), seen["text"])

    def test_the_example(self):
        with Site((TOP / "examples/javascript/index.html").read_text()) as site:
            server = self.serve("--cors-origins", site.origin, AUTH_TOKEN=TOKEN)
            page = self.open(site.origin)
            page.run(f"document.querySelector('#server').value = 'http://127.0.0.1:{server.port}'")
            page.choose("#file", self.scan())
            page.wait("document.querySelector('#said').innerText.startsWith('Failed')")
            page.run(f"document.querySelector('#token').value = '{TOKEN}'")
            page.choose("#file", self.scan())
            page.wait("document.querySelector('#text').innerText")
            page.wait("document.querySelector('#said').innerText === 'completed, 2 of 2 pages.'")
        self.assertIn(documents.page_key(1), page.text())
        drawn = "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data)" \
                "(document.querySelector('#page')).filter((v, i, all) => i % 4 === 0 && v < all[i + 1]).length"
        self.assertGreater(page.run(drawn), 1000)

    def test_any_other_site_gets_nothing_in(self):
        with Site() as site:
            server = self.serve("--cors-origins", "https://app.example")
            with self.assertRaisesRegex(AssertionError, "Failed to fetch"):
                self.visit(site, server)
        self.assertEqual(server.get_json("/v1/jobs")["jobs"], [])

    def test_nor_with_a_token_that_it_has(self):
        with Site() as site:
            server = self.serve(AUTH_TOKEN=TOKEN)
            with self.assertRaisesRegex(AssertionError, "Failed to fetch"):
                self.visit(site, server, TOKEN)
        listed = server.request("GET", "/v1/jobs", headers={"Authorization": f"Bearer {TOKEN}"})
        self.assertEqual(json.loads(listed.body)["jobs"], [])


class Documentation(Browsers):
    def setUp(self):
        self.server = self.serve()
        self.here = f"http://127.0.0.1:{self.server.port}/"
        if self.server.request("GET", "/docs/swagger-ui-bundle.js").status == 404:
            self.skipTest("built without Swagger UI")
        self.page = self.open(self.here + "docs")
        self.page.wait("document.querySelector('.opblock') && 1")

    def test_every_operation_is_shown_and_nobody_else_is_asked(self):
        paths = self.server.get_json("/openapi.json")["paths"]
        operations = sum(len(operations) for operations in paths.values())
        self.page.wait(f"document.querySelectorAll('.opblock').length === {operations}")
        self.assertEqual(self.page.errors, [])
        for url in self.page.requests:
            self.assertTrue(url.startswith((self.here, "data:")), url)

    def test_a_document_can_be_tried(self):
        page = self.page
        page.click(".opblock-post .opblock-summary-control")
        page.click(".opblock-post .try-out__btn")
        page.wait("document.querySelector('.opblock-post input[type=file]') && 1")
        page.choose(".opblock-post input[type=file]", self.scan())
        page.click(".opblock-post .execute")
        page.wait("document.querySelector('.live-responses-table .response-col_status') && 1")
        self.assertIn("202", page.run("document.querySelector('.live-responses-table').innerText"))
        self.assertEqual(page.errors, [])


class WebPage(Browsers):
    def read_a_document(self, page):
        page.choose("#files", self.scan())
        page.wait("document.querySelector('#jobs li[data-status=completed]') && 1", timeout=60)
        page.click("#jobs li .name")
        page.wait("document.querySelectorAll('#overlay polygon').length > 4")
        page.wait("document.querySelector('#image').naturalWidth > 100")
        self.assertIn(documents.page_key(1), page.run("document.querySelector('#lines').innerText"))

    def test_a_document_is_sent_followed_and_read(self):
        server = self.serve()
        page = self.open(f"http://127.0.0.1:{server.port}/")
        self.read_a_document(page)
        self.assertEqual(page.errors, [])

    def test_it_asks_for_the_token_and_keeps_it_for_the_tab(self):
        server = self.serve(AUTH_TOKEN=TOKEN)
        page = self.open(f"http://127.0.0.1:{server.port}/")
        page.wait("document.querySelector('#token').open")
        self.assertIn("This server asks for a token", page.text())
        self.enter(page, "not-the-token")
        page.wait("document.querySelector('#token').open && !document.querySelector('#wrong').hidden")
        self.enter(page, TOKEN)
        page.wait("!document.querySelector('#token').open")
        self.read_a_document(page)
        page.call("Page.reload")
        page.wait("document.querySelector('#lines')?.innerText.length > 100")
        self.assertFalse(page.run("document.querySelector('#token').open"))
        self.assertEqual(page.run("document.cookie + localStorage.length"), "0")

    def enter(self, page, token):
        page.run(f"document.querySelector('#secret').value = {json.dumps(token)}")
        page.click("#token button.main")


if __name__ == "__main__":
    if not browser.PROGRAM:
        harness.skip_file("chromium is not installed")
    harness.main()
