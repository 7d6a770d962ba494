# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client of surface a, as its users have them: `requests`, one upload, then polling until the end. It knows
nothing of pagemill.

    ocr_tasks.py BASE_URL FILE      prints the number of detections, then each as a line of JSON
"""
import json
import pathlib
import sys
import time

import requests


def main(base_url, path):
    with open(path, "rb") as document:
        answer = requests.post(f"{base_url}/api/v1/ocr/process",
                               files={"file": (pathlib.Path(path).name, document, "application/pdf")})
    task = answer.json()["task_id"]
    while True:
        data = requests.get(f"{base_url}/api/v1/ocr/results/{task}").json()
        if data["status"] == "SUCCESS":
            detections = data["result"]["detections"]
            print(len(detections))
            for detection in detections:
                print(json.dumps(detection))
            return 0
        if data["status"] == "FAILURE":
            print(data.get("result", {}).get("error", "unknown error"))
            return 1
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
