# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a page's drawing to its blocks, over HTTP: which words are believed (text_layer), what the options of the
layout leave out, and that every output of a page that is odd or hostile is an answer."""
import csv
import io
import json
import unittest
import xml.etree.ElementTree as ET
import zipfile

import documents
import gate
import harness

SENTENCES = """The harbour was closed for seven days after the storm, and no letter
came in or went out. On the eighth morning the first of the small boats
returned with news from the islands: the lighthouse stood, the stores were
dry, and nobody had been hurt. The council met at noon to decide about the
repairs. Three of its members wanted to begin at once, while the others
asked for a report on the state of the northern wall. In the end they agreed
to send two engineers, who were to be back within the week, and to pay the
workers for the days that they had lost.""".splitlines()
CODES = ["Illinois lIl1I 0O0 modern corner", "part lI0O1-rnrn of clamp vvide", "turn Il1 burn O0O learn l1lI"]
LAYER_IS_GOOD = 0.85  # from here on the layer stands for the page, as docs/api.md says
ONE_PAGE = ("page.xml",)  # what holds one page only
XML = ("hocr", "alto.xml", "page.xml")
OUTPUTS = ("json", "ndjson", "md", "html", "txt", "csv", "mmd", "det.mmd", "hocr", "alto.xml", "page.xml", "tsv", "pdf",
           "layouts.pdf", "zip")


# --- pages -------------------------------------------------------------------------------------

class Pdf:
    """Pages from content streams, of US Letter size. Their fonts: /F1 Helvetica, /F2 Courier, and one for every
    Unicode map that is given: its codes look like Helvetica's."""

    def __init__(self, maps=None):
        self.writer = documents.PdfWriter()
        self.kids, self.images = [], []
        self.fonts = b"".join(b"/%s %d 0 R" % (name, self.writer.add(
            b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding%s>>" % (face, more)))
            for name, face, more in ((b"F1", b"Helvetica", b""), (b"F2", b"Courier", b""), *(
                (name, b"Helvetica", b"/ToUnicode %d 0 R" % self.writer.stream(unicode_map(pairs)))
                for name, pairs in (maps or {}).items())))

    def page(self, content, image=None):
        """image: (width, height, bits, rows), drawn by /Im Do."""
        images = b""
        if image:
            width, height, bits, rows = image
            images = b"/XObject<</Im %d 0 R>>" % self.writer.stream(
                rows, b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent %d"
                % (width, height, bits))
        self.kids.append((self.writer.stream(content), images))
        return self

    def finish(self):
        tree = len(self.writer.offsets) + len(self.kids) + 1
        pages = [self.writer.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font"
                                 b"<<%s>>%s>>>>" % (tree, content, self.fonts, images))
                 for content, images in self.kids]
        self.writer.add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (
            len(pages), b" ".join(b"%d 0 R" % page for page in pages)))
        return self.writer.finish(self.writer.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def unicode_map(pairs):
    """A ToUnicode CMap: code to UTF-16BE as hexadecimal digits. 100 pairs a section, as the format has it."""
    rows = [b"<%02X> <%s>" % (code, text) for code, text in pairs]
    parts = b"".join(b"%d beginbfchar\n%s\nendbfchar\n" % (len(rows[i:i + 100]), b"\n".join(rows[i:i + 100]))
                     for i in range(0, len(rows), 100))
    return (b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n"
            b"1 begincodespacerange <00> <FF> endcodespacerange\n%sendcmap end end" % parts)


def to_letters(first, step=1):
    """a, b, c … as so many letters from `first` on."""
    return [(ord("a") + i, b"%04X" % (first + i * step)) for i in range(26)]


def shifted(by):
    return [(ord(base) + i, b"%04X" % (ord(base) + (i + by) % 26)) for base in "aA" for i in range(26)]


def escaped(text):
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def text(lines, font="F1", size=12, top=700, left=72, before=""):
    shown = "".join(f"({escaped(line)}) Tj T*\n" for line in lines)
    return f"BT {before} /{font} {size} Tf {size * 1.5} TL {left} {top} Td\n{shown}ET\n".encode("latin-1")


def scan(lines):
    return (lambda width, height, rows: (width, height, 1, rows))(*documents.page_picture(lines))


FULL_PAGE = b"q 612 0 0 792 0 0 cm /Im Do Q\n"


def over_scan(lines, down=0):
    """Invisible text where documents.page_picture draws the same lines, or so many points below."""
    out = b""
    for i, line in enumerate(lines):
        baseline = 792 - (220 + 80 * i) * 0.36 - down
        out += f"BT 3 Tr -4.32 Tw /F2 21.6 Tf 64.8 {baseline:.2f} Td ({line}) Tj ET\n".encode()
    return out


def outlined(lines):
    """The letters as paths."""
    out = ["1.6 w 1 J 1 j\n"]
    for row, line in enumerate(lines):
        left = 60
        for char in line:
            for stroke in documents.STROKES[char].split():
                points = documents.stroke_points(stroke)
                path = [f"{left + x * 1.5:.1f} {720 - row * 30 - y * 1.5:.1f}" for x, y in points]
                out.append(f"{path[0]} m " + " ".join(f"{p} l" for p in path[1:] or path) + " S\n")
            left += 1.5 * (documents.SPACE if char == " " else documents.ADVANCE)
    return "".join(out).encode()


ROWS = [("Town", "Ships", "Days"), ("Harwich", "12", "7"), ("Dover", "31", "9"), ("Plymouth", "8", "14")]


def table(top=600, left=100, width=120, height=24):
    """A ruled table of ROWS."""
    out = b"0.8 w\n"
    for r in range(len(ROWS) + 1):
        out += b"%d %d m %d %d l S\n" % (left, top - r * height, left + 3 * width, top - r * height)
    for c in range(4):
        out += b"%d %d m %d %d l S\n" % (left + c * width, top, left + c * width, top - len(ROWS) * height)
    for r, row in enumerate(ROWS):
        for c, cell in enumerate(row):
            out += text([cell], top=top - r * height - 17, left=left + c * width + 8)
    return out


def photograph(width=200, height=150):
    """Grey in all shades, the same each time."""
    value, rows = 1, bytearray()
    for y in range(height):
        for x in range(width):
            value = value * 1103515245 + 12345 & 0x7FFFFFFF
            rows.append((x + y + (value >> 24)) & 0xFF)
    return width, height, 8, bytes(rows)


def figure_page(pdf):
    """A paragraph, a picture and a table."""
    return pdf.page(text(SENTENCES[:3], top=740) + table() + b"q 240 0 0 180 180 200 cm /Im Do Q\n", photograph())


# --- what came of them -------------------------------------------------------------------------

def words(page):
    return [word["text"] for block in page["blocks"] for line in block["lines"] for word in line["words"]]


def types(page):
    return {block["type"] for block in page["blocks"]}


class Layout(harness.ServerCase):
    args = ("--lanes", "2", "--engine", "tesseract")

    def pages(self, file, server=None, **options):
        server = server or self.server
        job = server.wait_job(server.submit(file, **options)["id"])
        self.assertEqual((job["status"], job["failed_pages"]), ("completed", []), job)
        return job, json.loads(server.result(job["id"], "json"))["pages"]

    def page(self, file, **options):
        return self.pages(file, **options)[1][0]

    def expect(self, page, source, lowest, highest, said=None):
        self.assertEqual(page["source"], source)
        self.assertGreaterEqual(page["text_layer_score"], lowest)
        self.assertLessEqual(page["text_layer_score"], highest)
        if said is not None:
            self.assertEqual(words(page), " ".join(said).split())

    def known(self, page, lines):
        """The share of the lines' words that were read."""
        seen, wanted = set(words(page)), " ".join(lines).split()
        return sum(word in seen for word in wanted) / len(wanted)


class Policies(Layout):
    def test_good_text_needs_no_recogniser(self):
        held = gate.Gate()
        held.close("recognise")
        server = harness.Server("--lanes", "1", *held.arguments()).start(ready=False)
        try:
            for policy in ("auto", "text"):
                page = self.pages(Pdf().page(text(SENTENCES)).finish(), server, text_layer=policy)[1][0]
                self.expect(page, "text", LAYER_IS_GOOD, 1, SENTENCES)
        finally:
            held.open("recognise")
            server.stop()
            held.remove()

    def test_pixels_when_asked_for(self):
        page = self.page(Pdf().page(text(SENTENCES)).finish(), text_layer="ocr")
        self.assertEqual(page["source"], "ocr")
        self.assertNotIn("text_layer_score", page)
        self.assertGreater(self.known(page, SENTENCES), 0.9)

    def test_the_default_is_auto(self):
        self.assertEqual(self.page(Pdf().page(text(SENTENCES)).finish())["source"], "text")

    def test_letters_that_stand_for_others(self):
        pdf = Pdf({b"FS": shifted(7)}).page(text(SENTENCES, "FS")).finish()
        page = self.page(pdf, text_layer="auto")
        self.expect(page, "ocr", 0, 0.7)
        self.assertGreater(self.known(page, SENTENCES), 0.9)
        self.expect(self.page(pdf, text_layer="text"), "text", 0, 0.7)

    def test_letters_that_stand_for_nothing(self):
        page = self.page(Pdf({b"FP": to_letters(0xE000)}).page(text(SENTENCES, "FP")).finish())
        self.expect(page, "ocr", 0, 0.3)
        self.assertGreater(self.known(page, SENTENCES), 0.9)

    def test_a_scan_with_its_words_under_it(self):
        lines = documents.page_lines(3)
        page = self.page(Pdf().page(FULL_PAGE + over_scan(lines), scan(lines)).finish())
        self.expect(page, "text", LAYER_IS_GOOD, 1, lines)

    def test_a_scan_with_words_in_other_places(self):
        lines = documents.page_lines(3)
        page = self.page(Pdf().page(FULL_PAGE + over_scan(lines, down=250), scan(lines)).finish())
        self.expect(page, "ocr", 0, 0.8)
        self.assertGreater(self.known(page, lines), 0.8)

    def test_a_scan_with_nonsense_under_it(self):
        lines = documents.page_lines(3)
        nonsense = ["Xq{]z~ bcdfgh |}{^ vwxzk", "~~^| qqqq{ kjhgfdsq [}{|", "zzzzz bcbcbcbc }{[]~ xkcdqw"] * 2
        page = self.page(Pdf().page(FULL_PAGE + over_scan(nonsense), scan(lines)).finish())
        self.expect(page, "ocr", 0, 0.8)
        self.assertGreater(self.known(page, lines), 0.8)

    def test_words_that_nobody_sees(self):
        pdf = Pdf().page(over_scan(documents.page_lines(1))).finish()
        page = self.page(pdf, text_layer="auto")
        self.expect(page, "ocr", 0, 0.1, [])
        self.expect(self.page(pdf, text_layer="text"), "text", 0, 0.1, documents.page_lines(1))

    def test_pages_without_words(self):
        lines = documents.page_lines(2)
        for what, pdf in (("a picture", Pdf().page(FULL_PAGE, scan(lines))), ("paths", Pdf().page(outlined(lines)))):
            with self.subTest(what):
                page = self.page(pdf.finish(), text_layer="auto")
                self.expect(page, "ocr", 0, 0)
                self.assertGreater(self.known(page, lines), 0.8)
                self.expect(self.page(pdf.finish(), text_layer="text"), "text", 0, 0, [])

    def test_a_blank_page(self):
        page = self.page(Pdf().page(b"").finish(), text_layer="auto")
        self.expect(page, "text", 1, 1, [])
        self.assertEqual(page["blocks"], [])

    def test_a_stamp_over_a_scan(self):
        lines = documents.page_lines(4)
        page = self.page(Pdf().page(FULL_PAGE + text(["Received on 4 March, archive no. 1182"], top=40), scan(lines)).finish())
        self.expect(page, "ocr", 0, 0.5)
        self.assertGreater(self.known(page, lines), 0.8)

    def test_pictures_among_text(self):
        """Photographs do not cost a page its text; a picture of text does, if it is more than a few words."""
        lines = documents.page_lines(7)
        picture = b"q 400 0 0 260 100 120 cm /Im Do Q\n"
        page = self.page(Pdf().page(text(SENTENCES) + picture, photograph()).finish())
        self.expect(page, "text", LAYER_IS_GOOD, 1, SENTENCES)
        page = self.page(Pdf().page(text(SENTENCES[:2]) + b"q 400 0 0 517 100 40 cm /Im Do Q\n", scan(lines)).finish())
        self.expect(page, "ocr", 0, 0.8)
        self.assertGreater(self.known(page, lines), 0.8)
        self.assertGreater(self.known(page, SENTENCES[:2]), 0.8)

    def test_verified(self):
        pdf = Pdf().page(text(SENTENCES) + text(CODES, top=400)).finish()
        self.assertNotEqual(words(self.page(pdf, text_layer="ocr")), " ".join(SENTENCES + CODES).split(), "hard enough")
        page = self.page(pdf, text_layer="verify")
        self.expect(page, "verified", LAYER_IS_GOOD, 1, SENTENCES + CODES)

    def test_a_bad_layer_verifies_nothing(self):
        page = self.page(Pdf({b"FS": shifted(7)}).page(text(SENTENCES, "FS")).finish(), text_layer="verify")
        self.expect(page, "ocr", 0, 0.7)
        self.assertGreater(self.known(page, SENTENCES), 0.9)

    def test_images_have_no_layer(self):
        lines = documents.page_lines(5)
        for policy in ("auto", "ocr", "verify"):
            page = self.page(documents.make_png(lines), name="page.png", text_layer=policy)
            self.assertEqual(page["source"], "ocr")
            self.assertNotIn("text_layer_score", page)
            self.assertGreater(self.known(page, lines), 0.8)

    def test_page_by_page(self):
        lines = documents.page_lines(6)
        pdf = Pdf({b"FS": shifted(7)}).page(text(SENTENCES)).page(FULL_PAGE, scan(lines)).page(text(SENTENCES, "FS"))
        pages = self.pages(pdf.page(b"").page(outlined(lines)).page(text(SENTENCES)).finish())[1]
        self.assertEqual([page["source"] for page in pages], ["text", "ocr", "ocr", "text", "ocr", "text"])

    def test_surface_a_reads_pixels(self):
        answer = self.server.post_form("/api/v1/ocr/process", Pdf().page(text(SENTENCES)).finish())
        task = json.loads(answer.body)["task_id"]
        self.server.wait_job(task)
        page = self.server.get_json(f"/v1/jobs/{task}/pages/1")
        self.assertEqual(page["source"], "ocr")
        self.assertNotIn("text_layer_score", page)


class Options(Layout):
    def test_what_is_left_out(self):
        pdf = figure_page(Pdf()).finish()
        told = " ".join(SENTENCES[:3]).split() + [cell for row in ROWS for cell in row]
        for layer in ("text", "ocr"):
            for options, there, absent in (({}, {"table", "figure"}, set()), ({"layout": "plain"}, {"table", "figure"}, set()),
                                           ({"tables": False}, {"figure"}, {"table"}),
                                           ({"figures": False}, {"table"}, {"figure"}),
                                           ({"tables": False, "figures": False}, set(), {"table", "figure"}),
                                           ({"layout": "off"}, set(), {"table", "figure"})):
                with self.subTest(layer=layer, **options):
                    page = self.page(pdf, text_layer=layer, **options)
                    self.assertLessEqual(there, types(page))
                    self.assertFalse(absent & types(page), types(page))
                    if layer == "text":
                        self.assertEqual(sorted(words(page)), sorted(told), "no word is lost")

    def test_the_table_has_its_cells(self):
        page = self.page(figure_page(Pdf()).finish(), text_layer="text")
        found = next(block for block in page["blocks"] if block["type"] == "table")
        self.assertEqual((found["rows"], found["cols"]), (4, 3))
        self.assertEqual([cell["text"] for cell in found["cells"]], [cell for row in ROWS for cell in row])

    def test_bad_values(self):
        for name, value in (("layout", "best"), ("text_layer", "maybe"), ("tables", "some"), ("figures", "2")):
            answer = self.server.post_form("/v1/jobs", Pdf().page(b"").finish(), **{name: value})
            self.assertEqual(answer.status, 422, name)


# --- odd and hostile pages ---------------------------------------------------------------------

def many_words(columns, lines, each):
    """A page of columns of words in tiny type."""
    step, leading = 572 / columns, 752 / lines
    return b"".join(text([" ".join(documents.WORDS[(c + l * 5 + i * 3) % len(documents.WORDS)] for i in range(each))
                          for l in range(lines)], size=leading / 1.5, top=770, left=20 + c * step,
                         before=f"{step / each / leading * 22:.1f} Tz") for c in range(columns))


def in_one_spot(count):
    shown = "".join(f"1 0 0 1 300 400 Tm (w{i}) Tj\n" for i in range(count))
    return f"BT /F1 10 Tf\n{shown}ET\n".encode()


def turned(matrix, lines):
    return b"q " + matrix + b" cm\n" + text(lines, top=0, left=0) + b"Q\n"


MATRICES = [b"0 0 0 0 0 0", b"1e38 0 0 1e38 0 0", b"-1e38 1e38 -1e38 1e38 1e38 -1e38", b"1e-38 0 0 1e-38 300 300", b"1 0 0 0 100 100",
            b"99999999999999999999999999999999999999999999 0 0 1 0 0", b"nan nan nan nan nan nan", b"1 1 1 1 100 100",
            b"0.00001 0 0 100000 100 100", b"-1 0 0 1 500 300", b"1 0 0 -1 72 300"]
SPELLS = [b"0000", b"0009", b"000A", b"001B", b"007F", b"009B", b"202E", b"202D", b"2066", b"2028", b"FEFF", b"FFFE", b"FFFF",
          b"D800", b"DC00", b"DC00D800", b"DBFFDFFF", b"E000", b"0300", b"200B", b"FFFD", b"00AD", b"FDFA", b"0041" * 100,
          b"003C002F0074", b"0022003E"]
HOSTILE = {
    "no text": lambda: Pdf().page(b"72 72 m 500 700 l S\n"),
    "nothing": lambda: Pdf().page(b""),
    "only a picture": lambda: Pdf().page(b"q 300 0 0 200 100 300 cm /Im Do Q\n", photograph()),
    "only a table": lambda: Pdf().page(table()),
    "text that runs up": lambda: Pdf().page(turned(b"0 1 -1 0 200 100", SENTENCES)),
    "text that runs down": lambda: Pdf().page(turned(b"0 -1 1 0 200 700", SENTENCES)),
    "all directions": lambda: Pdf().page(b"".join(turned(m, SENTENCES[:3]) for m in (
        b"1 0 0 1 72 740", b"0 1 -1 0 560 100", b"-1 0 0 -1 540 60", b"0 -1 1 0 30 700", b".7 .7 -.7 .7 200 200"))),
    "Arabic and English": lambda: Pdf({b"FA": to_letters(0x627)}).page(
        text(SENTENCES[:3]) + text(SENTENCES[3:], "FA", top=500) + text(["and"], top=300) + text(["abc def"], "FA", top=300, left=120)),
    "20,000 words": lambda: Pdf().page(many_words(20, 250, 4)),
    "20,000 words in a grid": lambda: Pdf().page(many_words(100, 200, 1)),
    "100,000 words in one spot": lambda: Pdf().page(in_one_spot(100000)),
    "one word a thousand times": lambda: Pdf().page(text(["same"], top=300) * 1000),
    "characters that are none": lambda: Pdf({b"FX": [(ord("a") + i, spell) for i, spell in enumerate(SPELLS)]}).page(
        text(SENTENCES, "FX") + text(["abcdefghijklmnopqrstuvwxyz" * 20], "FX", size=2, top=300)),
    "matrices": lambda: Pdf().page(b"".join(turned(m, SENTENCES[:2]) for m in MATRICES)),
    "sizes": lambda: Pdf().page(b"".join(text(["some words here"], size=s, top=300) for s in (0, -12, 0.001, 1e7, 1e-30))),
    "a line without end": lambda: Pdf().page(text(["word " * 20000], size=1, left=-9000)),
    "a word without end": lambda: Pdf().page(text(["x" * 60000], size=0.01)),
    "10,000 rules": lambda: Pdf().page(b"0.1 w\n" + b"".join(b"%d %d m %d %d l S\n" % (20, i % 780, 590, i % 780) if i % 2 else
                                                              b"%d %d m %d %d l S\n" % (i % 600, 10, i % 600, 780) for i in range(10000))
                                       + text(SENTENCES)),
    "markup": lambda: Pdf().page(text(["<script>alert(1)</script> & ]]> --> <!-- \" ' | # * _ ` [x](y) ![z](q)",
                                       "=cmd|' /C calc'!A0", "1. - + > ~~~ ``` --- $$ \\begin{x}", "[page 7: failed: timeout]"])),
}
CONTROLS = {chr(c) for c in (*range(32), *range(0x7F, 0xA0))} - {"\n", "\t", "\f", "\r"}
OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Hostile(Layout):
    args = ("--lanes", "2", "--engine", "tesseract", "--worker-memory", "1G")

    def check(self, extension, body):
        """Is it what it says it is?"""
        if extension in ("pdf", "layouts.pdf"):
            self.assertTrue(body.startswith(b"%PDF-"))
            return
        if extension == "zip":
            self.assertIsNone(zipfile.ZipFile(io.BytesIO(body)).testzip())
            return
        said = body.decode("utf-8")
        self.assertFalse(CONTROLS & set(said), f"{extension}: {CONTROLS & set(said)}")
        self.assertFalse(OVERRIDES & set(said), f"{extension}: {OVERRIDES & set(said)}")
        if extension == "json":
            json.loads(said)
        elif extension == "ndjson":
            for line in said.splitlines():
                json.loads(line)
        elif extension in XML:
            ET.fromstring(said)
        elif extension == "tsv":
            self.assertEqual({len(row) for row in csv.reader(io.StringIO(said), delimiter="\t", quoting=csv.QUOTE_NONE)}, {12})
        elif extension == "html":
            self.assertNotIn("<script>alert", said)

    def test_every_output_of_every_page(self):
        for name, made in HOSTILE.items():
            file = made().finish()
            for policy in ("text", "auto"):
                with self.subTest(name, text_layer=policy):
                    job, pages = self.pages(file, text_layer=policy)
                    print(f"  {name}, {policy}: {pages[0]['source']}, score {pages[0].get('text_layer_score')}, "
                          f"{len(pages[0]['blocks'])} blocks, {len(words(pages[0]))} words, {pages[0]['duration_ms']} ms, "
                          f"layout {pages[0]['stages_ms'].get('layout', 0)} ms")
                    for extension in OUTPUTS:
                        self.check(extension, self.server.result(job["id"], extension))
        self.assertEqual(self.server.get_json("/health")["workers"]["crashes"], 0)

    def test_all_of_them_in_one_document(self):
        """A table, a paragraph or a heading that goes on and on over pages."""
        pdf = Pdf()
        for i in range(40):
            pdf.page((b"", text(SENTENCES[:3] + ["and then"], top=100), table(top=120), over_scan(["A"]))[i % 4])
        job, pages = self.pages(pdf.finish(), text_layer="text")
        self.assertEqual(len(pages), 40)
        for extension in OUTPUTS:
            if extension not in ONE_PAGE:
                self.check(extension, self.server.result(job["id"], extension))

    def test_directions(self):
        page = self.page(HOSTILE["Arabic and English"]().finish(), text_layer="text")
        seen = words(page)
        for word in SENTENCES[0].split():
            self.assertIn(word, seen)
        letters = "".join(seen)
        self.assertTrue(any("\u0627" <= c <= "\u064a" for c in letters))

    def test_only_a_table(self):
        page = self.page(HOSTILE["only a table"]().finish(), text_layer="text")
        self.assertEqual(types(page), {"table"})

    def test_only_a_picture(self):
        page = self.page(HOSTILE["only a picture"]().finish(), text_layer="text")
        self.assertEqual(types(page), {"figure"})

    def test_text_on_its_side_is_in_order(self):
        for name in ("text that runs up", "text that runs down"):
            page = self.page(HOSTILE[name]().finish(), text_layer="text")
            self.assertEqual(words(page), " ".join(SENTENCES).split(), name)

    def test_no_word_of_20000_is_lost(self):
        for name in ("20,000 words", "20,000 words in a grid"):
            self.assertEqual(len(words(self.page(HOSTILE[name]().finish(), text_layer="text"))), 20000)


if __name__ == "__main__":
    harness.main()
