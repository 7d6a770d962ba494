#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
#
# Prints what happens to a job as it happens, and again from where it was when the connection breaks.
#
#   follow-events.sh JOB
#
# The environment: PAGEMILL_URL, and PAGEMILL_TOKEN if the server asks for one.
set -eu

url=${PAGEMILL_URL:-http://127.0.0.1:8000}
job=${1:?usage: follow-events.sh JOB}
last=0
ended=

if ! answer=$(curl -sS --fail-with-body ${PAGEMILL_TOKEN:+--oauth2-bearer "$PAGEMILL_TOKEN"} \
    "$url/v1/jobs/$job"); then
    echo "$answer" >&2
    exit 1
fi

events=$(mktemp -u)
mkfifo "$events"
trap 'rm -f "$events"' EXIT

until [ "$ended" ]; do
    # -N: each event as it comes. A pipe in the file system, because the loop sets variables.
    curl -sN ${PAGEMILL_TOKEN:+--oauth2-bearer "$PAGEMILL_TOKEN"} -H "Last-Event-ID: $last" \
        "$url/v1/jobs/$job/events" >"$events" &
    while IFS= read -r line; do
        case $line in
        'id: '*) last=${line#id: } ;;
        'event: '*) event=${line#event: } ;;
        'data: '*)
            echo "$event ${line#data: }"
            [ "$event" != "done" ] || ended=yes
            ;;
        esac
    done <"$events"
    wait $! || true
    [ "$ended" ] || sleep 1
done
