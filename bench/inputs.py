# SPDX-License-Identifier: AGPL-3.0-or-later
"""The documents the benchmarks read, made once under build/bench: a scan as PDF and as a folder of PNG
files (the same pixels), and a long PDF with a text layer. Standard library only.

The scan is the set oldbooks-en of PAGEMILL_CORPUS (black and white book pages at 300 dpi), its
pages repeated in turn. Without a corpus the pages are drawn by tests/e2e/documents.py, and every
result says so.
"""
import os
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("PAGEMILL_BUILD", str(ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import documents  # noqa: E402  (found through the line above)

HERE = ROOT / "build" / "bench"
DPI = 300


def read_tiff(path):
    """(width, height, rows with 1 for white) of an uncompressed bilevel TIFF, or ValueError."""
    data = path.read_bytes()
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    start, = struct.unpack_from(order + "I", data, 4)
    count, = struct.unpack_from(order + "H", data, start)
    tags = {}
    for i in range(count):
        tag, kind, n = struct.unpack_from(order + "HHI", data, start + 2 + 12 * i)
        letter, size = {3: ("H", 2), 4: ("I", 4)}.get(kind, ("B", 1))
        at = start + 10 + 12 * i
        if n * size > 4:
            at, = struct.unpack_from(order + "I", data, at)
        tags[tag] = struct.unpack_from(f"{order}{n}{letter}", data, at)
    if tags.get(258, (1,)) != (1,) or tags.get(259, (1,)) != (1,):
        raise ValueError(f"{path}: not an uncompressed bilevel TIFF")
    rows = b"".join(data[at:at + n] for at, n in zip(tags[273], tags[279]))
    if tags[262] == (0,):
        rows = rows.translate(bytes(255 - i for i in range(256)))
    return tags[256][0], tags[257][0], rows


def scan_pages():
    """[(width, height, rows, true text)], and where they come from."""
    folder = pathlib.Path(os.environ.get("PAGEMILL_CORPUS", "/nonexistent"), "oldbooks-en")
    files = sorted(folder.glob("*.tiff"))
    if files:
        pages = [(*read_tiff(f), f.with_suffix(".txt").read_text(errors="replace")) for f in files]
        return pages, f"oldbooks-en, {len(files)} pages in turn"
    texts = [documents.page_lines(n, 16) for n in range(1, 8)]
    pages = [(*documents.page_picture(text, DPI), "\n".join(text)) for text in texts]
    return pages, "drawn pages (no PAGEMILL_CORPUS)"


def scan(count):
    """Makes scan-COUNT.pdf and scan-COUNT/0001.png …; returns paths, true text and origin."""
    pages, origin = scan_pages()
    folder, pdf_path = HERE / f"scan-{count}", HERE / f"scan-{count}.pdf"
    folder.mkdir(parents=True, exist_ok=True)
    pdf = documents.PdfWriter()
    tree, kids = 3 * count + 1, []
    for n in range(count):
        width, height, rows, _ = pages[n % len(pages)]
        # A picture for each page, also where pages repeat: no reader may profit from its cache.
        image = pdf.stream(rows, b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace"
                           b"/DeviceGray/BitsPerComponent 1" % (width, height))
        points = width * 72 / DPI, height * 72 / DPI
        content = pdf.stream(b"%.3f 0 0 %.3f 0 0 cm /Im Do\n" % points)
        kids.append(pdf.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.3f %.3f]/Contents %d 0 R"
                            b"/Resources<</XObject<</Im %d 0 R>>>>>>"
                            % (tree, *points, content, image)))
        (folder / f"{n + 1:04}.png").write_bytes(documents.png_file(width, height, 1, rows, DPI))
    assert tree == pdf.add(b"<</Type/Pages/Count %d/Kids[%s]>>"
                           % (count, b" ".join(b"%d 0 R" % kid for kid in kids)))
    pdf_path.write_bytes(pdf.finish(pdf.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree)))
    truth = "\n".join(pages[n % len(pages)][3] for n in range(count))
    return {"pdf": pdf_path, "folder": folder, "pages": count, "truth": truth, "origin": origin}


def text_pdf(count, lines=36):
    """A PDF of COUNT pages of text."""
    HERE.mkdir(parents=True, exist_ok=True)
    path = HERE / f"text-{count}-{lines}.pdf"
    path.write_bytes(documents.make_pdf(count, lambda n: documents.page_lines(n, lines)))
    return path


def one_page(size, serial):
    """A one-page PDF of `size` bytes, give or take a few, unlike any with another serial."""
    text = documents.page_lines(serial, 20)
    bare = len(documents.make_pdf(1, lambda n: text))
    return documents.make_pdf(1, lambda n: text, ballast=size - bare)


if __name__ == "__main__":
    made = scan(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    print(made["pdf"], made["folder"], made["origin"], text_pdf(5000), sep="\n")
