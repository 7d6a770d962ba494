# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables as grids of cells, and how alike two are. Standard library only; nothing here knows files or systems.

Reading: from_html(), from_markdown(), from_cells(). Measuring: teds() (PubTabNet's), adjacency() (ICDAR 2013's).
"""
import collections
import dataclasses
import functools
import html.parser
import re

import metrics


@dataclasses.dataclass
class Cell:
    row: int
    col: int
    text: str = ""
    rowspan: int = 1
    colspan: int = 1
    header: bool = False

    def places(self):
        return [(row, col) for row in range(self.row, self.row + self.rowspan)
                for col in range(self.col, self.col + self.colspan)]


@dataclasses.dataclass
class Table:
    cells: list
    rows: int = 0

    def __post_init__(self):
        self.cells = sorted(self.cells, key=lambda c: (c.row, c.col))
        self.rows = max([self.rows, *(c.row + c.rowspan for c in self.cells)])

    def text(self):
        return " ".join(c.text for c in self.cells)

    def grid(self):
        """{(row, column): cell}; a place that two cells claim is the first one's."""
        places = {}
        for cell in self.cells:
            for place in cell.places():
                places.setdefault(place, cell)
        return places


# --- reading -----------------------------------------------------------------------------------

SPAN_CAP = 1000  # as in browsers: a span says how far a cell reaches, not how much memory we take


def span(attributes, name):
    said = (attributes.get(name) or "1").strip()
    return min(max(int(said), 1), SPAN_CAP) if said.isdigit() else 1


class HtmlTables(html.parser.HTMLParser):
    """Every <table> of a text that is in no other one, placed in a grid as browsers do."""

    def __init__(self):
        super().__init__()
        self.tables, self.depth, self.rows, self.cell, self.in_head = [], 0, None, None, False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.rows, self.cell = [], None
        elif self.depth != 1:
            return
        elif tag == "thead":
            self.in_head = True
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows = self.rows or [[]]
            self.cell = {"header": tag == "th" or self.in_head, "rowspan": span(attrs, "rowspan"),
                         "colspan": span(attrs, "colspan"), "text": []}
            self.rows[-1].append(self.cell)
        elif tag in ("br", "p") and self.cell:
            self.cell["text"].append(" ")

    def handle_endtag(self, tag):
        if tag == "table" and self.depth:
            self.depth -= 1
            if not self.depth:
                self.tables.append(placed(self.rows))
        elif self.depth == 1 and tag in ("td", "th"):
            self.cell = None
        elif tag == "thead":
            self.in_head = False

    def handle_data(self, data):
        if self.depth and self.cell:
            self.cell["text"].append(data)


def placed(rows):
    """Rows of cells with spans, as HTML tells them: each goes to the first place in its row that is still free."""
    taken, cells = set(), []
    for number, row in enumerate(rows):
        col = 0
        for said in row:
            while (number, col) in taken:
                col += 1
            rowspan = min(said["rowspan"], len(rows) - number)
            cell = Cell(number, col, metrics.collapsed("".join(said["text"])), rowspan, said["colspan"], said["header"])
            cells.append(cell)
            taken.update(cell.places())
    return Table(cells, len(rows))


def from_html(text):
    parser = HtmlTables()
    parser.feed(text)
    parser.close()
    return parser.tables


PIPE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


def pipe_row(line):
    line = re.sub(r"(?<!\\)\|\s*$", "", line.strip().removeprefix("|"))
    return [re.sub(r"\\(\W)", r"\1", part.strip()) for part in re.split(r"(?<!\\)\|", line)]


def pipe_tables(lines):
    """[(first line, line after the last)] of the tables that are drawn with | in these lines."""
    found, i = [], 1
    while i < len(lines):
        if "|" in lines[i] and PIPE_RULE.match(lines[i]) and "|" in lines[i - 1]:
            end = i + 1
            while end < len(lines) and "|" in lines[end]:
                end += 1
            found.append((i - 1, end))
            i = end
        i += 1
    return found


def from_markdown(text):
    """Tables drawn with |, and those in HTML."""
    lines, tables = text.split("\n"), []
    for start, end in pipe_tables(lines):
        rows = [pipe_row(line) for i, line in enumerate(lines[start:end]) if i != 1]
        tables.append(Table([Cell(r, c, re.sub(r"<br ?/?>", " ", said), header=r == 0)
                             for r, row in enumerate(rows) for c, said in enumerate(row)]))
    return tables + from_html(text)


def from_cells(cells, rows=0):
    """From dictionaries as a page result has them."""
    return Table([Cell(c["row"], c["col"], metrics.collapsed(c["text"]), c.get("rowspan", 1), c.get("colspan", 1),
                       c.get("header", False)) for c in cells], rows)


def filled(table):
    """The table with an empty cell in each place of its grid that none has."""
    places = table.grid()
    cols = 1 + max((col for _, col in places), default=-1)
    return Table(table.cells + [Cell(row, col) for row in range(table.rows) for col in range(cols)
                                if (row, col) not in places], table.rows)


# --- tree edit distance ------------------------------------------------------------------------

def tree(table):
    """Nodes in postorder as (label, index of the leftmost leaf below): cells in rows in the table. A label is what
    a rename costs nothing between: ("td", rowspan, colspan, text), or the tag alone."""
    nodes, cells = [], collections.defaultdict(list)
    for cell in table.cells:
        cells[cell.row].append(cell)
    for row in range(table.rows):
        first = len(nodes)
        nodes += [(("td", c.rowspan, c.colspan, metrics.exact(c.text)), first + i) for i, c in enumerate(cells[row])]
        nodes.append((("tr",), first))
    return nodes + [(("table",), 0)]


@functools.lru_cache(1 << 18)
def text_cost(a, b):
    return metrics.edits(a, b) / max(len(a), len(b), 1)


def rename_cost(a, b, structure_only):
    if a[:3] != b[:3]:
        return 1.0
    return 0.0 if structure_only or len(a) == 1 else text_cost(a[3], b[3])


def key_roots(nodes):
    """Of Zhang and Shasha: the last node of each leftmost leaf."""
    return sorted({leftmost: i for i, (_, leftmost) in enumerate(nodes)}.values())


def tree_distance(a, b, rename):
    """Zhang and Shasha's; deleting and inserting cost 1."""
    trees = [[0.0] * len(b) for _ in a]
    for i in key_roots(a):
        for j in key_roots(b):
            forest_distances(a, b, i, j, trees, rename)
    return trees[-1][-1]


def forest_distances(a, b, i, j, trees, rename):
    """Of the trees at i and j, and of all pairs on their leftmost paths, into `trees`."""
    left_a, left_b = a[i][1], b[j][1]
    if left_a == i and left_b == j:
        trees[i][j] = rename(a[i][0], b[j][0])
        return
    rows = [[float(n) for n in range(j - left_b + 2)]]
    for x in range(left_a, i + 1):
        above, row = rows[-1], [float(x - left_a + 1)]
        label, begin = a[x]
        for y in range(left_b, j + 1):
            gap = min(above[y - left_b + 1], row[-1]) + 1
            if begin == left_a and b[y][1] == left_b:
                trees[x][y] = min(gap, above[y - left_b] + rename(label, b[y][0]))
                row.append(trees[x][y])
            else:
                row.append(min(gap, rows[begin - left_a][b[y][1] - left_b] + trees[x][y]))
        rows.append(row)


LARGEST = 4_000_000  # of one tree's nodes times the other's: about a minute; two of 600 cells take some seconds


def teds(truth, found, structure_only=False):
    """1 for the same table, 0 for none in common: 1 − the tree edit distance over the larger tree. None where
    that would take too long."""
    a, b = tree(truth), tree(found)
    if len(a) * len(b) > LARGEST:
        return None
    distance = tree_distance(a, b, lambda x, y: rename_cost(x, y, structure_only))
    return max(0.0, 1 - distance / max(len(a), len(b)))


def paired(truth, found):
    """For each true table the found one whose text is most like its own, each used once, or None."""
    alike = sorted(((metrics.char_f1(t.text(), f.text()), i, j) for i, t in enumerate(truth)
                    for j, f in enumerate(found)), key=lambda s: (-s[0], s[1:]))
    chosen, used = [None] * len(truth), set()
    for likeness, i, j in alike:
        if likeness > 0 and chosen[i] is None and j not in used:
            chosen[i] = found[j]
            used.add(j)
    return list(zip(truth, chosen))


# --- ICDAR 2013 --------------------------------------------------------------------------------

def bare(text):
    return re.sub(r"[\W_]+", "", metrics.folded(text).lower()) or re.sub(r"\s+", "", text)


def next_filled(places, row, col, down, right, limit):
    """The nearest cell with text from a place on, in one direction; limits are the grid's."""
    while row < limit[0] and col < limit[1]:
        cell = places.get((row, col))
        if cell and cell.text.strip():
            return cell
        row, col = row + down, col + right
    return None


def relations(table):
    """Of each cell with text its nearest right and lower neighbours with text, as a multiset of texts."""
    places = table.grid()
    limit = (table.rows, 1 + max((col for _, col in places), default=0))
    found = {}
    for cell in table.cells:
        if not cell.text.strip():
            continue
        for row in range(cell.row, cell.row + cell.rowspan):
            other = next_filled(places, row, cell.col + cell.colspan, 0, 1, limit)
            found[id(cell), id(other), "right"] = (cell, other, "right")
        for col in range(cell.col, cell.col + cell.colspan):
            other = next_filled(places, cell.row + cell.rowspan, col, 1, 0, limit)
            found[id(cell), id(other), "below"] = (cell, other, "below")
    return collections.Counter((bare(a.text), bare(b.text), way) for a, b, way in found.values() if b)


def adjacency(truth, found):
    """[relations that are right, true ones, found ones] of all tables of a page. Each true table is held against
    the found one most like it; what other tables say counts as found."""
    pairs = paired(truth, found)
    right = sum((relations(t) & relations(f)).total() for t, f in pairs if f)
    return [right, sum(relations(t).total() for t in truth), sum(relations(f).total() for f in found)]


# --- known answers -----------------------------------------------------------------------------

def one(text):
    return from_html(text)[0]


def row(*texts):
    return Table([Cell(0, col, text) for col, text in enumerate(texts)])


TWO_BY_TWO = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
HEADED = "<table><thead><tr><th colspan=2>h</th></tr></thead><tr><td>a</td><td>b</td></tr></table>"


def known():
    """[(given, answer)]"""
    square, headed = one(TWO_BY_TWO), one(HEADED)
    wider = one("<table><tr><td>a</td><td>b</td><td></td></tr><tr><td>c</td><td>d</td><td></td></tr></table>")
    spanning = one("<table><tr><td rowspan=2>x</td><td>a</td></tr><tr><td>b</td></tr></table>")
    drawn = from_markdown("words\n\n| a | b |\n|---|:-:|\n| c | d\\|e<br>f |\n\nmore | words")
    nested = from_html("<table><tr><td>a<table><tr><td>in</td></tr></table>b</td></tr></table>")
    holes = one("<table><tr><td>a</td><td></td><td>c</td></tr><tr><td></td><td></td><td>d</td></tr></table>")
    return [
        (teds(square, square), 1.0), (teds(square, square, True), 1.0),
        (teds(square, one(TWO_BY_TWO.replace("<td>d", "<td>x"))), 1 - 1 / 7),
        (teds(square, one(TWO_BY_TWO.replace("<td>d", "<td>x")), True), 1.0),
        (teds(row("abcd"), row("abxd")), 1 - 0.25 / 3),
        (teds(square, wider), 1 - 2 / 9), (teds(wider, square, True), 1 - 2 / 9),
        (teds(square, row("a", "b")), 1 - 3 / 7),  # a row and its cells
        (teds(square, row("a", "b", "c", "d")), 1 - 3 / 7),  # two rows go, one comes
        (teds(headed, one(HEADED.replace("colspan=2", ""))), 1 - 1 / 6),  # a span is structure
        (teds(headed, one(HEADED.replace("colspan=2", "")), True), 1 - 1 / 6),
        (teds(square, Table([])), 1 - 6 / 7), (teds(Table([]), Table([])), 1.0),
        (teds(filled(Table([Cell(0, 0, "a"), Cell(1, 1, "b")])), one("<table><tr><td>a<td><tr><td><td>b</table>")), 1.0),
        (teds(row(*"a" * 3000), row(*"b" * 3000)), None),
        ([(c.row, c.col, c.text) for c in spanning.cells], [(0, 0, "x"), (0, 1, "a"), (1, 1, "b")]),
        ([c.header for c in headed.cells], [True, False, False]),
        ([(c.row, c.col, c.text) for c in drawn[0].cells], [(0, 0, "a"), (0, 1, "b"), (1, 0, "c"), (1, 1, "d|e f")]),
        (len(drawn), 1), (len(nested), 1), (nested[0].cells[0].text, "ainb"),
        (relations(square), collections.Counter({("a", "b", "right"): 1, ("a", "c", "below"): 1, ("c", "d", "right"): 1,
                                                 ("b", "d", "below"): 1})),
        (sorted(relations(headed)), [("a", "b", "right"), ("h", "a", "below"), ("h", "b", "below")]),
        (relations(spanning).total(), 3), (sorted(relations(holes)), [("a", "c", "right"), ("c", "d", "below")]),
        (adjacency([square], [square]), [4, 4, 4]), (adjacency([square], []), [0, 4, 0]),
        (adjacency([square], [spanning]), [0, 4, 3]), (adjacency([square, headed], [headed]), [3, 7, 3]),
        ([f is None for _, f in paired([square, headed], [headed])], [True, False]),
        (placed([[{"header": False, "rowspan": 1000, "colspan": 1, "text": ["a"]}]]).rows, 1),
    ]
