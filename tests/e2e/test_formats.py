# SPDX-License-Identifier: AGPL-3.0-or-later
"""hOCR, ALTO, PAGE, TSV and the archive: of real jobs, against the formats' rules (ocr_schemas.py) and against the
page results that they are made from; and read by what others read them with."""
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree as ET
import zipfile

import documents
import harness
from native import BAD_PAGE, FORMATS, Native, fresh_pdf
import ocr_schemas
from ocr_schemas import ALTO, PAGE, XHTML

XML = ("hocr", "alto.xml", "page.xml")
SAMPLES = harness.BUILD / "tests" / "export_xml_test"


def words(page):
    return [word["text"] for block in page["blocks"] for line in block["lines"] for word in line["words"]]


def boxes(page):
    """The words' places as the formats have them: whole pixels, outwards, within the page."""
    for block in page["blocks"]:
        for line in block["lines"]:
            for word in line["words"]:
                xs, ys = zip(*word["polygon"])
                yield (max(int(min(xs) // 1), 0), max(int(min(ys) // 1), 0),
                       min(int(-(-max(xs) // 1)), page["width"]), min(int(-(-max(ys) // 1)), page["height"]))


def tsv_rows(data):
    """As pytesseract and pandas read it: tabs, no quoting."""
    return list(csv.DictReader(io.StringIO(data.decode()), delimiter="\t", quoting=csv.QUOTE_NONE))


class Rules(unittest.TestCase):
    """The rules themselves, and a page of everything that could go wrong."""

    def sample(self, *args):
        if not SAMPLES.exists():
            self.skipTest("tests/export_xml_test is not built")
        return subprocess.run([SAMPLES, "sample", *args], stdout=subprocess.PIPE, check=True).stdout

    def test_hostile_pages(self):
        for kind in XML:
            for args in ((kind,), (kind, "failed")):
                self.assertEqual(ocr_schemas.objections(kind, self.sample(*args)), [], args)
        rows = tsv_rows(self.sample("tsv", "failed").decode(errors="replace").encode())
        self.assertTrue(all(None not in row and None not in row.values() for row in rows), "twelve columns each")

    def test_the_rules_can_be_broken(self):
        breaches = {
            "alto.xml": [(b"<MeasurementUnit>pixel", b"<MeasurementUnit>furlong"), (b'WC="0.957"', b'WC="1.2"'),
                         (b'IDNEXT="p7_b2"', b'IDNEXT="p7_b99"'), (b'ID="p7_b2"', b'ID="p7_b1"'),
                         (b"<PrintSpace", b"<TextLine/><PrintSpace"), (b' CONTENT="inter"', b""), (b"</alto>", b"")],
            "page.xml": [(b"<Created>2026", b"<Created>soon 2026"), (b'points="10,20 ', b'points="-10,20 '),
                         (b'points="10,20 ', b'points="1001,20 '), (b'regionRef="r1"', b'regionRef="r77"'),
                         (b'type="heading"', b'type="slogan"'), (b' id="w1"', b""), (b' id="w2"', b' id="w1"')],
            "hocr": [(b"ocr-system", b"system"), (b"x_wconf 96", b"x_wconf 960"), (b"bbox 10 20 220 40", b"bbox 10 20 220"),
                     (b'id="line_7_1"', b'id="par_7_1"'), (b"bbox 10 20 220 40", b"bbox 10 20 220 1401"),
                     (b'class="ocr_par"', b'class="ocr_paragraph"')],
        }
        for kind, pairs in breaches.items():
            document = self.sample(kind)
            for old, new in pairs:
                self.assertIn(old, document)
                self.assertNotEqual(ocr_schemas.objections(kind, document.replace(old, new, 1)), [], (kind, new))


class Formats(Native):
    args = ("--lanes", "2")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = lambda n: documents.page_lines(n) + ['<b>&amp; "quoted" ]]>', "tab\there"]
        pdf = documents.make_pdf(3, lines)
        cls.pdf = cls.server.wait_job(cls.server.submit(pdf, "a <b> & c.pdf", text_layer="text")["id"])
        cls.scan = cls.server.wait_job(cls.server.submit(documents.make_png(documents.page_lines(4)), "scan.png")["id"])
        bad = fresh_pdf(3).replace(*BAD_PAGE, 1)
        cls.bad = cls.server.wait_job(cls.server.submit(bad, text_layer="text")["id"])
        cls.jobs = (cls.pdf, cls.scan, cls.bad)

    def ask(self, job, extension, query=""):
        return self.server.request("GET", f"/v1/jobs/{job['id']}/result.{extension}{query}")

    def pages(self, job):
        return json.loads(self.ask(job, "json").body)["pages"]

    def single(self, job, number):
        answer = self.ask(job, "page.xml", f"?pages={number}")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/xml; charset=utf-8"))
        return answer.body

    def test_the_rules_are_kept(self):
        for job in self.jobs:
            for kind in ("hocr", "alto.xml"):
                self.assertEqual(ocr_schemas.objections(kind, self.ask(job, kind).body), [], kind)
            for page in self.pages(job):
                self.assertEqual(ocr_schemas.objections("page.xml", self.single(job, page["page"])), [])

    def test_every_word_is_there_and_in_its_place(self):
        for job in (self.pdf, self.scan):
            pages = self.pages(job)
            expected = [[*map(str, box), text] for page in pages for text, box in zip(words(page), boxes(page))]
            self.assertTrue(expected)
            hocr = ET.fromstring(self.ask(job, "hocr").body)
            found = [[*re.match(r"bbox (\d+) (\d+) (\d+) (\d+)", word.get("title")).groups(), "".join(word.itertext())]
                     for word in hocr.iter(f"{{{XHTML}}}span") if word.get("class") == "ocrx_word"]
            self.assertEqual(found, expected)
            found = []
            for string in ET.fromstring(self.ask(job, "alto.xml").body).iter(f"{{{ALTO}}}String"):
                x, y, w, h = (int(string.get(key)) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
                found.append([*map(str, (x, y, x + w, y + h)), string.get("CONTENT")])
            self.assertEqual(found, expected)
            found = []
            for row in tsv_rows(self.ask(job, "tsv").body):
                if row["level"] == "5":
                    x, y, w, h = (int(row[key]) for key in ("left", "top", "width", "height"))
                    found.append([*map(str, (x, y, x + w, y + h)), row["text"]])
            self.assertEqual(found, expected)
            for page in pages:
                root = ET.fromstring(self.single(job, page["page"]))
                found = [word.findtext(f".//{{{PAGE}}}Unicode") for word in root.iter(f"{{{PAGE}}}Word")]
                self.assertEqual(found, words(page))

    def test_tsv_as_its_readers_take_it(self):
        rows = tsv_rows(self.ask(self.scan, "tsv").body)
        self.assertEqual(list(rows[0]), "level page_num block_num par_num line_num word_num left top width height conf text".split())
        for row in rows:
            self.assertEqual([row[k] for k in ("level", "page_num")][1], "1")
            self.assertTrue(float(row["conf"]) == -1 if row["level"] != "5" else 0 <= float(row["conf"]) <= 100)
        self.assertEqual({row["level"] for row in rows}, set("12345"))

    def test_failed_pages_are_marked(self):
        failed = [page["page"] for page in self.pages(self.bad) if "error" in page]
        self.assertEqual(failed, [4])
        hocr = ET.fromstring(self.ask(self.bad, "hocr").body)
        marked = [div for div in hocr.iter(f"{{{XHTML}}}div") if div.get("data-failed")]
        self.assertEqual([(div.get("id"), div.get("data-failed"), len(div)) for div in marked], [("page_4", "input", 0)])
        alto = ET.fromstring(self.ask(self.bad, "alto.xml").body)
        marked = [page for page in alto.iter(f"{{{ALTO}}}Page") if page.get("QUALITY")]
        self.assertEqual([(page.get("ID"), page.get("QUALITY_DETAIL")) for page in marked], [("p4", "failed: input")])
        self.assertIn(b"failed {code:input;}", self.single(self.bad, 4))
        self.assertEqual([row["text"] for row in tsv_rows(self.ask(self.bad, "tsv").body) if row["page_num"] == "4"], ["[failed: input]"])

    def test_page_xml_holds_one_page(self):
        for query in ("", "?pages=1-2", "?pages=1,3"):
            problem = self.problem(self.ask(self.pdf, "page.xml", query), 422, "input")
            self.assertIn("pages=N", problem["detail"])
        self.problem(self.ask(self.pdf, "page.xml", "?pages=9"), 404, "not_found")
        self.assertEqual(self.ask(self.pdf, "page.xml", "?pages=3").status, 200)
        self.assertNotIn("page.xml", self.pdf["result"])
        self.assertEqual(self.server.request("GET", self.scan["result"]["page.xml"]).body, self.single(self.scan, 1))
        answer = self.server.request("POST", "/v1/ocr?format=page.xml&text_layer=text", fresh_pdf(2))
        self.problem(answer, 422, "input")
        answer = self.server.request("POST", "/v1/ocr?format=page.xml&text_layer=text", fresh_pdf(1))
        self.assertEqual((answer.status, ocr_schemas.objections("page.xml", answer.body)), (200, []))

    def test_names_and_text_are_escaped(self):
        text = self.ask(self.pdf, "alto.xml").body.decode()
        self.assertIn("<fileName>a &lt;b&gt; &amp; c.pdf</fileName>", text)
        self.assertIn('CONTENT="&lt;b&gt;&amp;amp;"', text)
        self.assertIn('imageFilename="a &lt;b&gt; &amp; c.pdf"', self.single(self.pdf, 1).decode())
        self.assertIn('title="image &quot;a &lt;b&gt; &amp; c.pdf&quot;; bbox 0 0', self.ask(self.pdf, "hocr").body.decode())

    # ---- the archive ----

    def archive(self, job):
        answer = self.ask(job, "zip")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/zip"), answer.body[:300])
        found = zipfile.ZipFile(io.BytesIO(answer.body))
        self.assertIsNone(found.testzip())
        return answer, found

    def test_the_archive_has_every_output(self):
        for job, stem in ((self.pdf, "a _b_ & c"), (self.scan, "scan"), (self.bad, "document")):
            answer, found = self.archive(job)
            numbers = [page["page"] for page in self.pages(job)]
            extensions = [name for name in job["result"] if name not in ("zip", "pages", "page.xml")]
            self.assertTrue(set(FORMATS) <= set(extensions))
            made = {extension: self.ask(job, extension) for extension in extensions}
            there = {f"{stem}.{extension}": one.body for extension, one in made.items() if one.status == 200}
            there |= {f"page/{n}.page.xml": self.single(job, n) for n in numbers}
            self.assertEqual(set(found.namelist()), set(there))
            for name, body in there.items():
                self.assertEqual(found.read(name), body, name)

    def test_the_archive_is_kept_and_has_one_time(self):
        answer, found = self.archive(self.pdf)
        self.assertEqual(self.ask(self.pdf, "zip").body, answer.body)
        self.assertEqual(len({info.date_time for info in found.infolist()}), 1)
        part = self.server.request("GET", f"/v1/jobs/{self.pdf['id']}/result.zip", headers={"Range": "bytes=0-3"})
        self.assertEqual((part.status, part.body), (206, b"PK\3\4"))
        tag = {"If-None-Match": answer.headers["ETag"]}
        self.assertEqual(self.server.request("GET", f"/v1/jobs/{self.pdf['id']}/result.zip", headers=tag).status, 304)
        self.problem(self.ask(self.pdf, "zip", "?pages=1"), 422, "input")


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-formats-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.pdf = cls.top / "three.pdf"
        cls.pdf.write_bytes(documents.make_pdf(3))
        cls.bad = cls.top / "bad.pdf"
        cls.bad.write_bytes(documents.make_pdf(3).replace(*BAD_PAGE, 1))
        cls.figure = cls.top / "fig ure (1).pdf"
        cls.figure.write_bytes(documents.make_figure_pdf(2))

    def run_it(self, *args, status=0):
        done = subprocess.run([harness.BUILD / "pagemill", "ocr", "--text-layer=text", *args], capture_output=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def refused(self, words, *args, status=2):
        done = self.run_it(*args, status=status)
        self.assertIn(words, done.stderr.decode())
        self.assertEqual(done.stdout, b"")

    def names(self, directory):
        return sorted(path.name for path in directory.iterdir())

    def test_several_formats_into_a_directory(self):
        out = self.top / "several"
        self.run_it("-f", "md,json,page.xml,md", "-o", out, self.pdf, self.bad, status=1)
        self.assertEqual(self.names(out), sorted(
            [f"{stem}.{ext}" for stem in ("three", "bad") for ext in ("md", "json")]
            + [f"three.{n}.page.xml" for n in (1, 2, 3)] + [f"bad.{n}.page.xml" for n in (1, 2, 3, 4)]))
        self.assertEqual((out / "three.md").read_bytes(), self.run_it("-f", "md", self.pdf).stdout)
        self.assertEqual(len(json.loads((out / "bad.json").read_text())["pages"]), 4)
        for path in out.glob("*.page.xml"):
            self.assertEqual(ocr_schemas.objections("page.xml", path.read_bytes()), [], path)

    def test_an_archive_of_one_document(self):
        out = self.top / "one.zip"
        self.run_it("-o", out, self.bad, status=1)
        found = zipfile.ZipFile(out)
        self.assertIsNone(found.testzip())
        expected = {f"bad.{ext}" for ext in (*FORMATS, "pdf", "layouts.pdf")} | {f"page/{n}.page.xml" for n in (1, 2, 3, 4)}
        self.assertTrue(expected <= set(found.namelist()), found.namelist())
        self.assertEqual(ocr_schemas.objections("hocr", found.read("bad.hocr")), [])
        self.assertEqual(found.read("bad.txt"), self.run_it("-f", "txt", self.bad, status=1).stdout)
        self.run_it("-f", "md,tsv", "-o", out, self.pdf)
        self.assertEqual(sorted(zipfile.ZipFile(out).namelist()), ["three.md", "three.tsv"], "only what was named")
        self.refused("one document", "-o", out, self.pdf, self.pdf)
        self.assertIn("three.json", zipfile.ZipFile(out).namelist(), "the first is whole")

    def check_pictures(self, text, where, read):
        """The links of a text lead from where it is to pictures: the whole of them, and nothing else."""
        links = re.findall(r"\]\((.+?)\)|<img src=\"(.+?)\"", text)
        self.assertEqual([(a or b).rsplit("/", 1)[1] for a, b in links], ["0_0.jpg", "1_0.jpg"])
        for a, b in links:
            picture = read(where + urllib.parse.unquote(a or b))
            self.assertEqual((picture[:3], picture[-2:]), (b"\xff\xd8\xff", b"\xff\xd9"))

    def test_figures_lie_beside_what_links_to_them(self):
        out = self.top / "figures"
        self.run_it("-f", "md,html,mmd,json", "-o", out, self.figure, self.pdf)
        self.assertEqual(self.names(out / "fig ure (1)_images"), ["0_0.jpg", "1_0.jpg"])
        self.assertFalse((out / "three_images").exists(), "it has no figures")
        for extension in ("md", "html", "mmd"):
            text = (out / f"fig ure (1).{extension}").read_text()
            self.assertIn("fig%20ure%20%281%29_images/0_0.jpg", text)
            self.check_pictures(text, "", lambda name: (out / name).read_bytes())

    def test_figures_beside_one_file(self):
        out = self.top / "figures_of_all"
        out.mkdir()
        second = self.top / "second.pdf"
        second.write_bytes(documents.make_figure_pdf(1))
        self.run_it("-o", out / "all.md", self.figure, second)
        self.assertEqual(self.names(out), ["all.md", "fig ure (1)_images", "second_images"])
        text = (out / "all.md").read_text()
        self.check_pictures(text[:text.index("second_images")], "", lambda name: (out / name).read_bytes())

    def test_no_figures_where_nothing_links_or_nobody_wants_them(self):
        out = self.top / "no_figures"
        out.mkdir()
        self.run_it("-f", "json,txt,alto.xml,page.xml,pdf", "-o", out, self.figure)
        self.run_it("-o", out / "off.md", "--figures", "off", self.figure)
        before = set(pathlib.Path().iterdir())
        self.assertIn(b"](images/0_0.jpg)", self.run_it("-f", "md", self.figure).stdout)
        self.assertEqual(set(pathlib.Path().iterdir()), before)
        self.assertEqual([path for path in out.iterdir() if path.is_dir()], [])

    def test_figures_in_an_archive(self):
        out = self.top / "figures.zip"
        self.run_it("-o", out, self.figure)
        with zipfile.ZipFile(out) as found:
            self.assertIsNone(found.testzip())
            self.check_pictures(found.read("fig ure (1).md").decode(), "", found.read)
            self.check_pictures(found.read("fig ure (1).html").decode(), "", found.read)
        self.run_it("-f", "txt,zip", "-o", out, self.figure)
        self.assertEqual(zipfile.ZipFile(out).namelist(), ["fig ure (1).txt"])

    def test_two_documents_of_one_name(self):
        out, other = self.top / "names", self.top / "other"
        other.mkdir()
        shutil.copy(self.figure, other)
        done = self.run_it("-f", "md", "-o", f"{out}/", self.figure, other / self.figure.name, self.pdf, status=8)
        self.assertIn("another document", done.stderr.decode())
        self.assertEqual(self.names(out), ["fig ure (1).md", "fig ure (1)_images", "three.md"])
        done = self.run_it("-o", out / "both.md", self.figure, other / self.figure.name, status=8)
        self.assertIn("figure 0_0.jpg", done.stderr.decode())
        self.assertEqual((out / "both.md").read_text().count("(fig%20ure"), 4, "the text is there all the same")

    def test_an_archive_for_each_document(self):
        out = self.top / "archives"
        self.run_it("-f", "zip", "-o", f"{out}/", self.pdf, self.bad, status=1)
        self.assertEqual(self.names(out), ["bad.zip", "three.zip"])

    def test_one_page_to_a_pipe_or_a_file(self):
        done = self.run_it("-f", "page.xml", "-p", "2", self.pdf)
        self.assertEqual(ocr_schemas.objections("page.xml", done.stdout), [])
        self.run_it("-o", self.top / "x.page.xml", "-p", "2", self.pdf)
        self.assertEqual(ocr_schemas.objections("page.xml", (self.top / "x.page.xml").read_bytes()), [])

    def test_places_that_are_none(self):
        self.refused("need a directory", "-f", "md,json", self.pdf)
        self.refused("needs a place", "-f", "zip", self.pdf)
        self.refused("one page", "-f", "page.xml", self.pdf)
        self.refused("none of json", "-f", "md,docx", "-o", self.top / "new", self.pdf, status=4)
        self.refused("none of json", "-f", "md,,json", "-o", self.top / "new", self.pdf, status=4)
        self.refused("", "-f", "md,json", "-o", self.pdf, self.pdf, status=11)
        self.assertFalse((self.top / "new").exists())
        self.assertEqual(list(self.top.rglob("*.part")), [], "nothing half done is left")

    def test_the_help_names_every_format(self):
        shown = subprocess.run([harness.BUILD / "pagemill", "ocr", "--help"], capture_output=True).stdout.decode()
        line = next(line for line in shown.splitlines() if line.startswith("  --format"))
        for extension in (*FORMATS, "page.xml", "pdf", "layouts.pdf", "zip"):
            self.assertRegex(line, f" {re.escape(extension)}(,|$)")


if __name__ == "__main__":
    harness.main()
