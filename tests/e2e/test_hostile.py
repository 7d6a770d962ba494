# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile files: each gets an answer or a typed error in bounded time, and the service and other jobs go on."""
import collections
import concurrent.futures
import json
import os
import struct
import unittest
import zlib

import documents
import harness

SETS = ("hostile-pdf", "hostile-image", "formats-same-page")
SECONDS = 20  # for one page, as the settings below say
TYPED = {"input", "password", "unsupported", "limit", "timeout"}
OUTPUTS = ("json", "ndjson", "md", "html", "txt", "csv", "mmd", "det.mmd", "hocr", "alto.xml", "page.xml", "tsv", "pdf",
           "layouts.pdf", "zip")


def png_header(width, height):
    """A PNG that promises width × height pixels and holds next to nothing."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


def tiff_loop():
    """A TIFF whose first directory is followed by itself."""
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1),
            (278, 3, 1, 1), (279, 4, 1, 1)]
    ifd = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags)
    return b"II*\0" + struct.pack("<I", 10) + b"\xff\0" + ifd + struct.pack("<I", 10)


OURS = {
    "zero bytes": b"",
    "one byte": b"%",
    "only a header": b"%PDF-1.7\n",
    "no pages": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
                b"trailer<</Root 1 0 R>>\n",
    "a page tree that eats its tail": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                                      b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1000000>>endobj\ntrailer<</Root 1 0 R>>\n",
    "a million pages, it says": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                                b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1000000>>endobj\n"
                                b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n",
    "a page a mile wide": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>"
                          b"endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 4000000 4000000]>>endobj\n"
                          b"trailer<</Root 1 0 R>>\n",
    "100,000 pixels a side": png_header(100000, 100000),
    "a strip of pixels": png_header(1, 65500),
    "a TIFF that goes in circles": tiff_loop(),
    "half a PDF": documents.make_pdf(3)[:700],
    "JPEG, cut": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
    "WebP, cut": b"RIFF\x24\0\0\0WEBPVP8 ",
}


class Hostile(harness.ServerCase):
    args = ("--lanes", "2", "--open-timeout", str(SECONDS), "--render-timeout", str(SECONDS),
            "--page-timeout", str(SECONDS), "--worker-memory", "1G")

    def judge(self, name, data):
        """What became of one file: a short verdict for the table; an assertion if it is no answer at all."""
        answer = self.server.request("POST", "/v1/jobs", data, timeout=60)
        if answer.status >= 400:
            code = json.loads(answer.body)["code"]
            self.assertIn(code, TYPED, name)
            return f"refused at the door: {code}"
        job = self.server.wait_job(json.loads(answer.body)["id"], timeout=900)
        codes = {page["code"] for page in job["failed_pages"]}
        self.assertLessEqual(codes, TYPED, f"{name}: {job['failed_pages'][:3]}")
        if job["status"] == "failed":
            self.assertIn(job["error"]["code"], TYPED, f"{name}: {job['error']}")
            return f"failed: {job['error']['code']}"
        self.assertEqual(job["status"], "completed", name)
        self.assertEqual(job["pages"]["done"] + job["pages"]["failed"], job["pages"]["total"], name)
        self.ask_for_all(name, job)
        return "read" if not codes else f"read, but for pages: {', '.join(sorted(codes))}"

    def ask_for_all(self, name, job):
        """Every output of a document that was read is an answer or a typed error, too."""
        for extension in OUTPUTS:
            answer = self.server.request("GET", f"/v1/jobs/{job['id']}/result.{extension}", timeout=300)
            if answer.status != 200:
                self.assertIn(json.loads(answer.body)["code"], TYPED, f"{name}: {extension}")
            elif extension == "json":
                json.loads(answer.body)

    def judge_all(self, files):
        table = collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for verdict in pool.map(lambda item: self.judge(*item), files):
                table[verdict] += 1
        for verdict, count in table.most_common():
            print(f"  {count:4} {verdict}")
        workers = self.server.get_json("/health")["workers"]
        self.assertEqual(workers["crashes"], 0)
        good = self.server.wait_job(self.server.submit(documents.make_scan_pdf(1))["id"])
        self.assertEqual(good["status"], "completed", "the service reads on")

    def test_files_of_our_making(self):
        self.judge_all(OURS.items())

    def test_files_of_the_corpus(self):
        paths = [path for name in SETS for path in sorted(harness.corpus(name).iterdir())
                 if path.suffix not in (".tsv", ".md")]
        if not os.environ.get("PAGEMILL_HOSTILE_ALL"):
            paths = [path for path in paths if path.stat().st_size < 40000]
        self.judge_all((path.name, path.read_bytes()) for path in paths)

    def test_a_bad_page_fails_alone(self):
        bad = documents.make_pdf(3).replace(b"/Count 3", b"/Count 4", 1)
        for strict, status in ((False, "completed"), (True, "failed")):
            job = self.server.wait_job(self.server.submit(bad, text_layer="text", strict=strict)["id"])
            self.assertEqual((job["status"], job["pages"]["done"], job["pages"]["failed"]), (status, 3, 1))
            self.assertEqual([(page["page"], page["code"]) for page in job["failed_pages"]], [(4, "input")])
            text = self.server.result(job["id"], "txt").decode()
            for n in (1, 2, 3):
                self.assertIn(documents.page_key(n), text)
            self.assertIn("[page 4: failed: input", text)

    def test_an_upload_cut_short_is_no_job(self):
        import http.client
        before = len(self.server.get_json("/v1/jobs?limit=500")["jobs"])
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.putrequest("POST", "/v1/jobs")
        connection.putheader("Content-Length", "100000")
        connection.endheaders()
        connection.send(documents.make_pdf(1)[:500])
        connection.close()
        self.server.wait(lambda: not list((self.server.data / "blobs" / ".tmp").glob("*")), 30, "removal of the part")
        self.assertEqual(len(self.server.get_json("/v1/jobs?limit=500")["jobs"]), before)


if __name__ == "__main__":
    harness.main()
