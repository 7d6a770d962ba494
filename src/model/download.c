/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One file over HTTP into a directory: NAME.part grows, over cuts and over calls, is hashed while
 * it comes, and becomes NAME when size and SHA-256 are among those known. Refuses anything else and
 * throws it away. Follows redirects to http and https only. Called by install.c.
 */
#include "model/model_internal.h"

#include "base/fd.h"
#include "base/must.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    FRUITLESS = 5,  /* attempts in a row that brought nothing */
    ATTEMPTS = 100, /* in all */
    PAUSE_MS = 100, /* after the first, then twice as long each time */
    CONNECT_S = 20, /* time allowed to reach the server */
    STALLED_S = 30, /* without a byte a second */
    REDIRECTS = 8,
};

struct transfer {
    const struct download *d;
    CURL *curl;
    int fd;
    int64_t done, most;    /* bytes of the file: there, and at most */
    bool too_long, failed; /* why the writer stopped: the server's fault, or ours */
    struct error *err;
};

static size_t take_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * n;
    if ((int64_t)len > t->most - t->done) {
        t->too_long = true;
        return 0;
    }
    if (fd_write_full(t->fd, bytes, len, t->err) < 0) {
        t->failed = true;
        return 0;
    }
    t->done += (int64_t)len;
    if (t->d->progress)
        t->d->progress(t->d->arg, t->d->name, t->done, t->most);
    return len;
}

static void set_options(struct transfer *t)
{
    curl_easy_reset(t->curl);
    curl_easy_setopt(t->curl, CURLOPT_URL, t->d->url);
    curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(t->curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(t->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "pagemill/" PAGEMILL_VERSION);
    curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
    curl_easy_setopt(t->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->done);
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
}

static int start_over(struct transfer *t)
{
    t->done = 0;
    if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
        return error_errno(t->err, "%s", t->d->name);
    return 0;
}

static bool passing(CURLcode code, long status)
{
    static const CURLcode codes[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,   CURLE_PARTIAL_FILE, CURLE_RECV_ERROR,
        CURLE_OPERATION_TIMEDOUT,   CURLE_GOT_NOTHING,       CURLE_SEND_ERROR,   CURLE_HTTP2,
        CURLE_HTTP2_STREAM,         CURLE_SSL_CONNECT_ERROR,
    };
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return status >= 500 || status == 408 || status == 429;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* 1: all that the server has is there. 0: worth another attempt. -1: not. */
static int attempt(struct transfer *t)
{
    long status = 0;
    set_options(t);
    CURLcode code = curl_easy_perform(t->curl);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK)
        return 1;
    if (t->failed)
        return error_context(t->err, "%s", t->d->name);
    if (t->too_long) {
        start_over(t);
        return error_set(t->err, ERROR_REMOTE, "%s: more than the %" PRId64 " bytes that it has",
                         t->d->url, t->most);
    }
    /* The server has no ranges, or another file: from the start, if we were not there. */
    if (t->done && (code == CURLE_RANGE_ERROR || status == 416))
        return start_over(t);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        error_set(t->err, ERROR_REMOTE, "%s: HTTP %ld", t->d->url, status);
    else
        error_set(t->err, ERROR_REMOTE, "%s: %s", t->d->url, curl_easy_strerror(code));
    return passing(code, status) ? 0 : -1;
}

static void pause_before(int fruitless)
{
    int ms = PAUSE_MS << (fruitless < FRUITLESS ? fruitless : FRUITLESS);
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static int transfer(struct transfer *t)
{
    int fruitless = 0;
    for (int i = 0; i < ATTEMPTS && fruitless < FRUITLESS; i++) {
        int64_t before = t->done;
        int rc = attempt(t);
        if (rc)
            return rc < 0 ? -1 : 0;
        fruitless = t->done > before ? 0 : fruitless + 1;
        if (fruitless < FRUITLESS)
            pause_before(fruitless);
    }
    return error_context(t->err, "given up, what came is kept");
}

static bool is_known(const struct download *d, const char *sha256, int64_t bytes)
{
    for (size_t i = 0; i < d->known_count && d->known[i].sha256; i++)
        if (d->known[i].bytes == bytes && strcmp(d->known[i].sha256, sha256) == 0)
            return true;
    return false;
}

/* 1: it is what was wanted; 0: it is not. */
static int inspect(struct transfer *t)
{
    char sha256[RECIPE_SHA256];
    int64_t bytes;
    if (model_hash_fd(t->fd, t->d->name, sha256, &bytes, t->err) < 0)
        return -1;
    if (is_known(t->d, sha256, bytes))
        return 1;
    error_set(t->err, ERROR_REMOTE,
              "%s: wrong content: %" PRId64 " bytes with SHA-256 %s, not %" PRId64 " with %s",
              t->d->url, bytes, sha256, t->d->known[0].bytes, t->d->known[0].sha256);
    return 0;
}

/* What an earlier call left may be rubbish: then once more from the start. */
static int fetch(struct transfer *t)
{
    int right = 0;
    bool resumed = t->done > 0;
    if (t->done >= t->most && (right = inspect(t)) == 0 && start_over(t) < 0)
        return -1;
    for (int i = 0; right == 0 && i < (resumed ? 2 : 1); i++) {
        if (transfer(t) < 0 || (right = inspect(t)) < 0)
            return -1;
        struct error *err = t->err;
        t->err = NULL; /* the sentence of inspect stays */
        int rc = right ? 0 : start_over(t);
        t->err = err;
        if (rc < 0)
            return -1;
    }
    return right > 0 ? 0 : -1;
}

static int open_part(struct transfer *t, const char *part)
{
    struct stat st;
    t->fd = openat(t->d->dir, part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (t->fd < 0 || fstat(t->fd, &st) < 0 || lseek(t->fd, 0, SEEK_END) < 0)
        return error_errno(t->err, "%s", part);
    t->done = st.st_size;
    return 0;
}

static int64_t largest(const struct download *d)
{
    int64_t most = 0;
    for (size_t i = 0; i < d->known_count && d->known[i].sha256; i++)
        most = d->known[i].bytes > most ? d->known[i].bytes : most;
    return most;
}

static int run(struct transfer *t, const char *part)
{
    if (open_part(t, part) < 0 || fetch(t) < 0)
        return -1;
    if (fsync(t->fd) < 0 || renameat(t->d->dir, part, t->d->dir, t->d->name) < 0)
        return error_errno(t->err, "%s", t->d->name);
    return 0;
}

int download_file(const struct download *d, struct error *err)
{
    char part[128];
    struct transfer t = {.d = d, .fd = -1, .most = largest(d), .err = err};
    int n = snprintf(part, sizeof part, "%s.part", d->name);
    must(n > 0 && (size_t)n < sizeof part && d->known_count);
    t.curl = curl_easy_init();
    if (!t.curl)
        return error_set(err, ERROR_BUG, "libcurl does not start");
    int rc = run(&t, part);
    if (rc < 0 && t.fd >= 0 && t.done == 0)
        unlinkat(d->dir, part, 0);
    curl_easy_cleanup(t.curl);
    fd_close(&t.fd);
    return rc;
}
