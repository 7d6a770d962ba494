/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the job service's tests share: the service over the in-memory store and blobs, a clock that
 * is the test's own, and the steps of a job. For one source file of a program only: it stands in
 * for base/clock.c.
 */
#ifndef TESTS_JOB_SUPPORT_H
#define TESTS_JOB_SUPPORT_H

#include "unit.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/utf8.h"
#include "blob/blob_driver.h"
#include "job/job.h"
#include "page_sample.h"

#include <pthread.h>

/* In place of base/clock.c. */
static _Atomic int64_t now_ms = 1700000000000;

int64_t clock_wall(void)
{
    return now_ms;
}

int64_t clock_steady(void)
{
    return now_ms;
}

int64_t clock_steady_ns(void)
{
    return now_ms * 1000000;
}

const char *clock_rfc3339(int64_t unix_ms, char out[CLOCK_TEXT])
{
    snprintf(out, CLOCK_TEXT, "%lld", (long long)unix_ms);
    return out;
}

static struct store *store;
static struct blob_store *blobs;
static struct job_service *service;
static struct error err;
static _Atomic int told;
static char told_of[ID_SIZE]; /* of the last call, while there is one thread */
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void listen(void *context, const char *id)
{
    assert_ptr_equal(context, &told);
    pthread_mutex_lock(&told_lock);
    memcpy(told_of, id, sizeof told_of);
    pthread_mutex_unlock(&told_lock);
    told++;
}

static inline int open_service(void **state)
{
    (void)state;
    OK(store_open(&store, "sqlite::memory:", &err));
    OK(blob_store_open(&blobs, "memory:", &err));
    service = job_service_new(store, blobs, NULL);
    job_listen(service, listen, &told);
    return 0;
}

static inline int close_service(void **state)
{
    (void)state;
    job_service_free(&service);
    blob_store_close(&blobs);
    store_close(&store);
    return 0;
}

/* ---- steps ---- */

static inline struct options standard(void)
{
    struct options o = {0};
    param_defaults(&options_table, &o);
    return o;
}

static inline void submit_with(const struct options *o, char id[ID_SIZE])
{
    struct job_request r = {.owner = "ann",
                            .filename = "a.pdf",
                            .content_type = "application/pdf",
                            .sha256 = "00",
                            .size = 8,
                            .options = o};
    char key[BLOB_KEY];
    id_new(r.id);
    job_document_key(r.id, key);
    OK(blob_put(blobs, key, "document", 8, &err));
    OK(job_submit(service, &r, NULL, NULL, &err));
    memcpy(id, r.id, ID_SIZE);
}

static inline struct claim claim_one(void)
{
    struct claim c;
    assert_int_equal(OK(job_claim(service, false, &c, 1, &err)), 1);
    return c;
}

static inline void assert_nothing_to_claim(void)
{
    struct claim c;
    assert_int_equal(OK(job_claim(service, false, &c, 1, &err)), 0);
}

static inline void open_with(const struct options *o, uint32_t pages, char id[ID_SIZE])
{
    submit_with(o, id);
    struct claim c = claim_one();
    assert_int_equal(c.page, 0);
    assert_string_equal(c.job, id);
    assert_int_equal(OK(job_opened(service, &c, o, pages, &err)), 1);
}

static inline void open_job(uint32_t pages, char id[ID_SIZE])
{
    struct options o = standard();
    open_with(&o, pages, id);
}

static inline struct job find(const char *id)
{
    struct job job;
    OK(store_find_job(store, id, &job, &err));
    return job;
}

static inline struct page_row row_of(const char *id, uint32_t page)
{
    struct page_row row;
    OK(store_find_page(store, id, page, &row, &err));
    return row;
}

static inline void assert_state(const char *id, enum job_state expected)
{
    auto_job job = find(id);
    assert_string_equal(job_state_name(job.state), job_state_name(expected));
}

static inline int done(const struct claim *c)
{
    struct page *p = sample_page((int)c->page);
    auto_strbuf json = {0};
    page_encode(p, &json);
    page_free(&p);
    return OK(job_done(service, c, json.data, json.len, &err));
}

static inline int failed(const struct claim *c, enum error_class class)
{
    struct error why;
    error_set(&why, class, "it did not work");
    return OK(job_failed(service, c, &why, &err));
}

static inline bool blob_exists(const char *key)
{
    uint64_t size;
    auto_fd fd = blob_open(blobs, key, &size, &err);
    if (fd < 0)
        assert_int_equal(err.class, ERROR_NOT_FOUND);
    return fd >= 0;
}

static inline bool result_exists(const struct claim *c)
{
    char key[BLOB_KEY];
    snprintf(key, sizeof key, "%s/pages/%06u-%lld.json", c->job, c->page, (long long)c->token);
    return blob_exists(key);
}

static inline bool document_exists(const char *id)
{
    char key[BLOB_KEY];
    job_document_key(id, key);
    return blob_exists(key);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, open_service, close_service)

#endif
