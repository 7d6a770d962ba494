/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET a document that a stranger's URL names, into a sink. Each redirect is a new target, judged
 * like the first. Refuses answers other than 200, more bytes than allowed, headers without end, and
 * servers that dawdle. Called by the routes that accept file_url.
 */
#include "net/net_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    REDIRECTS = 5,
    TRIES = 3,            /* addresses of one host */
    CONNECT_MS = 10000,   /* for one of them */
    HEADERS = 64 << 10,   /* bytes, of one answer with all before it (100 Continue) */
    DISCARDED = 64 << 10, /* bytes of an answer that is not the document */
    SLOW = 64,            /* bytes a second, for SLOW_S: then it is over */
    SLOW_S = 20,
};

struct fetch {
    const struct net_sink *sink;
    void *arg;
    int64_t max_bytes, deadline;
    CURL *curl;
    struct net_target *target;
    int64_t got;       /* of the document */
    size_t head, idle; /* bytes of headers; bytes of other answers */
    bool begun;
    bool told; /* a callback stopped curl and has filled *err */
    struct error *err;
};

static int64_t left(const struct fetch *f)
{
    int64_t ms = f->deadline - clock_steady();
    return ms < 0 ? 0 : ms;
}

static long status_of(const struct fetch *f)
{
    long status = 0;
    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* ---- one answer ---- */

static int too_large(struct fetch *f)
{
    return error_set(f->err, ERROR_LIMIT, "the document is larger than %" PRId64 " bytes",
                     f->max_bytes);
}

static void read_filename(const struct fetch *f, char out[NET_FILENAME])
{
    struct curl_header *header = NULL;
    CURLU *u = curl_url();
    char *url = NULL, *path = NULL;
    CURLHcode code = curl_easy_header(f->curl, "Content-Disposition", 0, CURLH_HEADER, -1, &header);
    curl_easy_getinfo(f->curl, CURLINFO_EFFECTIVE_URL, &url);
    if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
        curl_url_get(u, CURLUPART_PATH, &path, 0);
    net_filename(code == CURLHE_OK ? header->value : NULL, path, out);
    curl_free(path);
    curl_url_cleanup(u);
}

static int begin(struct fetch *f)
{
    char filename[NET_FILENAME], *type = NULL;
    curl_off_t announced = -1;
    if (f->begun)
        return 0;
    curl_easy_getinfo(f->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    curl_easy_getinfo(f->curl, CURLINFO_CONTENT_TYPE, &type);
    if (announced > f->max_bytes)
        return too_large(f);
    f->begun = true;
    read_filename(f, filename);
    return f->sink->begin(f->arg, filename, type ? type : "", announced, f->err);
}

static int take_document(struct fetch *f, const char *bytes, size_t len)
{
    if (begin(f) < 0)
        return -1;
    if ((int64_t)len > f->max_bytes - f->got)
        return too_large(f);
    f->got += (int64_t)len;
    return f->sink->write(f->arg, bytes, len, f->err);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct fetch *f = arg;
    size_t len = size * n;
    if (status_of(f) != 200) {
        f->idle += len;
        return f->idle > DISCARDED ? 0 : len;
    }
    f->told = take_document(f, bytes, len) < 0;
    return f->told ? 0 : len;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct fetch *f = arg;
    (void)bytes;
    f->head += size * n;
    if (f->head <= HEADERS)
        return size * n;
    error_set(f->err, ERROR_REMOTE, "the answer has more than %d bytes of headers", HEADERS);
    f->told = true;
    return 0;
}

static void set_options(struct fetch *f, size_t nth)
{
    int64_t ms = left(f);
    curl_easy_reset(f->curl);
    net_target_aim(f->target, f->curl, nth);
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT_MS, (long)(ms ? ms : 1));
    curl_easy_setopt(f->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(f->curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW);
    curl_easy_setopt(f->curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(f->curl, CURLOPT_HEADERDATA, f);
}

/* ---- one hop ---- */

static int look_up(struct fetch *f)
{
    if (net_target_look_up(f->target, f->err) < 0)
        return -1;
    struct pollfd p = {.fd = net_target_fd(f->target), .events = POLLIN};
    while (p.fd >= 0 && left(f) > 0 && poll(&p, 1, (int)left(f)) < 0 && errno == EINTR)
        ;
    return net_target_judge(f->target, f->err);
}

static bool unreached(CURLcode code, const struct fetch *f)
{
    curl_off_t connected = 0;
    curl_easy_getinfo(f->curl, CURLINFO_CONNECT_TIME_T, &connected);
    return code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && connected == 0);
}

static CURLcode perform(struct fetch *f, size_t addresses)
{
    CURLcode code = CURLE_COULDNT_CONNECT;
    for (size_t i = 0; i < addresses && i < TRIES; i++) {
        f->head = f->idle = 0;
        set_options(f, i);
        code = curl_easy_perform(f->curl);
        if (!unreached(code, f) || left(f) == 0)
            break;
    }
    return code;
}

/* Where the answer sends us: malloc'd; NULL when it does not. */
static char *redirected(const struct fetch *f)
{
    char *url = NULL;
    long status = status_of(f);
    bool moved = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &url);
    return moved && url ? strdup(url) : NULL;
}

/* 1: on to *next; 0: all is in the sink; -1. */
static int conclude(struct fetch *f, CURLcode code, char **next)
{
    long status = status_of(f);
    if (f->told)
        return -1;
    /* Only what is not the document may be cut short. */
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && f->idle > DISCARDED))
        return net_target_blame(f->target, code, f->err);
    if (status == 200)
        return begin(f);
    *next = redirected(f);
    if (*next)
        return 1;
    return error_set(f->err, ERROR_REMOTE, "the server answers %ld, not the document", status);
}

static int hop(struct fetch *f, const struct net_guard *guard, const char *url, char **next)
{
    if (net_target_new(&f->target, guard, url, f->err) < 0)
        return -1;
    int addresses = look_up(f);
    int rc = addresses < 0 ? -1 : conclude(f, perform(f, (size_t)addresses), next);
    /* curl must let go of the target before it is gone. */
    curl_easy_reset(f->curl);
    net_target_free(&f->target);
    return rc;
}

static int follow(struct fetch *f, const struct net_guard *guard, const char *url)
{
    char *at = NULL;
    int rc = 1;
    for (int i = 0; rc == 1 && i <= REDIRECTS; i++) {
        char *next = NULL;
        rc = hop(f, guard, at ? at : url, &next);
        if (rc < 0 && i > 0)
            error_context(f->err, "after %d redirect%s", i, i > 1 ? "s" : "");
        free(at);
        at = next;
    }
    free(at);
    if (rc == 1)
        return error_set(f->err, ERROR_REMOTE, "more than %d redirects", REDIRECTS);
    return rc;
}

int net_fetch(const struct net_guard *guard, const char *url, int64_t max_bytes, int64_t timeout_ms,
              const struct net_sink *sink, void *arg, struct error *err)
{
    struct error ignored = {0};
    struct fetch f = {
        .sink = sink,
        .arg = arg,
        .max_bytes = max_bytes,
        .deadline = clock_steady() + (timeout_ms < INT_MAX ? timeout_ms : INT_MAX),
        .curl = curl_easy_init(),
        .err = err ? err : &ignored,
    };
    if (!f.curl)
        return error_set(err, ERROR_BUG, "libcurl does not start");
    int rc = follow(&f, guard, url);
    curl_easy_cleanup(f.curl);
    return rc;
}
