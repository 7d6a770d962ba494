# SPDX-License-Identifier: AGPL-3.0-or-later
"""The boxes of surface a lie on the text of the picture that the client has: a PDF's page at 144 dpi, or the image
as it was sent. Straight, turned by /Rotate, and turned on the page; whatever the service renders at.
"""
import io
import json
import pathlib
import subprocess
import sys
import unittest

import documents
import harness

try:
    from PIL import Image
except ImportError:
    harness.skip_file("python3-pil is not installed")

CLIENT = pathlib.Path(__file__).with_name("clients") / "ocr_tasks.py"
LINES = ["HARBOUR LETTER", "GARDEN REPORT EXPORT", "SILVER WINTER"]
INK = 128  # darker than this
NEAR = 8  # pixels at 144 dpi between a box and its ink


def text_pdf(matrix="1 0 0 1 0 0", rotate=0):
    """One US Letter page: LINES in 36 point type through a matrix."""
    shown = "".join(f"({line}) Tj 0 -80 Td\n" for line in LINES)
    content = f"q {matrix} cm BT /F1 36 Tf 60 640 Td\n{shown}ET Q\n".encode()
    pdf = documents.PdfWriter()
    font = pdf.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    stream = pdf.stream(content)
    page = pdf.add(b"<</Type/Page/Parent 4 0 R/MediaBox[0 0 612 792]/Rotate %d/Contents %d 0 R"
                   b"/Resources<</Font<</F1 %d 0 R>>>>>>" % (rotate, stream, font))
    tree = pdf.add(b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    return pdf.finish(pdf.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


# Matrices that turn the page's content clockwise by so many degrees and keep it on the page.
TURNED = {0: "1 0 0 1 0 0", 90: "0 -1 1 0 -90 700", 180: "-1 0 0 -1 612 792", 270: "0 1 -1 0 702 92"}
# Where reading goes, in pixels, for text turned clockwise by so many degrees.
READING = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}


def extent(box):
    xs, ys = zip(*box)
    return min(xs), min(ys), max(xs), max(ys)


def ink(picture, area):
    """Extent of the dark pixels within an area, or None."""
    left, top, right, bottom = area
    area = max(0, int(left)), max(0, int(top)), min(picture.width, int(right)), min(picture.height, int(bottom))
    found = picture.crop(area).point(lambda value: 255 if value < INK else 0).getbbox()
    return found and (found[0] + area[0], found[1] + area[1], found[2] + area[0], found[3] + area[1])


def blank_out(picture, area):
    left, top, right, bottom = area
    picture.paste(255, (int(left) - 2, int(top) - 2, int(right) + 3, int(bottom) + 3))


class Boxes(unittest.TestCase):
    def detections(self, file, name="page.pdf"):
        task_id = json.loads(self.server.post_form("/api/v1/ocr/process", file, name).body)["task_id"]
        self.server.wait_job(task_id)
        found = self.server.get_json(f"/api/v1/ocr/results/{task_id}")
        self.assertEqual(found["status"], "SUCCESS", found)
        return task_id, found["result"]["detections"]

    def picture(self, task_id, page=1, dpi=144):
        answer = self.server.request("GET", f"/v1/jobs/{task_id}/pages/{page}/image?dpi={dpi}")
        self.assertEqual(answer.status, 200, answer.body[:200])
        return Image.open(io.BytesIO(answer.body)).convert("L")

    def check_ink(self, detections, picture, near=NEAR):
        """Each box holds ink and ends where it ends, and no ink is outside of all boxes."""
        rest = picture.copy()
        for found in detections:
            area = extent(found["box"])
            self.assertTrue(0 <= area[0] < area[2] <= picture.width and 0 <= area[1] < area[3] <= picture.height, found)
            seen = ink(picture, (area[0] - near, area[1] - near, area[2] + near, area[3] + near))
            self.assertIsNotNone(seen, f"no ink in {found}")
            for side, mine, theirs in zip(("left", "top", "right", "bottom"), area, seen):
                self.assertAlmostEqual(mine, theirs, delta=near, msg=f"{side} of {found}, ink is {seen}")
            blank_out(rest, (area[0] - near, area[1] - near, area[2] + near, area[3] + near))
        self.assertIsNone(ink(rest, (0, 0, *rest.size)), "ink that no box holds")

    def check_text(self, detections):
        self.assertEqual([found["text"] for found in detections], LINES)

    def check_reading(self, detections, turned):
        """The corners begin at the text's top left and go clockwise."""
        dx, dy = READING[turned]
        for found in detections:
            (ax, ay), (bx, by), (cx, cy), _ = found["box"]
            along, down = (bx - ax) * dx + (by - ay) * dy, (cx - bx) * -dy + (cy - by) * dx
            self.assertGreater(along, 0, f"turned by {turned}: {found}")
            self.assertGreater(down, 0, f"turned by {turned}: {found}")
            self.assertGreater(along, 2 * down, found)


class Straight(harness.ServerCase, Boxes):
    args = ("--lanes", "2")

    def test_a_scanned_page_at_known_places(self):
        """documents.page_picture draws at 200 dpi: what it says, times 0.72."""
        _, detections = self.detections(documents.make_scan_pdf(1, lambda n: LINES))
        self.check_text(detections)
        for n, found in enumerate(detections):
            area = extent(found["box"])
            top = 180 + n * 80  # the margin, and 20 units of 4 pixels a line; capitals are units 1 to 10
            for mine, theirs in zip((area[0], area[1], area[3]), (180 + 4, top + 4, top + 40)):
                self.assertAlmostEqual(mine, theirs * 0.72, delta=NEAR, msg=str(found))

    def test_pdf_pages(self):
        task_id, detections = self.detections(text_pdf())
        self.check_text(detections)
        picture = self.picture(task_id)
        self.assertEqual(picture.size, (1224, 1584))
        self.check_ink(detections, picture)
        self.check_reading(detections, 0)

    def test_pages_that_say_how_they_are_turned(self):
        """/Rotate turns the page clockwise; content turned the other way is upright then."""
        for rotate in (90, 180, 270):
            with self.subTest(rotate=rotate):
                task_id, detections = self.detections(text_pdf(TURNED[360 - rotate], rotate))
                self.check_text(detections)
                self.check_ink(detections, self.picture(task_id))
                self.check_reading(detections, 0)

    def test_an_image_as_it_was_sent(self):
        for dpi in (100, 200, 300):
            file = documents.make_png(LINES, dpi)
            _, detections = self.detections(file, "page.png")
            self.check_text(detections)
            self.check_ink(detections, Image.open(io.BytesIO(file)).convert("L"), NEAR * dpi / 144)

    def test_a_picture_shown_smaller(self):
        """The overlay of the original's manual: boxes times displayed width over original width."""
        task_id, detections = self.detections(text_pdf())
        small, original = self.picture(task_id, dpi=100), self.picture(task_id)
        scale_x, scale_y = small.width / original.width, small.height / original.height
        scaled = [{**found, "box": [[x * scale_x, y * scale_y] for x, y in found["box"]]} for found in detections]
        self.check_ink(scaled, small)

    def test_each_page_of_many(self):
        task_id, detections = self.detections(documents.make_scan_pdf(3, lambda n: LINES[:n]))
        for page in (1, 2, 3):
            mine = [found for found in detections if found["page_number"] == page]
            self.assertEqual([found["text"] for found in mine], LINES[:page])
            self.check_ink(mine, self.picture(task_id, page))


class Settings(Boxes):
    def test_boxes_do_not_depend_on_how_pages_are_rendered(self):
        for args in (("--dpi", "200"), ("--max-pixels", "900000")):
            with self.subTest(args), harness.Server("--lanes", "1", *args) as self.server:
                _, detections = self.detections(text_pdf())
                self.check_text(detections)
                with harness.Server("--lanes", "1") as self.server:
                    task_id, _ = self.detections(text_pdf())
                    self.check_ink(detections, self.picture(task_id))


@unittest.skipUnless(harness.models(), "no real models: PAGEMILL_TEST_MODELS")
class Turned(harness.ServerCase, Boxes):
    """Text that is turned on the page as the client sees it."""
    args = ("--lanes", "2", "--models", str(harness.models()))

    def test_text_turned_on_the_page(self):
        for turned in (0, 90, 180, 270):
            with self.subTest(turned=turned):
                task_id, detections = self.detections(text_pdf(TURNED[turned]))
                self.check_ink(detections, self.picture(task_id), 2 * NEAR)
                self.assertEqual(sorted(found["text"] for found in detections), sorted(LINES))
                self.check_reading(detections, turned)

    def test_text_turned_by_rotate(self):
        for rotate in (90, 180, 270):
            with self.subTest(rotate=rotate):
                task_id, detections = self.detections(text_pdf(rotate=rotate))
                picture = self.picture(task_id)
                self.assertEqual(picture.size, (1224, 1584) if rotate == 180 else (1584, 1224))
                self.check_ink(detections, picture, 2 * NEAR)
                self.check_reading(detections, rotate)


class Client(harness.ServerCase):
    args = ("--lanes", "1")

    def setUp(self):
        if subprocess.run([sys.executable, "-c", "import requests"], capture_output=True, check=False).returncode:
            self.skipTest("python3-requests is not installed")

    def run_client(self, file):
        path = self.server.top / "1page.pdf"
        path.write_bytes(file)
        return subprocess.run([sys.executable, CLIENT, f"http://127.0.0.1:{self.server.port}", path],
                              capture_output=True, text=True, timeout=120, check=False)

    def test_the_documented_client(self):
        run = self.run_client(documents.make_scan_pdf(1, lambda n: LINES))
        self.assertEqual(run.returncode, 0, run.stderr)
        count, *rows = run.stdout.splitlines()
        rows = [json.loads(row) for row in rows]
        self.assertEqual((int(count), [row["text"] for row in rows]), (len(LINES), LINES))
        self.assertEqual([set(row) for row in rows], [{"text", "box", "confidence", "page_number"}] * 3)

    def test_it_hears_of_failures(self):
        run = self.run_client(b"no page at all")
        self.assertEqual((run.returncode, run.stdout),
                         (1, "Unsupported file type: application/pdf. Supported: PDF and image formats.\n"))


if __name__ == "__main__":
    harness.main()
