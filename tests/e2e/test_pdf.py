# SPDX-License-Identifier: AGPL-3.0-or-later
"""The PDF that can be searched, looked at by other programs than ours: qpdf for its structure, poppler for where its
words are and what it looks like. And figures: until an engine finds some, they are put into a page result by hand."""
import html
import io
import json
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
import urllib.parse
import zipfile

import documents
import harness
from native import Native, fresh_pdf

NEEDED = ("qpdf", "pdftotext", "pdftoppm")
NEAR = 2.0  # points


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def file_with(data, suffix=".pdf"):
    file = tempfile.NamedTemporaryFile(suffix=suffix)
    file.write(data)
    file.flush()
    return file


def words_of(path):
    """What poppler finds, by page: (x1, y1, x2, y2, text) in points."""
    text = run("pdftotext", "-bbox", path, "-").decode()
    word = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')
    return [[(*map(float, found[:4]), html.unescape(found[4])) for found in word.findall(page)]
            for page in text.split("<page ")[1:]]


def box_of(polygon, scale):
    xs, ys = [x * scale for x, _ in polygon], [y * scale for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def looks(path):
    return run("pdftoppm", "-r", "72", path)


@unittest.skipUnless(all(map(shutil.which, NEEDED)), "needs " + ", ".join(NEEDED) + " (scripts/setup check)")
class Searchable(Native):
    args = ("--lanes", "2", "--engine", "tesseract")

    def bound(self, document, **options):
        job = self.server.wait_job(self.server.submit(document, **options)["id"])
        base = f"/v1/jobs/{job['id']}"
        answer = self.server.request("GET", f"{base}/result.pdf")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/pdf"), answer.body[:300])
        file = file_with(answer.body)
        self.addCleanup(file.close)
        run("qpdf", "--check", file.name)
        return job, file.name, self.server.get_json(f"{base}/result.json")["pages"]

    def check_words(self, path, pages, least):
        """Every word of the results is where it was read: along its line to the point, across it within its line."""
        found, count = words_of(path), 0
        for page in pages:
            near = {}
            for *box, text in found[page["page"] - 1]:
                near.setdefault(text, []).append(box)
            for line in (line for block in page["blocks"] for line in block["lines"]):
                band = box_of(line["polygon"], 72 / page["dpi"])
                for word in line["words"]:
                    x1, _, x2, _ = box_of(word["polygon"], 72 / page["dpi"])
                    count += 1
                    self.assertTrue(any(abs(x1 - at[0]) < NEAR and abs(x2 - at[2]) < NEAR and
                                        abs(band[1] - at[1]) < NEAR and abs(band[3] - at[3]) < NEAR
                                        for at in near.get(word["text"], [])), (word, near.get(word["text"])))
        self.assertGreaterEqual(count, least)

    def test_words_where_they_were_read(self):
        document = documents.make_scan_pdf(2)
        with file_with(document) as before:
            job, path, pages = self.bound(document)
            self.check_words(path, pages, 40)
            self.assertEqual(looks(path), looks(before.name))
        text = run("pdftotext", path, "-").decode()
        for page in pages:
            for line in (line for block in page["blocks"] for line in block["lines"]):
                self.assertIn(line["text"], text)

    def test_pictures_become_pages(self):
        _, path, pages = self.bound(documents.make_png(documents.page_lines(1)), name="page.png")
        self.check_words(path, pages, 20)

    def test_the_text_of_a_page_stays_the_only_one(self):
        document = fresh_pdf(2)
        _, path, pages = self.bound(document, text_layer="text")
        self.assertEqual({page["source"] for page in pages}, {"text"})
        text = run("pdftotext", path, "-").decode()
        self.assertEqual(text.count(documents.page_key(1)), 1)
        with file_with(document) as before:
            self.assertEqual(looks(path), looks(before.name))
        self.assertNotIn(b"/Type0", run("qpdf", "--qdf", "--object-streams=disable", path, "-"))

    def test_a_second_reading_replaces_the_first(self):
        _, first, _ = self.bound(documents.make_scan_pdf(1))
        with open(first, "rb") as file:
            once = file.read()
        job, second, pages = self.bound(once, text_layer="ocr")
        self.check_words(second, pages, 20)
        self.assertEqual(looks(second), looks(first))
        count = lambda path: len(run("pdftotext", "-raw", path, "-").split())
        self.assertEqual(count(second), count(first))
        with open(second, "rb") as file:
            self.assertLess(len(file.read()), len(once) + 4096)

    def test_failed_pages_are_named(self):
        document = fresh_pdf(3).replace(b"/Count 3", b"/Count 4")
        job, path, _ = self.bound(document, text_layer="text")
        self.assertEqual(job["pages"]["failed"], 1)
        self.assertIn(b"/PagemillFailedPages (4)", run("qpdf", "--qdf", "--object-streams=disable", path, "-"))

    def test_the_same_bytes_again(self):
        job, path, _ = self.bound(fresh_pdf(2), text_layer="text")
        answer = self.server.request("GET", f"/v1/jobs/{job['id']}/result.pdf")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), answer.body)
        self.problem(self.server.request("GET", f"/v1/jobs/{job['id']}/result.pdf?pages=1"), 422, "input")
        self.assertEqual(self.server.request("GET", job["result"]["pdf"]).status, 200)

    def test_growth(self):
        """Nothing but the text: what stands in a PDF is packed as well as it was, or better."""
        document = fresh_pdf(30)
        _, path, _ = self.bound(document, text_layer="text")
        with open(path, "rb") as file:
            self.assertLess(len(file.read()), len(document) * 1.02)


def jpeg_size(data):
    at = data.index(b"\xff\xc0")
    height, width = struct.unpack(">HH", data[at + 5:at + 9])
    return width, height


class Figures(Native):
    """Page 1 has a figure of 60 x 40 mm at 200 dpi, page 2 two: the last one ends where the page does."""
    boxes = {1: [[100, 200, 572, 515]], 2: [[0, 0, 50, 20], [-54, -239, 0, 0]]}

    def setUp(self):
        self.job = self.finished(3, dpi=200)
        self.server.terminate()
        for page, boxes in self.boxes.items():
            for path in (self.server.data / "blobs").rglob("*"):
                self.add_figures(path, page, boxes)
        self.server.start()
        self.base = f"/v1/jobs/{self.job['id']}"

    def add_figures(self, path, number, boxes):
        try:
            page = json.loads(path.read_bytes())
        except (OSError, ValueError, UnicodeDecodeError):
            return
        if self.job["id"] not in str(path) or page.get("page") != number:
            return
        for n, (x1, y1, x2, y2) in enumerate(boxes):
            right, below = (page["width"], page["height"]) if x1 < 0 else (0, 0)
            box = [x1 + right, y1 + below, x2 + right, y2 + below]
            order = len(page["blocks"])
            page["blocks"].append({"id": order, "type": "figure", "bbox": box, "order": order, "confidence": 1,
                                   "image": f"{number - 1}_{n}.jpg", "lines": []})
        path.write_text(json.dumps(page))

    def ask(self, path):
        return self.server.request("GET", path)

    def test_names_and_pictures(self):
        names = ["0_0.jpg", "1_0.jpg", "1_1.jpg"]
        listed = self.server.get_json(f"{self.base}/images")
        self.assertEqual((listed["images"], listed["count"]), (names, 3))
        for name, size in zip(names, ((472, 315), (50, 20), (54, 239))):
            picture = self.ask(f"{self.base}/images/{name}")
            self.assertEqual((picture.status, picture.headers["Content-Type"]), (200, "image/jpeg"), picture.body[:300])
            self.assertEqual(jpeg_size(picture.body), size)
            self.assertEqual(self.ask(f"{self.base}/images/{name}").body, picture.body, "kept")
            self.assertIn(name, self.ask(f"{self.base}/result.mmd").body.decode())
        for name in ("0_1.jpg", "2_0.jpg", "3_0.jpg", "1_2.jpg", "-1_0.jpg", "00_0.jpg", "0_0.png", "0_0.jpgx", "x"):
            self.problem(self.ask(f"{self.base}/images/{name}"), 404, "not_found")

    def test_links_lead_to_the_pictures(self):
        for extension, link in (("md", r"\]\((.+?)\)"), ("mmd", r"\]\((.+?)\)"), ("html", r'<img src="(.+?)"')):
            path = f"{self.base}/result.{extension}"
            links = re.findall(link, self.ask(path).body.decode())
            self.assertEqual(len(links), 3, extension)
            for each in links:
                picture = self.ask(urllib.parse.urljoin(path, each))
                self.assertEqual((picture.status, picture.headers["Content-Type"]), (200, "image/jpeg"), each)

    def test_html_may_show_its_pictures_and_run_nothing(self):
        policy = self.ask(f"{self.base}/result.html").headers["Content-Security-Policy"]
        self.assertEqual(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'")
        self.assertEqual(self.ask(f"{self.base}/result.md").headers["Content-Security-Policy"],
                         "default-src 'none'; frame-ancestors 'none'")

    def test_the_archive_has_what_its_texts_link_to(self):
        with zipfile.ZipFile(io.BytesIO(self.ask(f"{self.base}/result.zip").body)) as found:
            names = [name for name in found.namelist() if name.startswith("images/")]
            self.assertEqual(names, ["images/0_0.jpg", "images/1_0.jpg", "images/1_1.jpg"])
            self.assertEqual(re.findall(r"\]\((.+?)\)", found.read("document.md").decode()), names)
            for name in names:
                self.assertEqual(found.read(name), self.ask(f"{self.base}/{name}").body, name)

    def test_surface_b(self):
        listed = self.server.get_json(f"/result/{self.job['id']}/images")
        self.assertEqual(listed, {"job_id": self.job["id"], "status": "completed",
                                  "images": ["0_0.jpg", "1_0.jpg", "1_1.jpg"], "count": 3})
        picture = self.ask(f"/result/{self.job['id']}/images/1_1.jpg")
        self.assertEqual((picture.status, jpeg_size(picture.body)), (200, (54, 239)))
        refused = self.ask(f"/result/{self.job['id']}/images/1_2.jpg")
        self.assertEqual((refused.status, json.loads(refused.body)), (404, {"detail": "Image not found"}))

    def test_pages_as_jpeg(self):
        picture = self.ask(f"{self.base}/pages/1/image?format=jpeg&dpi=72")
        self.assertEqual((picture.status, picture.headers["Content-Type"]), (200, "image/jpeg"))
        png = self.ask(f"{self.base}/pages/1/image?dpi=72")
        self.assertEqual(jpeg_size(picture.body), struct.unpack(">II", png.body[16:24]))
        self.assertNotEqual(picture.headers["ETag"], png.headers["ETag"])
        self.problem(self.ask(f"{self.base}/pages/1/image?format=gif"), 422, "input")


if __name__ == "__main__":
    harness.main()
