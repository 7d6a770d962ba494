#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws what was read upon the picture of a page: an outline for each line, thicker where it is less sure.

    overlay.py JOB PAGE OUT.png

The environment: PAGEMILL_URL, PAGEMILL_TOKEN. Needs requests and Pillow.
"""
import io
import os
import sys

import requests
from PIL import Image, ImageDraw

URL = os.environ.get("PAGEMILL_URL", "http://127.0.0.1:8000")
COLOURS = {"title": "#c2185b", "heading": "#c2185b", "table": "#ef6c00", "figure": "#6a1b9a"}
SURE, UNSURE = 1, 4  # width of an outline


def fetch(session, path):
    answer = session.get(f"{URL}/v1/jobs/{path}", timeout=120)
    answer.raise_for_status()
    return answer


def draw(picture, page):
    """Polygons are in pixels of the page as it was read, which is how /image shows it, too: they simply fit.
    At another ?dpi= they are to be multiplied by picture.width / page["width"]."""
    canvas = ImageDraw.Draw(picture)
    scale = picture.width / page["width"]
    for block in page["blocks"]:
        colour = COLOURS.get(block["type"], "#00796b")
        for line in block["lines"]:
            corners = [(x * scale, y * scale) for x, y in line["polygon"]]
            width = SURE + round((UNSURE - SURE) * (1 - line["confidence"]))
            canvas.line(corners + corners[:2], fill=colour, width=width, joint="curve")
    return picture


def main(job, number, out):
    with requests.Session() as session:
        if token := os.environ.get("PAGEMILL_TOKEN"):
            session.headers["Authorization"] = f"Bearer {token}"
        page = fetch(session, f"{job}/pages/{number}").json()
        picture = Image.open(io.BytesIO(fetch(session, f"{job}/pages/{number}/image").content))
    draw(picture.convert("RGB"), page).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 4 else sys.exit(__doc__)
