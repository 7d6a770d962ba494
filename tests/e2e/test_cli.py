# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line as people use it."""
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zipfile

import documents
import harness

PAGEMILL = harness.BUILD / "pagemill"


def run(*args, status=0, **options):
    done = subprocess.run([PAGEMILL, *args], capture_output=True, timeout=120, **options)
    assert done.returncode == status, f"status {done.returncode}: {done.stderr.decode()}"
    return done


class Cli(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-cli-"))
        self.addCleanup(shutil.rmtree, self.top)
        self.pdf = self.file("three.pdf", documents.make_pdf(3))
        self.scan = self.file("scan.pdf", documents.make_scan_pdf(2))

    def file(self, name, data):
        path = self.top / name
        path.write_bytes(data)
        return path

    def firsts(self, text):
        return [page.splitlines()[0] for page in text.split("\f")]

    def expected(self, pages):
        return [documents.page_lines(n)[0] for n in pages]

    # --- ocr ---

    def test_text_to_a_pipe_and_silence_beside_it(self):
        done = run("ocr", self.scan)
        self.assertEqual(self.firsts(done.stdout.decode()), self.expected((1, 2)))
        self.assertEqual(done.stderr, b"")

    def test_standard_input_and_a_choice_of_pages(self):
        done = run("ocr", "--text-layer", "text", "-p", "2-", "-", input=self.pdf.read_bytes())
        self.assertEqual(self.firsts(done.stdout.decode()), self.expected((2, 3)))

    def test_formats(self):
        job = json.loads(run("ocr", "--text-layer=text", "-f", "json", self.pdf).stdout)
        self.assertEqual([p["page"] for p in job["pages"]], [1, 2, 3])
        self.assertEqual(job["job"]["filename"], "three.pdf")
        lines = run("ocr", "--text-layer=text", "-f", "ndjson", self.pdf).stdout.splitlines()
        self.assertEqual(len([json.loads(line) for line in lines]), 3)
        points = json.loads(run("ocr", "--text-layer=text", "-f", "ndjson", "--unit", "pt", self.pdf).stdout.splitlines()[0])
        self.assertEqual((points["unit"], points["width"], points["height"]), ("pt", 612, 792))
        self.assertIn(b"<section class=\"page\" data-page=\"3\"", run("ocr", "--text-layer=text", "-f", "html", self.pdf).stdout)
        self.assertEqual(run("ocr", "--text-layer=text", "-f", "csv", self.pdf).stdout, b"")
        run("ocr", "-f", "docx", self.pdf, status=4)
        run("ocr", "--unit", "mm", self.pdf, status=2)

    def test_a_file_or_a_directory_to_write_to(self):
        run("ocr", "--text-layer=text", "-o", self.top / "out.md", self.pdf)
        self.assertIn(documents.page_key(3), (self.top / "out.md").read_text())
        out = self.top / "many"
        out.mkdir()
        run("ocr", "--text-layer=text", "-o", out, "-f", "txt", self.pdf, self.file("b.pdf", documents.make_pdf(1)))
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["b.txt", "three.txt"])

    # --- PDFs ---

    def bound(self, data, words):
        """A whole PDF, and what a reader finds in it."""
        path = self.file("bound.pdf", data)
        subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
        text = run("ocr", "--text-layer=text", path).stdout.decode()
        for word in words:
            self.assertIn(word, text)

    def test_a_pdf_that_can_be_searched(self):
        keys = [documents.page_key(n) for n in (1, 2)]
        piped = run("ocr", "-f", "pdf", self.scan).stdout
        self.bound(piped, keys)
        self.assertEqual(run("ocr", "-f", "pdf", input=self.scan.read_bytes()).stdout, piped)
        for place in ("out.pdf", "deep.name.pdf"):
            self.assertEqual(run("ocr", "-o", self.top / place, self.scan).stdout, b"")
            self.assertEqual((self.top / place).read_bytes(), piped)

    def test_pdfs_and_texts_of_several_documents(self):
        out = self.top / "bound"
        picture = self.file("picture.png", documents.make_png(documents.page_lines(1)))
        run("ocr", "-f", "pdf,md,layouts.pdf", "-o", out, self.scan, picture)
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         [f"{stem}.{ext}" for stem in ("picture", "scan") for ext in ("layouts.pdf", "md", "pdf")])
        self.bound((out / "picture.pdf").read_bytes(), [documents.page_key(1)])
        run("ocr", "-o", self.top / "x.layouts.pdf", self.scan)
        self.assertEqual((self.top / "x.layouts.pdf").read_bytes(), (out / "scan.layouts.pdf").read_bytes())

    def test_a_pdf_of_a_document_with_failed_pages(self):
        bad = self.file("bad.pdf", documents.make_pdf(3).replace(b"/Count 3", b"/Count 4"))
        done = run("ocr", "--text-layer=text", "-f", "pdf", bad, status=1)
        self.assertIn("bad.pdf: page 4: input", done.stderr.decode())
        self.assertIn(b"/PagemillFailedPages (4)", subprocess.run(
            ["qpdf", "--qdf", "--object-streams=disable", self.file("b.pdf", done.stdout), "-"],
            check=True, capture_output=True).stdout)
        out = self.top / "mixed"
        run("ocr", "--text-layer=text", "-f", "pdf", "-o", f"{out}/", self.file("no.pdf", b"%PDF-1.4 nothing"), self.pdf,
            status=2)
        self.assertEqual([path.name for path in out.iterdir()], ["three.pdf"])

    def test_a_pdf_of_a_locked_document(self):
        locked = self.file("locked.pdf", documents.encrypt_pdf(documents.make_pdf(1), "x"))
        self.bound(run("ocr", "--password", "x", "-f", "pdf", locked).stdout, [documents.page_key(1)])
        run("ocr", "--password", "y", "-o", self.top / "no.pdf", locked, status=3)
        self.assertFalse((self.top / "no.pdf").exists())

    def test_what_cannot_be_bound_keeps_nobody_from_the_rest(self):
        out = self.top / "rest"
        settings = ["--text-layer=text", "--work-program", self.broken_binder()]
        done = run("ocr", *settings, "-f", "md,pdf,json", "-o", out, self.pdf, status=13)
        self.assertIn("three.pdf: crashed: pdf: ", done.stderr.decode())
        self.assertEqual(sorted(path.name for path in out.iterdir()), ["three.json", "three.md"])
        run("ocr", *settings, "-o", self.top / "rest.zip", self.pdf, status=13)
        with zipfile.ZipFile(self.top / "rest.zip") as found:
            self.assertIn("three.txt", found.namelist())
            self.assertNotIn("three.pdf", found.namelist())

    def broken_binder(self):
        program = self.file("work", b'#!/bin/sh\ntest "$1" != bind && exec "%s" "$@"\n'
                            % bytes(harness.BUILD / "pagemill-work"))
        program.chmod(0o755)
        return program

    def test_places_that_a_pdf_cannot_go_to(self):
        done = run("ocr", "--text-layer=text", "-o", self.top / "two.pdf", self.pdf, self.scan, status=2)
        self.assertIn("a PDF holds one document", done.stderr.decode())
        self.bound((self.top / "two.pdf").read_bytes(), [documents.page_key(3)])
        ours, theirs = pty.openpty()
        done = subprocess.run([PAGEMILL, "ocr", "-f", "pdf", self.pdf], stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"nothing for a terminal", done.stderr)

    def test_a_document_is_replaced_only_when_named(self):
        before = self.scan.read_bytes()
        done = run("ocr", "-f", "pdf,txt", "-o", self.top, self.scan, status=8)
        self.assertIn("would replace the document", done.stderr.decode())
        self.assertEqual(self.scan.read_bytes(), before)
        self.assertFalse((self.top / "scan.txt").exists())
        bound = run("ocr", "-f", "pdf", self.scan).stdout
        run("ocr", "-o", self.scan, self.scan)
        self.assertEqual(self.scan.read_bytes(), bound)

    # --- whole files ---

    def test_what_is_no_file_is_written_in_place(self):
        target = self.file("target.txt", b"old")
        link = self.top / "link.txt"
        link.symlink_to(target)
        run("ocr", "--text-layer=text", "-o", link, self.pdf)
        self.assertTrue(link.is_symlink())
        self.assertIn(documents.page_key(3), target.read_text())
        for extension in ("txt", "pdf"):
            run("ocr", "--text-layer=text", "-f", extension, "-o", "/dev/null", self.pdf)
            expected = run("ocr", "--text-layer=text", "-f", extension, self.pdf).stdout
            self.assertEqual(run("ocr", "--text-layer=text", "-f", extension, "-o", "/dev/stdout", self.pdf).stdout, expected)
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def interrupted(self, number, *args):
        """What lies there after a signal that came when something was being written."""
        out = self.top / f"interrupted-{number}-{len(args)}"
        out.mkdir()
        done = subprocess.Popen([PAGEMILL, "ocr", "--lanes", "1", *args, self.long], cwd=out, stderr=subprocess.PIPE)
        while not any(out.rglob("*.part")):
            self.assertIsNone(done.poll(), "it ended before it was interrupted")
            time.sleep(harness.POLL)
        done.send_signal(number)
        self.assertEqual((done.wait(30), done.stderr.read()), (-number, b""))
        done.stderr.close()
        return sorted(str(path.relative_to(out)) for path in out.rglob("*"))

    def test_an_interruption_leaves_nothing_half_done(self):
        self.long = self.file("long.pdf", documents.make_scan_pdf(40))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.assertEqual(self.interrupted(number, "-o", "out.md"), [])
            self.assertEqual(self.interrupted(number, "-o", "out.zip", "-q"), [])
            self.assertEqual(self.interrupted(number, "-f", "md,json", "-o", "d"), ["d"])

    def test_a_signal_that_a_parent_ignores_stays_ignored(self):
        done = subprocess.Popen([PAGEMILL, "ocr", "-o", self.top / "kept.txt", self.scan],
                                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        while not self.top.joinpath("kept.txt.part").exists() and done.poll() is None:
            time.sleep(harness.POLL)
        done.send_signal(signal.SIGHUP)
        self.assertEqual(done.wait(60), 0)
        self.assertEqual(self.firsts((self.top / "kept.txt").read_text()), self.expected((1, 2)))

    def test_a_pattern_that_the_shell_left_alone(self):
        self.file("three2.pdf", documents.make_pdf(1))
        done = run("ocr", "--text-layer=text", str(self.top / "three*.pdf"))
        self.assertEqual(done.stdout.decode().count("PAGE"), 4)

    def test_one_bad_file_does_not_stop_the_others(self):
        bad = self.file("bad.pdf", b"%PDF-1.4 nothing here")
        done = run("ocr", "--text-layer=text", bad, self.pdf, status=2)
        self.assertEqual(self.firsts(done.stdout.decode()), self.expected((1, 2, 3)))
        self.assertIn("bad.pdf: input:", done.stderr.decode())

    def test_exit_statuses(self):
        locked = self.file("locked.pdf", documents.encrypt_pdf(documents.make_pdf(1), "x"))
        for status, args in ((3, [locked]), (3, ["--password", "y", locked]), (0, ["--password", "x", locked]),
                             (4, [self.file("a.txt", b"words")]), (7, [self.top / "absent.pdf"]),
                             (2, ["--languages", "xyz", self.pdf]), (2, ["--nonsense", self.pdf]),
                             (2, [self.file("empty.pdf", b"")]), (5, ["--max-pages", "2", self.pdf])):
            with self.subTest(args):
                run("ocr", "--text-layer=text", *args, status=status)

    def test_progress_on_a_terminal(self):
        ours, theirs = pty.openpty()
        done = subprocess.Popen([PAGEMILL, "ocr", self.scan], stdout=subprocess.DEVNULL, stderr=theirs)
        self.assertEqual(done.wait(60), 0)
        os.close(theirs)
        self.assertIn(b"/2 pages", os.read(ours, 65536))
        os.close(ours)

    # --- the others ---

    def test_help_and_manual(self):
        self.assertIn(b"pagemill ocr", run("--help").stdout)
        self.assertRegex(run("--version").stdout, rb"^pagemill \d+\.\d+\.\d+\n$")
        for command in ("serve", "ocr", "jobs", "doctor"):
            self.assertIn(b"--", run(command, "--help").stdout)
        page = run("man").stdout.decode()
        for word in (".TH PAGEMILL", "\\-\\-page\\-timeout", "\\-\\-text\\-layer", "AUTH_TOKEN"):
            self.assertIn(word, page)
        run("frobnicate", status=2)

    def test_doctor_reads_its_page(self):
        said = run("doctor").stdout.decode()
        for word in ("tesseract", "seccomp", "self-test        read in"):
            self.assertIn(word, said)
        run("doctor", "--languages", "xyz", status=2)

    def test_settings_from_file_environment_and_flag(self):
        config = self.file("p.yaml", b"# ours\nmax_pages: 1\nlanes: 1\n")
        run("ocr", "--text-layer=text", self.pdf, status=5, env={**os.environ, "PAGEMILL_CONFIG": str(config)})
        run("ocr", "--text-layer=text", self.pdf, env={**os.environ, "PAGEMILL_CONFIG": str(config),
                                                       "PAGEMILL_MAX_PAGES": "3"})
        run("ocr", "--text-layer=text", "--max-pages", "1", self.pdf, status=5,
            env={**os.environ, "PAGEMILL_MAX_PAGES": "3"})
        bad = self.file("bad.yaml", b"max_pages: 1\nmax_pagse: 2\n")
        done = run("ocr", self.pdf, status=2, env={**os.environ, "PAGEMILL_CONFIG": str(bad)})
        self.assertIn(b"bad.yaml, line 2: 'max_pagse'", done.stderr)

    def test_jobs_on_a_server(self):
        with harness.Server("--lanes", "1") as server:
            url = f"http://127.0.0.1:{server.port}"
            job = server.submit(documents.make_pdf(2), "two.pdf", text_layer="text")["id"]
            said = run("jobs", "--server", url, "watch", job).stdout.decode()
            self.assertTrue(said.strip().endswith("completed 2/2 pages, 0 failed"), said)
            self.assertIn("two.pdf", run("jobs", "--server", url).stdout.decode())
            self.assertIn(job, run("jobs", "--server", url, "show", job).stdout.decode())
            run("jobs", "--server", url, "cancel", job, status=8)
            long = server.submit(documents.make_scan_pdf(20))["id"]
            self.assertIn("cancelled", run("jobs", "--server", url, "cancel", long).stdout.decode())
            run("jobs", "--server", url, "delete", long)
            run("jobs", "--server", url, "show", long, status=7)
            run("jobs", "--server", url, "show", "nonsense", status=2)
        run("jobs", "--server", url, status=12)


if __name__ == "__main__":
    harness.main(needs=("qpdf",))
