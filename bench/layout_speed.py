# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long the layout takes: born-digital pages to Markdown on one core beside pdftotext, the layout's own time for
each page, and pages of 20,000 words. For run.py."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import inputs
import documents  # found through the path that inputs.py set
import harness

PAGES = 200  # at least; the corpus has some ninety, so they are taken several times
BORN_DIGITAL = ("tables-icdar2013/*.pdf", "layout-olmocr-bench-sample/pdfs/**/*.pdf", "layout-docling-cvat/*.pdf",
                "multilang-borndigital/fr_olap.pdf")
A0 = (2384, 3370)  # points
CORE = str(min(os.sched_getaffinity(0)))


# --- documents ---------------------------------------------------------------------------------

def assembled():
    """The born-digital PDFs of the corpus one after another, as often as PAGES asks; without a corpus drawn text."""
    corpus = pathlib.Path(os.environ.get("PAGEMILL_CORPUS", "/nonexistent"))
    parts = [path for pattern in BORN_DIGITAL for path in sorted(corpus.glob(pattern)) if has_text(path)]
    if not parts:
        return inputs.text_pdf(PAGES), PAGES, "drawn pages (no PAGEMILL_CORPUS)"
    count = sum(pages_of(path) for path in parts)
    times = -(-PAGES // count)
    inputs.HERE.mkdir(parents=True, exist_ok=True)
    whole = inputs.HERE / "born-digital.pdf"
    qpdf("--empty", "--pages", *parts * times, "--", whole)
    return whole, count * times, f"{len(parts)} PDFs of the corpus, {times} times"


def has_text(path):
    said = subprocess.run(["pdftotext", "-l", "1", path, "-"], capture_output=True, check=False).stdout
    return len(said.split()) > 20


def pages_of(path):
    return int(qpdf("--show-npages", path))


def qpdf(*args):
    """What it said; old PDFs are never without warnings."""
    return subprocess.run(["qpdf", "--no-warn", "--warning-exit-0", *args], capture_output=True, check=True).stdout


def sheet(columns, lines, words):
    """An A0 page of columns, each with lines of so many words; for a table columns of one word are the thing."""
    width, height = A0
    pdf = documents.PdfWriter()
    font = pdf.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    leading, step = (height - 80) / lines, (width - 80) / columns
    size = min(0.75 * leading, step / (6 * words))
    shown = []
    for column in range(columns):
        text = [" ".join(documents.WORDS[(column * 7 + line * 5 + i * 3) % len(documents.WORDS)] if words > 1
                         else str(column * line % 9973) for i in range(words)) for line in range(lines)]
        body = "".join(f"({line}) Tj T*\n" for line in text)
        shown.append(f"BT /F1 {size:.2f} Tf {leading:.2f} TL {40 + column * step:.2f} {height - 60} Td\n{body}ET\n")
    content = pdf.stream("".join(shown).encode())
    page = pdf.add(b"<</Type/Page/Parent 4 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>"
                   % (width, height, content, font))
    assert pdf.add(b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page) == 4
    path = inputs.HERE / f"sheet-{columns}-{lines}-{words}.pdf"
    inputs.HERE.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pdf.finish(pdf.add(b"<</Type/Catalog/Pages 4 0 R>>")))
    return path


SHEETS = {"20,000 words in ten columns": (10, 200, 10), "20,000 numbers in a grid": (100, 200, 1)}


# --- measuring ---------------------------------------------------------------------------------

def text_layer():
    """auto where this pagemill has it: it looks whether the layer can be believed."""
    said = subprocess.run([harness.BUILD / "pagemill", "ocr", "--help"], capture_output=True, text=True,
                          check=True).stdout
    return "auto" if re.search(r"--text-layer \S*auto", said) else "text"


def ours(form, layer, path, out):
    return [harness.BUILD / "pagemill", "ocr", "--quiet", "--text-layer", layer, "--format", form, "--jobs", "1",
            "--output", out, path]


def timed(command):
    """Seconds on one core."""
    start = time.monotonic()
    subprocess.run(["taskset", "-c", CORE, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def contestants(layer, whole, out):
    found = {f"pagemill, text layer {layer}, Markdown": ours("md", layer, whole, out / "a.md"),
             "pdftotext": ["pdftotext", whole, out / "b.txt"],
             "pdftotext -layout": ["pdftotext", "-layout", whole, out / "c.txt"]}
    if shutil.which("mutool"):
        found["mutool draw -F stext.json"] = ["mutool", "draw", "-q", "-F", "stext.json", "-o", out / "d.json", whole]
    return found


def results_of(layer, path, out):
    """Page results of one reading, on one core as well."""
    seconds = timed(ours("json", layer, path, out / "pages.json"))
    return seconds, json.loads((out / "pages.json").read_text(encoding="utf-8"))["pages"]


def layout(args):
    whole, pages, origin = assembled()
    layer, samples = text_layer(), []
    out = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-bench-"))
    try:
        names = contestants(layer, whole, out)
        for turn in range(args.rounds):
            order = list(names)
            for who in order[turn % len(order):] + order[:turn % len(order)]:
                samples.append({"round": turn, "who": who, "seconds": round(timed(names[who]), 3),
                                "load_1m": os.getloadavg()[0]})
                print("  ", samples[-1], flush=True)
        _, read = results_of(layer, whole, out)
        samples += [{"page": p["page"], "words": words_of(p), "layout_ms": p["stages_ms"].get("layout")}
                    for p in read if not p.get("error")]
        for name, shape in SHEETS.items():
            samples += [sheet_sample(name, layer, sheet(*shape), out) for _ in range(args.rounds)]
    finally:
        shutil.rmtree(out)
    return ({"pages": pages, "input": origin, "text_layer": layer, "cores": 1}, samples,
            summarise(pages, samples, list(names)))


def words_of(page):
    return sum(len(line["words"]) for block in page["blocks"] for line in block["lines"])


def sheet_sample(name, layer, path, out):
    seconds, read = results_of(layer, path, out)
    assert not read[0].get("error"), read[0]
    return {"sheet": name, "seconds": round(seconds, 3), "words": words_of(read[0]),
            "layout_ms": read[0]["stages_ms"].get("layout"), "blocks": len(read[0]["blocks"])}


def summarise(pages, samples, names):
    seconds = {who: [s["seconds"] for s in samples if s.get("who") == who] for who in names}
    lines = [(f"born-digital: {who}", pages / statistics.median(seconds[who]), "pages/s") for who in names]
    for peer in names[1:]:
        ratios = [b / a for a, b in zip(seconds[names[0]], seconds[peer])]
        lines.append((f"born-digital: {names[0]}, against {peer}", statistics.median(ratios), "×"))
    spent = sorted(s["layout_ms"] for s in samples if "page" in s and s["layout_ms"] is not None)
    if spent:
        lines += [("layout of a page, median", statistics.median(spent), "ms"),
                  ("layout of a page, p95", spent[int(0.95 * (len(spent) - 1))], "ms"),
                  ("layout of a page, longest", spent[-1], "ms")]
    for name in SHEETS:
        of_sheet = [s for s in samples if s.get("sheet") == name]
        lines.append((f"a page of {name}, from start to JSON", statistics.median(s["seconds"] for s in of_sheet), "s"))
        known = [s["layout_ms"] for s in of_sheet if s["layout_ms"] is not None]
        lines += [(f"its layout ({name})", statistics.median(known), "ms")] if known else []
    return [{"what": what, "value": float(f"{value:.4g}"), "unit": unit} for what, value, unit in lines]
