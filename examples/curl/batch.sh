#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
#
# Reads every file of a folder and puts the texts beside them: FILE.txt. Asks again as told when the
# server is busy; run a second time it reads only what is missing, and joins what is still being read.
#
#   batch.sh FOLDER [OPTION=VALUE…]
#
# The environment: PAGEMILL_URL, and PAGEMILL_TOKEN if the server asks for one.
set -eu

url=${PAGEMILL_URL:-http://127.0.0.1:8000}
folder=${1:?usage: batch.sh FOLDER [OPTION=VALUE…]}
shift
for option; do
    set -- "$@" --form-string "$option"
    shift
done
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

# The status is printed, headers and body are in $top. 429 (a rate or a quota) and 503 (no room, or
# restarting) say in Retry-After when to come again.
ask() {
    while status=$(curl -sS ${PAGEMILL_TOKEN:+--oauth2-bearer "$PAGEMILL_TOKEN"} -D "$top/headers" \
        -o "$top/body" -w '%{http_code}' "$@") || status=000; do
        case $status in
        429 | 503) seconds=$(tr -d '\r' <"$top/headers" | sed -n 's/^[Rr]etry-[Aa]fter: *//p') ;;
        000) seconds=5 ;; # no answer at all
        *) break ;;
        esac
        echo "$status: again in ${seconds:-1} s" >&2
        sleep "${seconds:-1}"
    done
    echo "$status"
}

failed=0
for file in "$folder"/*; do
    case $file in *.txt) continue ;; esac
    if [ ! -f "$file" ] || [ -e "$file.txt" ]; then continue; fi
    # One key for all tries: if an answer got lost, its job is not doubled.
    key=$({ cat "$file" && echo "$*"; } | sha256sum | cut -c 1-64)
    case $(ask "$@" -F "file=@$file" -H "Idempotency-Key: $key" "$url/v1/jobs") in
    200 | 202) echo "$(grep -o '"id":"[^"]*' "$top/body" | cut -d '"' -f 4) $file" >>"$top/jobs" ;;
    *) echo "$file: $(cat "$top/body")" >&2 && failed=1 ;;
    esac
done

# All are sent before the first is asked for: the server has work while this waits.
[ ! -e "$top/jobs" ] || while read -r id file; do
    while status=$(ask "$url/v1/jobs/$id/result.txt") && [ "$status" = 409 ]; do # still being read
        ask "$url/v1/jobs/$id?wait=30" >/dev/null
    done
    if [ "$status" = 200 ]; then
        mv "$top/body" "$file.txt"
    else
        echo "$file: $(cat "$top/body")" >&2 && failed=1
    fi
done <"$top/jobs"
exit $failed
