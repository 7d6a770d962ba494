# SPDX-License-Identifier: AGPL-3.0-or-later
"""Distances between a document's page as it was read and as it is: its paragraphs and their order (OmniDocBench), what
must and must not be in its text (olmOCR-bench), the places and types of its blocks. Standard library only; nothing here
knows files or systems. Tables are in layout_tables.py.

Own implementations, simpler than the originals where the definitions' outcome does not hang on it:
- match() looks for the same correspondences as OmniDocBench's quick_match (one to one, a true block in several
  paragraphs, several true blocks in one paragraph) but takes the cheapest first where that one searches in stages
  and settles the rest by the Hungarian method. What is left over on either side counts in full.
- Formulas are not judged: a paragraph that is one falls out of the counts, and no LaTeX is compared. Inline ones count
  as what their letters say.
- An olmOCR test's likeness is the least number of edits to any part of the text, where the original takes
  rapidfuzz's ratio of the best window; for the tests without max_diffs, nearly all, these are the same.
"""
import collections
import html
import re
import unicodedata

import layout_tables
import metrics

# --- distances ---------------------------------------------------------------------------------


def distances(pattern, text):
    """For each place in a text the least edits between the pattern and any part that ends there: Myers' search, with
    a column of the matrix in one integer."""
    where = collections.defaultdict(int)
    for i, item in enumerate(pattern):
        where[item] |= 1 << i
    all_ones, last = (1 << len(pattern)) - 1, 1 << (len(pattern) - 1)
    plus, minus, distance, found = all_ones, 0, len(pattern), []
    for item in text:
        equal = where.get(item, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        up = (minus | ~(diagonal | plus)) & all_ones
        down = plus & diagonal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1) & all_ones, (down << 1) & all_ones
        plus = (down | ~(diagonal | up)) & all_ones
        minus = up & diagonal
        found.append(distance)
    return found


def nearest(pattern, text):
    """The least edits between the pattern and any part of the text."""
    return min([len(pattern), *distances(pattern, text)]) if pattern else 0


def apart(a, b):
    """Edits over the longer length."""
    return metrics.edits(a, b) / max(len(a), len(b), 1)


def page_edit(truth, read):
    """Of whole pages in their order, white space collapsed: 0 is the same text."""
    return apart(metrics.exact(truth), metrics.exact(read))


# --- Markdown ----------------------------------------------------------------------------------

NOT_TEXT = re.compile(r"<table\b.*?</table\s*>|\$\$.*?\$\$|!\[[^\]]*\]\([^)]*\)|<!--.*?-->|<img\b[^>]*>", re.S | re.I)
INLINE_FORMULA = re.compile(r"(?<!\\)\$[^$\n]+(?<!\\)\$|\\\(.+?\\\)")


def letters_of(formula):
    """What LaTeX leaves on paper, as far as its letters and digits say it: of \\frac{1}{3} 1 and 3."""
    return re.sub(r"\\[A-Za-z]+|[${}^_\\]", " ", formula)


def without_pipe_tables(text):
    lines = text.split("\n")
    for start, end in layout_tables.pipe_tables(lines):
        lines[start:end] = [""] * (end - start)
    return "\n".join(lines)


def paragraphs(text, markdown=True):
    """What is parted by blank lines, and headings; without tables, pictures and display formulas."""
    if markdown:
        text = NOT_TEXT.sub("\n\n", without_pipe_tables(text))
        text = re.sub(r"^(#{1,6}\s.*)$", r"\n\1\n", text, flags=re.M)
        text = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", " ", text))
        text = INLINE_FORMULA.sub(lambda found: letters_of(found[0]), text)
        text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return [part.strip() for part in re.split(r"\n[ \t\f]*\n|\f", text) if part.strip()]


# --- OmniDocBench ------------------------------------------------------------------------------

SAME, PART = 0.25, 0.4  # from its match_quick: distances at which a block is found, and is a part of another


def stripped(text):
    return re.sub(r"[^\w一-鿿]", "", text)


def costs(truth, read):
    """Of all pairs; those too different in length to be the same get the bound that the lengths give."""
    def cost(a, b):
        bound = 1 - min(len(a), len(b)) / max(len(a), len(b))
        return bound if bound > 0.75 else apart(a, b)
    return [[cost(t, r) for r in read] for t in truth]


def runs(wholes, parts, done_wholes, done_parts):
    """Runs of two and more neighbouring parts that together are more like a whole than the shorter run before it:
    [(cost, whole, (part, …))]."""
    found = []
    for w, whole in enumerate(wholes):
        if w in done_wholes:
            continue
        inside = [p not in done_parts and len(part) <= 1.25 * len(whole) and nearest(part, whole) <= PART * len(part)
                  for p, part in enumerate(parts)]
        for first in (i for i, is_in in enumerate(inside) if is_in):
            best, joined = apart(whole, parts[first]), parts[first]
            for last in range(first + 1, len(parts)):
                cost = apart(whole, joined + parts[last]) if inside[last] else 1
                if cost >= best:
                    break
                best, joined = cost, joined + parts[last]
                found.append((cost, w, tuple(range(first, last + 1))))
    return found


def match(truth, read):
    """[(true indices, read indices)]: which paragraphs say which blocks; with texts from stripped(). The cheapest
    correspondence is taken first; whatever has none is alone in its pair."""
    table = costs(truth, read)
    done_truth = {t for t, row in enumerate(table) if min(row, default=1) < SAME / 2}
    done_read = {r for r in range(len(read)) if min((row[r] for row in table), default=1) < SAME / 2}
    offers = [(cost, (t,), (r,)) for t, row in enumerate(table) for r, cost in enumerate(row)]
    offers += [(cost, (t,), many) for cost, t, many in runs(truth, read, done_truth, done_read)]
    offers += [(cost, many, (r,)) for cost, r, many in runs(read, truth, done_read, done_truth)]
    taken, free_truth, free_read = [], set(range(len(truth))), set(range(len(read)))
    for _, ts, rs in sorted(offers):
        if free_truth.issuperset(ts) and free_read.issuperset(rs):
            taken.append((ts, rs))
            free_truth.difference_update(ts)
            free_read.difference_update(rs)
    return taken + [((t,), ()) for t in sorted(free_truth)] + [((), (r,)) for r in sorted(free_read)]


def beside_the_order(aside, read):
    """Indices of the paragraphs that are headers, footers, captions of the truth: read or not, they do not count."""
    return {r for r, row in enumerate(zip(*costs(aside, read))) if min(row) < SAME} if aside else set()


def omnidoc(blocks, said):
    """Of true blocks [(kind, text)] in order, where kind is text, formula or aside, and paragraphs read:
    {"text": [edits, length], "order": [edits, length], "matches": …}; figures are their quotients."""
    aside = [stripped(text) for kind, text in blocks if kind == "aside" and stripped(text)]
    wanted = [(kind, stripped(text)) for kind, text in blocks if kind != "aside" and stripped(text)]
    read = [text for text in map(stripped, said) if text]
    outside = beside_the_order(aside, read)
    read = [text for r, text in enumerate(read) if r not in outside]
    pairs = match([text for _, text in wanted], read)
    return {"text": text_edits(wanted, read, pairs), "order": order_edits(wanted, pairs),
            "matches": [(" | ".join(wanted[t][1] for t in ts), " | ".join(read[r] for r in rs)) for ts, rs in
                        sorted(pairs, key=lambda pair: (not pair[0], pair))]}


def text_edits(wanted, read, pairs):
    edits = length = 0
    for ts, rs in pairs:
        if ts and all(wanted[t][0] == "formula" for t in ts):
            continue
        a, b = "".join(wanted[t][1] for t in ts), "".join(read[r] for r in rs)
        edits += metrics.edits(a, b)
        length += max(len(a), len(b))
    return [edits, length]


def order_edits(wanted, pairs):
    """Blocks that were not found are missing from the order read."""
    numbers = [t for t, (kind, _) in enumerate(wanted) if kind == "text"]
    said = [t for ts, rs in sorted((p for p in pairs if p[1]), key=lambda pair: pair[1]) for t in ts
            if wanted[t][0] == "text"]
    return [metrics.edits(numbers, said), max(len(numbers), len(said))]


# --- olmOCR-bench ------------------------------------------------------------------------------

OLM_SAME = str.maketrans({**dict.fromkeys("‘’‚", "'"), **dict.fromkeys("“”„", '"'),
                          **dict.fromkeys("–—‑‒−", "-"), "＿": "_", "µ": "μ"})
OTHER_SCRIPTS = re.compile("[\u4e00-\u9fff\u3040-\u30ff\U0001f300-\U0001f64f\U0001f1e0-\U0001f1ff]")


def olm_text(text):
    text = re.sub(r"<br ?/?>", " ", text)
    text = re.sub(r"(\*\*|__|\*|_)(.*?)\1", r"\2", re.sub(r"(\*\*|__)(.*?)\1", r"\2", text))
    text = re.sub(r"\s+", " ", re.sub(r"</?[bi]>", "", text))
    return unicodedata.normalize("NFC", text).translate(OLM_SAME)


def olm_present(test, text):
    wanted, text = olm_text(test["text"]), olm_text(text)
    if not test.get("case_sensitive", True):
        wanted, text = wanted.lower(), text.lower()
    first, last = test.get("first_n"), test.get("last_n")
    if first or last:
        text = (text[:first] if first else "") + (text[-last:] if last else "")
    return nearest(wanted, text) <= test.get("max_diffs", 0)


def starts(wanted, text, most):
    """Where parts of the text begin that are like `wanted`."""
    backwards = distances(wanted[::-1], text[::-1])
    return [len(text) - 1 - i for i, edits in enumerate(backwards) if edits <= most]


def olm_order(test, text):
    text, most = olm_text(text), test.get("max_diffs", 0)
    before, after = (starts(olm_text(test[key]), text, most) for key in ("before", "after"))
    return bool(before and after) and min(before) < max(after)


def alike(a, b, most):
    """rapidfuzz's ratio of two cells' texts, made from what they have in common in the same order."""
    ratio = 2 * subsequence(a, b) / (len(a) + len(b)) if a or b else 1.0
    return ratio >= max(0.5, 1 - most / max(len(a), 1)) - 1e-9


def subsequence(a, b):
    """Length of the longest common one."""
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def beside(places, cell, way):
    """The cells next to one: as many as it touches on that side."""
    rows, cols = range(cell.row, cell.row + cell.rowspan), range(cell.col, cell.col + cell.colspan)
    at = {"up": [(cell.row - 1, c) for c in cols], "down": [(cell.row + cell.rowspan, c) for c in cols],
          "left": [(r, cell.col - 1) for r in rows], "right": [(r, cell.col + cell.colspan) for r in rows]}[way]
    return [places[place] for place in at if place in places]


def headings(places, cell, top):
    """Above a cell, or left of it: the outermost with text, and all that are marked as headers."""
    rows, cols = range(cell.row, cell.row + cell.rowspan), range(cell.col, cell.col + cell.colspan)
    found = []
    for line in cols if top else rows:
        on_the_way = [(r, line) for r in range(cell.row)] if top else [(line, c) for c in range(cell.col)]
        filled = [places[p] for p in on_the_way if p in places and places[p].text.strip()]
        found += filled[:1] + [c for c in filled if c.header]
    return found


RELATIONS = {"up": lambda places, cell: beside(places, cell, "up"),
             "down": lambda places, cell: beside(places, cell, "down"),
             "left": lambda places, cell: beside(places, cell, "left"),
             "right": lambda places, cell: beside(places, cell, "right"),
             "top_heading": lambda places, cell: headings(places, cell, True),
             "left_heading": lambda places, cell: headings(places, cell, False)}


def olm_table(test, text):
    """Some cell says it, and some cell in each relation asked for says what it should."""
    most = test.get("max_diffs", 0)
    asked = {name: olm_text(test[name]) for name in RELATIONS if test.get(name)}
    for table in layout_tables.from_markdown(text):
        places = table.grid()
        for cell in table.cells:
            if alike(olm_text(test["cell"]), olm_text(cell.text).strip(), most) and all(
                    any(alike(said, olm_text(c.text).strip(), most) for c in RELATIONS[name](places, cell))
                    for name, said in asked.items()):
                return True
    return False


def olm_baseline(test, text):
    """There is text, it does not end in a loop, and it is not of a script that the page has not."""
    letters = sum(c.isalnum() for c in text)
    if test.get("max_length") is not None:
        return letters <= test["max_length"]
    most = test.get("max_repeats", 30)
    loops = any(len(text) > n and re.search(r"(?s)(%s)\1{%d,}\Z" % ("." * n, most), text[-(most + 2) * n:])
                for n in range(1, 6))
    strange = test.get("check_disallowed_characters", True) and OTHER_SCRIPTS.search(text)
    return letters > 0 and not loops and not strange


OLM_TESTS = {"present": olm_present, "absent": lambda test, text: not olm_present(test, text), "order": olm_order,
             "table": olm_table, "baseline": olm_baseline}


# --- blocks ------------------------------------------------------------------------------------

def box_iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (box_area(a) + box_area(b) - width * height)


def box_area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def mostly_in(box, region):
    width, height = min(box[2], region[2]) - max(box[0], region[0]), min(box[3], region[3]) - max(box[1], region[1])
    return width > 0 and height > 0 and width * height > 0.5 * box_area(box)


def block_pairs(truth, found, typed):
    """[(true index, found index)] at IoU ≥ 0.5, the best first; of equal types where they count."""
    offers = [(-box_iou(box, other), t, f) for t, (kind, box) in enumerate(truth)
              for f, (said, other) in enumerate(found) if not typed or kind == said]
    pairs, used_truth, used_found = [], set(), set()
    for less, t, f in sorted(offers):
        if less <= -0.5 and t not in used_truth and f not in used_found:
            pairs.append((t, f))
            used_truth.add(t)
            used_found.add(f)
    return pairs


def block_counts(truth, found):
    """{type: [hits, true, found], "": the same whatever the type} of [(type, box)]; a true type of None is a region
    where nothing counts."""
    nowhere = [box for kind, box in truth if kind is None]
    truth = [t for t in truth if t[0] is not None]
    found = [f for f in found if not any(mostly_in(f[1], region) for region in nowhere)]
    counts = {kind: [0, 0, 0] for kind in sorted({kind for kind, _ in truth + found})}
    for kind, _ in truth:
        counts[kind][1] += 1
    for kind, _ in found:
        counts[kind][2] += 1
    for t, _ in block_pairs(truth, found, True):
        counts[truth[t][0]][0] += 1
    return {**counts, "": [len(block_pairs(truth, found, False)), len(truth), len(found)]}
