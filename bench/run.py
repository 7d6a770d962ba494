#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The benchmarks. bench/README.md says how each number is made.

    bench/run.py [NAME…]          run these (default: all), write results/NAME.json each
    bench/run.py --table          the committed results as a Markdown table
    --pages N --rounds N          smaller runs, for trying; --results DIR keeps them apart
"""
import argparse
import collections
import datetime
import json
import math
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import inputs
import documents
import facts
import harness
import layout_speed
import neural
import submitters

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
LANES = 2
ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


def median(values):
    return statistics.median(values)


def percentile(values, p):
    return sorted(values)[max(0, math.ceil(len(values) * p / 100) - 1)]


def row(what, value, unit):
    return {"what": what, "value": float(f"{value:.4g}"), "unit": unit}


def server(*args):
    return harness.Server("--lanes", str(LANES), *args)


# --- throughput --------------------------------------------------------------------------------

def word_f1(read, truth):
    """Order-free: so that nobody is fast by reading less."""
    words = [collections.Counter(re.findall(r"\w+", text.lower())) for text in (read, truth)]
    common = (words[0] & words[1]).total()
    return 2 * common / max(1, words[0].total() + words[1].total())


def pagemill_reads(scan, **options):
    """From the first byte of the upload to the last byte of the text."""
    with server() as running:
        start = time.monotonic()
        job = running.submit(scan["pdf"], engine="tesseract", text_layer="ocr", languages="eng",
                             **options)
        job = running.wait_job(job["id"], timeout=3600)
        text = running.result(job["id"], "txt").decode()
        seconds = time.monotonic() - start
        used = facts.cpu_seconds(facts.tree(running))
    assert job["status"] == "completed" and job["pages"]["done"] == scan["pages"], job
    return seconds, text, {"cpu_s_of_living_processes": used}


def timed(command, **options):
    before = os.times()
    start = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env=ONE_THREAD, **options)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, {"cpu_s": round(used, 2)}


def tesseract_for_each(scan, out):
    command = (f'ls "{scan["folder"]}" | xargs -P {LANES} -I{{}} '
               f'tesseract "{scan["folder"]}/{{}}" "{out}/{{}}" --dpi {inputs.DPI} -l eng')
    seconds, used = timed(["sh", "-c", command])
    return seconds, texts(out), used


def tesseract_lists(scan, out):
    images = sorted(scan["folder"].glob("*.png"))
    for lane in range(LANES):
        (out / f"list{lane}").write_text("".join(f"{path}\n" for path in images[lane::LANES]))
    command = (f'seq 0 {LANES - 1} | xargs -P {LANES} -I{{}} tesseract "{out}/list{{}}" "{out}/{{}}" '
               f"--dpi {inputs.DPI} -l eng")
    seconds, used = timed(["sh", "-c", command])
    return seconds, texts(out), used


def ocrmypdf(*flags):
    def read(scan, out):
        seconds, used = timed(["ocrmypdf", "--jobs", str(LANES), *flags, "-l", "eng", "--sidecar",
                               out / "0.txt", scan["pdf"], out / "0.pdf"])
        return seconds, texts(out), used
    return read


def texts(out):
    return "\n".join(path.read_text() for path in sorted(out.glob("*.txt")))


CONTESTANTS = {
    "pagemill, 300 dpi": lambda scan, out: pagemill_reads(scan, dpi=inputs.DPI),
    "pagemill, default dpi": lambda scan, out: pagemill_reads(scan),
    "tesseract, a process for each image": tesseract_for_each,
    "tesseract, two processes with lists": tesseract_lists,
    "ocrmypdf --jobs 2": ocrmypdf(),
    "ocrmypdf --jobs 2 --output-type pdf --optimize 0": ocrmypdf("--output-type", "pdf", "--optimize", "0"),
}


def throughput(args):
    scan = inputs.scan(args.pages)
    names, samples = list(CONTESTANTS), []
    for turn in range(args.rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            out = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-bench-"))
            try:
                seconds, text, more = CONTESTANTS[name](scan, out)
            finally:
                shutil.rmtree(out)
            samples.append({"round": turn, "who": name, "seconds": round(seconds, 3),
                            "word_f1": round(word_f1(text, scan["truth"]), 4),
                            "load_1m": os.getloadavg()[0], **more})
            print("  ", samples[-1], flush=True)
    return ({"pages": args.pages, "input": scan["origin"], "lanes": LANES}, samples,
            summarise_throughput(args.pages, samples))


def summarise_throughput(pages, samples):
    """Medians for each; and how much sooner we are than each peer, round by round, so that a machine that
    grows faster or slower between rounds does not decide."""
    seconds = {name: [s["seconds"] for s in samples if s["who"] == name] for name in CONTESTANTS}
    summary = []
    for name in CONTESTANTS:
        summary.append(row(name, pages / median(seconds[name]), "pages/s"))
        summary.append(row(f"{name}: word F1", median(s["word_f1"] for s in samples if s["who"] == name), ""))
    ours, peers = list(CONTESTANTS)[:2], list(CONTESTANTS)[2:]
    for us in ours:
        for peer in peers:
            ratios = [b / a for a, b in zip(seconds[us], seconds[peer])]
            summary.append(row(f"{us}, against {peer}", median(ratios), "×"))
    return summary


# --- memory ------------------------------------------------------------------------------------

def memory(args):
    cases = [("text layer", inputs.text_pdf(count), {"text_layer": "text"}, count)
             for count in (50, 50 * args.pages)]
    cases += [("OCR", inputs.scan(count)["pdf"], {"text_layer": "ocr"}, count)
              for count in (max(2, args.pages // 10), args.pages)]
    # Short pages, so that thousands of them pass through the lanes in minutes.
    cases.append(("OCR of three lines", inputs.text_pdf(50 * args.pages, 3), {"text_layer": "ocr"},
                  50 * args.pages))
    samples, summary = [], []
    for kind, path, options, count in cases:
        with server("--max-pages", "100000") as running:
            with facts.MemorySampler(running) as memory_use:
                start = time.monotonic()
                job = running.submit(path, **options)
                job = running.wait_job(job["id"], timeout=3600)
                seconds = time.monotonic() - start
        assert job["status"] == "completed" and job["pages"]["done"] == count, job
        what = f"{kind}, {count} pages"
        samples.append({"what": what, "seconds": round(seconds, 2), "service_peak_kb":
                        memory_use.service_peak_kb, "samples": memory_use.samples})
        summary += [row(f"{what}: service, peak resident", memory_use.service_peak_kb / 1024, "MiB"),
                    row(f"{what}: with workers, peak PSS", memory_use.peak("tree_pss_kb") / 1024, "MiB"),
                    row(f"{what}: the same, last tenth less second tenth", memory_use.growth("tree_pss_kb") / 1024,
                        "MiB"),
                    row(f"{what}: pages per second", count / seconds, "pages/s")]
        print("  ", summary[-4:], flush=True)
    return {"pages": args.pages, "lanes": LANES, "interval_s": 1}, samples, summary


# --- status, submit ----------------------------------------------------------------------------

WRK_UNITS = {"us": 1e-3, "ms": 1, "s": 1e3}


def wrk(url, seconds, headers=None):
    wanted = [part for item in (headers or {}).items() for part in ("-H", ": ".join(item))]
    said = subprocess.run(["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", *wanted, url], check=True,
                          capture_output=True, text=True).stdout
    latency = {f"p{p}_ms": float(value) * WRK_UNITS[unit]
               for p, value, unit in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", said, re.M)}
    errors = re.search(r"(Non-2xx.*|Socket errors.*)", said)
    return {"requests_per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), **latency,
            "requests": int(re.search(r"(\d+) requests in", said)[1]),
            "errors": errors[0] if errors else None}


def token_for(running, rate):
    return subprocess.run([harness.BUILD / "pagemill", "token", "create", "--name", "bench", "--rate", rate, "--data",
                           running.data], check=True, capture_output=True).stdout.decode().strip()


STATUS_CASES = {  # name: flags of the service, rate of the token or None
    "open, no access log": (("--access-log", "off"), None),
    "token, rate limit, access log": ((), "10000/s+1000000"),
}


def one_status(flags, rate, seconds):
    with server(*flags) as running:
        token = rate and token_for(running, rate)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        running.headers = headers
        job = running.wait_job(running.submit(inputs.one_page(20000, 1), text_layer="text")["id"])
        url = f"http://127.0.0.1:{running.port}/v1/jobs/{job['id']}"
        wrk(url, 1, headers)
        before = facts.cpu_seconds([running.process.pid])
        sample = wrk(url, seconds, headers)
        used = facts.cpu_seconds([running.process.pid]) - before
        return {**sample, "cpu_us_per_request": round(used * 1e6 / sample["requests"], 2)}


def status(args):
    samples = []
    for _ in range(args.rounds):
        samples += [{"case": name, **one_status(*case, args.seconds)} for name, case in STATUS_CASES.items()]
    summary = []
    for name in STATUS_CASES:
        of_case = [s for s in samples if s["case"] == name]
        summary += [row(f"GET /v1/jobs/{{id}}, {name}", median(s["requests_per_s"] for s in of_case), "requests/s"),
                    row(f"latency, {name}, p99", median(s["p99_ms"] for s in of_case), "ms"),
                    row(f"CPU of the service, {name}", median(s["cpu_us_per_request"] for s in of_case), "µs/request"),
                    row(f"runs with errors, {name}", sum(bool(s["errors"]) for s in of_case), "")]
    return {"seconds": args.seconds, "connections": 64}, samples, summary


# --- load --------------------------------------------------------------------------------------

def listed(running):
    path = "/v1/jobs?limit=500"
    while path:
        page = running.get_json(path)
        yield from page["jobs"]
        path = page["next_cursor"] and f"/v1/jobs?limit=500&cursor={page['next_cursor']}"


def seconds_of(job):
    begin, end = (datetime.datetime.fromisoformat(job[key].replace("Z", "+00:00")) for key in ("created_at", "finished_at"))
    return (end - begin).total_seconds()


def one_load(total, clients):
    with server() as running:
        token = token_for(running, "10000/s+1000000")
        running.headers = {"Authorization": f"Bearer {token}"}
        start = time.monotonic()
        answers, errors = submitters.run(running.port, total, clients, token)
        submitted = time.monotonic() - start
        running.wait(lambda: not any(running.get_json("/health")["jobs"][s] for s in ("pending", "processing")), 3600,
                     "end of the queue")
        ended = time.monotonic() - start
        jobs = {job["id"]: job for job in listed(running)}
        told = sorted(a.eta / seconds_of(jobs[a.job]) for a in answers if a.eta and a.job in jobs)
        seconds = [a.seconds * 1e3 for a in answers]
        return {"submit_per_s": round(len(answers) / submitted, 1), "p50_ms": round(median(seconds), 1),
                "p99_ms": round(percentile(seconds, 99), 1), "max_ms": round(max(seconds), 1),
                "jobs_per_s": round(len(jobs) / ended, 1), "errors": len(errors), "first_errors": errors[:3],
                "lost": sum(a.job not in jobs or jobs[a.job]["status"] != "completed" for a in answers),
                "unasked": len(jobs) - len({a.job for a in answers}),
                "eta_told_over_real": [round(percentile(told, p), 2) for p in (10, 50, 90)] if told else None}


def load(args):
    samples = [one_load(args.documents, 256) for _ in range(args.rounds)]
    etas = [s["eta_told_over_real"] for s in samples if s["eta_told_over_real"]]
    return {"documents": args.documents, "clients": 256}, samples, [
        row("POST /v1/jobs by 256 clients", median(s["submit_per_s"] for s in samples), "jobs/s"),
        row("answer, median", median(s["p50_ms"] for s in samples), "ms"),
        row("answer, p99", median(s["p99_ms"] for s in samples), "ms"),
        row("until every page is read", median(s["jobs_per_s"] for s in samples), "jobs/s"),
        row("errors", sum(s["errors"] for s in samples), ""),
        row("jobs lost, or there without having been asked for", sum(s["lost"] + s["unasked"] for s in samples), ""),
        *(row(f"eta told at submission over the real time, {name}", median(e[i] for e in etas), "")
          for i, name in enumerate(("p10", "median", "p90")) if etas)]


# --- eta ---------------------------------------------------------------------------------------

def looks(running, seconds):
    """Every unfinished job's (id, moment, seconds left as told), looked at now and then until all have ended."""
    while jobs := [job for job in listed(running) if job["status"] in ("pending", "processing")]:
        moment = datetime.datetime.now(datetime.timezone.utc)
        yield from ((job["id"], moment, job["eta_seconds"]) for job in jobs if job["eta_seconds"] is not None)
        time.sleep(seconds)


def one_eta(serial):
    pages = random.Random(serial)
    with server() as running:
        for number in range(40):
            running.submit(documents.make_pdf(pages.randint(1, 60), lambda n: [f"page {n} of document {number}"] * 3))
        told = list(looks(running, 1))
        ended = {job["id"]: datetime.datetime.fromisoformat(job["finished_at"].replace("Z", "+00:00"))
                 for job in listed(running)}
    left = [(eta, (ended[job] - moment).total_seconds()) for job, moment, eta in told]
    ratios = [eta / real for eta, real in left if real >= 2]
    return {"answers": len(ratios), **{f"p{p}": round(percentile(ratios, p), 3) for p in (5, 25, 50, 75, 95)}}


def eta(args):
    samples = [one_eta(serial) for serial in range(args.rounds)]
    return {"documents": 40, "pages_each": "1 to 60"}, samples, [
        row(f"eta_seconds over the time that it took, p{p}", median(s[f"p{p}"] for s in samples), "×")
        for p in (5, 25, 50, 75, 95)]


def submit(args):
    times = []
    with server() as running:
        for serial in range(args.posts):
            document = inputs.one_page(1 << 20, serial)
            start = time.monotonic()
            running.submit(document, text_layer="text")
            times.append(round((time.monotonic() - start) * 1e3, 3))
    return {"posts": args.posts, "bytes": 1 << 20}, times, [
        row("POST /v1/jobs of 1 MiB, median", median(times), "ms"),
        row("POST /v1/jobs of 1 MiB, p99", percentile(times, 99), "ms")]


# --- start, cancel -----------------------------------------------------------------------------

def start(args):
    harness.POLL = 0.001
    samples = []
    for _ in range(args.rounds * 5):
        running, sample = server(), {}
        try:
            for which in ("first", "again"):
                begin = time.monotonic()
                running.start()
                sample[f"{which}_ms"] = round((time.monotonic() - begin) * 1e3, 2)
                running.terminate()
        finally:
            running.stop()
        samples.append(sample)
    return {}, samples, [
        row("exec to /readyz 200, new data directory", median(s["first_ms"] for s in samples), "ms"),
        row("exec to /readyz 200, second start", median(s["again_ms"] for s in samples), "ms")]


def cancel(args):
    harness.POLL = 0.002
    scan, samples = inputs.scan(args.pages), []
    with server() as running:
        for _ in range(args.rounds * 3):
            job_id = running.submit(scan["pdf"], text_layer="ocr", dpi=inputs.DPI)["id"]
            running.wait_job(job_id, until=lambda job: job["pages"]["running"] >= LANES)
            asked = time.monotonic()
            answer = running.request("POST", f"/v1/jobs/{job_id}/cancel", headers={"Content-Length": "0"})
            answered = time.monotonic()
            assert answer.status in (200, 202), answer
            job = running.wait_job(job_id, until=lambda job: job["status"] == "cancelled"
                                   and job["pages"]["running"] == 0)
            stopped = time.monotonic()
            pids = facts.tree(running)
            used = facts.cpu_seconds(pids)
            time.sleep(1)
            samples.append({
                "answer_ms": round((answered - asked) * 1e3, 2),
                "stopped_ms": round((stopped - answered) * 1e3, 2),
                "cpu_s_in_the_second_after": round(facts.cpu_seconds(pids) - used, 3),
                "pages_done": job["pages"]["done"]})
    return {"pages": args.pages, "lanes": LANES, "input": scan["origin"]}, samples, [
        row("the answer, median", median(s["answer_ms"] for s in samples), "ms"),
        row("from the answer to no page running, median", median(s["stopped_ms"] for s in samples), "ms"),
        row("the same, longest", max(s["stopped_ms"] for s in samples), "ms"),
        row("CPU used in the second after, most",
            max(s["cpu_s_in_the_second_after"] for s in samples), "s")]


BENCHES = {  # name: function, programs it needs, method in one sentence
    "throughput": (throughput, ["tesseract", "ocrmypdf", "xargs"],
                   "One scan of bilevel 300 dpi book pages; wall time from submission to the whole text in "
                   "hand; OMP_THREAD_LIMIT=1 for all; contestants take turns in rotated order; medians. "
                   "Word F1 against the true text of the same pages."),
    "memory": (memory, [], "A new service for each document; VmRSS, and RSS and PSS of the service with its "
               "workers, every second; the service's own peak is VmHWM."),
    "status": (status, ["wrk"], "wrk -t2 -c64 on one finished job, on the same cores as the service, after a "
               "second of warming up, with and without token, rate limit and access log, in turns; medians."),
    "load": (load, [], "10,000 different one-page PDFs of a kilobyte (text layer) from 256 clients, each over one kept "
             "connection, with a token that has a rate limit and with the access log; then every job is looked for. "
             "Clients and service on the same cores."),
    "eta": (eta, [], "40 documents of 1 to 60 short pages each, all submitted at once and read with OCR; once a second the "
            "eta_seconds of every unfinished job is taken from the list, and compared with when it ended. Answers with less "
            "than 2 s to go are left out."),
    "submit": (submit, [], "Sequential posts of different one-page PDFs of 1 MiB by multipart form, a new "
               "connection each, while the service works on those before; machine.fsync_1mb_ms is the disk."),
    "start": (start, [], "From fork to the first 200 of /readyz, looked for every millisecond."),
    "neural": (neural.neural, ["tesseract", "pdftoppm"],
               "Documents at 144 dpi: wall time from submission to the whole text in hand, in a service whose "
               "lanes are warm; tesseract two at a time on the same pages as pictures, rendering not counted; "
               "contestants take turns in rotated order; medians."),
    "layout": (layout_speed.layout, ["pdftotext", "qpdf", "taskset"],
               "Born-digital PDFs of the corpus joined by qpdf, read by one process at a time on one core, from its start to "
               "the whole file; contestants take turns in rotated order; medians. The layout's own time is stages_ms.layout of "
               "each page result. A0 pages of 20,000 words by the same command."),
    "cancel": (cancel, [], "A scan at 300 dpi cancelled while every lane reads a page; the job is looked at "
               "every 2 ms until it says cancelled with no page running; then the CPU time of all processes."),
}


def run(name, args):
    function, needs, method = BENCHES[name]
    missing = [program for program in needs if not shutil.which(program)]
    if missing:
        raise SystemExit(f"{name}: {' '.join(missing)} not installed: scripts/setup bench")
    print(f"{name}: {method}", flush=True)
    machine, poll = facts.machine(), harness.POLL
    parameters, samples, summary = function(args)
    harness.POLL = poll
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / f"{name}.json").write_text(json.dumps({
        "bench": name, "method": method, "machine": machine,
        "parameters": {**parameters, "rounds": args.rounds}, "summary": summary, "samples": samples,
    }, indent=1, ensure_ascii=False) + "\n")
    for line in summary:
        print(f"   {line['what']}: {line['value']:g} {line['unit']}")


def table(results):
    print("| bench | what | result |\n|---|---|---|")
    machines = {}
    for name in BENCHES:
        path = results / f"{name}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        facts_of = result["machine"]
        machines.setdefault("{cpu}, {cores} cores, Linux {kernel}, {system}".format(**facts_of), []).append(
            f"{name} ({facts_of['commit']}, {facts_of['date'][:10]})")
        for line in result["summary"]:
            print(f"| {name} | {line['what']} | {line['value']:g} {line['unit']} |".replace("  |", " |"))
    for machine, names in machines.items():
        print(f"\nMeasured on {machine}: {', '.join(names)}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(BENCHES))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--pages", type=int, default=100, help="pages of the scan; text: 50 times as many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=10000, help="of the bench load")
    parser.add_argument("--seconds", type=int, default=10, help="of each run of wrk")
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    args = parser.parse_args()
    if args.table:
        return table(args.results)
    for name in args.names or BENCHES:
        if name not in BENCHES:
            parser.error(f"no bench {name}; there are {' '.join(BENCHES)}")
    harness.atexit.register(harness.clean_up)
    for name in args.names or BENCHES:
        run(name, args)


if __name__ == "__main__":
    main()
