# SPDX-License-Identifier: AGPL-3.0-or-later
"""A headless Chromium for tests, over the DevTools protocol on two pipes: no package beyond the
browser itself. Standard library only.

    with browser.Browser() as chromium:
        page = chromium.open("http://127.0.0.1:8000/")
        page.wait("document.querySelector('#jobs li')")
        assert not page.errors
"""
import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
         "--disable-extensions", "--disable-sync", "--mute-audio", "--password-store=basic",
         "--remote-debugging-pipe", "--window-size=1280,900")
# Chromium reads commands from descriptor 3 and answers on 4.
LAUNCH = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); " \
         "os.execv(sys.argv[3], sys.argv[3:])"


def pipe():
    """Ends above 9, so that neither is overwritten by the two that Chromium wants."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="pagemill-chromium-")
        commands, self.commands = pipe()
        self.answers, answers = pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(commands), str(answers), PROGRAM, *FLAGS,
             f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.received, self.number, self.pages = b"", 0, {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            self.call("Browser.close")
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, session=None, timeout=30, **params):
        """The result of one command; events that arrive meanwhile go to their pages."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            answer = self.receive(deadline, method)
            if answer.get("id") != message["id"]:
                continue
            assert "error" not in answer, f"{method}: {answer['error']}"
            return answer["result"]

    def receive(self, deadline, what):
        while b"\0" not in self.received:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.answers], [], [], left)[0], f"no answer: {what}"
            read = os.read(self.answers, 1 << 16)
            if not read:
                raise OSError("the browser ended")
            self.received += read
        text, _, self.received = self.received.partition(b"\0")
        message = json.loads(text)
        page = self.pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.take(message["method"], message["params"])
        return message

    def open(self, url, headers=None):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            page.call(f"{domain}.enable")
        page.call("Page.navigate", url=url)
        page.wait("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page


class Page:
    """One tab: `errors` are what its console complains about, `requests` the URLs it asked for."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.errors, self.requests = [], []

    def take(self, event, params):
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            entry = params["entry"]
            self.errors.append(f"{entry['text']} {entry.get('url', '')}")

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def run(self, script):
        """The value of an expression, awaited if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait(self, condition, timeout=30):
        """The value of the expression once it is true."""
        deadline = time.monotonic() + timeout
        while not (value := self.run(condition)):
            assert time.monotonic() < deadline, \
                f"never: {condition}\nconsole: {self.errors}\n{self.text()[:2000]}"
            time.sleep(0.05)
        return value

    def text(self):
        return self.run("document.body.innerText") or ""

    def click(self, selector):
        self.wait(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector, *files):
        """Files as if chosen in the dialog of an <input type=file>."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def show(self, path):
        """A screenshot, for people."""
        shot = self.call("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
