# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ground truth of the corpus about documents: blocks in order, tables with cells, tests of what a page must say.
Standard library only.

    PAGEMILL_CORPUS=… python3 bench/layout_truth.py [SET…]      lists what there is

A reader takes a folder and yields Pages; READERS names them by set. Every set of truth.py whose text stands in reading
order can be read too, as Pages with a text alone.
"""
import collections
import dataclasses
import json
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

import layout_metrics
import layout_tables
import truth

# Types of blocks that all truths and pagemill's page results can be brought to.
TYPES = ("text", "heading", "list", "table", "figure", "caption", "formula", "header", "footer", "page_number",
         "footnote")
PAGEMILL_TYPES = {"title": "heading", "table_caption": "caption", "figure_caption": "caption", "code": "text",
                  "seal": "figure"}


@dataclasses.dataclass
class Page:
    set: str
    file: str                     # in the folder of the set
    page: int = 1
    languages: tuple = ("eng",)   # what is written there, by Tesseract's names
    group: str = ""               # the set, or a part of it whose figures stand alone
    text: str | None = None       # all of it, in reading order
    ordered: list | None = None   # [(text, formula or aside, text)] in reading order
    blocks: list | None = None    # [(type or None where nothing counts, (left, top, right, bottom))]
    size: tuple | None = None     # width and height in the units of the blocks; None: pixels of the image
    tables: list | None = None    # [layout_tables.Table]
    adjacency: bool = False       # the tables' measure is ICDAR 2013's, too
    ruled: bool | None = None     # do lines or tints part the tables' rows and their columns?
    view: dict = dataclasses.field(default_factory=dict)  # types that this truth does not tell apart, or has not
    tests: list | None = None     # of olmOCR-bench

    def key(self):
        return f"{self.set}/{self.file}#{self.page}"

    def seen(self, kind):
        """A type of ours as this truth would call it; None where it has no such blocks."""
        kind = PAGEMILL_TYPES.get(kind, kind)
        return self.view.get(kind, kind)


def around(points):
    xs, ys = points[::2], points[1::2]
    return min(xs), min(ys), max(xs), max(ys)


# --- OmniDocBench ------------------------------------------------------------------------------

OMNI_TYPES = {
    "title": "heading", "text_block": "text", "figure": "figure", "figure_caption": "caption",
    "figure_footnote": "caption", "table": "table", "table_caption": "caption", "table_footnote": "caption",
    "equation_isolated": "formula", "equation_caption": None, "header": "header", "footer": "footer",
    "page_number": "page_number", "page_footnote": "footnote", "code_txt": "text", "code_txt_caption": "caption",
    "reference": "text", "abandon": None, "text_mask": None, "need_mask": None}
OMNI_ORDERED = {"title", "text_block", "code_txt", "reference"}


def omnidoc(folder):
    for record in json.loads(truth.text_of(folder / "GT.public.json")):
        info = record["page_info"]
        languages = truth.OMNI_LANGUAGES[info["page_attribute"]["language"]]
        parts = [d for d in record["layout_dets"] if d["category_type"] in OMNI_TYPES]
        parts.sort(key=lambda d: (d.get("order") is None, d.get("order") or 0))
        yield Page(folder.name, info["image_path"], languages=languages, group=f"{folder.name} {languages[0]}",
                   ordered=[omni_part(d) for d in parts if d["category_type"] not in ("figure", "table", "abandon")],
                   blocks=[(OMNI_TYPES[d["category_type"]], around(d["poly"])) for d in parts],
                   tables=[table for d in parts if d.get("html") for table in layout_tables.from_html(d["html"])])


def omni_part(part):
    """Captions, headers and what else has no place in the order are aside."""
    kind = {"equation_isolated": "formula"}.get(part["category_type"], "aside")
    return ("text" if part["category_type"] in OMNI_ORDERED else kind,
            layout_metrics.letters_of(part.get("text") or part.get("latex") or ""))


# --- blocks ------------------------------------------------------------------------------------

# Its captions and footnotes are text, and what stands in the margins of a page is nothing.
PUBLAYNET_VIEW = {"caption": "text", "footnote": "text", "formula": "text", "header": None, "footer": None,
                  "page_number": None, "other": None}


def publaynet(folder):
    known = json.loads(truth.text_of(folder / "GT.public.json"))
    names = {c["id"]: {"title": "heading"}.get(c["name"], c["name"]) for c in known["categories"]}
    for image in known["images"]:
        blocks = []
        for note in known["annotations"]:
            if note["image_id"] == image["id"]:
                left, top, width, height = note["bbox"]
                blocks.append((names[note["category_id"]], (left, top, left + width, top + height)))
        yield Page(folder.name, image["file_name"], blocks=blocks, view=PUBLAYNET_VIEW,
                   size=(image["width"], image["height"]))


CVAT_TYPES = {"text": "text", "title": "heading", "section_header": "heading", "list_item": "list", "table": "table",
              "picture": "figure", "caption": "caption", "footnote": "footnote", "formula": "formula", "code": "text",
              "page_header": "margin", "page_footer": "margin"}
CVAT_VIEW = {"header": "margin", "footer": "margin", "page_number": "margin", "other": None}


def cvat(folder):
    """An image in the truth of case_01 is two pages of the PDF side by side, at 144 dpi. Besides, pictures of one
    table each."""
    for path in sorted(folder.glob("case_*_annotations.xml")):
        for image in xml.etree.ElementTree.parse(path).getroot().iter("image"):
            digest = re.search(r"doc_(\w{12})", image.get("name"))[1]
            yield from cvat_pages(folder, image, next(folder.glob(f"case_*{digest}*"), None))
    yield from rendered_tables(folder)


def cvat_pages(folder, image, file):
    width, height = int(image.get("width")), int(image.get("height"))
    blocks = cvat_blocks(image)
    if file is None:
        return
    if file.suffix != ".pdf":
        yield Page(folder.name, file.name, blocks=blocks, view=CVAT_VIEW, size=(width, height))
        return
    half = width / 2
    for number, start in ((1, 0), (2, half)):
        here = [(kind, (box[0] - start, box[1], box[2] - start, box[3])) for kind, box in blocks
                if box[0] >= start - 20 and box[2] <= start + half + 20]
        yield Page(folder.name, file.name, number, blocks=here, view=CVAT_VIEW, size=(half, height))


def cvat_blocks(image):
    """Items that a polyline groups are one list."""
    boxes = [(CVAT_TYPES[b.get("label")], tuple(float(b.get(side)) for side in ("xtl", "ytl", "xbr", "ybr")))
             for b in image.iter("box") if b.get("label") in CVAT_TYPES]
    for line in image.iter("polyline"):
        if line.get("label") == "group":
            points = [tuple(map(float, p.split(","))) for p in line.get("points").split(";")]
            items = [b for b in boxes if b[0] == "list" and any(contains(b[1], p) for p in points)]
            if len(items) > 1:
                boxes = [b for b in boxes if b not in items]
                boxes.append(("list", around([side for _, box in items for side in box])))
    return boxes


def contains(box, point):
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


# --- tables ------------------------------------------------------------------------------------

def rendered_tables(folder):
    """The names of picture and truth were cut at different places: the end they share tells them."""
    for path in sorted(folder.glob("sdg__*.json")):
        known = json.loads(truth.text_of(path))
        image = next((p for p in sorted(folder.glob("sdg__*.png")) if p.stem[-40:] == path.stem[-40:]), None)
        if image:
            size = known["pages"]["1"]["size"]
            yield Page(folder.name, image.name, group=f"{folder.name} tables", tables=[
                docling_table(t["data"]) for t in known["tables"]], size=(size["width"], size["height"]))


def docling_table(data):
    return layout_tables.from_cells([{
        "row": c["start_row_offset_idx"], "col": c["start_col_offset_idx"], "rowspan": c["row_span"],
        "colspan": c["col_span"], "text": c["text"], "header": c["column_header"]} for c in data["table_cells"]])


def pubtabnet(folder):
    """The structure's tags with each cell's text put in."""
    for record in map(json.loads, truth.text_of(folder / "GT.public.jsonl").splitlines()):
        cells = iter(record["html"]["cells"])
        tags = ["".join(next(cells)["tokens"]) + tag if tag == "</td>" else tag
                for tag in record["html"]["structure"]["tokens"]]
        yield Page(folder.name, record["filename"], ruled=False,
                   tables=layout_tables.from_html(f"<table>{''.join(tags)}</table>"))


# The others have lines across at most, above and below their headings.
ICDAR_RULED = {"eu-001", "eu-004", "eu-008", "eu-020", "eu-024", "us-006", "us-010", "us-027", "us-031a"}


def icdar2013(folder):
    """Pages without a table are there too: what is found on them is wrong."""
    for path in sorted(folder.glob("*-str.xml")):
        tables = collections.defaultdict(list)
        for region in xml.etree.ElementTree.parse(path).getroot().iter("region"):
            tables[int(region.get("page"))].append(icdar_table(region))
        name = path.name.replace("-str.xml", "")
        for number in range(1, max(tables) + 1):
            yield Page(folder.name, f"{name}.pdf", number, tables=tables[number], adjacency=True,
                       ruled=name in ICDAR_RULED)


def icdar_table(region):
    """The truth names the cells with text only, and counts from 0 or 1; TEDS counts all cells."""
    cells, first_row = [], min(int(c.get("start-row")) for c in region.iter("cell"))
    first_col = min(int(c.get("start-col")) for c in region.iter("cell"))
    for cell in region.iter("cell"):
        row, col = int(cell.get("start-row")), int(cell.get("start-col"))
        cells.append({"row": row - first_row, "col": col - first_col, "rowspan": int(cell.get("end-row", row)) - row + 1,
                      "colspan": int(cell.get("end-col", col)) - col + 1,
                      "text": "".join(cell.find("content").itertext())})
    return layout_tables.filled(layout_tables.from_cells(cells))


# --- olmOCR-bench ------------------------------------------------------------------------------

def olmocr(folder):
    """Every page has a test more, as in the original: that there is anything, and that it is no loop."""
    tests = collections.defaultdict(list)
    for test in map(json.loads, truth.text_of(folder / "dataset.public.jsonl").splitlines()):
        tests[f"pdfs/{test['pdf']}", test["page"]].append(test)
    for (file, number), asked in tests.items():
        asked.append({"id": f"{file} baseline", "type": "baseline", "check_disallowed_characters": False})
        for test in asked:
            margins = "headers_footers/" in file and test["type"] == "absent"
            test["category"] = "headers_footers" if margins else test["type"]
        yield Page(folder.name, file, number, tests=asked)


# --- all ---------------------------------------------------------------------------------------

READERS = {"layout-omnidocbench-demo": omnidoc, "layout-olmocr-bench-sample": olmocr, "layout-publaynet": publaynet,
           "layout-docling-cvat": cvat, "tables-icdar2013": icdar2013, "tables-pubtabnet": pubtabnet}
ORDERED_TEXT = ("scans-ocrmypdf", "oldbooks-en", "ocrd-assets", "typed-fr-tapuscorpus", "typed-multi-ehri",
                "fraktur-nzz", "tesseract-test", "devanagari-imagessan", "multilang-borndigital")
DEFAULT = (*READERS, "scans-ocrmypdf", "oldbooks-en")


def pages(corpus, name):
    """The pages of a set, of files that are there."""
    folder = corpus / name
    if name in READERS:
        found = list(READERS[name](folder))
    else:
        found = [Page(name, p.file, p.page, p.languages, text=p.text) for p in truth.pages(corpus, name) if p.page]
    for page in found:
        page.group = page.group or name
    return [page for page in found if (folder / page.file).exists()]


def main():
    corpus = pathlib.Path(os.environ["PAGEMILL_CORPUS"])
    for name in sys.argv[1:] or DEFAULT:
        for page in pages(corpus, name):
            print(f"{page.key()}: {len(page.blocks or ())} blocks, {len(page.tables or ())} tables with "
                  f"{sum(len(t.cells) for t in page.tables or ())} cells, {len(page.ordered or ())} in order, "
                  f"{len(page.tests or ())} tests, {len(page.text or '')} characters")


if __name__ == "__main__":
    main()
