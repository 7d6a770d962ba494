#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does the GPU of this machine read faster than its processor, and with how many lines at once?

    bench/gpu.py page.png scan.pdf                       webgpu against cpu, batches of 1 to 64
    bench/gpu.py --devices cpu,cuda --batches 0,16 FILE  others (0: what suits the device)
    bench/gpu.py --pagemill build/pagemill --flag models=DIR --flag onnxruntime=FILE FILE

Each combination is one `pagemill ocr` with one lane and the engine ppocr. Every file is read --rounds times, three
at least, and a page counts with the median of its rounds, because a driver compiles its shaders in the one that
comes first. Pages a second: of the engine (duration_ms: without decoding or rendering). `same` says how many lines have the text that the first combination
read: lines of a batch are padded to one width, which changes some. A device that is not to be had falls back to the
CPU and is then left out, with pagemill's reason.
"""
import argparse
import collections
import json
import statistics
import subprocess
import sys


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--pagemill", default="build/pagemill")
    p.add_argument("--devices", default="cpu,webgpu")
    p.add_argument("--batches", default="1,4,16,64")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--flag", action="append", default=[], metavar="NAME=VALUE", help="a setting of pagemill")
    return p.parse_args()


def read(options, device, batch):
    """The pages of each round, and the reason when the device was not to be had."""
    command = [options.pagemill, "ocr", "--format", "ndjson", "--jobs", "1", "--engine", "ppocr"]
    command += ["--device", device, "--batch-size", batch, "--page-timeout", "3600",
                "--log-level", "warning"]
    for flag in options.flag:
        name, value = flag.split("=", 1)
        command += [f"--{name.replace('_', '-')}", value]
    done = subprocess.run(command + options.files * options.rounds, capture_output=True, text=True)
    reason = next((line for line in done.stderr.splitlines() if "is not to be had" in line), None)
    if done.returncode:
        sys.exit(done.stderr)
    pages = [page for page in map(json.loads, done.stdout.splitlines()) if "blocks" in page]
    each = len(pages) // options.rounds
    return [pages[i:i + each] for i in range(0, len(pages), each)], reason


def median(rounds, figure):
    """Of each page over its rounds, summed over the pages; milliseconds."""
    return sum(statistics.median(map(figure, same_page)) for same_page in zip(*rounds))


def lines(pages):
    return [line["text"] for page in pages for block in page["blocks"] for line in block["lines"]]


def main():
    options = arguments()
    first = None
    print(f"{'device':10} {'batch':>5} {'pages':>6} {'pages/s':>8} {'ms/page':>8} {'network':>8}  same")
    for device in options.devices.split(","):
        for batch in options.batches.split(","):
            rounds, reason = read(options, device, batch)
            if reason:
                print(reason)
                break
            count = len(rounds[0])
            ms = median(rounds, lambda page: page["duration_ms"]) / count
            network = median(rounds, lambda page: page["stages_ms"]["network"]) / count
            text = lines(rounds[0])
            first = first or text
            same = (collections.Counter(text) & collections.Counter(first)).total()
            print(f"{device:10} {batch:>5} {count:6} {1000 / ms:8.2f} {ms:8.1f} {network:8.1f}  "
                  f"{same} of {len(first)}", flush=True)


if __name__ == "__main__":
    main()
