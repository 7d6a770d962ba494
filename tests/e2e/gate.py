# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs held in a state for as long as a test needs them there: a worker program that waits at its start,
stage by stage, until the test lets it through. Nothing depends on how quick the machine is.
"""
import pathlib
import tempfile

import harness

SCRIPT = """#!/bin/sh
[ -e "{top}/$1.closed" ] && while [ -e "{top}/$1.held" ]; do sleep 0.02; done
exec "{program}" "$@"
"""


class Gate:
    """arguments() are for `pagemill serve`. While `decode` is closed jobs stay pending; while only `recognise`
    is, they stay in processing, with their pages counted and none read. leave() lets newcomers pass and holds
    those that wait already."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pagemill-gate-")
        self.top = pathlib.Path(self.folder.name)
        self.program = self.top / "work"
        self.program.write_text(SCRIPT.format(top=self.top, program=harness.BUILD / "pagemill-work"))
        self.program.chmod(0o755)

    def arguments(self):
        return ("--work-program", str(self.program))

    def close(self, stage):
        (self.top / f"{stage}.held").touch()
        (self.top / f"{stage}.closed").touch()

    def leave(self, stage):
        (self.top / f"{stage}.closed").unlink(missing_ok=True)

    def open(self, stage):
        self.leave(stage)
        (self.top / f"{stage}.held").unlink(missing_ok=True)

    def remove(self):
        for stage in ("decode", "recognise"):
            self.open(stage)
        self.folder.cleanup()
