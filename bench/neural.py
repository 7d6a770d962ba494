# SPDX-License-Identifier: AGPL-3.0-or-later
"""The neural engine beside Tesseract, whole documents at 144 dpi through the HTTP API. For run.py."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import facts
import harness
import inputs
import documents as warm_up  # noqa: E402  (found by inputs)

DPI = 144
LANES = 2
ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


def found_documents(args):
    """name: PDF. The scan of all benches; and, where there is a corpus, dense pages of a paper."""
    found = {"book scan": inputs.scan(args.pages)["pdf"]}
    paper = pathlib.Path(os.environ.get("PAGEMILL_CORPUS", "/nonexistent"), "multilang-borndigital", "fr_olap.pdf")
    if paper.exists():
        found["paper in French"] = paper
    return found


def pagemill(pdf, engine, models):
    languages = "fra" if "fr_" in pdf.name else "eng"
    with harness.Server("--lanes", str(LANES), "--models", str(models), "--engine", engine,
                        "--languages", languages) as server:
        server.read(warm_up.make_scan_pdf(4))  # the lanes are warm, as in a service
        begin = time.monotonic()
        job = server.wait_job(server.submit(pdf, text_layer="ocr", dpi=DPI)["id"], timeout=3600)
        server.result(job["id"], "txt")
        seconds = time.monotonic() - begin
        assert job["status"] == "completed", job
        pages = json.loads(server.result(job["id"], "json"))["pages"]
        memory = max(facts.kilobytes(f"/proc/{pid}/status", "VmHWM") for pid, _ in server.workers())
    spent = {"seconds": round(seconds, 3), "pages": len(pages), "largest_worker_mib": round(memory / 1024, 1)}
    if engine == "ppocr":
        network = sum(page["stages_ms"].get("network", 0) for page in pages) / 1e3
        spent["in_networks_s"] = round(network, 3)
        spent["reading_s"] = round(sum(page["duration_ms"] for page in pages) / 1e3, 3)
    return spent


def tesseract(pdf):
    """Two at a time, a process for each picture; rendering is not counted."""
    languages = "fra" if "fr_" in pdf.name else "eng"
    top = pathlib.Path(tempfile.mkdtemp(prefix="pagemill-bench-"))
    try:
        subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", pdf, top / "p"], check=True)
        pictures = len(list(top.glob("*.png")))
        begin = time.monotonic()
        subprocess.run(["sh", "-c", f'ls "{top}"/*.png | xargs -P {LANES} -I{{}} tesseract {{}} {{}} --dpi {DPI} '
                        f"-l {languages}"], check=True, stderr=subprocess.DEVNULL, env=ONE_THREAD)
        return {"seconds": round(time.monotonic() - begin, 3), "pages": pictures}
    finally:
        shutil.rmtree(top)


def neural(args):
    models = harness.models()
    if models is None:
        raise SystemExit("neural: no models: set PAGEMILL_TEST_MODELS")
    contestants = {
        "pagemill, ppocr": lambda pdf: pagemill(pdf, "ppocr", models),
        "pagemill, tesseract": lambda pdf: pagemill(pdf, "tesseract", models),
        "tesseract, a process for each image": tesseract,
    }
    found, samples = found_documents(args), []
    for turn in range(args.rounds):
        for name, pdf in found.items():
            order = list(contestants)
            for who in order[turn % len(order):] + order[:turn % len(order)]:
                samples.append({"round": turn, "document": name, "who": who, **contestants[who](pdf),
                                "load_1m": os.getloadavg()[0]})
                print("  ", samples[-1], flush=True)
    return ({"dpi": DPI, "lanes": LANES, "models": "PP-OCRv6 tiny"}, samples,
            [line for name in found for line in summarise(name, samples, list(contestants))])


def summarise(name, samples, contestants):
    of = {who: [s for s in samples if s["document"] == name and s["who"] == who] for who in contestants}
    lines = [(f"{name}: {who}", statistics.median(s["pages"] / s["seconds"] for s in of[who]), "pages/s")
             for who in contestants]
    ours = of[contestants[0]]
    for peer in contestants[1:]:
        ratios = [b["seconds"] / a["seconds"] for a, b in zip(ours, of[peer])]
        lines.append((f"{name}: {contestants[0]}, against {peer}", statistics.median(ratios), "×"))
    outside = [100 * (1 - s["in_networks_s"] / s["reading_s"]) for s in ours]
    lines.append((f"{name}: reading time outside networks", statistics.median(outside), "%"))
    lines.append((f"{name}: largest worker, resident", max(s["largest_worker_mib"] for s in ours), "MiB"))
    return [{"what": what, "value": float(f"{value:.4g}"), "unit": unit} for what, value, unit in lines]
