# SPDX-License-Identifier: AGPL-3.0-or-later
"""256 clients submit at once: no error, no lost job, no job twice. PAGEMILL_LOAD says how many documents (1,000;
`bench/run.py load` sends 10,000 and measures)."""
import os
import unittest

import harness
import submitters

DOCUMENTS = int(os.environ.get("PAGEMILL_LOAD", "1000"))


class Load(harness.ServerCase):
    args = ("--lanes", "2")

    def listed(self):
        path = "/v1/jobs?limit=500"
        while path:
            page = self.server.get_json(path)
            yield from page["jobs"]
            path = page["next_cursor"] and f"/v1/jobs?limit=500&cursor={page['next_cursor']}"

    def test_nothing_is_lost(self):
        answers, errors = submitters.run(self.server.port, DOCUMENTS, 256)
        self.assertEqual(errors, [])
        ids = {a.job: a.number for a in answers}
        self.assertEqual(len(ids), DOCUMENTS)
        last = max(ids)
        self.server.wait(lambda: not any(self.server.get_json("/health")["jobs"][s] for s in ("pending", "processing")),
                         300, "end of the queue")
        jobs = {job["id"]: job for job in self.listed()}
        self.assertEqual(set(jobs), set(ids))
        self.assertEqual({job["status"] for job in jobs.values()}, {"completed"})
        for job in list(ids)[::97] + [last]:
            self.assertEqual(self.server.result(job).decode().strip(), f"document number {ids[job]}")


if __name__ == "__main__":
    harness.main()
