# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages read by pagemill and, for comparison, by other programs, each as a Reading of the same form.

All of them get the same pixels: images as they are, PDF pages rendered at --dpi (by pdftoppm for the others). What a
program said is kept in a cache under a key of the document's and the program's contents, so that a run after a
change of the layout or of a metric repeats nothing else.
"""
import csv
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

TIMEOUT = 300  # seconds for one page: the slowest takes some 20
A4_WIDTH = 8.27  # inches


@dataclasses.dataclass
class Reading:
    markdown: str | None = None   # or plain text, as `plain` says
    plain: bool = False
    text: str = ""                # all lines in the order read
    size: tuple = (0, 0)          # of the page in the units of the blocks
    blocks: list = dataclasses.field(default_factory=list)  # [(type, (left, top, right, bottom))]
    tables: list = dataclasses.field(default_factory=list)  # [{"rows", "cells"}] as in page results
    stages_ms: dict = dataclasses.field(default_factory=dict)
    ms: int | None = None
    error: str | None = None


class Context:
    """What all systems are given: folders, languages, the resolution."""

    def __init__(self, args):
        self.args, self.cache = args, args.cache
        self.cache.mkdir(parents=True, exist_ok=True)
        self.installed = set(self.says("tesseract", "--list-langs").split("\n")[1:]) | {"eng"}

    @functools.lru_cache
    def says(self, *command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return (done.stdout or done.stderr).strip()

    def languages(self, page):
        return "+".join(name for name in page.languages if name in self.installed) or "eng"

    @functools.lru_cache(4096)
    def digest(self, path):
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    def kept(self, key, make):
        """The Reading under a key, made when it is not there. Failures are not kept."""
        path = self.cache / (hashlib.sha256(repr(key).encode()).hexdigest() + ".json")
        if path.exists():
            return Reading(**json.loads(path.read_text(encoding="utf-8")))
        try:
            reading = make()
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
            return Reading(error=f"{type(e).__name__}: {e}")
        if not reading.error:
            partial = path.with_suffix(own_suffix())
            partial.write_text(json.dumps(dataclasses.asdict(reading), ensure_ascii=False), encoding="utf-8")
            partial.rename(path)
        return reading

    def has_layer(self, file, number):
        if file.suffix.lower() != ".pdf":
            return False
        return bool(self.says("pdftotext", "-f", str(number), "-l", str(number), str(file), "-").strip())

    def image(self, file, number):
        """A picture of the page, rendered once."""
        if file.suffix.lower() != ".pdf":
            return file
        stem = self.cache / hashlib.sha256(f"{self.digest(file)} {number} {self.args.dpi}".encode()).hexdigest()
        if not stem.with_suffix(".png").exists():
            partial = stem.with_suffix(own_suffix())
            ran(["pdftoppm", "-r", str(self.args.dpi), "-f", str(number), "-l", str(number), "-png", "-singlefile",
                 file, partial])
            pathlib.Path(f"{partial}.png").rename(stem.with_suffix(".png"))
        return stem.with_suffix(".png")


def own_suffix():
    """For a file until it is whole: runs and threads may make the same one at the same time."""
    return f".{os.getpid()}-{threading.get_ident()}"


def ran(command, **environment):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=TIMEOUT, env={**os.environ, "OMP_THREAD_LIMIT": "1", **environment})
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:300])
    return done.stdout


# --- pagemill ----------------------------------------------------------------------------------

OURS = {  # name: flags
    "tesseract": ["--engine", "tesseract", "--text-layer", "ocr"],
    "ppocr": ["--engine", "ppocr", "--text-layer", "ocr"],
    "text": ["--text-layer", "text"],
    "auto": ["--text-layer", "auto"],
}


class Pagemill:
    def __init__(self, context, engine):
        self.context, self.engine, self.name = context, engine, f"pagemill {engine}"
        self.programs = [context.digest(context.args.build / name) for name in ("pagemill", "pagemill-work")]

        said = context.says(context.args.build / "pagemill", "ocr", "--help")
        if engine == "auto" and not re.search(r"--text-layer \S*auto", said):
            raise ValueError("this pagemill has no --text-layer auto")

    def can_read(self, file, number):
        return self.engine not in ("text", "auto") or self.context.has_layer(file, number)

    def read(self, page, file):
        args = self.context.args
        flags = [*OURS[self.engine], "--languages", self.context.languages(page), "--dpi", str(args.dpi),
                 *args.flags.split()]
        flags += ["--pages", str(page.page)] if file.suffix.lower() in (".pdf", ".tif", ".tiff") else []
        wants_markdown = bool(page.ordered or page.tests)
        key = ("pagemill", self.programs, flags, str(args.models), self.context.digest(file), wants_markdown)
        return self.context.kept(key, lambda: self.read_now(flags, file, wants_markdown))

    def read_now(self, flags, file, wants_markdown):
        result = json.loads(self.say("json", flags, file))["pages"][0]
        if result.get("error"):
            return Reading(error=f"{result['error'].get('code')}: {result['error'].get('message')}")
        return reading_of(result, self.say("md", flags, file) if wants_markdown else None)

    def say(self, form, flags, file):
        args = self.context.args
        models = {"PAGEMILL_MODELS": str(args.models)} if args.models else {}
        return ran([args.build / "pagemill", "ocr", "--quiet", "--jobs", "1", "--format", form, *flags, file], **models)


def reading_of(result, markdown=None):
    blocks = result["blocks"]
    return Reading(
        markdown=markdown, text="\n".join(line["text"] for b in blocks for line in b["lines"]),
        size=(result["width"], result["height"]), blocks=[(b["type"], b["bbox"]) for b in blocks],
        tables=[{"rows": b.get("rows", 0), "cells": b["cells"]} for b in blocks if b.get("cells")],
        stages_ms=result.get("stages_ms", {}), ms=result["duration_ms"])


# --- others ------------------------------------------------------------------------------------

def plain(text, **more):
    return Reading(markdown=text, plain=True, text=text, **more)


class Tesseract:
    """Its own page segmentation and order; blocks are its paragraphs, all of them text."""
    name = "tesseract --psm 3"

    def __init__(self, context):
        self.context, self.version = context, context.says("tesseract", "--version")

    def can_read(self, _file, _number):
        return True

    def read(self, page, file):
        image, languages = self.context.image(file, page.page), self.context.languages(page)
        key = (self.name, self.version, languages, self.context.digest(image), page.page)
        return self.context.kept(key, lambda: self.read_now(page, image, languages))

    def read_now(self, page, image, languages):
        with tempfile.TemporaryDirectory(prefix="pagemill-layout-") as scratch:
            at = ["-c", f"tessedit_page_number={page.page - 1}"] if image.suffix.lower() in (".tif", ".tiff") else []
            ran(["tesseract", image, f"{scratch}/out", "--psm", "3", "-l", languages, *at, "txt", "tsv"])
            text = pathlib.Path(scratch, "out.txt").read_text(encoding="utf-8")
            table = pathlib.Path(scratch, "out.tsv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
        places = [(r["level"], [int(r[k]) for k in ("left", "top", "width", "height")]) for r in rows]
        return plain(text, size=next((p[2:] for level, p in places if level == "1"), (0, 0)),
                     blocks=[("text", [x, y, x + w, y + h]) for level, (x, y, w, h) in places if level == "3"])


class Ocrmypdf:
    """It has to be told the resolution of pictures that say none: that of a page as wide as A4."""
    name = "ocrmypdf"

    def __init__(self, context):
        self.context, self.version = context, context.says("ocrmypdf", "--version")
        self.sizes = Tesseract(context)

    def can_read(self, _file, _number):
        return True

    def read(self, page, file):
        image, languages = self.context.image(file, page.page), self.context.languages(page)
        dpi = max(70, round(self.sizes.read(page, file).size[0] / A4_WIDTH))
        key = (self.name, self.version, languages, dpi, self.context.digest(image), page.page)
        return self.context.kept(key, lambda: self.read_now(image, languages, dpi))

    def read_now(self, image, languages, dpi):
        with tempfile.TemporaryDirectory(prefix="pagemill-layout-") as scratch:
            ran(["ocrmypdf", "--quiet", "--force-ocr", "--image-dpi", str(dpi), "--jobs", "1",
                 "--output-type", "pdf", "--optimize", "0", "-l", languages, "--sidecar", f"{scratch}/out.txt",
                 image, f"{scratch}/out.pdf"])
            return plain(pathlib.Path(scratch, "out.txt").read_text(encoding="utf-8"))


class Pdftotext:
    def __init__(self, context, *flags):
        self.context, self.flags, self.name = context, flags, " ".join(["pdftotext", *flags])

    def can_read(self, file, number):
        return self.context.has_layer(file, number)

    def read(self, page, file):
        at = ["-f", str(page.page), "-l", str(page.page)]
        return plain(ran(["pdftotext", *self.flags, *at, "-enc", "UTF-8", file, "-"]))


class Folder:
    """Markdown that somebody else's program once wrote: STEM.md or STEM_pgN….md below a folder."""

    def __init__(self, context, folder):
        self.context, self.folder, self.name = context, pathlib.Path(folder), f"md:{pathlib.Path(folder).name}"

    def path(self, file, number):
        stems = (re.escape(file.name), re.escape(file.stem), rf"{re.escape(file.stem)}_pg{number}(_.*)?")
        return next((p for p in sorted(self.folder.rglob("*.md")) if re.fullmatch("|".join(stems), p.stem)), None)

    def can_read(self, file, number):
        return self.path(file, number) is not None

    def read(self, page, file):
        text = self.path(file, page.page).read_text(encoding="utf-8")
        return Reading(markdown=text, text=text)


OTHERS = {"tesseract": Tesseract, "ocrmypdf": Ocrmypdf, "pdftotext": Pdftotext,
          "pdftotext-layout": lambda context: Pdftotext(context, "-layout")}


def chosen(context, engines, systems):
    """Systems in the order they were named. Raises ValueError for one that is not known or not installed."""
    found = []
    for name in engines:
        if name not in OURS:
            raise ValueError(f"no engine {name}; there are {' '.join(OURS)}")
        found.append(Pagemill(context, name))
    for name in systems:
        if name.startswith("md:"):
            found.append(Folder(context, name[3:]))
        elif name not in OTHERS:
            raise ValueError(f"no system {name}; there are {' '.join(OTHERS)} and md:FOLDER")
        elif not shutil.which(name.partition("-")[0]):
            raise ValueError(f"{name} is not installed")
        else:
            found.append(OTHERS[name](context))
    return found
