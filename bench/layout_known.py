# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pairs whose answers are known by hand, for the metrics of bench/layout.py --self-test."""
import layout_metrics as m
import layout_tables


def texts():
    return [
        (m.distances("abc", "xxabcxabd"), [3, 3, 2, 1, 0, 1, 2, 1, 1]), (m.nearest("abc", "xxabcxx"), 0),
        (m.nearest("abc", "xxabxx"), 1), (m.nearest("abc", ""), 3), (m.nearest("", "x"), 0),
        (m.nearest("a" * 70 + "b", "c" * 9 + "a" * 70 + "c"), 1),
        (m.apart("abcd", "abxd"), 0.25), (m.apart("", ""), 0.0), (m.page_edit("a  b\nc", "a b c"), 0.0),
        (m.paragraphs("# Head\ntext one\nand on\n\n- item\\.\n\n| a |\n|---|\n| b |\n\n"
                      "<table><tr><td>x</td></tr></table>\n\n$$x$$\n\n![p](q.jpg)\n\nlast &amp; <b>end</b>"),
         ["# Head", "text one\nand on", "- item.", "last &  end"]),
        (m.paragraphs("one\ntwo\n\n  \nthree\fpage", False), ["one\ntwo", "three", "page"]),
        (m.paragraphs("a | b\nc", True), ["a | b\nc"]),
        (m.paragraphs(r"costs \$5 and \$6, $\frac{1}{3}x_i$ \(y^2\)")[0].split(),
         "costs $5 and $6, 1 3 x i (y 2 )".split()),
        (m.stripped("Ab, c-1 漢_!"), "Abc1漢_"),
    ]


LONG, OTHER, THIRD = "the quick brown fox jumps", "over a lazy dog again and", "sphinx of black quartz"


def matches():
    """One to one; a block in two paragraphs; two blocks in one paragraph; missing and strange ones; the order."""
    t, o, h = map(m.stripped, (LONG, OTHER, THIRD))
    in_order = [("text", LONG), ("text", OTHER), ("text", THIRD)]
    return [
        (m.match([t, o], [t, o]), [((0,), (0,)), ((1,), (1,))]),
        (sorted(m.match([t, o], [o, t])), [((0,), (1,)), ((1,), (0,))]),
        (m.match([t + o], [t, o]), [((0,), (0, 1))]), (m.match([t, o], [t + o]), [((0, 1), (0,))]),
        (m.match([t, o], [t]), [((0,), (0,)), ((1,), ())]), (m.match([t], [t, "zzz"]), [((0,), (0,)), ((), (1,))]),
        (m.match([], ["a"]), [((), (0,))]), (m.match([], []), []),
        (m.omnidoc(in_order, [LONG, OTHER, THIRD])["text"], [0, len(t + o + h)]),
        (m.omnidoc(in_order, [LONG, OTHER, THIRD])["order"], [0, 3]),
        (m.omnidoc(in_order, [OTHER, LONG, THIRD])["order"], [2, 3]),
        (m.omnidoc(in_order, [LONG + " " + OTHER, THIRD])["order"], [0, 3]),
        (m.omnidoc(in_order, [LONG, THIRD])["order"], [1, 3]),
        (m.omnidoc(in_order, [LONG, THIRD])["text"], [len(o), len(t + o + h)]),
        (m.omnidoc(in_order, [])["text"], [len(t + o + h)] * 2), (m.omnidoc(in_order, [])["order"], [3, 3]),
        (m.omnidoc([("text", LONG), ("aside", OTHER)], [OTHER, LONG])["text"], [0, len(t)]),
        (m.omnidoc([("text", LONG), ("formula", OTHER)], [OTHER, LONG])["text"], [0, len(t)]),
        (m.omnidoc([("text", LONG)], [LONG, "1234"])["text"], [4, len(t) + 4]),
        (m.omnidoc([], [])["text"], [0, 0]),
    ]


TABLE = ("words\n\n<table><tr><th>Name</th><th>Size</th></tr><tr><td>fox</td><td>12</td></tr>"
         "<tr><td>dog</td><td>7</td></tr></table>")


def olm(kind, read, /, **test):
    return m.OLM_TESTS[kind]({"type": kind, **test}, read)


def olm_tests():
    return [
        (olm("present", "a **bold** “word”", text='bold "word"'), True), (olm("present", "abc", text="abd"), False),
        (olm("present", "abc", text="abd", max_diffs=1), True), (olm("present", "ABC", text="abc"), False),
        (olm("present", "ABC", text="abc", case_sensitive=False), True), (olm("absent", "page 12", text="13"), True),
        (olm("absent", "12 " + "x" * 40, text="12", last_n=20), True),
        (olm("absent", "x" * 40 + " 12", text="12", last_n=20), False),
        (olm("present", "12 " + "x" * 40, text="12", first_n=5), True), (olm("absent", "", text="a"), True),
        (olm("order", "first then second", before="first", after="second"), True),
        (olm("order", "second then first", before="first", after="second"), False),
        (olm("order", "second first second", before="first", after="second"), True),
        (olm("order", "first", before="first", after="second"), False),
        (olm("order", "firzt seconb", before="first", after="second", max_diffs=1), True),
        (m.starts("ab", "abxab", 0), [3, 0]),
        (olm("table", TABLE, cell="fox"), True), (olm("table", TABLE, cell="cat"), False),
        (olm("table", TABLE, cell="fox", right="12", up="Name", down="dog"), True),
        (olm("table", TABLE, cell="fox", right="7"), False), (olm("table", TABLE, cell="12", left="fox"), True),
        (olm("table", TABLE, cell="7", top_heading="Size", left_heading="dog"), True),
        (olm("table", TABLE, cell="7", top_heading="Name"), False), (olm("table", "fox 12", cell="fox"), False),
        (olm("table", "| a | b |\n|--|--|\n| c | d |", cell="d", up="b", left="c"), True),
        (olm("table", TABLE, cell="fax", max_diffs=1), True),
        (olm("baseline", "text"), True), (olm("baseline", " - "), False), (olm("baseline", "漢"), False),
        (olm("baseline", "漢", check_disallowed_characters=False), True), (olm("baseline", "so " + "ab" * 40), False),
        (olm("baseline", "abc", max_length=2), False), (m.subsequence("abcd", "axcd"), 3),
        (m.alike("abcd", "axcd", 0), False), (m.alike("abcd", "axcd", 1), True), (m.alike("", "", 0), True),
    ]


def boxes():
    a, b = ("text", (0, 0, 10, 10)), ("table", (20, 0, 30, 10))
    near = ("heading", (0, 0, 10, 9))
    return [
        (m.box_iou(a[1], a[1]), 1.0), (m.box_iou(a[1], b[1]), 0.0), (m.box_iou(a[1], (5, 0, 15, 10)), 1 / 3),
        (m.box_iou(a[1], (0, 0, 0, 0)), 0.0),
        (m.block_counts([a, b], [a, b]), {"table": [1, 1, 1], "text": [1, 1, 1], "": [2, 2, 2]}),
        (m.block_counts([a], [near]), {"heading": [0, 0, 1], "text": [0, 1, 0], "": [1, 1, 1]}),
        (m.block_counts([a, b], [a, a]), {"table": [0, 1, 0], "text": [1, 1, 2], "": [1, 2, 2]}),
        (m.block_counts([a, (None, (20, 0, 40, 20))], [a, b]), {"text": [1, 1, 1], "": [1, 1, 1]}),
        (m.block_counts([], []), {"": [0, 0, 0]}),
    ]


def self_test():
    """Raises on the first wrong answer; returns how many were right."""
    known = [*texts(), *matches(), *olm_tests(), *boxes(), *layout_tables.known()]
    for i, (given, answer) in enumerate(known):
        near = abs(given - answer) < 1e-9 if isinstance(answer, float) else given == answer
        if not near:
            raise AssertionError(f"known answer {i}: {given!r}, not {answer!r}")
    return len(known)
