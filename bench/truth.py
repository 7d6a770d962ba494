# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ground truth of the public corpus: a list of pages for each set, whatever form its truth has. Standard library
only; of other programs pdftotext, for the set whose truth is the text layer of PDFs.

    python3 bench/truth.py [SET…]      lists what there is to be read

A reader takes a folder and yields Pages; READERS names them by set. A set whose truth is about something else than
text or its place (tables, layout, no crash) has no reader.
"""
import collections
import csv
import dataclasses
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import metrics

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pdf")
NOT_LATIN = {"san", "chi_sim", "jpn", "kor", "tha", "ara", "fas"}


@dataclasses.dataclass
class Page:
    set: str
    file: str                    # in the folder of the set
    page: int = 1                # 0: all pages of the file together
    languages: tuple = ("eng",)  # what is written there, by Tesseract's names
    text: str | None = None      # in reading order, as far as the set knows one
    boxes: list = dataclasses.field(default_factory=list)  # [(polygon, text or None, ignored)]
    boxes_of: str = "words"      # words or lines: what a found box is
    score: str = "word_f1"       # the figure that counts for the group
    dpi: int = 200               # at which a PDF page is rendered

    def group(self):
        """Sets of several scripts are several groups: a mean over scripts that an engine knows and others that
        it does not says nothing."""
        script = self.languages[0] if self.languages[0] in NOT_LATIN and self.set in MIXED else ""
        return f"{self.set} {script}".strip()

    def key(self):
        return f"{self.set}/{self.file}#{self.page}"


MIXED = {"multilang-borndigital", "layout-omnidocbench-demo"}


def box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def pairs(flat):
    return list(zip(flat[::2], flat[1::2]))


def images(folder):
    return sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES)


def text_of(path):
    return path.read_text(encoding="utf-8-sig", errors="replace")


# --- XML ---------------------------------------------------------------------------------------

def named(root, *names):
    """Elements by their local name: PAGE and ALTO come in a dozen namespaces."""
    return [e for e in root.iter() if isinstance(e.tag, str) and e.tag.rpartition("}")[2] in names]


def children(element, name):
    return [e for e in element if e.tag.rpartition("}")[2] == name]


def alto(root):
    """A line of text for each TextLine, and no boxes: the sets have no words, and their lines are drawn wide."""
    lines = []
    for line in named(root, "TextLine"):
        said = [part.get("CONTENT", "") for part in children(line, "String")]
        lines.append(" ".join(said))
    return "\n".join(lines), []


def unicode_of(element):
    """The text of a PAGE element: of its TextEquiv with the lowest index, or put together from its words."""
    own = sorted(children(element, "TextEquiv"), key=lambda e: int(e.get("index", 0)))
    if own:
        return "".join(e.text or "" for e in children(own[0], "Unicode"))
    return " ".join(unicode_of(word) for word in children(element, "Word"))


def page_xml(root):
    """(text, words): regions in the reading order that the file states, else as they stand."""
    regions = {e.get("id"): e for e in named(root, "TextRegion")}
    stated = [e.get("regionRef") for order in named(root, "ReadingOrder")
              for e in sorted(named(order, "RegionRefIndexed"), key=lambda e: int(e.get("index")))]
    order = [i for i in stated if i in regions] + [i for i in regions if i not in stated]
    lines = [unicode_of(line) for i in order for line in children(regions[i], "TextLine")]
    found = []
    for word in named(root, "Word"):
        points = [tuple(map(float, p.split(","))) for p in children(word, "Coords")[0].get("points").split()]
        (left, top), (right, bottom) = map(min, zip(*points)), map(max, zip(*points))
        found.append((box(left, top, right, bottom), unicode_of(word), False))
    return "\n".join(lines), found


def read_xml(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    return (alto if root.tag.endswith("alto") else page_xml)(root)


# --- readers -----------------------------------------------------------------------------------

def beside(folder, suffix=".txt", **fields):
    """An image and a text of the same name."""
    for image in images(folder):
        path = folder / (image.stem + suffix)
        if path.exists():
            yield Page(folder.name, image.name, text=text_of(path), **fields)


def oldbooks(folder):
    return beside(folder)


def sanskrit(folder):
    """Of the TIFF of several pages there is only the text of all of them."""
    for page in beside(folder, ".gt.txt", languages=("san",)):
        yield dataclasses.replace(page, page=0) if page.file.startswith("multipage") else page


def xml_beside(folder, language):
    for image in images(folder):
        path = folder / (image.stem + ".xml")
        if path.exists():
            yield Page(folder.name, image.name, languages=language(image), text=read_xml(path)[0])


def typed_french(folder):
    return xml_beside(folder, lambda image: ("fra",))


EHRI = {"czech": "ces", "danish": "dan", "english": "eng", "german": "deu", "slovak": "slk"}


def typed_multi(folder):
    return xml_beside(folder, lambda image: (EHRI[image.name.partition("__")[0]],))


def fraktur(folder):
    return xml_beside(folder, lambda image: ("deu",))


def kant(folder):
    """The same page in colour and in black and white."""
    text, found = read_xml(folder / "kant_0017.page.xml")
    for name in ("kant_0017.tif", "kant_0017.1bit.png"):
        if (folder / name).exists():
            yield Page(folder.name, name, languages=("deu",), text=text, boxes=found)


def tesseract_test(folder):
    """Pages with a text beside them; phototest.txt also belongs to the turned copies."""
    for image in images(folder):
        stem = "phototest" if image.name.startswith("phototest") else image.stem
        if (folder / f"{stem}.txt").exists():
            languages = ("eng", "deu", "fra") if stem == "eurotext" else ("eng",)
            yield Page(folder.name, image.name, languages=languages, text=text_of(folder / f"{stem}.txt"))


def ocrmypdf(folder):
    """One leaflet of two columns, in several wrappings; cardinal.pdf has it four times, each turned further."""
    for name, count in {"linn.png": 1, "linn.pdf": 1, "ccitt.pdf": 1, "jbig2.pdf": 1, "skew.pdf": 1,
                        "rotated_skew.pdf": 1, "cardinal.pdf": 4}.items():
        for n in range(1, count + 1):
            yield Page(folder.name, name, n, text=text_of(folder / "linn.txt"), dpi=300)


def sroie(folder):
    for image in images(folder):
        rows = csv.reader(text_of(folder / (image.stem + ".box.csv")).splitlines(), quoting=csv.QUOTE_NONE)
        found = [(pairs([float(v) for v in row[:8]]), ",".join(row[8:]), False) for row in rows if len(row) > 8]
        yield Page(folder.name, image.name, text="\n".join(text for _, text, _ in found), boxes=found,
                   boxes_of="lines")


def funsd(folder):
    for image in images(folder):
        entities = json.loads(text_of(image.with_suffix(".json")))["form"]
        found = [(box(*word["box"]), word["text"], False) for e in entities for word in e["words"]
                 if word["text"].strip()]
        yield Page(folder.name, image.name, text="\n".join(e["text"] for e in entities), boxes=found)


def wildreceipt(folder):
    """Its texts have no spaces: characters are compared."""
    path = folder / "wildreceipt_data.public.txt"
    for record in map(json.loads, text_of(path).splitlines()):
        found = [(pairs(a["box"]), a["text"], False) for a in record["annotations"]]
        yield Page(folder.name, "wildreceipt_" + pathlib.Path(record["file_name"]).name, boxes=found,
                   text="\n".join(text for _, text, _ in found), boxes_of="lines", score="char_f1")


def icdar15(folder):
    for record in json.loads(text_of(folder / "GT.public.json"))["data_list"]:
        found = [(pairs(i["polygon"]), None, i["ignore"]) for i in record["instances"]]
        yield Page(folder.name, pathlib.Path(record["img_path"]).name, boxes=found, score="detection")


SCRIPTS = {"fr_olap.pdf": "fra", "issue13211.pdf": "tha", "issue16538.pdf": "jpn",
           "korean-text-with-tables.pdf": "kor", "mednine.pdf": "ara", "right_to_left_03.pdf": "fas"}


def born_digital(folder):
    """The text layer, of files whose layer is right. Spaces and order in it are the typesetter's."""
    for name, language in SCRIPTS.items():
        layer = subprocess.run(["pdftotext", "-raw", folder / name, "-"], capture_output=True, check=True).stdout
        for n, text in enumerate(layer.decode(errors="replace").split("\f")[:-1], 1):
            if text.strip():
                yield Page(folder.name, name, n, (language,), text,
                           score="char_f1" if language in NOT_LATIN else "word_f1")


OMNI_LANGUAGES = {"english": ("eng",), "simplified_chinese": ("chi_sim",), "en_ch_mixed": ("chi_sim", "eng")}


def omnidoc(folder):
    """All text there is, tables' cells too; that outside the reading order (page numbers) last. Formulas are LaTeX
    in the truth and count as what their letters say, so 1.0 cannot be reached."""
    for record in json.loads(text_of(folder / "GT.public.json")):
        info = record["page_info"]
        parts = [d for d in record["layout_dets"] if not d.get("ignore")]
        parts.sort(key=lambda d: (d.get("order") is None, d.get("order") or 0))
        text = "\n".join(omnidoc_text(d) for d in parts)
        yield Page(folder.name, info["image_path"], text=text, score="char_f1",
                   languages=OMNI_LANGUAGES[info["page_attribute"]["language"]])


def omnidoc_text(part):
    if part.get("html"):
        return html.unescape(re.sub(r"<[^>]*>", " ", part["html"]))
    return unformatted(part.get("text") or part.get("latex") or "")


def unformatted(text):
    r"""Without LaTeX's commands and signs: $ \frac{1}{3} $ is 1 3 on paper too."""
    return re.sub(r"[ \t]+", " ", re.sub(r"\\[A-Za-z]+|[${}^_\\]", " ", text))


def pubtabnet(folder):
    """Pictures of one table each: all that is written in one is in its cells."""
    for record in map(json.loads, text_of(folder / "GT.public.jsonl").splitlines()):
        cells = ["".join(t for t in cell["tokens"] if not re.fullmatch(r"</?\w+>", t))
                 for cell in record["html"]["cells"]]
        if (folder / record["filename"]).exists():
            yield Page(folder.name, record["filename"], text="\n".join(c for c in cells if c.strip()))


READERS = {
    "oldbooks-en": oldbooks, "typed-fr-tapuscorpus": typed_french, "typed-multi-ehri": typed_multi,
    "fraktur-nzz": fraktur, "ocrd-assets": kant, "tesseract-test": tesseract_test, "scans-ocrmypdf": ocrmypdf,
    "receipts-sroie": sroie, "forms-funsd": funsd, "photos": wildreceipt, "detection-icdar15-toy": icdar15,
    "tables-pubtabnet": pubtabnet, "layout-omnidocbench-demo": omnidoc, "multilang-borndigital": born_digital,
    "devanagari-imagessan": sanskrit,
}


def pages(corpus, name):
    """The pages of a set, of files that are there."""
    return [p for p in READERS[name](corpus / name) if (corpus / name / p.file).exists()]


def everyday(corpus):
    """[(row, Page or None)] of everyday.tsv; None where the truth is not text."""
    with open(corpus / "everyday.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    known = {}
    for name in {row["set"] for row in rows} & READERS.keys():
        known.update({p.key(): p for p in pages(corpus, name)})
    return [(row, known.get(f"{row['set']}/{row['file']}#{row['page']}")) for row in rows]


def main():
    corpus = pathlib.Path(os.environ["PAGEMILL_CORPUS"])
    for name in sys.argv[1:] or READERS:
        found = pages(corpus, name)
        print(f"{name}: {len(found)} pages, {sum(bool(p.boxes) for p in found)} with boxes,",
              dict(collections.Counter("+".join(p.languages) for p in found)))
        for p in found[:3]:
            print(f"   {p.key()}: {len(metrics.collapsed(p.text or ''))} characters, {len(p.boxes)} boxes:",
                  repr(metrics.collapsed(p.text or "")[:60]))


if __name__ == "__main__":
    main()
