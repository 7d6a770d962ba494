# SPDX-License-Identifier: AGPL-3.0-or-later
"""Test documents made on the spot: PDF pages of text, PDF pages that are pictures of text, and PNG
files. Standard library only; the letters are drawn here, with a stroke font of our own.

Every page holds the word page_key(n), which no other page holds, so that a test can tell from any
output which pages are in it and whether they are in order.
"""
import pathlib
import struct
import subprocess
import tempfile
import zlib

WORDS = """ACCOUNT BEFORE CARRIED DELIVER EVENING FOREST GARDEN HARBOUR IMPORT JOURNEY KITCHEN LETTER
MORNING NUMBER OBJECT PAYMENT QUARTER REPORT SILVER TRAFFIC UNDER VALLEY WINTER EXPORT YELLOW ZERO
""".split()


def page_key(n):
    """A word for page n: three syllables, so that no key is part of another."""
    syllable = lambda i: "BDFGHKMNPRSTVZ"[i // 5 % 14] + "AEIOU"[i % 5]
    return syllable(n // 4900) + syllable(n // 70) + syllable(n)


def page_lines(n, count=8):
    """The text of page n: a heading with its number and key, then words of the vocabulary."""
    body = [" ".join(WORDS[(n * 7 + line * 5 + i * 3) % len(WORDS)] for i in range(4))
            for line in range(count - 1)]
    return [f"PAGE {n} {page_key(n)}"] + body


# --- PDF ---------------------------------------------------------------------------------------

class PdfWriter:
    """Objects in the order they are added, then the cross-reference table."""

    def __init__(self):
        self.parts = [b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"]
        self.size = len(self.parts[0])
        self.offsets = []

    def add(self, body):
        """One object; returns its number. Numbers count from 1."""
        self.offsets.append(self.size)
        part = b"%d 0 obj\n%s\nendobj\n" % (len(self.offsets), body)
        self.parts.append(part)
        self.size += len(part)
        return len(self.offsets)

    def stream(self, data, extra=b""):
        data = zlib.compress(data, 1)
        return self.add(b"<</Length %d/Filter/FlateDecode%s>>\nstream\n%s\nendstream"
                        % (len(data), extra, data))

    def finish(self, root):
        count = len(self.offsets) + 1
        xref = [b"xref\n0 %d\n0000000000 65535 f \n" % count]
        xref += [b"%010d 00000 n \n" % offset for offset in self.offsets]
        xref.append(b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n"
                    % (count, root, self.size))
        return b"".join(self.parts + xref)


def text_content(lines):
    """A content stream: 12 point Helvetica from the top of a US Letter page."""
    escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
    shown = "".join(f"({line}) Tj T*\n" for line in escaped)
    return f"BT /F1 12 Tf 18 TL 72 700 Td\n{shown}ET\n".encode("latin-1")


def make_pdf(pages, lines=page_lines, scanned=(), dpi=200, bits=1, ballast=0):
    """The bytes of a PDF with pages 1…pages. lines(n) gives the text of page n. The pages whose
    number is in `scanned` are pictures of their text, without a text layer. ballast: that many bytes
    more, in an object that no page uses."""
    pdf = PdfWriter()
    font = pdf.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    pdf.add(b"(%s)" % (b"x" * ballast))
    # Every page names the tree above it, which comes last: two or three objects for each page.
    tree = pages * 2 + len(set(scanned)) + 3
    kids = []
    for n in range(1, pages + 1):
        if n in scanned:
            width, height, data = page_picture(lines(n), dpi, bits)
            image = pdf.stream(data, b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace"
                               b"/DeviceGray/BitsPerComponent %d" % (width, height, bits))
            content = pdf.stream(b"612 0 0 792 0 0 cm /Im Do\n")
            resources = b"/XObject<</Im %d 0 R>>" % image
        else:
            content = pdf.stream(text_content(lines(n)))
            resources = b"/Font<</F1 %d 0 R>>" % font
        kids.append(pdf.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
                            b"/Resources<<%s>>>>" % (tree, content, resources)))
    names = b" ".join(b"%d 0 R" % kid for kid in kids)
    assert tree == pdf.add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, names))
    return pdf.finish(pdf.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def make_scan_pdf(pages, lines=page_lines, dpi=200, bits=1):
    """As make_pdf, every page a picture: only OCR can read it."""
    return make_pdf(pages, lines, range(1, pages + 1), dpi, bits)


def make_figure_pdf(pages=1, size=(216, 144)):
    """As make_pdf, and below the text of every page a picture of that many points that is no text."""
    pdf = PdfWriter()
    font = pdf.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    grey = bytes(40 + (x * 3 + y * 5) % 150 for y in range(96) for x in range(144))
    image = pdf.stream(grey, b"/Type/XObject/Subtype/Image/Width 144/Height 96/ColorSpace/DeviceGray/BitsPerComponent 8")
    tree, kids = 2 + pages * 2 + 1, []
    for n in range(1, pages + 1):
        drawn = text_content(page_lines(n)) + b"q %d 0 0 %d 198 300 cm /Im Do Q\n" % size
        content = pdf.stream(drawn)
        kids.append(pdf.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources"
                            b"<</Font<</F1 %d 0 R>>/XObject<</Im %d 0 R>>>>>>" % (tree, content, font, image)))
    names = b" ".join(b"%d 0 R" % kid for kid in kids)
    assert tree == pdf.add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, names))
    return pdf.finish(pdf.add(b"<</Type/Catalog/Pages %d 0 R>>" % tree))


def make_png(lines, dpi=200, bits=8):
    """A PNG file of one page, grey (8) or black and white (1), with its resolution."""
    width, height, data = page_picture(lines, dpi, bits)
    return png_file(width, height, bits, data, dpi)


def png_file(width, height, bits, data, dpi):
    """data: rows of grey samples, each row padded to whole bytes."""
    stride = (width * bits + 7) // 8
    rows = b"".join(b"\0" + data[y * stride:(y + 1) * stride] for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body))

    per_metre = round(dpi / 0.0254)
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))
            + chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


# --- letters -----------------------------------------------------------------------------------

# Strokes on a grid 7 wide and 10 high, as pairs of digits: x from the left, y from the top. "~" is a
# curve that begins and ends where it says and is drawn towards the points between; "@" a closed one.
STROKES = {
    "A": "093069 1656", "B": "0900 0030 ~30606434 3404 34 ~34646939 3909",
    "C": "~626000096967", "D": "0900 0020 ~20606929 2909", "E": "60000969 0454",
    "F": "600009 0454", "G": "~626000096965 6535", "H": "0009 6069 0464",
    "I": "3039 1050 1959", "J": "2060 5056 ~56590906", "K": "0009 6005 2369", "L": "000969",
    "M": "0900356069", "N": "09006960", "O": "@00606909", "P": "0900 0030 ~30606535 3505",
    "Q": "@00606909 4669", "R": "0900 0030 ~30606535 3505 3569", "S": "~6260000465690907",
    "T": "0060 3039", "U": "0005 ~05096965 6560", "V": "003960", "W": "0019335960",
    "X": "0069 6009", "Y": "003460 3439", "Z": "00600969",
    "0": "@10505919", "1": "123039 1959", "2": "~0200606409 0969",
    "3": "~0100606424 ~2464690908", "4": "49400666", "5": "500003 ~0363690907",
    "6": "~500007 @04646909", "7": "006029", "8": "@10505414 @04646909",
    "9": "@00606505 ~626919", ".": "39", "-": "1555", " ": "",
}
ADVANCE, SPACE = 9, 6


def stroke_points(stroke):
    """The corners of one stroke; curves are rounded by cutting corners (Chaikin)."""
    curved, closed = stroke[0] in "~@", stroke[0] == "@"
    digits = stroke.lstrip("~@")
    points = [(int(digits[i]), int(digits[i + 1])) for i in range(0, len(digits), 2)]
    for _ in range(4 if curved else 0):
        ring = points + points[:1] if closed else points
        cut = [((3 * ax + bx) / 4, (3 * ay + by) / 4) if first else
               ((ax + 3 * bx) / 4, (ay + 3 * by) / 4)
               for (ax, ay), (bx, by) in zip(ring, ring[1:]) for first in (True, False)]
        points = cut if closed else [points[0]] + cut + [points[-1]]
    return points + points[:1] if closed else points


def glyph(char, scale):
    """Rows of a letter, from one unit above it to one below, as integers: bit 0 is the left edge."""
    radius = 0.55 * scale
    rows = [0] * int(12 * scale)
    for stroke in STROKES[char].split():
        points = stroke_points(stroke)
        for (ax, ay), (bx, by) in zip(points, points[1:] or points):
            steps = int(max(abs(bx - ax), abs(by - ay)) * scale * 2) + 1
            for i in range(steps + 1):
                x, y = ax + (bx - ax) * i / steps + 1, ay + (by - ay) * i / steps + 1
                stamp(rows, x * scale, y * scale, radius)
    return rows


def stamp(rows, x, y, radius):
    """A round dot of the pen."""
    for row in range(int(y - radius), int(y + radius) + 1):
        square = radius * radius - (row - y) ** 2
        if square >= 0:
            left, right = int(x - square ** 0.5 + 0.5), int(x + square ** 0.5 + 0.5)
            rows[row] |= ((1 << (right - left + 1)) - 1) << left


glyphs = {}


def line_rows(text, scale):
    rows, left = [0] * int(12 * scale), 0
    for char in text.upper():
        if (char, scale) not in glyphs:
            glyphs[char, scale] = glyph(char, scale)
        for y, bits in enumerate(glyphs[char, scale]):
            rows[y] |= bits << round(left * scale)
        left += SPACE if char == " " else ADVANCE
    return rows


REVERSED = [int(f"{byte:08b}"[::-1], 2) ^ 0xFF for byte in range(256)]
SPREAD = [bytes(255 * (byte >> 7 - i & 1) for i in range(8)) for byte in range(256)]


def page_picture(lines, dpi=200, bits=1):
    """(width, height, rows): a US Letter page with the text drawn on it, black on white. Lines have
    capitals 4.6 mm high; about 38 characters fit across. The width is a multiple of eight."""
    scale = dpi / 50
    width, height, margin = int(8.5 * dpi) // 8 * 8, int(11 * dpi), int(0.9 * dpi)
    rows = [0] * height
    for index, text in enumerate(lines):
        top = margin + int(index * 20 * scale)
        for y, row in enumerate(line_rows(text, scale)):
            rows[top + y] = row << margin
    table, mask = bytes(REVERSED), (1 << width) - 1
    packed = b"".join((row & mask).to_bytes(width // 8, "little") for row in rows).translate(table)
    if bits == 8:
        packed = b"".join(SPREAD[byte] for byte in packed)
    return width, height, packed


# --- through other programs --------------------------------------------------------------------

def encrypt_pdf(data, password):
    """The same PDF, AES-256, by qpdf."""
    with tempfile.TemporaryDirectory() as top:
        plain, locked = pathlib.Path(top, "plain.pdf"), pathlib.Path(top, "locked.pdf")
        plain.write_bytes(data)
        subprocess.run(["qpdf", "--encrypt", password, password, "256", "--", plain, locked], check=True)
        return locked.read_bytes()
