#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sends documents, waits until they are read, prints their text.

    submit_and_wait.py scan.pdf letter.png languages=eng+deu

Arguments with "=" are options of the jobs. The environment: PAGEMILL_URL, PAGEMILL_TOKEN. Needs requests.
"""
import os
import pathlib
import sys
import uuid

import requests
from requests.adapters import HTTPAdapter, Retry

URL = os.environ.get("PAGEMILL_URL", "http://127.0.0.1:8000")
ENDED = ("completed", "failed", "cancelled")


def connect():
    """A session that comes back when it was too often (429) or there was no room (503), after as long as
    the server says in Retry-After, and after a broken connection."""
    session = requests.Session()
    session.mount(URL, HTTPAdapter(max_retries=Retry(
        total=8, backoff_factor=0.5, status_forcelist=(429, 503), allowed_methods=None,
        respect_retry_after_header=True, raise_on_status=False)))
    if token := os.environ.get("PAGEMILL_TOKEN"):
        session.headers["Authorization"] = f"Bearer {token}"
    return session


def check(answer):
    """The answer, or what the server says is wrong (RFC 9457)."""
    if not answer.ok:
        problem = answer.json()
        raise SystemExit(f"{problem['status']} {problem['code']}: {problem['detail']}")
    return answer


def submit(session, path, options):
    """The raw document as the body, so that it is streamed from the disk. The key makes it safe to send again."""
    with path.open("rb") as document:
        return check(session.post(f"{URL}/v1/jobs", data=document,
                                  params={"filename": path.name, **options},
                                  headers={"Idempotency-Key": str(uuid.uuid4())}, timeout=600)).json()


def wait(session, job):
    """By long polls: the server answers when the job has changed, or after 30 s."""
    while job["status"] not in ENDED:
        pages = job["pages"]
        print(f"{job['filename']}: {job['status']}, {pages['done']} of {pages['total']} pages", file=sys.stderr)
        job = check(session.get(f"{URL}/v1/jobs/{job['id']}", timeout=60,
                                params={"wait": 30, "revision": job["revision"]})).json()
    return job


def main(arguments):
    options = dict(a.split("=", 1) for a in arguments if "=" in a)
    session = connect()
    jobs = [submit(session, pathlib.Path(a), options) for a in arguments if "=" not in a]
    for job in jobs:  # all are sent before the first is waited for
        job = wait(session, job)
        if job["status"] != "completed":
            raise SystemExit(f"{job['filename']}: {job['status']}: {job['error']}")
        for page in job["failed_pages"]:
            print(f"{job['filename']}: page {page['page']}: {page['message']}", file=sys.stderr)
        print(check(session.get(URL + job["result"]["txt"], timeout=600)).text)


if __name__ == "__main__":
    main(sys.argv[1:] or sys.exit(__doc__))
