# SPDX-License-Identifier: AGPL-3.0-or-later
"""Random SIGKILLs of any pagemill process during one job: no page lost, none twice, the same result.

PAGEMILL_KILLS (default 12) says how many; the published figure uses 200. The server is started again each
time it is hit. PAGEMILL_SEED repeats a run.
"""
import collections
import json
import os
import random
import time
import unittest

import documents
import harness

PAGES = 60
STUCK = 30  # seconds without any progress that would be a failure


def outcome(server, job_id):
    """The result with what may differ between two runs taken out: times."""
    pages = [json.loads(line) for line in server.result(job_id, "ndjson").splitlines()]
    for page in pages:
        page.pop("duration_ms", None)
        page.pop("stages_ms", None)
    return pages


class Kill(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get("PAGEMILL_SEED", "20261122"))
        self.random = random.Random(seed)
        self.kills = int(os.environ.get("PAGEMILL_KILLS", "12"))
        self.scan = documents.make_scan_pdf(PAGES)
        self.server = harness.Server("--lanes", "2").start()
        self.addCleanup(self.server.stop)

    def hit(self):
        """Kill one process: the server or a worker. Returns which."""
        victims = [("server", None)] + [("worker", pid) for pid, _ in self.server.workers()]
        kind, pid = self.random.choice(victims)
        if kind == "server":
            self.server.kill()
            self.server.start()
        else:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                return self.hit()
        return kind

    def follow(self, job_id, kills):
        """Kill at random moments until the kills are spent, then let the job end."""
        last, since, longest = None, time.monotonic(), 0.0
        while (job := self.server.job(job_id))["status"] not in harness.FINAL:
            if sum(kills.values()) < self.kills:
                kills[self.hit()] += 1
            time.sleep(self.random.uniform(0.02, 0.3))
            progress = (job["status"], job["pages"]["done"])
            if progress != last:
                last, since = progress, time.monotonic()
            longest = max(longest, time.monotonic() - since)
            self.assertLess(longest, STUCK, f"stuck at {job}")
        return job, longest

    def test_nothing_is_lost_nothing_is_doubled(self):
        first = self.server.wait_job(self.server.submit(self.scan)["id"], timeout=300)
        undisturbed = outcome(self.server, first["id"])
        kills = collections.Counter()
        longest, jobs = 0.0, 0
        while sum(kills.values()) < self.kills:
            job, wait = self.follow(self.server.submit(self.scan)["id"], kills)
            longest, jobs = max(longest, wait), jobs + 1
            self.assertEqual(job["status"], "completed", job)
            self.assertEqual(job["pages"], {"total": PAGES, "done": PAGES, "failed": 0, "running": 0})
            self.assertEqual(outcome(self.server, job["id"]), undisturbed)
        print(f"killed: {dict(kills)} during {jobs} jobs of {PAGES} pages; "
              f"longest time without progress {longest:.1f} s")


if __name__ == "__main__":
    harness.main()
