/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Helpers of the store's tests.
 */
#include "store_support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch[256];

const char *support_scratch(void)
{
    if (!scratch[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(scratch, sizeof scratch, "%s/pagemill-store-XXXXXX", base ? base : "/tmp");
        assert_non_null(mkdtemp(scratch));
    }
    return scratch;
}

void support_clean(void)
{
    DIR *d = scratch[0] ? opendir(scratch) : NULL;
    const struct dirent *e;
    while (d && (e = readdir(d)))
        unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(scratch);
    scratch[0] = '\0';
}

int ok(int rc, const struct error *err)
{
    if (rc < 0)
        fail_msg("%s: %s", error_code(err->class), err->text);
    return rc;
}

struct job support_job(const char *owner, int64_t priority)
{
    static char options[] = "{\"engine\":\"tesseract\"}";
    struct job job = {.size = 1234, .priority = priority, .ttl_ms = HOUR_MS, .options = options};
    id_new(job.id);
    snprintf(job.owner, sizeof job.owner, "%s", owner);
    snprintf(job.filename, sizeof job.filename, "Report 50%%_off!.PDF");
    snprintf(job.content_type, sizeof job.content_type, "application/pdf");
    memset(job.sha256, 'a', sizeof job.sha256 - 1);
    return job;
}

int submit_alone(struct store *s, const struct job *job, struct error *err)
{
    const struct submission submission = {.job = job};
    enum store_submitted how = STORE_REPLAYED;
    char id[ID_SIZE];
    if (store_submit(s, &submission, id, &how, err) < 0)
        return -1;
    assert_int_equal(how, STORE_NEW);
    assert_string_equal(id, job->id);
    return 0;
}

void submit_job(struct store *s, const char *owner, char id[ID_SIZE])
{
    struct error err;
    struct job job = support_job(owner, 0);
    OK(submit_alone(s, &job, &err));
    memcpy(id, job.id, ID_SIZE);
}

struct claim claim_one(struct store *s)
{
    struct error err;
    struct claim c;
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, &c, 1, &err)), 1);
    return c;
}

void finish_page(struct store *s, const struct claim *c)
{
    struct error err;
    assert_int_equal(OK(store_done(s, c, 0.5, 7, &err)), 1);
}

void open_claimed(struct store *s, const struct claim *c, uint32_t pages)
{
    struct error err;
    uint32_t numbers[64];
    assert_true(pages <= 64);
    assert_int_equal(c->page, 0);
    for (uint32_t i = 0; i < pages; i++)
        numbers[i] = i + 1;
    assert_int_equal(OK(store_opened(s, c, numbers, pages, pages, &err)), 1);
}

void open_job(struct store *s, const char *owner, uint32_t pages, char id[ID_SIZE])
{
    submit_job(s, owner, id);
    struct claim c = claim_one(s);
    assert_string_equal(c.job, id);
    open_claimed(s, &c, pages);
}

struct job find(struct store *s, const char *id)
{
    struct error err;
    struct job job;
    OK(store_find_job(s, id, &job, &err));
    return job;
}

struct page_row find_row(struct store *s, const char *id, uint32_t number)
{
    struct error err;
    struct page_row row;
    OK(store_find_page(s, id, number, &row, &err));
    return row;
}
