#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
#
# Sends a document, waits until it is read, prints the result.
#
#   submit-wait-read.sh FILE [FORMAT] [OPTION=VALUE…]
#   submit-wait-read.sh scan.pdf md languages=eng+deu pages=1-3
#
# FORMAT: txt (default), md, json, ndjson, mmd, det.mmd, layouts.pdf. The environment: PAGEMILL_URL, and
# PAGEMILL_TOKEN if the server asks for one.
set -eu

url=${PAGEMILL_URL:-http://127.0.0.1:8000}
file=${1:?usage: submit-wait-read.sh FILE [FORMAT] [OPTION=VALUE…]}
format=${2:-txt}
shift $(($# < 2 ? $# : 2))

ask() {
    curl -sS --fail-with-body ${PAGEMILL_TOKEN:+--oauth2-bearer "$PAGEMILL_TOKEN"} "$@"
}

# A member of a JSON object whose value is a plain word or number: the first one of that name.
member() {
    printf '%s' "$2" | grep -o "\"$1\":\"\\?[a-z0-9-]*" | head -n 1 | sed 's/.*[:"]//'
}

for option; do # each becomes a field of the form
    set -- "$@" --form-string "$option"
    shift
done
job=$(ask "$@" -F "file=@$file" "$url/v1/jobs") || {
    echo "$file: $job" >&2
    exit 1
}
id=$(member id "$job")

# Held back by the server until the job changes, so this is no busy loop.
status=$(member status "$job")
while [ "$status" = pending ] || [ "$status" = processing ]; do
    echo "$file: $status, $(member "done" "$job") of $(member total "$job") pages" >&2
    job=$(ask "$url/v1/jobs/$id?wait=30&revision=$(member revision "$job")")
    status=$(member status "$job")
done

[ "$status" = completed ] || {
    echo "$file: $job" >&2
    exit 1
}
ask "$url/v1/jobs/$id/result.$format"
