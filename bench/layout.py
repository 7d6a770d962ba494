#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How well lines become documents: order, blocks, tables, Markdown, on every page of the public corpus
(PAGEMILL_CORPUS) that has such a truth, beside other programs on the same pages.

    bench/layout.py                                              pagemill with Tesseract, all sets, print a table
    bench/layout.py --engines tesseract,text --systems tesseract,ocrmypdf,pdftotext,pdftotext-layout
    bench/layout.py --sets layout-publaynet,tables-pubtabnet     some sets; --only TEXT: pages whose name has it
    bench/layout.py --show newspaper --engines text              what was read beside what is true
    bench/layout.py --compare a.json b.json                      page by page; a.json:SYSTEM where there are several
    bench/layout.py --self-test                                  the metrics on pairs with known answers

--systems also takes md:FOLDER, Markdown that another program wrote for the same pages.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import statistics
import sys

import accuracy
import layout_known
import layout_metrics
import layout_systems
import layout_tables
import layout_truth

HERE = pathlib.Path(__file__).resolve().parent
METHOD = (
    "Every page is read alone: `pagemill ocr --format json` for blocks and tables, `--format md` for text and tests; "
    "images as they are, PDF pages at 200 dpi; the languages of the page as far as Tesseract has them, else eng. "
    "Other programs get the same pictures, PDF pages rendered by pdftoppm at the same resolution; their texts are cut "
    "into paragraphs at blank lines, and as they say nothing of tables, theirs count as missing. pdftotext and the "
    "engines text and auto read PDF pages that have a text layer only. "
    "Text: OmniDocBench's normalised edit distance of matched blocks, stripped to letters and digits, edits over the "
    "longer length summed over a page, mean of pages. Order: Levenshtein distance of the order of the matched true "
    "blocks, over the longer. Page: edit distance of the whole text, white space collapsed, over the longer, where "
    "the truth is a plain text. TEDS and TEDS-S: PubTabNet's on trees of table, row and cell, mean of the tables, a "
    "missing one 0; an empty place of ICDAR 2013's tables is an empty cell, and those tables are ruled whose rows and "
    "columns lines or tints part. Adjacency: ICDAR 2013's F1 of neighbouring cells with text, relations of all pages together. "
    "Tests: olmOCR-bench's present, absent, order, table, baseline; those of math are counted as skipped; share passed "
    "for each category, and their mean. Blocks: F1 at IoU 0.5, types brought to a common set; micro over blocks, the "
    "mean over types, and whatever the type. A page that cannot be read counts as read empty."
)
LOWER = ("text", "order", "page")  # figures of which less is better
FIGURES = {  # name: what the table says
    "text": "text edit ↓", "order": "order edit ↓", "page": "page edit ↓", "teds": "TEDS", "teds_s": "TEDS-S",
    "teds_ruled": "TEDS, ruled tables", "teds_s_ruled": "TEDS-S, ruled tables",
    "teds_unruled": "TEDS, unruled tables", "teds_s_unruled": "TEDS-S, unruled tables", "adjacency": "adjacency F1", "tests": "tests passed", "blocks": "block F1",
    "block_types": "block F1, mean of types", "located": "block F1, any type", "layout_ms": "layout, ms/page"}


# --- scoring -----------------------------------------------------------------------------------

def quotient(pair):
    return pair[0] / pair[1] if pair[1] else 0.0


def paragraphs(reading):
    return layout_metrics.paragraphs(reading.markdown or "", not reading.plain)


def tables_of(reading):
    if reading.tables:
        return [layout_tables.from_cells(t["cells"], t["rows"]) for t in reading.tables]
    return [] if reading.plain else layout_tables.from_markdown(reading.markdown or "")


def score(page, system, reading):
    record = {"page": page.key(), "group": page.group, "system": system, "error": reading.error}
    if page.ordered is not None:
        found = layout_metrics.omnidoc(page.ordered, paragraphs(reading))
        record.update(text=quotient(found["text"]), order=quotient(found["order"]))
    if page.text is not None:
        record["page_edit"] = layout_metrics.page_edit(page.text, reading.text)
    if page.tables is not None:
        record.update(table_scores(page, tables_of(reading)))
    if page.tests is not None:
        record.update(test_results(page.tests, reading))
    if page.blocks is not None and (reading.blocks or reading.error):
        record["counts"] = layout_metrics.block_counts(page.blocks, seen_blocks(page, reading))
    if "layout" in reading.stages_ms:
        record["layout_ms"] = reading.stages_ms["layout"]
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in record.items()}


def table_scores(page, found):
    pairs = layout_tables.paired(page.tables, found)
    scores = {"tables": [len(page.tables), len(found)]}
    if page.adjacency:
        scores["adjacency"] = layout_tables.adjacency(page.tables, found)
    if page.ruled is not None:
        scores["ruled"] = page.ruled
    for name, bare in (("teds", False), ("teds_s", True)):
        values = [layout_tables.teds(t, f, bare) if f else 0.0 for t, f in pairs]
        scores[name] = [round(value, 4) for value in values if value is not None]
    return scores


def test_results(tests, reading):
    """{"tests": {category: [passed, all]}, "failed": ids, "skipped": how many}"""
    passed, failed = collections.defaultdict(lambda: [0, 0]), []
    known = [test for test in tests if test["type"] in layout_metrics.OLM_TESTS]
    for test in known:
        good = layout_metrics.OLM_TESTS[test["type"]](test, reading.markdown or "")
        passed[test["category"]][0] += good
        passed[test["category"]][1] += 1
        failed += [] if good else [test["id"]]
    return {"tests": dict(passed), "failed": failed, "skipped": len(tests) - len(known)}


def seen_blocks(page, reading):
    """Types as the truth calls them, places in its units."""
    width, height = reading.size
    across, down = (page.size[0] / width, page.size[1] / height) if page.size and width and height else (1, 1)
    return [(page.seen(kind), (x1 * across, y1 * down, x2 * across, y2 * down))
            for kind, (x1, y1, x2, y2) in reading.blocks if page.seen(kind)]


def measure(args, pages, systems):
    """Records by page, then system; systems that cannot read a page have none of it."""
    jobs = [(page, system, args.corpus / page.set / page.file) for page in pages for system in systems]
    jobs = [(page, system, file) for page, system, file in jobs if system.can_read(file, page.page)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for job, reading in zip(jobs, pool.map(lambda job: job[1].read(job[0], job[2]), jobs)):
            yield score(job[0], job[1].name, reading)


# --- groups ------------------------------------------------------------------------------------

def mean(values):
    values = [v for v in values if v is not None]
    return statistics.fmean(values) if values else None


def f1(counts):
    hits, truth, found = counts
    return 2 * hits / (truth + found) if truth + found else None


def summed(rows):
    return [sum(column) for column in zip(*rows)] if rows else None


def group_row(group, system, records):
    """None where the group has no such figure."""
    row = {"group": group, "system": system, "pages": len(records), "failed": sum(bool(r["error"]) for r in records),
           "text": mean(r.get("text") for r in records), "order": mean(r.get("order") for r in records),
           "page": mean(r.get("page_edit") for r in records),
           "layout_ms": mean(r.get("layout_ms") for r in records)}
    row.update(table_figures(records))
    adjacent = summed([r["adjacency"] for r in records if "adjacency" in r])
    row["adjacency"] = f1(adjacent) if adjacent else None
    row.update(block_figures([r["counts"] for r in records if "counts" in r]))
    row.update(test_figures([r["tests"] for r in records if "tests" in r]))
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def table_figures(records):
    """TEDS of all tables; of those apart that lines part, and of the others."""
    figures = {}
    for name in ("teds", "teds_s"):
        figures[name] = mean([v for r in records for v in r.get(name, ())])
        for kind, ruled in (("ruled", True), ("unruled", False)):
            figures[f"{name}_{kind}"] = mean([v for r in records if r.get("ruled") is ruled for v in r.get(name, ())])
    return figures


def block_figures(counts):
    types = {kind: summed([c[kind] for c in counts if kind in c]) for kind in {k for c in counts for k in c}}
    anywhere = types.pop("", None)
    true_types = {kind: f1(c) for kind, c in sorted(types.items()) if c[1]}
    return {"blocks": f1(summed(list(types.values()))) if types else None, "block_types": mean(true_types.values()),
            "located": f1(anywhere) if anywhere else None,
            "by_type": {kind: round(value, 4) for kind, value in true_types.items()}}


def test_figures(results):
    passed = collections.defaultdict(lambda: [0, 0])
    for result in results:
        for category, counts in result.items():
            passed[category] = [a + b for a, b in zip(passed[category], counts)]
    rates = {category: quotient(counts) for category, counts in sorted(passed.items())}
    return {"tests": mean(rates.values()), "by_test": {c: round(v, 4) for c, v in rates.items()}}


def summarise(records):
    rows = collections.defaultdict(list)
    for record in records:
        rows[record["group"], record["system"]].append(record)
    return [group_row(*key, rows[key]) for key in rows]


# --- tables ------------------------------------------------------------------------------------

def report(result, brief=False):
    """A line for each figure of each group, a column for each system, with its number of pages where it could not
    read all; brief: without the parts of figures."""
    systems = list(dict.fromkeys(row["system"] for row in result["groups"]))
    rows = {(row["group"], row["system"]): row for row in result["groups"]}
    body = []
    for group in dict.fromkeys(row["group"] for row in result["groups"]):
        of_group = [rows.get((group, system), {}) for system in systems]
        pages = max(row.get("pages", 0) for row in of_group)
        for figure, what in lines_of(of_group):
            values = [value_of(row, figure) for row in of_group]
            if any(value is not None for value in values) and not (brief and isinstance(figure, tuple)):
                fewer = [f" ({row['pages']})" if row.get("pages", pages) < pages else "" for row in of_group]
                cells = [accuracy.cell(v) + (note if v is not None else "") for v, note in zip(values, fewer)]
                body.append([f"{group} ({pages})", what, *cells])
    failures = [f"\n- {r['system']}: {r['page']}: {r['error']}" for r in result["pages"] if r["error"]]
    return accuracy.table(["group (pages)", "figure", *systems], body) + "\n" + "".join(failures)


def lines_of(rows):
    """[(figure, its name)]; of tests and blocks their parts too."""
    for figure, what in FIGURES.items():
        yield figure, what
        part = {"tests": "by_test", "located": "by_type"}.get(figure)
        for name in sorted({name for row in rows for name in row.get(part, ())} if part else ()):
            yield (part, name), f"· {name}"


def value_of(row, figure):
    return row.get(figure[0], {}).get(figure[1]) if isinstance(figure, tuple) else row.get(figure)


# --- comparing ---------------------------------------------------------------------------------

def record_figures(record):
    """{figure: value}, of which more is better."""
    figures = {name: -record[key] for name, key in (("text", "text"), ("order", "order"), ("page", "page_edit"))
               if key in record}
    figures.update({name: mean(record[name]) for name in ("teds", "teds_s") if record.get(name)})
    if "adjacency" in record:
        figures["adjacency"] = f1(record["adjacency"])
    if "counts" in record:
        figures["blocks"] = f1(summed([c for kind, c in record["counts"].items() if kind] or [[0, 0, 0]]))
        figures["located"] = f1(record["counts"][""])
    if "tests" in record:
        figures["tests"] = quotient(summed(list(record["tests"].values())))
    return {name: value for name, value in figures.items() if value is not None}


def side(said):
    """{page: record} of FILE or FILE:SYSTEM."""
    path, _, system = (said, "", "") if os.path.exists(said) else said.rpartition(":")
    try:
        records = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["pages"]
    except (OSError, ValueError, KeyError) as e:
        raise SystemExit(f"{said}: no result file ({e})") from e
    systems = {r["system"] for r in records}
    if system not in systems and (system or len(systems) > 1):
        raise SystemExit(f"{said}: FILE:SYSTEM with one of: {', '.join(sorted(systems))}")
    return {r["page"]: r for r in records if system in ("", r["system"])}


def compare(a, b, same=0.005):
    """Every figure of every page that differs, the worst first, and how many got better or worse."""
    lines, counts = [], collections.defaultdict(lambda: [0, 0, 0, 0.0])
    for page in (page for page in a if page in b):
        before, after = record_figures(a[page]), record_figures(b[page])
        for name in before.keys() & after.keys():
            change = after[name] - before[name]
            counts[name][1 if abs(change) <= same else 0 if change > 0 else 2] += 1
            counts[name][3] += change
            if abs(change) > same:
                was, now = abs(before[name]), abs(after[name])
                lines.append((change, f"{change:+.3f}  {was:.3f} → {now:.3f}  {name:9}  {page}"))
    rows = [[name, *map(str, c[:3]), f"{c[3] / max(sum(c[:3]), 1):+.4f}"] for name, c in sorted(counts.items())]
    return ("\n".join(line for _, line in sorted(lines)) + "\n\n"
            + accuracy.table(["figure (+ is better)", "better", "same", "worse", "mean change"], rows) + "\n")


# --- showing -----------------------------------------------------------------------------------

def show(args, pages, systems):
    for page in pages:
        file = args.corpus / page.set / page.file
        for system in (s for s in systems if s.can_read(file, page.page)):
            reading = system.read(page, file)
            print(f"=== {page.key()}: {system.name}")
            print(json.dumps(score(page, system.name, reading), ensure_ascii=False))
            show_order(page, reading)
            show_blocks(page, reading)
            show_tables(page, tables_of(reading))
            if page.tests is not None:
                failed = test_results(page.tests, reading)["failed"]
                print(*(f"failed: {test}" for test in page.tests if test["id"] in failed), sep="\n")
                print(reading.markdown)


def show_order(page, reading):
    if page.ordered is None:
        return
    for true, said in layout_metrics.omnidoc(page.ordered, paragraphs(reading))["matches"]:
        print(f"  {layout_metrics.apart(true, said):.3f}  true {true[:400]}\n         read {said[:400]}")


def show_blocks(page, reading):
    if page.blocks is None:
        return
    truth, found = [b for b in page.blocks if b[0]], seen_blocks(page, reading)
    pairs = dict(layout_metrics.block_pairs(truth, found, False))
    rounded = [[int(v) for v in box] for _, box in truth], [[int(v) for v in box] for _, box in found]
    for t, (kind, _) in enumerate(truth):
        said = f"{found[pairs[t]][0]} {rounded[1][pairs[t]]}" if t in pairs else "–"
        print(f"  {'=' if t in pairs and found[pairs[t]][0] == kind else ' '} true {kind} {rounded[0][t]}: {said}")
    for f in sorted(set(range(len(found))) - set(pairs.values())):
        print(f"  + read {found[f][0]} {rounded[1][f]}")


def show_tables(page, found):
    for true, said in layout_tables.paired(page.tables or [], found):
        for name, table in (("true", true), ("read", said)):
            print(f"  {name} table:" + (" –" if table is None else ""))
            for row in range(table.rows if table else 0):
                print("    " + " | ".join(f"{c.text}{spans(c)}" for c in table.cells if c.row == row))


def spans(cell):
    return f" ⟨{cell.rowspan}×{cell.colspan}⟩" if (cell.rowspan, cell.colspan) != (1, 1) else ""


# --- the whole ---------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build", help="folder of the programs")
    parser.add_argument("--engines", default="tesseract", help="of pagemill: " + ",".join(layout_systems.OURS))
    parser.add_argument("--systems", default="", help="beside it: " + ",".join(layout_systems.OTHERS) + ",md:FOLDER")
    parser.add_argument("--sets", default=",".join(layout_truth.DEFAULT),
                        help="default: %(default)s\nalso, for the order of their text: "
                        + ",".join(s for s in layout_truth.ORDERED_TEXT if s not in layout_truth.DEFAULT))
    parser.add_argument("--only", default="", metavar="TEXT", help="pages whose name has this in it")
    parser.add_argument("--show", metavar="TEXT", help="print these pages, read beside true, and measure nothing else")
    parser.add_argument("--models", type=pathlib.Path, help="models folder (default: as PAGEMILL_MODELS says)")
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2, help="pages read at once (2)")
    parser.add_argument("--flags", default="", help="more flags for `pagemill ocr`")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/pagemill-layout-cache"))
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results" / "layout.json")
    parser.add_argument("--table", type=pathlib.Path, help="write the table here too")
    parser.add_argument("--brief", action="store_true", help="a table without figures by type and test")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help="FILE or FILE:SYSTEM")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    args.corpus = pathlib.Path(os.environ.get("PAGEMILL_CORPUS", "/nonexistent")).resolve()
    args.build = args.build.resolve()
    args.models = args.models or (os.environ.get("PAGEMILL_MODELS") and pathlib.Path(os.environ["PAGEMILL_MODELS"]))
    unknown = set(args.sets.split(",")) - {*layout_truth.READERS, *layout_truth.ORDERED_TEXT}
    if unknown:
        parser.error(f"no set {', '.join(sorted(unknown))}")
    return args


def main():
    args = arguments()
    if args.self_test:
        return print(f"{layout_known.self_test()} known answers")
    if args.compare:
        return print(compare(*map(side, args.compare)), end="")
    if not args.corpus.is_dir():
        raise SystemExit("PAGEMILL_CORPUS names no folder")
    try:
        systems = layout_systems.chosen(layout_systems.Context(args), *(
            list(filter(None, names.split(","))) for names in (args.engines, args.systems)))
    except (ValueError, OSError) as e:
        raise SystemExit(str(e)) from e
    pages = [page for name in args.sets.split(",") for page in layout_truth.pages(args.corpus, name)
             if args.only in page.key() and (args.show or "") in page.key()]
    if args.show is not None:
        return show(args, pages, systems)
    return run(args, pages, systems)


def run(args, pages, systems):
    machine = accuracy.machine(args.build)
    records = []
    for record in measure(args, pages, systems):
        records.append(record)
        if sys.stderr.isatty():
            print(f"\r{len(records)} readings", end="", file=sys.stderr, flush=True)
    result = {"bench": "layout", "method": METHOD, "machine": machine,
              "parameters": {"sets": args.sets, "only": args.only, "dpi": args.dpi, "flags": args.flags,
                             "systems": [s.name for s in systems], "models": accuracy.models_of(args.models)},
              "groups": summarise(records), "pages": records}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = report(result, args.brief)
    if args.table:
        args.table.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
