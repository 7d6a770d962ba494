#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How well the engines read: every page of the public corpus (PAGEMILL_CORPUS) whose text or boxes are known.

    bench/accuracy.py --engines tesseract,ppocr --out /tmp/a.json   read all sets, print a table
    bench/accuracy.py --sets oldbooks-en,photos                     some sets
    bench/accuracy.py --everyday                                    the 40 pages of everyday.tsv, one by one
    bench/accuracy.py --compare tesseract ppocr --out /tmp/a.json   page by page, of two engines in one file
    bench/accuracy.py --compare a.json b.json:ppocr                 of two files; :ENGINE where a file has several
    bench/accuracy.py --self-test                                   the metrics on pairs with known answers
"""
import argparse
import collections
import hashlib
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import metrics
import truth

HERE = pathlib.Path(__file__).resolve().parent
METHOD = (
    "Each set is read by `pagemill ocr --format json`, all its pages of one language in one run. Images are read as "
    "they are, PDF pages rendered at 200 dpi (scans-ocrmypdf at 300). Every engine is given the languages of the page "
    "as far as Tesseract has them installed, else eng. The text is the page's lines in its order. "
    "CER and WER: dinglehopper's (NFC, grapheme clusters; UAX 29 words without those of punctuation only), edits of "
    "the group over its length. CER folded: characters after NFKC, white space collapsed, typographic quotes and "
    "dashes as ASCII. Word F1: NFKC, lower case, multiset of \\w+, order-free, mean of the pages. Character F1: the "
    "same of characters without white space. Detection: ICDAR 2015's hmean at IoU 0.5 on words (lines on receipts), "
    "polygons as convex hulls, counts of the group together; read too: the box found and its text equal but for "
    "case, spaces and typography. Seconds: the engine's time for a page (duration_ms: reading without decoding or "
    "rendering), mean. Score: word F1, character F1 where the truth has no spaces or its order is not known, or the "
    "detection hmean, times 100. A page that cannot be read counts as read empty. Mean of groups: over the groups "
    "whose scripts Tesseract has here, each column over those that have it; the others are marked, with a mean of "
    "their own."
)
FIGURES = ("cer", "cer_folded", "cer_spaceless", "wer")


# --- reading -----------------------------------------------------------------------------------

def installed_languages(tessdata):
    """Of Tesseract; the engines are given no others, so that all of them get the same."""
    where = ["--tessdata-dir", tessdata] if tessdata else []
    try:
        said = subprocess.run(["tesseract", *where, "--list-langs"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {"eng"}
    return set(said.split("\n")[1:]) - {"", "osd"} | {"eng"}


def given_languages(page, installed):
    return "+".join(name for name in page.languages if name in installed) or "eng"


def read_batch(args, engine, languages, dpi, files):
    """Reads files in one run: {file: [page result, …] or a message}. Files are linked under numbers, since results
    are named after them and linn.png and linn.pdf would meet."""
    with tempfile.TemporaryDirectory(prefix="pagemill-accuracy-") as scratch:
        scratch = pathlib.Path(scratch)
        links = {file: scratch / f"{i:04}{file.suffix}" for i, file in enumerate(files)}
        for file, link in links.items():
            link.symlink_to(file)
        out = scratch / "out"
        out.mkdir()
        command = [args.build / "pagemill", "ocr", "--quiet", "--engine", engine, "--languages", languages,
                   "--dpi", str(dpi), "--format", "json", "--jobs", str(args.jobs), "--output", out]
        command += ["--tessdata", args.tessdata] if args.tessdata else []
        said = run([*command, *args.flags.split(), *links.values()], args, len(files))
        return {file: result_of(out / f"{link.stem}.json", link, said) for file, link in links.items()}


def run(command, args, files):
    """What it said on standard error. A run that takes minutes for each file is ended; what it wrote counts."""
    environment = dict(os.environ)
    if args.models:
        environment["PAGEMILL_MODELS"] = str(args.models)
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, errors="replace", env=environment, timeout=60 + 240 * files).stderr
    except subprocess.TimeoutExpired:
        return "pagemill ocr took too long and was ended"
    except OSError as e:
        raise SystemExit(f"{command[0]}: {e.strerror}") from e


def result_of(path, link, said):
    try:
        return json.loads(path.read_text(encoding="utf-8"))["pages"]
    except (OSError, ValueError, KeyError):
        about = [line for line in said.splitlines() if str(link) in line] or said.splitlines()[-1:]
        return about[0].replace(f"pagemill ocr: {link}: ", "") if about else "nothing was written, nothing was said"


def read_pages(args, engine, pages, installed):
    """[(page, languages given, page results or a message)] in the order of `pages`."""
    batches = collections.defaultdict(list)
    for page in pages:
        batches[page.set, given_languages(page, installed), page.dpi].append(page)
    done = {}
    for (name, languages, dpi), batch in batches.items():
        start = time.monotonic()
        files = {args.corpus / name / page.file: None for page in batch}
        results = read_batch(args, engine, languages, dpi, list(files))
        print(f"   {engine}: {name}, {len(batch)} pages, {languages}: {time.monotonic() - start:.1f} s",
              file=sys.stderr, flush=True)
        for page in batch:
            done[page.key()] = page, languages, pick(results[args.corpus / name / page.file], page.page)
    return [done[page.key()] for page in pages]


def pick(results, number):
    """The page results of one true page, or why there are none."""
    if isinstance(results, str):
        return results
    chosen = [r for r in results if number in (0, r.get("page"))]
    failed = [r["error"] for r in chosen if r.get("error")]
    if failed:
        return f"{failed[0].get('code')}: {failed[0].get('message')}"
    return chosen or f"no page {number} in the result"


# --- scoring -----------------------------------------------------------------------------------

def lines_of(results):
    return [line for r in results for block in r["blocks"] for line in block["lines"]]


def found_boxes(results, kind):
    lines = lines_of(results)
    parts = lines if kind == "lines" else [word for line in lines for word in line["words"]]
    return [(list(map(tuple, part["polygon"])), part["text"]) for part in parts]


def score_page(page, engine, languages, results, installed):
    failed = results if isinstance(results, str) else None
    results = [] if failed else results
    text = "\n".join(line["text"] for line in lines_of(results))
    record = {"page": page.key(), "group": page.group(), "engine": engine, "languages": languages, "error": failed,
              "script_installed": not (set(page.languages) & truth.NOT_LATIN - installed),
              "seconds": None if failed else round(sum(r["duration_ms"] for r in results) / 1e3, 3),
              "confidence": None if failed else round(sum(r["confidence"] for r in results) / max(len(results), 1), 4),
              "read_by": None if failed else "+".join(sorted({r["engine"] for r in results})),
              "characters_read": len(metrics.collapsed(text)), "score_is": page.score}
    if page.text is not None:
        record.update(metrics.error_counts(page.text, text))
        record["word_f1"] = round(metrics.word_f1(page.text, text), 4)
        record["char_f1"] = round(metrics.char_f1(page.text, text), 4)
    if page.boxes:
        record["boxes_of"] = page.boxes_of
        record["detection"] = metrics.detection(page.boxes, found_boxes(results, page.boxes_of))
    record["score"] = round(100 * (hmean([record]) if page.score == "detection" else record[page.score]), 2)
    return record


def hmean(records, hits="hits"):
    """Of all boxes of these pages together; None where they have none, or none with texts."""
    counts = [r["detection"] for r in records if "detection" in r and r["detection"][hits] is not None]
    if not counts:
        return None
    return metrics.hmean(*(sum(c[key] for c in counts) for key in (hits, "truth", "found")))


def summed_rate(records, name):
    counts = [r[name] for r in records if name in r]
    return metrics.rate(sum(c[0] for c in counts), sum(c[1] for c in counts)) if counts else None


def mean(values):
    values = [v for v in values if v is not None]
    return statistics.fmean(values) if values else None


def summarise(records):
    """A row for each group and engine, groups in the order they were read."""
    rows = {}
    for record in records:
        rows.setdefault((record["group"], record["engine"]), []).append(record)
    order = {group: i for i, group in enumerate(dict.fromkeys(group for group, _ in rows))}
    return [group_row(*key, rows[key]) for key in sorted(rows, key=lambda key: order[key[0]])]


def group_row(group, engine, records):
    kind = records[0]["score_is"]
    row = {"group": group, "engine": engine, "pages": len(records), "failed": sum(bool(r["error"]) for r in records),
           "script_installed": all(r["script_installed"] for r in records), "score_is": kind,
           **{name: summed_rate(records, name) for name in FIGURES},
           "word_f1": mean(r.get("word_f1") for r in records), "char_f1": mean(r.get("char_f1") for r in records),
           "detection_hmean": hmean(records), "read_hmean": hmean(records, "read"),
           "seconds": mean(r["seconds"] for r in records)}
    row["score"] = 100 * row["detection_hmean" if kind == "detection" else kind]
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def index(rows):
    """{engine: means over groups}."""
    means = {}
    for engine in dict.fromkeys(row["engine"] for row in rows):
        ours = [row for row in rows if row["engine"] == engine]
        means[engine] = {"groups": sum(r["script_installed"] for r in ours), **{
            name: rounded(mean(r[name] for r in ours if r["script_installed"]))
            for name in ("score", "cer", "cer_folded", "wer", "word_f1", "char_f1", "detection_hmean", "seconds")},
            "score_of_other_scripts": rounded(mean(r["score"] for r in ours if not r["script_installed"]))}
    return means


def rounded(value):
    return None if value is None else round(value, 4)


# --- the everyday list -------------------------------------------------------------------------

def everyday_rows(entries, records):
    """For each engine a row for each page of the list, in its order; those whose truth is not text say so."""
    by_page = {(r["page"], r["engine"]): r for r in records}
    rows = []
    for engine in dict.fromkeys(r["engine"] for r in records):
        for entry, page in entries:
            record = by_page[page.key(), engine] if page else {}
            text = page is not None and page.text is not None
            rows.append({
                "kind": entry["kind"], "page": f"{entry['set']}/{entry['file']}", "engine": engine,
                "cer": rounded(metrics.rate(*record["cer_folded"])) if text else None,
                "cer_spaceless": rounded(metrics.rate(*record["cer_spaceless"])) if text else None,
                "word_f1": record.get("word_f1"), "char_f1": record.get("char_f1"), "error": record.get("error"),
                "seconds": record.get("seconds"), "tesseract5.3_cer": number(entry["tesseract5.3_cer"]),
                "tesseract5.3_word_f1": number(entry["tesseract5.3_word_f1"]),
                "not_measured": None if page else f"its metric is not of text: {entry['metric']}"})
    return rows


def number(field):
    return float(field) if field else None


def everyday_means(rows):
    """Over the pages for which the list states Tesseract's own figures."""
    means = {}
    for engine in dict.fromkeys(row["engine"] for row in rows):
        ours = [r for r in rows if r["engine"] == engine and r["tesseract5.3_word_f1"] is not None]
        means[engine] = {"pages": len(ours), **{name: rounded(mean(r[name] for r in ours)) for name in (
            "word_f1", "tesseract5.3_word_f1", "cer", "tesseract5.3_cer", "seconds")}}
        means[engine]["median_cer"] = rounded(statistics.median(r["cer"] for r in ours)) if ours else None
    return means


# --- tables ------------------------------------------------------------------------------------

def cell(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"


def table(head, rows):
    rule = "|".join("---" if i == 0 else "---:" for i in range(len(head)))
    return "\n".join(["| " + " | ".join(head) + " |", f"|{rule}|"] + ["| " + " | ".join(row) + " |" for row in rows])


def group_table(result):
    head = ["group", "engine", "pages", "CER", "CER folded", "WER", "word F1", "char. F1", "boxes hmean", "read too",
            "s/page", "score"]
    figures = ("cer", "cer_folded", "wer", "word_f1", "char_f1", "detection_hmean")
    body = []
    for row in result["groups"]:
        pages = f"{row['pages']}" + (f" ({row['failed']} failed)" if row["failed"] else "")
        body.append([row["group"] + ("" if row["script_installed"] else " *"), row["engine"], pages,
                     *(cell(row[name]) for name in (*figures, "read_hmean")), cell(row["seconds"], 2),
                     cell(row["score"], 1)])
    for engine, means in result["index"].items():
        body.append(["**mean of groups**", engine, f"{means['groups']} groups",
                     *(cell(means[name]) for name in figures), "", cell(means["seconds"], 2), f"**{cell(means['score'], 1)}**"])
        if means["score_of_other_scripts"] is not None:
            body.append(["mean of groups *", engine, "", *[""] * 8, cell(means["score_of_other_scripts"], 1)])
    return table(head, body) + "\n\n\\* a script whose language Tesseract does not have here.\n"


def everyday_table(result):
    head = ["page", "engine", "CER", "listed", "word F1", "listed", "char. F1", "s"]
    body = [[short(row["page"]), row["engine"], cell(row["cer"], 4), cell(row["tesseract5.3_cer"], 4),
             cell(row["word_f1"], 4), cell(row["tesseract5.3_word_f1"], 4), cell(row["char_f1"], 4),
             row["error"] or cell(row["seconds"], 2)] for row in result["everyday"] if not row["not_measured"]]
    for engine, means in result["everyday_means"].items():
        body.append([f"**mean of {means['pages']} pages with listed figures**", engine, cell(means["cer"], 4),
                     cell(means["tesseract5.3_cer"], 4), f"**{cell(means['word_f1'], 4)}**",
                     cell(means["tesseract5.3_word_f1"], 4), "", cell(means["seconds"], 2)])
    missing = {row["page"] for row in result["everyday"] if row["not_measured"]}
    return table(head, body) + f"\n\nNot measured: {len(missing)} pages whose metric is not of text.\n"


def short(name, width=60):
    return name if len(name) <= width else name[:width // 2 - 1] + "…" + name[-width // 2:]


# --- comparing ---------------------------------------------------------------------------------

def chosen(said, out):
    """{page: record} of one side: an engine in `out`, a result file, or FILE:ENGINE."""
    path, _, engine = (said, "", "") if os.path.exists(said) else said.rpartition(":")
    if not path and not os.path.exists(said):
        path, engine = out, said
    try:
        records = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["pages"]
    except (OSError, ValueError, KeyError) as e:
        raise SystemExit(f"{said}: no result file ({e})") from e
    engines = {r["engine"] for r in records}
    if not engine and len(engines) > 1:
        raise SystemExit(f"{said}: which engine of {', '.join(sorted(engines))}? {said}:ENGINE")
    if engine and engine not in engines:
        raise SystemExit(f"{said}: no engine {engine}; there is {', '.join(sorted(engines))}")
    return {r["page"]: r for r in records if engine in ("", r["engine"])}


def sign_test(better, worse):
    """How likely a split at least as uneven is when each page falls on either side by chance."""
    n, k = better + worse, min(better, worse)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n)


def compare(a, b, same):
    """Text: every page of both sides that differs by more than `same` points, and counts by group."""
    both = [key for key in a if key in b]
    differences = sorted(((b[key]["score"] - a[key]["score"], key) for key in both))
    lines = [f"{len(both)} pages in both; score of the second less that of the first; equal within {same} points"]
    lines += [f"{d:+8.1f}  {a[key]['score']:6.1f} → {b[key]['score']:6.1f}  {key}"
              + (f"  ({b[key]['error']})" if b[key]["error"] else "") for d, key in differences if abs(d) > same]
    groups = collections.defaultdict(list)
    for d, key in differences:
        groups[a[key]["group"]].append(d)
    rows = [count_row(group, groups[group], same) for group in sorted(groups)]
    rows.append(count_row("**all**", [d for d, _ in differences], same))
    head = ["group", "pages", "better", "same", "worse", "mean difference", "median", "by chance"]
    return "\n".join(lines) + "\n\n" + table(head, rows) + "\n"


def count_row(name, differences, same):
    better, worse = sum(d > same for d in differences), sum(d < -same for d in differences)
    return [name, str(len(differences)), str(better), str(len(differences) - better - worse), str(worse),
            f"{mean(differences) or 0:+.1f}", f"{statistics.median(differences or [0]):+.1f}",
            f"{sign_test(better, worse):.3f}"]


# --- the whole ---------------------------------------------------------------------------------

def models_of(folder):
    """Which files the engines may have used."""
    if not folder:
        return None
    return [{"file": str(path.relative_to(folder)), "bytes": path.stat().st_size,
             "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in sorted(folder.rglob("*")) if path.is_file()]


def machine(build):
    os.environ["PAGEMILL_BUILD"] = str(build)
    import facts  # it looks at PAGEMILL_BUILD as it is imported
    return facts.machine()


def wanted_pages(args):
    """(pages to read, the everyday list or None, notes on sets that could not be prepared)."""
    if args.everyday:
        entries = truth.everyday(args.corpus)
        return [page for _, page in entries if page], entries, []
    pages, notes = [], []
    for name in args.sets.split(",") if args.sets else truth.READERS:
        try:
            pages += truth.pages(args.corpus, name)
        except (OSError, ValueError, KeyError, SyntaxError, subprocess.CalledProcessError) as e:
            notes.append(f"{name}: its truth cannot be read: {type(e).__name__}: {e}")
    return pages, None, notes


def measure(args):
    installed = installed_languages(args.tessdata)
    facts_now = machine(args.build)
    pages, entries, notes = wanted_pages(args)
    records = []
    for engine in args.engines.split(","):
        records += [score_page(page, engine, languages, results, installed)
                    for page, languages, results in read_pages(args, engine, pages, installed)]
    rows = summarise(records)
    result = {"bench": "accuracy", "method": METHOD, "machine": facts_now,
              "parameters": {"engines": args.engines.split(","), "sets": args.sets or "all", "jobs": args.jobs,
                             "everyday": args.everyday, "flags": args.flags, "languages": sorted(installed),
                             "models": models_of(args.models)},
              "notes": notes, "groups": rows, "index": index(rows)}
    if entries is not None:
        result["everyday"] = everyday_rows(entries, records)
        result["everyday_means"] = everyday_means(result["everyday"])
    return {**result, "pages": records}


def report(result):
    text = (everyday_table(result) + "\n" if "everyday" in result else "") + group_table(result)
    failures = [f"- {r['engine']}: {r['page']}: {r['error']}" for r in result["pages"] if r["error"]]
    return text + "".join(f"\n{line}" for line in failures + [f"- {note}" for note in result["notes"]]) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build", help="folder of the programs")
    parser.add_argument("--engines", default="tesseract", help="tesseract,ppocr,auto")
    parser.add_argument("--sets", default="", help="sets of the corpus; all that have a reader: "
                        + ",".join(truth.READERS))
    parser.add_argument("--everyday", action="store_true", help="exactly the pages of everyday.tsv")
    parser.add_argument("--models", type=pathlib.Path, help="models folder (default: as PAGEMILL_MODELS says)")
    parser.add_argument("--tessdata", type=pathlib.Path, help="Tesseract's language files")
    parser.add_argument("--jobs", type=int, default=2, help="pages read at once (2)")
    parser.add_argument("--flags", default="", help="more flags for `pagemill ocr`")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results" / "accuracy.json")
    parser.add_argument("--table", type=pathlib.Path, help="write the table here too")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help="ENGINE, FILE or FILE:ENGINE")
    parser.add_argument("--same", type=float, default=0.5, help="points within which pages are equal (0.5)")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    args.corpus = pathlib.Path(os.environ.get("PAGEMILL_CORPUS", "/nonexistent")).resolve()
    args.build = args.build.resolve()
    args.models = args.models or (pathlib.Path(os.environ["PAGEMILL_MODELS"]) if "PAGEMILL_MODELS" in os.environ
                                  else None)
    args.models = args.models and args.models.resolve()
    unknown = set(filter(None, args.sets.split(","))) - truth.READERS.keys()
    if unknown:
        parser.error(f"no set {', '.join(sorted(unknown))}; there are {' '.join(truth.READERS)}")
    if args.models and not args.models.is_dir():
        parser.error(f"no folder {args.models}")
    return args


def main():
    args = arguments()
    if args.self_test:
        return print(f"{metrics.self_test() + self_test()} known answers")
    if args.compare:
        return print(compare(*(chosen(side, args.out) for side in args.compare), args.same), end="")
    if not args.corpus.is_dir():
        raise SystemExit("PAGEMILL_CORPUS names no folder")
    result = measure(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = report(result)
    if args.table:
        args.table.write_text(text, encoding="utf-8")
    return print(text, end="")


def self_test():
    """Of what is not in metrics.py: a page with one line of two words, and the readers of XML."""
    page = truth.Page("s", "f.png", text="one two", boxes=[(truth.box(0, 0, 9, 9), "One", False),
                                                           (truth.box(20, 0, 29, 9), "two", False)])
    word = [{"text": text, "polygon": truth.box(x, 0, x + 9, 9)} for text, x in (("one", 0), ("too", 20))]
    result = {"page": 1, "duration_ms": 1500, "blocks": [{"lines": [{
        "text": "one too", "polygon": truth.box(0, 0, 29, 9), "words": word}]}]}
    record = score_page(page, "e", "eng", [result], {"eng"})
    empty = score_page(page, "e", "eng", pick([{"page": 1, "error": {"code": "io", "message": "m"}}], 1), {"eng"})
    row = group_row("s", "e", [record, empty])
    alto = ('<alto xmlns="urn:x"><TextLine><String CONTENT="a"/><SP/><String CONTENT="b"/></TextLine>'
            '<TextLine><String CONTENT="c d"/></TextLine></alto>')
    known = [
        (record["cer"], [1, 7]), (record["wer"], [1, 2]), (record["score"], 50.0), (record["seconds"], 1.5),
        (record["detection"], {"hits": 2, "read": 1, "truth": 2, "found": 2}),
        (empty["error"], "io: m"), (empty["cer"], [7, 7]), (empty["score"], 0.0),
        (row["cer"], round(8 / 14, 4)), (row["word_f1"], 0.25), (row["failed"], 1),
        (row["detection_hmean"], round(4 / 6, 4)), (row["seconds"], 1.5), (pick("why", 1), "why"),
        (sign_test(0, 5), 2 / 32), (sign_test(3, 3), 1.0), (sign_test(0, 0), 1.0),
        (truth.alto(truth.xml.etree.ElementTree.fromstring(alto))[0], "a b\nc d"),
        (truth.unformatted(r"$ \frac{1}{3} $").split(), ["1", "3"]),
    ]
    for i, (given, answer) in enumerate(known):
        if given != answer:
            raise AssertionError(f"known answer {i}: {given!r}, not {answer!r}")
    return len(known)


if __name__ == "__main__":
    main()
