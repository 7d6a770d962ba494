#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Follows a job by server-sent events and prints the text of each page as soon as it is read.

    stream_events.py JOB

The environment: PAGEMILL_URL, PAGEMILL_TOKEN. Needs requests.
"""
import json
import os
import sys
import time

import requests

URL = os.environ.get("PAGEMILL_URL", "http://127.0.0.1:8000")
session = requests.Session()
if token := os.environ.get("PAGEMILL_TOKEN"):
    session.headers["Authorization"] = f"Bearer {token}"


def parse(lines):
    """(id, event, data) for each event of a stream; lines that begin with a colon only keep it open."""
    fields = {}
    for line in lines:
        if not line and "data" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def follow(job):
    """Events until the job ends. After a broken connection it goes on where it was: an event's id is told back,
    and the server tells what came after it, nothing twice and nothing left out."""
    last = "0"
    while True:
        try:
            with session.get(f"{URL}/v1/jobs/{job}/events", headers={"Last-Event-ID": last}, stream=True,
                             timeout=(10, 60)) as answer:
                answer.raise_for_status()
                for last, event, data in parse(answer.iter_lines(decode_unicode=True)):
                    yield event, data
                    if event == "done":
                        return
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            pass
        time.sleep(1)


def main(job):
    for event, data in follow(job):
        if event == "page" and data["status"] == "done":
            page = session.get(f"{URL}/v1/jobs/{job}/pages/{data['page']}", timeout=60).json()
            text = "\n".join(line["text"] for block in page["blocks"] for line in block["lines"])
            print(f"--- page {data['page']}, confidence {page['confidence']:.2f}\n{text}", flush=True)
        elif event == "page":
            print(f"--- page {data['page']} {data['status']}: {data['error']}", flush=True)
        elif event == "progress":
            print(f"{data['pages']['done']} of {data['pages']['total']} pages, "
                  f"{data['eta_seconds']} s left", file=sys.stderr)
        else:
            print(data["status"], file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
