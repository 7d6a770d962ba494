# SPDX-License-Identifier: AGPL-3.0-or-later
"""The neural engine through the whole service: which engine reads, turned pages, odd pages, lanes that are
killed, and models that are not what they should be."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import documents
import harness

MODELS = harness.models()
RUNTIME = harness.BUILD.parent / "lib" / "pagemill" / "libonnxruntime.so.1"
PAGEMILL = harness.BUILD / "pagemill"
LINES = ["PAGEMILL READS THIS PAGE", "INVOICE 2026-11-22 NO. 4711", "TOTAL 1234.50 PLUS 19.00 TAX"]
LANE_MEMORY = 250 << 20  # bytes resident


def gray(width, height, value):
    return documents.png_file(width, height, 8, bytes([value]) * width * height, 200)


def noise(width, height):
    state, out = 1, bytearray()
    for _ in range(width * height):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return documents.png_file(width, height, 8, bytes(out), 200)


def upside_down(lines):
    width, height, rows = documents.page_picture(lines, 200, 8)
    return documents.png_file(width, height, 8, rows[::-1], 200)


def plain(text):
    return re.sub(r"\s+", " ", text).strip()


class Reading(harness.ServerCase):
    args = ("--lanes", "2", "--models", str(MODELS))

    def page(self, file, **options):
        job = self.server.wait_job(self.server.submit(file, "page.png", **options)["id"])
        self.assertEqual(job["status"], "completed", job)
        return self.server.get_json(f"/v1/jobs/{job['id']}/pages/1")

    def test_auto_reads_with_the_models(self):
        page = self.page(documents.make_png(LINES))
        self.assertEqual(page["engine"], "ppocr/PP-OCRv6_tiny")
        text = " ".join(line["text"] for block in page["blocks"] for line in block["lines"])
        self.assertEqual(plain(text), " ".join(LINES))
        self.assertGreater(page["stages_ms"]["network"], 0)
        health = self.server.get_json("/health")
        self.assertEqual(health["device"], "cpu")
        self.assertNotIn("note", health)

    def test_an_engine_can_be_named(self):
        self.assertTrue(self.page(documents.make_png(LINES), engine="tesseract")["engine"].startswith("tesseract/"))
        self.assertTrue(self.page(documents.make_png(LINES), engine="ppocr")["engine"].startswith("ppocr/"))

    def test_a_language_that_nobody_reads_is_refused(self):
        answer = self.server.post_form("/v1/jobs", documents.make_png(LINES), engine="ppocr", languages="tha")
        self.assertEqual(answer.status, 422)
        self.assertIn("'tha' is not installed for ppocr", json.loads(answer.body)["detail"])

    def test_a_page_on_its_head(self):
        page = self.page(upside_down(LINES))
        self.assertEqual(page["rotation"], 180)
        lines = [line for block in page["blocks"] for line in block["lines"]]
        self.assertEqual(plain(" ".join(line["text"] for line in lines)), " ".join(LINES))
        for line in lines:  # the text begins at the lower right, as the client sees the page
            first, _, third, _ = line["polygon"]
            self.assertGreater(first[0], third[0])
            self.assertGreater(first[1], third[1])

    def test_odd_pages_end_well(self):
        pages = {"a pixel": gray(1, 1, 0), "a column": gray(1, 30000, 255), "a row": gray(30000, 1, 0),
                 "black": gray(1000, 1000, 0), "noise": noise(400, 400)}
        for name, file in pages.items():
            with self.subTest(name):
                page = self.page(file)
                for block in page["blocks"]:
                    for line in block["lines"]:
                        for x, y in line["polygon"]:
                            self.assertTrue(0 <= x <= page["width"] and 0 <= y <= page["height"])

    def test_killed_lanes_lose_nothing(self):
        job = self.server.submit(documents.make_scan_pdf(12))
        killed = 0
        while killed < 3:
            current = self.server.job(job["id"])
            if current["status"] in harness.FINAL:
                break
            lanes = [pid for pid, _ in self.server.workers() if b"recognise" in command_line(pid)]
            if lanes and current["pages"]["done"] > killed:
                os.kill(lanes[0], signal.SIGKILL)
                killed += 1
            time.sleep(0.05)
        self.assertGreater(killed, 0)
        job = self.server.wait_job(job["id"])
        self.assertEqual((job["status"], job["pages"]["done"]), ("completed", 12))
        text = self.server.result(job["id"]).decode()
        for n in range(1, 13):
            self.assertIn(documents.page_key(n), text)

    def test_a_lane_stays_small(self):
        self.server.read(documents.make_scan_pdf(4))
        sizes = [resident(pid) for pid, _ in self.server.workers() if b"recognise" in command_line(pid)]
        self.assertTrue(sizes)
        print(f"  lanes hold {', '.join(str(size >> 20) for size in sizes)} MiB")
        self.assertLess(max(sizes), LANE_MEMORY)


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def resident(pid):
    match = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) << 10


class BadModels(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-neural-"))
        self.addCleanup(shutil.rmtree, self.top)
        self.models = self.top / "models"
        shutil.copytree(MODELS, self.models)
        for path in [self.models, *self.models.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.page = self.top / "page.png"
        self.page.write_bytes(documents.make_png(LINES))

    def read(self, *args):
        return subprocess.run([PAGEMILL, "ocr", "--data", self.top / "data", "--models", self.models, *args, self.page],
                              capture_output=True, text=True, timeout=60)

    def chosen(self, task):
        best = {"det": "PP-OCRv6_tiny_det.onnx", "rec": "PP-OCRv6_tiny_rec_fp32.onnx"}
        return self.models / best[task]

    def test_a_changed_file_is_refused_by_name(self):
        for task in ("det", "rec"):
            path = self.chosen(task)
            whole = path.read_bytes()
            path.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
            said = self.read("--engine", "ppocr")
            self.assertNotEqual(said.returncode, 0)
            self.assertIn(path.name, said.stderr)
            self.assertEqual(said.stdout, "")
            path.write_bytes(whole)

    def test_a_missing_file_is_refused_by_name(self):
        path = self.chosen("rec")
        path.unlink()
        said = self.read("--engine", "ppocr")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn(path.name, said.stderr)

    def test_a_dictionary_of_another_model_is_refused(self):
        listed = json.loads((self.models / "manifest.json").read_text())
        for entry in listed:
            if entry["task"] == "rec":
                entry["dict"] = "dicts/en_dict.txt"
        (self.models / "manifest.json").write_text(json.dumps(listed))
        said = self.read("--engine", "ppocr")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("PP-OCRv6_tiny_rec_fp32.onnx", said.stderr)
        self.assertIn("en_dict.txt", said.stderr)

    def test_without_the_runtime_auto_reads_all_the_same(self):
        said = self.read("--onnxruntime", self.top / "nowhere.so", "--format", "json")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("tesseract/", said.stdout)
        said = self.read("--onnxruntime", self.top / "nowhere.so", "--engine", "ppocr")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("ONNX Runtime was not found", said.stderr)


if __name__ == "__main__":
    if MODELS is None:
        harness.skip_file("no models: set PAGEMILL_TEST_MODELS, or PAGEMILL_CORPUS with models beside it")
    if not RUNTIME.exists():
        harness.skip_file("no ONNX Runtime in lib/pagemill: scripts/onnxruntime")
    harness.main()
