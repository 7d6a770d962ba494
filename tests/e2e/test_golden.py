# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real scans with known text, read from end to end. The bounds are what Tesseract itself reaches on the same
pictures, less a little; a page that falls below them was damaged on its way, or its words put out of order."""
import collections
import json
import re
import unicodedata
import unittest

import harness

# set, picture, text, most characters wrong (share), least word F1
PAGES = (
    ("oldbooks-en", "e009.tiff", "e009.txt", 0.02, 0.97),
    ("oldbooks-en", "f012.tiff", "f012.txt", 0.06, 0.94),
    ("oldbooks-en", "a041.tiff", "a041.txt", 0.06, 0.93),
    ("tesseract-test", "phototest.tif", "phototest.gold.txt", 0.02, 0.98),
    ("tesseract-test", "phototest-rotated-180.png", None, None, None),
)


def plain(text):
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”—–", "''\"\"--"))
    return " ".join(text.split())


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def word_f1(truth, seen):
    a, b = (collections.Counter(re.findall(r"\w+", text.lower())) for text in (truth, seen))
    hits = sum((a & b).values())
    return 2 * hits / (sum(a.values()) + sum(b.values()))


class Golden(harness.ServerCase):
    args = ("--lanes", "2")

    def read_page(self, path):
        job = self.server.wait_job(self.server.submit(path, path.name)["id"])
        self.assertEqual(job["status"], "completed", job)
        text = self.server.result(job["id"], "txt").decode()
        return text, self.server.get_json(f"/v1/jobs/{job['id']}/pages/1")

    def test_text_and_geometry(self):
        for name, picture, text, most_wrong, least_f1 in PAGES:
            with self.subTest(picture):
                seen, page = self.read_page(harness.corpus(name, picture))
                self.check_geometry(page)
                if text is None:
                    continue
                truth = plain(harness.corpus(name, text).read_text())
                wrong = edit_distance(truth, plain(seen)) / len(truth)
                f1 = word_f1(truth, seen)
                print(f"  {picture}: {wrong:.4f} of characters wrong, word F1 {f1:.4f}")
                self.assertLessEqual(wrong, most_wrong)
                self.assertGreaterEqual(f1, least_f1)

    def check_geometry(self, page):
        """Words lie inside their lines, lines inside the page, confidences between 0 and 1."""
        for block in page["blocks"]:
            for line in block["lines"]:
                box = bounds(line["polygon"])
                self.assertTrue(box[0] >= -1 and box[1] >= -1 and box[2] <= page["width"] + 1 and
                                box[3] <= page["height"] + 1, line)
                for word in line["words"]:
                    inner = bounds(word["polygon"])
                    self.assertGreaterEqual(overlap(inner, box), 0.6, (word, line["polygon"]))
                    self.assertTrue(0 <= word["confidence"] <= 1)

    def test_the_same_page_twice_is_the_same_result(self):
        path = harness.corpus("oldbooks-en", "f012.tiff")
        first, second = (self.read_page(path)[1] for _ in range(2))
        for page in (first, second):
            page.pop("duration_ms")
            page.pop("stages_ms")
        self.assertEqual(first, second)


def bounds(polygon):
    xs, ys = zip(*polygon)
    return min(xs), min(ys), max(xs), max(ys)


def overlap(inner, outer):
    """The share of inner that lies in outer."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return max(width, 0) * max(height, 0) / area if area else 1


if __name__ == "__main__":
    harness.main()
