# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a number needs beside it: the machine, the versions, and what processes really used."""
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile
import threading
import time

import inputs
import harness  # found through the path that inputs.py set

TICKS = os.sysconf("SC_CLK_TCK")
VERSIONS = {  # peer: the command that prints its version
    "pagemill": [harness.BUILD / "pagemill", "--version"],
    "tesseract": ["tesseract", "--version"],
    "ocrmypdf": ["ocrmypdf", "--version"],
    "wrk": ["wrk", "-v"],
    "commit": ["git", "-C", inputs.ROOT, "describe", "--always", "--dirty"],
}


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=60)
        return (done.stdout.strip() or done.stderr.strip()).splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return None


def found(pattern, path):
    match = re.search(pattern, pathlib.Path(path).read_text(), re.M)
    return match[1].strip() if match else None


def machine():
    return {
        "cpu": found(r"^model name\s*:(.*)", "/proc/cpuinfo") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_kb": int(found(r"^MemTotal:\s*(\d+)", "/proc/meminfo")),
        "kernel": platform.release(),
        "system": found(r'^PRETTY_NAME="(.*)"', "/etc/os-release"),
        "load_1m_before": os.getloadavg()[0],
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "fsync_1mb_ms": fsync_ms(),
        **{name: first_line(command) for name, command in VERSIONS.items()},
    }


def fsync_ms(rounds=10):
    """Median time to write one megabyte where the servers keep their data, and make it durable."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(rounds):
            start = time.monotonic()
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
            times.append((time.monotonic() - start) * 1e3)
    return round(statistics.median(times), 2)


def kilobytes(path, key):
    try:
        return int(found(rf"^{key}:\s*(\d+) kB", path) or 0)
    except OSError:
        return 0  # it ended meanwhile


def cpu_seconds(pids):
    """User and system time that these processes have used."""
    total = 0
    for pid in pids:
        fields = harness.stat_fields(pid)
        total += int(fields[11]) + int(fields[12]) if fields else 0
    return total / TICKS


def tree(server):
    return [server.process.pid] + [pid for pid, _ in server.workers()]


class MemorySampler(threading.Thread):
    """Looks every second: resident memory of the service, and of it with its workers (RSS counts a
    shared page once for each process, PSS shares it out)."""

    def __init__(self, server, interval=1.0):
        super().__init__(daemon=True)
        self.server, self.interval = server, interval
        self.samples, self.over = [], threading.Event()

    def look(self):
        pids = tree(self.server)
        self.samples.append({
            "at_s": round(time.monotonic() - self.started, 2),
            "service_rss_kb": kilobytes(f"/proc/{pids[0]}/status", "VmRSS"),
            "tree_rss_kb": sum(kilobytes(f"/proc/{pid}/status", "VmRSS") for pid in pids),
            "tree_pss_kb": sum(kilobytes(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids),
            "processes": len(pids),
        })

    def run(self):
        self.started = time.monotonic()
        self.look()
        while not self.over.wait(self.interval):
            self.look()

    def __exit__(self, *exc):
        self.look()
        self.over.set()
        self.join()
        self.service_peak_kb = kilobytes(f"/proc/{self.server.process.pid}/status", "VmHWM")

    def __enter__(self):
        self.start()
        return self

    def peak(self, key):
        return max(sample[key] for sample in self.samples)

    def growth(self, key):
        """The median of the last tenth of the samples less that of the second tenth: 0 is flat."""
        values = [sample[key] for sample in self.samples]
        tenth = max(1, len(values) // 10)
        return statistics.median(values[-1 - tenth:-1] or values) - statistics.median(values[tenth:2 * tenth] or values)
