# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many clients that submit at once, each over one kept connection: for the load test and the load benchmark.

    answers, errors = submitters.run(port, total=10000, clients=256, token=None)

Every document is one of its own: a page that says its number. Two processes, so that the clients are not what
is measured.
"""
import asyncio
import collections
import json
import multiprocessing
import time

import documents

PROCESSES = 2

Answer = collections.namedtuple("Answer", "number job seconds eta")


def document(number):
    return documents.make_pdf(1, lambda _: [f"document number {number}"])


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    return int(head.split(None, 2)[1]), await reader.readexactly(length)


async def client(port, token, numbers, answers, errors):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    token = f"Authorization: Bearer {token}\r\n" if token else ""
    while numbers:
        number = numbers.pop()
        body = document(number)
        start = time.monotonic()
        writer.write(f"POST /v1/jobs?text_layer=text&filename={number}.pdf HTTP/1.1\r\nHost: localhost\r\n{token}"
                     f"Content-Type: application/pdf\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        status, answer = await read_answer(reader)
        seconds = time.monotonic() - start
        if status == 202:
            job = json.loads(answer)
            answers.append(Answer(number, job["id"], seconds, job["eta_seconds"]))
        else:
            errors.append(f"{status} {answer[:200]!r}")
    writer.close()


def process(port, token, numbers, clients, results):
    async def all_clients():
        answers, errors = [], []
        ended = await asyncio.gather(*(client(port, token, numbers, answers, errors) for _ in range(clients)),
                                     return_exceptions=True)
        return answers, errors + [repr(e) for e in ended if e]
    results.put(asyncio.run(all_clients()))


def run(port, total, clients, token=None):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=process, args=(port, token, list(range(k, total, PROCESSES)),
                                                       clients // PROCESSES, results))
                 for k in range(PROCESSES)]
    for p in processes:
        p.start()
    answers, errors = [], []
    for _ in processes:
        more, wrong = results.get()
        answers += more
        errors += wrong
    for p in processes:
        p.join()
    return [Answer(*a) for a in answers], errors
