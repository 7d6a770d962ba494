/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job service: submit, cancel, retry, delete, and the worker's side of a claim.
 * Called by api, cmd and the scheduler; calls store and blob.
 */
#include "job/job.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/memory.h"
#include "base/must.h"
#include "base/utf8.h"
#include "page/page_range.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_FIRST_MS =
        1000, /* then 4 times as long for each failure, up to a minute, a quarter of it random */
    RETRY_MOST_MS = 60000,
    LOSS_DELAY_MS = 200,
    PAGE_KEPT_MS = 10 * 60 * 1000, /* in the cache */
};

struct listener {
    void (*changed)(void *context, const char *id);
    void *context;
};

struct job_service {
    struct store *store;
    struct blob_store *blobs;
    struct cache *cache;
    _Atomic int64_t pages_ended, documents_opened, pages_opened;
    struct listener listeners[JOB_LISTENERS];
    size_t listener_count;
};

struct job_service *job_service_new(struct store *store, struct blob_store *blobs,
                                    struct cache *cache)
{
    struct job_service *s = x_calloc(1, sizeof *s);
    s->store = store;
    s->blobs = blobs;
    s->cache = cache;
    return s;
}

void job_service_free(struct job_service **service)
{
    free(*service);
    *service = NULL;
}

struct store *job_store(struct job_service *service)
{
    return service->store;
}

struct blob_store *job_blobs(struct job_service *service)
{
    return service->blobs;
}

void job_listen(struct job_service *s, void (*changed)(void *, const char *), void *context)
{
    must(s->listener_count < JOB_LISTENERS);
    s->listeners[s->listener_count++] = (struct listener){changed, context};
}

static int announce(struct job_service *s, const char *id, int rc)
{
    for (size_t i = 0; rc >= 0 && i < s->listener_count; i++)
        s->listeners[i].changed(s->listeners[i].context, id);
    return rc;
}

void job_document_key(const char *id, char key[BLOB_KEY])
{
    snprintf(key, BLOB_KEY, "%s/document", id);
}

static void page_key(const char *id, uint32_t page, int64_t token, char key[BLOB_KEY])
{
    snprintf(key, BLOB_KEY, "%s/pages/%06u-%lld.json", id, page, (long long)token);
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

int job_submit(struct job_service *s, const struct job_request *r, char *id,
               enum store_submitted *how, struct error *err)
{
    auto_strbuf options = {0};
    options_encode(r->options, &options);
    struct job job = {.size = r->size,
                      .priority = r->options->priority,
                      .ttl_ms = r->options->ttl * 1000,
                      .strict = r->options->strict,
                      .options = options.data,
                      .metadata = (char *)(uintptr_t)r->metadata,
                      .webhook = (char *)(uintptr_t)r->webhook,
                      .webhook_states = r->webhook_states,
                      .page_quota = r->page_quota,
                      .quota_since = r->quota_since};
    memcpy(job.id, r->id, sizeof job.id);
    copy(job.owner, sizeof job.owner, r->owner);
    copy(job.filename, sizeof job.filename, r->filename);
    utf8_make_printable(job.filename, sizeof job.filename); /* it may have been cut */
    copy(job.content_type, sizeof job.content_type, r->content_type);
    copy(job.sha256, sizeof job.sha256, r->sha256);
    copy(job.password, sizeof job.password, r->options->password);
    copy(job.surface, sizeof job.surface, r->surface);
    copy(job.engine, sizeof job.engine, r->options->engine);
    copy(job.engine_version, sizeof job.engine_version, r->engine_version);
    copy(job.twin, sizeof job.twin, r->twin);
    const struct submission submission = {.job = &job,
                                          .join = r->join,
                                          .idempotency_key = r->idempotency_key,
                                          .fingerprint = r->fingerprint,
                                          .key_ttl_ms = r->key_ttl_ms,
                                          .most_unfinished = r->job_quota,
                                          .byte_quota = r->byte_quota};
    enum store_submitted done;
    char stands[ID_SIZE];
    if (store_submit(s->store, &submission, stands, &done, err) < 0)
        return -1;
    if (id)
        memcpy(id, stands, sizeof stands);
    if (how)
        *how = done;
    return announce(s, stands, 0);
}

int job_cancel(struct job_service *s, const char *id, struct error *err)
{
    return announce(s, id, store_cancel(s->store, id, err));
}

int job_retry(struct job_service *s, const char *id, bool all, struct error *err)
{
    return announce(s, id, store_retry(s->store, id, all, err));
}

int job_delete(struct job_service *s, const char *id, struct error *err)
{
    return announce(s, id, store_delete(s->store, id, err));
}

int job_resend(struct job_service *s, const char *id, const char *delivery, struct error *err)
{
    return announce(s, id, store_delivery_resend(s->store, id, delivery, err));
}

void job_counters(struct job_service *s, struct job_counters *out)
{
    out->pages_ended = atomic_load(&s->pages_ended);
    out->documents_opened = atomic_load(&s->documents_opened);
    out->pages_opened = atomic_load(&s->pages_opened);
}

/* A page that keeps losing its workers is given up here, because nobody was left to say so at the
 * time. */
static bool given_up(struct job_service *s, const struct claim *c)
{
    if (c->losses < JOB_MAX_LOSSES)
        return false;
    struct error why;
    error_set(&why, ERROR_CRASHED, "the worker was killed %u times while it held this page",
              c->losses);
    why.page = (int)c->page;
    return store_fail(s->store, c, STORE_FINAL, &why, 0, NULL) >= 0;
}

int job_claim(struct job_service *s, bool idle_jobs, struct claim *out, size_t max,
              struct error *err)
{
    int n = store_claim(s->store, JOB_LEASE_MS, idle_jobs, out, max, err);
    int kept = 0;
    for (int i = 0; i < n; i++) {
        bool dropped = given_up(s, &out[i]);
        announce(s, out[i].job, 0);
        if (!dropped)
            out[kept++] = out[i];
    }
    return n < 0 ? n : kept;
}

static uint32_t *select_pages(const struct page_range *range, uint32_t document_pages,
                              size_t *count)
{
    uint32_t *pages = x_calloc(document_pages, sizeof *pages);
    *count = 0;
    for (uint32_t n = 1; n <= document_pages; n++)
        if (page_range_has(range, n))
            pages[(*count)++] = n;
    return pages;
}

int job_opened(struct job_service *s, const struct claim *c, const struct options *options,
               uint32_t document_pages, struct error *err)
{
    struct page_range range;
    struct error why;
    if (page_range_parse(&range, options->pages, &why) < 0)
        return job_failed(s, c, &why, err);
    size_t count;
    uint32_t *pages = select_pages(&range, document_pages, &count);
    int rc;
    if (count)
        rc = announce(s, c->job, store_opened(s->store, c, pages, count, document_pages, &why));
    else
        rc = error_set(&why, ERROR_INPUT, "pages %s were asked for, and the document has %u",
                       options->pages, document_pages);
    free(pages);
    if (rc > 0) {
        atomic_fetch_add(&s->documents_opened, 1);
        atomic_fetch_add(&s->pages_opened, (int64_t)count);
    }
    if (rc >= 0)
        return rc;
    /* These are about the job; the others are about the store, and the claim is tried again. */
    if (why.class == ERROR_INPUT || why.class == ERROR_QUOTA)
        return job_failed(s, c, &why, err);
    return error_set(err, why.class, "%s", why.text);
}

/* Parse what the worker said and write it anew: nothing of its making reaches the disk unread. */
static int canonical(const struct claim *c, const char *json, size_t len, struct strbuf *out,
                     double *confidence, int64_t *duration_ms, struct error *err)
{
    struct page *page;
    if (page_decode(&page, json, len, err) < 0)
        return -1;
    bool right_page = page->number == (int)c->page;
    *confidence = (double)page->confidence;
    *duration_ms = page->duration_ms;
    page_encode(page, out);
    page_free(&page);
    if (!right_page)
        return error_set(err, ERROR_BUG, "malformed page result: it is of another page");
    if (out->overflowed)
        return error_set(err, ERROR_LIMIT, "the page result has more than %d bytes", PAGE_MAX_JSON);
    return 0;
}

/* A late answer leaves nothing behind; but the same answer twice must not take the first one's
 * bytes away. */
static void drop_late(struct job_service *s, const struct claim *c, const char *key)
{
    struct page_row row;
    struct error why;
    bool found = store_find_page(s->store, c->job, c->page, &row, &why) == 0;
    if (found ? row.result != c->token : why.class == ERROR_NOT_FOUND)
        blob_remove(s->blobs, key, NULL);
}

int job_done(struct job_service *s, const struct claim *c, const char *json, size_t len,
             struct error *err)
{
    auto_strbuf text = {.cap = PAGE_MAX_JSON};
    struct error why;
    double confidence;
    int64_t duration_ms;
    if (canonical(c, json, len, &text, &confidence, &duration_ms, &why) < 0)
        return job_failed(s, c, &why, err);
    char key[BLOB_KEY];
    page_key(c->job, c->page, c->token, key);
    if (blob_put(s->blobs, key, text.data, text.len, &why) < 0)
        return job_failed(s, c, &why, err);
    int rc = store_done(s->store, c, confidence, duration_ms, err);
    if (rc == 0)
        drop_late(s, c, key);
    if (rc > 0)
        atomic_fetch_add(&s->pages_ended, 1);
    return announce(s, c->job, rc);
}

static int64_t retry_delay(uint32_t failures)
{
    int64_t delay = RETRY_FIRST_MS;
    for (uint32_t i = 0; i < failures && delay < RETRY_MOST_MS; i++)
        delay *= 4;
    if (delay > RETRY_MOST_MS)
        delay = RETRY_MOST_MS;
    return delay - delay / 4 + random() % (delay / 4);
}

int job_failed(struct job_service *s, const struct claim *c, const struct error *why,
               struct error *err)
{
    struct error with_page = *why;
    with_page.page = (int)c->page;
    bool last = (int)c->failures + 1 >= error_attempts(why->class);
    int rc = store_fail(s->store, c, last ? STORE_FINAL : STORE_RETRY, &with_page,
                        last ? 0 : retry_delay(c->failures), err);
    if (rc > 0 && last && c->page)
        atomic_fetch_add(&s->pages_ended, 1);
    return announce(s, c->job, rc);
}

int job_lost(struct job_service *s, const struct claim *c, struct error *err)
{
    struct error why;
    error_set(&why, ERROR_CRASHED, "the worker was killed from outside");
    why.page = (int)c->page;
    return announce(s, c->job, store_fail(s->store, c, STORE_LOSS, &why, LOSS_DELAY_MS, err));
}

int job_released(struct job_service *s, const struct claim *c, struct error *err)
{
    return announce(s, c->job, store_fail(s->store, c, STORE_RELEASE, NULL, 0, err));
}

static int read_page(struct job_service *s, const char *key, uint32_t number, struct strbuf *out,
                     struct error *err)
{
    uint64_t size;
    auto_fd fd = blob_open(job_blobs(s), key, &size, err);
    if (fd < 0)
        return -1;
    if (size > PAGE_MAX_JSON)
        return error_set(err, ERROR_IO, "page %u: its result has %llu bytes", number,
                         (unsigned long long)size);
    char *bytes = x_calloc(1, size + 1);
    ssize_t n = fd_read_full(fd, bytes, size, 0);
    int rc = n == (ssize_t)size ? 0
             : n < 0            ? error_errno(err, "reading the result of page %u", number)
                                : error_set(err, ERROR_IO, "the result of page %u is cut", number);
    if (rc == 0)
        strbuf_add(out, bytes, size);
    free(bytes);
    return rc;
}

/* A result never changes under its key, so what is kept needs no dropping. */
int job_page_json(struct job_service *s, const char *id, const struct page_row *row,
                  struct strbuf *out, struct error *err)
{
    char key[BLOB_KEY];
    uint64_t mark = 0;
    size_t before = out->len;
    if (row->state != PAGE_DONE)
        return error_set(err, ERROR_CONFLICT, "page %u is %s", row->number,
                         page_state_name(row->state));
    page_key(id, row->number, row->result, key);
    if (s->cache && cache_find(s->cache, key, out, &mark))
        return 0;
    if (read_page(s, key, row->number, out, err) < 0)
        return -1;
    if (s->cache)
        cache_put(s->cache, key, out->data + before, out->len - before, PAGE_KEPT_MS, mark);
    return 0;
}

void job_page_forget(struct job_service *s, const char *id, const struct page_row *row)
{
    char key[BLOB_KEY];
    page_key(id, row->number, row->result, key);
    blob_remove(s->blobs, key, NULL);
}
