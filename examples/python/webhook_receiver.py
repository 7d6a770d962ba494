#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receives webhooks, refuses those that are not signed with the secret, prints the others.

    WEBHOOK_SECRET=whsec_… webhook_receiver.py [PORT]

A job names it: webhook_url=http://HOST:PORT/ and webhook_secret=whsec_…; for a private address such as this
machine's the server needs the setting private_hosts. Standard library only.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import time

TOLERANCE = 300  # seconds between the clocks, and for which a message is remembered
LARGEST = 64 << 10
seen = {}  # webhook-id → when


def key_of(secret):
    """whsec_ is followed by the key in base64; any other text is the key itself."""
    if secret.startswith("whsec_"):
        text = secret[6:]
        return base64.b64decode(text + "=" * (-len(text) % 4))
    return secret.encode()


def verify(key, headers, body):
    """Standard Webhooks 1.0: HMAC-SHA256 of "id.timestamp.body", the body as it came, byte for byte."""
    message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(wanted.encode(), given.encode())
               for given in headers.get("webhook-signature", "").split())


def is_new(message):
    """A message may come more than once; its id tells."""
    now = time.time()
    for old in [m for m, at in seen.items() if at < now - 2 * TOLERANCE]:
        del seen[old]
    return seen.setdefault(message, now) == now


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length <= LARGEST else b""
        good = verify(KEY, self.headers, body)
        if good and is_new(self.headers["webhook-id"]):
            event = json.loads(body)  # a thin one: what is wanted of the job is asked from its links
            print(event["type"], event["data"]["id"], event["data"]["filename"], flush=True)
        self.send_response(204 if good else 403)  # anything but 2xx and it is sent again
        self.end_headers()


if __name__ == "__main__":
    KEY = key_of(os.environ.get("WEBHOOK_SECRET") or sys.exit(__doc__))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 8080), Receiver)
    print(f"waiting on http://127.0.0.1:{server.server_port}/", file=sys.stderr, flush=True)
    server.serve_forever()
