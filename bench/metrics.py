# SPDX-License-Identifier: AGPL-3.0-or-later
"""Distances between what was read and what is true. Standard library only; nothing here knows files or engines.

Text: edits() (Levenshtein, bit-parallel), cer(), wer(), word_f1(), char_f1(). Boxes: iou(), detection().
"""
import collections
import re
import unicodedata

# --- text --------------------------------------------------------------------------------------

# Several ways to print the same mark: a reader is not wrong for choosing another.
FOLDED = str.maketrans({**dict.fromkeys("‘’‚‛′´`ʼ", "'"), **dict.fromkeys("“”„‟″«»", '"'),
                        **dict.fromkeys("‐‑‒–—―−", "-"), "\N{SOFT HYPHEN}": None})


def collapsed(text):
    return " ".join(text.split())


def exact(text):
    """dinglehopper's: NFC."""
    return collapsed(unicodedata.normalize("NFC", text))


def folded(text):
    """Of the everyday list: NFKC, typographic quotes and dashes as ASCII."""
    return collapsed(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).translate(FOLDED)))


def edits(a, b):
    """Levenshtein distance of two sequences of hashable things: Myers' algorithm in Hyyrö's form, with a column
    of the matrix in one big integer, so that each item of b costs a dozen operations whatever the length of a."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    if not a or not b:
        return len(a) + len(b)
    where = collections.defaultdict(int)
    for i, item in enumerate(a):
        where[item] |= 1 << i
    all_ones, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    plus, minus, distance = all_ones, 0, len(a)
    for item in b:
        equal = where.get(item, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        up = (minus | ~(diagonal | plus)) & all_ones
        down = plus & diagonal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & all_ones, (down << 1) & all_ones
        plus = (down | ~(diagonal | up)) & all_ones
        minus = up & diagonal
    return distance


def graphemes(text):
    """What a reader takes for one character: UAX 29's extended grapheme clusters but for its rules about Indic
    conjuncts, prepended marks and decomposed Hangul (NFC has composed it)."""
    clusters, flags = [], 0
    for c in text:
        flags = flags + 1 if "\U0001F1E6" <= c <= "\U0001F1FF" else 0
        if clusters and (continues(c) or joined(clusters[-1], c) or flags and flags % 2 == 0):
            clusters[-1] += c
        else:
            clusters.append(c)
    return clusters


def continues(c):
    return (unicodedata.category(c)[0] == "M" or c in "\u200c\u200d\uff9e\uff9f"
            or "\U0001F3FB" <= c <= "\U0001F3FF")


def joined(cluster, c):
    return cluster[-1] == "\u200d" and len(cluster) > 1 and unicodedata.category(c) == "So"


# Classes of characters as UAX 29 breaks words by: A letter, K Katakana, N digit, _ joiner, H a word of its own,
# E continues, M between letters, C between digits, Q between either, O none of these.
WORD = re.compile(r"[AN_]E*(?:[AN_]E*|(?<=[AE])[MQ](?=A)|(?<=[NE])[CQ](?=N))*|[K_]E*(?:[K_]E*)*|HE*")
ALONE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff"
                   "\uf900-\ufaff\U00020000-\U0003ffff]")
KATAKANA = re.compile("[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]")


def word_class(c):
    kind = unicodedata.category(c)
    if kind[0] == "M" or kind == "Cf":
        return "E"
    if kind == "Nd":
        return "N"
    if kind[0] in "LN":
        return "H" if ALONE.match(c) else "K" if KATAKANA.match(c) else "A" if c.isalpha() else "O"
    return "_" if kind == "Pc" else {".": "Q", "'": "Q", "‘": "Q", "’": "Q", ":": "M", "·": "M", ",": "C",
                                     ";": "C"}.get(c, "O")


def words(text):
    """Words by UAX 29; those of punctuation alone are dropped."""
    classes = "".join(map(word_class, text))
    return [text[m.start():m.end()] for m in WORD.finditer(classes) if re.search("[AKNH]", m[0])]


def rate(wrong, length):
    """Edits for each item of the reference; a page with no text in it is either right or all wrong."""
    return wrong / length if length else float(wrong > 0)


def error_counts(truth, read):
    """{name: [edits, length of the truth]}: cer and wer as dinglehopper counts, cer_folded as the everyday list."""
    pairs = {"cer": [graphemes(exact(t)) for t in (truth, read)],
             "cer_folded": [folded(t) for t in (truth, read)],
             "cer_spaceless": [folded(t).replace(" ", "") for t in (truth, read)],
             "wer": [words(exact(t)) for t in (truth, read)]}
    return {name: [edits(*pair), len(pair[0])] for name, pair in pairs.items()}


def bag_f1(truth, read):
    """F1 of two multisets: order-free. Nothing read where nothing is written is right."""
    truth, read = collections.Counter(truth), collections.Counter(read)
    total = truth.total() + read.total()
    return 2 * (truth & read).total() / total if total else 1.0


def word_f1(truth, read):
    return bag_f1(*(re.findall(r"\w+", unicodedata.normalize("NFKC", t).lower()) for t in (truth, read)))


def char_f1(truth, read):
    """For scripts and truths without spaces, and where the order is not known."""
    return bag_f1(*("".join(folded(t).lower().split()) for t in (truth, read)))


# --- boxes -------------------------------------------------------------------------------------

def area(polygon):
    """Positive where the corners run counter-clockwise with y upwards."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1])) / 2


def cross(o, a, b):
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def hull(points):
    """The convex hull, its corners in the order that area() calls positive (Andrew's monotone chain)."""
    points = sorted(set(map(tuple, points)))
    if len(points) < 3:
        return points
    halves = []
    for run in (points, points[::-1]):
        half = []
        for p in run:
            while len(half) >= 2 and cross(half[-2], half[-1], p) <= 0:
                half.pop()
            half.append(p)
        halves += half[:-1]
    return halves


def clipped(subject, clip):
    """The part of one convex polygon inside another, both from hull() (Sutherland and Hodgman)."""
    for a, b in zip(clip, clip[1:] + clip[:1]):
        kept, corners = [], subject
        for p, q in zip(corners[-1:] + corners[:-1], corners):
            before, after = cross(a, b, p), cross(a, b, q)
            if before * after < 0:
                t = before / (before - after)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
            if after >= 0:
                kept.append(q)
        subject = kept
    return subject


def shared_area(p, q):
    """Of two hulls; the boxes around them are compared first because most pairs are far apart."""
    for axis in (0, 1):
        if (max(c[axis] for c in p) <= min(c[axis] for c in q) or max(c[axis] for c in q) <= min(c[axis] for c in p)):
            return 0.0
    return abs(area(clipped(p, q)))


def iou(p, q):
    p, q = hull(p), hull(q)
    if len(p) < 3 or len(q) < 3:
        return 0.0
    both = shared_area(p, q)
    return both / (area(p) + area(q) - both)


def detection(truth, found):
    """ICDAR 2015's protocol on [(polygon, text, ignored)] and [(polygon, text)]: counts of hits, of hits whose text
    is right too (None where the truth has no texts), of true boxes and of found ones. Concave polygons count as their
    hulls."""
    found = [f for f in found if not any(mostly_inside(f[0], t[0]) for t in truth if t[2])]
    wanted = [t for t in truth if not t[2]]
    taken, hits, read = set(), 0, 0
    for polygon, text, _ in wanted:
        for i, (candidate, said) in enumerate(found):
            if i not in taken and iou(polygon, candidate) > 0.5:
                taken.add(i)
                hits += 1
                read += text is not None and same_text(text, said)
                break
    read = read if any(text is not None for _, text, _ in wanted) else None
    return {"hits": hits, "read": read, "truth": len(wanted), "found": len(found)}


def mostly_inside(p, region):
    p, region = hull(p), hull(region)
    return len(p) > 2 and len(region) > 2 and shared_area(p, region) > 0.5 * area(p)


def same_text(a, b):
    return folded(a).lower().replace(" ", "") == folded(b).lower().replace(" ", "")


def hmean(hits, truth, found):
    return 2 * hits / (truth + found) if truth + found else 1.0


# --- known answers -----------------------------------------------------------------------------

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
KNOWN = [
    (edits, ("kitten", "sitting"), 3), (edits, ("", "abc"), 3), (edits, ("same", "same"), 0),
    (edits, ("intention", "execution"), 5), (edits, ("ab", "ba"), 2), (edits, ("abcd", "abxd"), 1),
    (edits, ("a" * 100 + "b", "b" + "a" * 100), 2), (edits, (["the", "cat"], ["a", "the", "cat"]), 1),
    (exact, ("e\u0301\n  x",), "é x"), (folded, ("“ﬁx” — ſo\u00adft",), '"fix" - soft'),
    (graphemes, ("ne\u0308x",), ["n", "e\u0308", "x"]), (graphemes, ("\u0915\u093f\u0924",), ["\u0915\u093f", "\u0924"]),
    (graphemes, ("🇨🇭🇫🇷",), ["🇨🇭", "🇫🇷"]), (graphemes, ("👩\u200d💻!",), ["👩\u200d💻", "!"]),
    (words, ("Don't pay 3,500.50 — it's 1.",), ["Don't", "pay", "3,500.50", "it's", "1"]),
    (words, ("a.b, c: ... d_e",), ["a.b", "c", "d_e"]), (words, ("漢字カナ",), ["漢", "字", "カナ"]),
    (words, ("café",), ["café"]), (words, ("cafe\u0301s x",), ["cafe\u0301s", "x"]),
    (error_counts, ("the cat sat", "the cat sit on"),
     {"cer": [4, 11], "cer_folded": [4, 11], "cer_spaceless": [3, 9], "wer": [2, 3]}),
    (error_counts, ("“a”", '"a"'), {"cer": [2, 3], "cer_folded": [0, 3], "cer_spaceless": [0, 3], "wer": [0, 1]}),
    (rate, (0, 0), 0.0), (rate, (3, 0), 1.0), (rate, (1, 4), 0.25),
    (word_f1, ("The cat, the dog", "the DOG the cat"), 1.0), (word_f1, ("a b c d", "a b x y"), 0.5),
    (word_f1, ("a a b", "a b b"), 2 / 3), (word_f1, ("", ""), 1.0), (word_f1, ("a", ""), 0.0),
    (char_f1, ("a b", "ab"), 1.0), (char_f1, ("日本", "本語"), 0.5),
    (area, (SQUARE,), 100.0), (iou, (SQUARE, SQUARE), 1.0),
    (iou, (SQUARE, [(5, 0), (15, 0), (15, 10), (5, 10)]), 1 / 3),
    (iou, (SQUARE, [(5, 5), (5, 15), (15, 15), (15, 5)]), 25 / 175),  # the other way round
    (iou, (SQUARE, [(20, 20), (30, 20), (30, 30)]), 0.0), (iou, (SQUARE, [(1, 1), (2, 2)]), 0.0),
    (iou, (SQUARE, [(5, -5), (15, 5), (5, 15), (-5, 5)]), 1 / 2),  # its corners cut to the square itself
    (iou, ([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], [(0, 0), (4, 0), (4, 4), (0, 4)]), 1.0),  # concave: its hull
    (detection, ([(SQUARE, "One", False), ([(50, 0), (60, 0), (60, 10), (50, 10)], None, True)],
                 [([(1, 0), (11, 0), (11, 10), (1, 10)], "one"), ([(51, 1), (59, 1), (59, 9), (51, 9)], "x"),
                  ([(0, 0), (10, 0), (10, 9), (0, 9)], "two")]), {"hits": 1, "read": 1, "truth": 1, "found": 2}),
    (detection, ([(SQUARE, None, False)], []), {"hits": 0, "read": None, "truth": 1, "found": 0}),
    (hmean, (1, 1, 2), 2 / 3), (hmean, (0, 0, 0), 1.0),
]


def plain_edits(a, b):
    """The textbook's table, to check edits() against."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        above, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            above, row[j + 1] = row[j + 1], min(above + (x != y), row[j] + 1, row[j + 1] + 1)
    return row[-1]


def self_test():
    """Raises on the first wrong answer; returns how many were right."""
    for function, arguments, answer in KNOWN:
        given = function(*arguments)
        near = abs(given - answer) < 1e-9 if isinstance(answer, float) else given == answer
        if not near:
            raise AssertionError(f"{function.__name__}{arguments}: {given!r}, not {answer!r}")
    texts = [format((n * 2654435761) % (1 << (n % 97)), "b") for n in range(1, 200)]
    for a, b in zip(texts, texts[7:]):
        if edits(a, b) != plain_edits(a, b):
            raise AssertionError(f"edits({a!r}, {b!r}): {edits(a, b)}, not {plain_edits(a, b)}")
    return len(KNOWN) + len(texts) - 7
