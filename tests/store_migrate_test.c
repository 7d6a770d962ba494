/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A database that an earlier version made and filled, opened by this one: released steps are as
 * they were, rows keep what they said, and work goes on where it was.
 */
#include "store_support.h"

#include "base/digest.h"
#include "store/store_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct store_dialect dialect = {
    .serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .clustered = " WITHOUT ROWID",
    .partial = true,
};

static struct error err;
static char path[300], url[320];

/* Released versions, and the digest of the SQL of their steps. */
static const char *const released[] = {
    [1] = "b6fd66cb04f655a741385c26e894994d44e84aa0d77b381f9c9c631eda85cc9a",
};
enum { RELEASED = sizeof released / sizeof released[0] };

static void add_steps(struct strbuf *out, int version)
{
    for (size_t i = 0; i < store_step_count; i++) {
        if (store_steps[i].version != version)
            continue;
        store_step_text(out, &store_steps[i], &dialect);
        strbuf_addc(out, ';');
    }
}

static void released_steps_never_change(void **state)
{
    (void)state;
    for (int version = 1; version < RELEASED; version++) {
        auto_strbuf steps = {0};
        char digest[DIGEST_TEXT];
        add_steps(&steps, version);
        digest_bytes(steps.data, steps.len, digest);
        assert_string_equal(digest, released[version]);
    }
}

static void versions_ascend(void **state)
{
    (void)state;
    assert_int_equal(store_steps[0].version, 1);
    for (size_t i = 1; i < store_step_count; i++) {
        int more = store_steps[i].version - store_steps[i - 1].version;
        assert_true(more == 0 || more == 1);
    }
}

/* A fresh file of the first version with these rows. */
static void make_first_version(const char *rows)
{
    auto_strbuf script = {0};
    sqlite3 *db;
    char *text = NULL;
    snprintf(path, sizeof path, "%s/first.db", support_scratch());
    snprintf(url, sizeof url, "sqlite:%s", path);
    unlink(path);
    strbuf_adds(&script, "PRAGMA journal_mode = WAL; BEGIN;");
    add_steps(&script, 1);
    strbuf_adds(&script, rows);
    strbuf_adds(&script, "PRAGMA user_version = 1; COMMIT;");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, strbuf_str(&script), NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s", text);
    sqlite3_close(db);
}

static struct store *open_migrated(void)
{
    struct store *s = NULL;
    OK(store_open(&s, url, &err));
    return s;
}

#define HALF "00000000-0000-7000-8000-00000000000a" /* processing: 1 done, 2 ready, 3 failed */
#define DONE "00000000-0000-7000-8000-00000000000b"
#define WAITING "00000000-0000-7000-8000-00000000000c"

static const char rows[] =
    "INSERT INTO job (id, owner, filename, content_type, sha256, password, size, priority, ttl_ms,"
    " strict, options, metadata, state, total, ready, done, failed, claimable, document_pages,"
    " created, started, updated, finished, expires, revision) VALUES"
    " ('" HALF "', 'a', 'half.pdf', 'application/pdf', 'aa', 'geheim', 11, 4, 3600000, 0,"
    " '{\"engine\":\"auto\"}', '{\"m\":1}', 1, 3, 1, 1, 1, 1, 3, 100, 110, 120, 0, 0, 9),"
    " ('" DONE "', 'b', 'done.png', 'image/png', 'bb', '', 12, 0, 3600000, 1,"
    " '{}', NULL, 2, 2, 0, 2, 0, 0, 7, 200, 210, 220, 230, 9000000000000, 5),"
    " ('" WAITING "', 'a', 'new.pdf', 'application/pdf', 'cc', '', 13, 0, 3600000, 0,"
    " '{}', NULL, 0, 0, 0, 0, 0, 1, 0, 300, 0, 300, 0, 0, 1);"
    "INSERT INTO page (job, number, state, token, attempts, result, error_class, error_text,"
    " duration_ms, confidence, finished) VALUES"
    " (1, 1, 2, 1, 1, 1, '', '', 5, 0.5, 115), (1, 2, 0, 0, 0, 0, '', '', 0, 0, 0),"
    " (1, 3, 3, 2, 2, 0, 'timeout', 'slow', 0, 0, 118),"
    " (2, 1, 2, 1, 1, 1, '', '', 5, 0.5, 215), (2, 7, 2, 1, 1, 1, '', '', 5, 0.5, 216),"
    " (3, 0, 0, 0, 0, 0, '', '', 0, 0, 0);"
    "INSERT INTO owner (name, vtime) VALUES ('a', 3), ('b', 4);"
    "INSERT INTO garbage (id) VALUES ('00000000-0000-7000-8000-00000000000d');";

static void check_half(struct store *s)
{
    auto_job job = find(s, HALF);
    assert_string_equal(job.filename, "half.pdf");
    assert_string_equal(job.password, "geheim");
    assert_string_equal(job.options, "{\"engine\":\"auto\"}");
    assert_string_equal(job.metadata, "{\"m\":1}");
    assert_int_equal(job.priority, 4);
    assert_int_equal(job.state, JOB_PROCESSING);
    assert_int_equal(job.pages.done + job.pages.failed + job.pages.ready, 3);
    assert_int_equal(job.created, 100);
    assert_string_equal(job.surface, "");
    assert_string_equal(job.engine, "");
    assert_string_equal(job.engine_version, "");
    assert_string_equal(job.twin, "");
    assert_null(job.webhook);
    assert_int_equal(job.webhook_states, 0);
    assert_int_equal(job.page_quota + job.quota_since, 0);
}

static void rows_of_the_first_version_are_kept(void **state)
{
    (void)state;
    make_first_version(rows);
    struct store *s = open_migrated();
    check_half(s);
    auto_job done = find(s, DONE);
    assert_int_equal(done.state, JOB_COMPLETED);
    assert_int_equal(done.expires, 9000000000000);
    struct page_row row = find_row(s, HALF, 3);
    assert_int_equal(row.state, PAGE_FAILED);
    assert_string_equal(row.error.text, "slow");
    char ids[2][ID_SIZE];
    assert_int_equal(OK(store_garbage(s, ids, 2, &err)), 1);
    struct store_usage used;
    OK(store_usage(s, "a", 0, &used, &err));
    assert_int_equal(used.pages + used.bytes, 0);
    assert_int_equal(used.unfinished, 2);
    store_close(&s);
    s = open_migrated(); /* nothing is migrated twice */
    check_half(s);
    store_close(&s);
}

static void pages_of_the_first_version_have_changed(void **state)
{
    (void)state;
    make_first_version(rows);
    struct store *s = open_migrated();
    struct page_row got[4];
    assert_int_equal(OK(store_list_changed(s, HALF, 0, got, 4, &err)), 2);
    assert_int_equal(got[0].number, 1);
    assert_int_equal(got[1].number, 3);
    int64_t last = got[1].revision;
    auto_job half = find(s, HALF);
    assert_true(half.revision > last);
    assert_int_equal(OK(store_list_changed(s, DONE, 0, got, 4, &err)), 2);
    assert_int_equal(got[1].number, 7);
    auto_job done = find(s, DONE);
    assert_true(done.revision > got[1].revision);
    struct claim c[2];
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, c, 2, &err)), 2);
    assert_string_equal(c[0].job, HALF);
    finish_page(s, &c[0]);
    assert_int_equal(OK(store_list_changed(s, HALF, last, got, 4, &err)), 1);
    assert_int_equal(got[0].number, 2);
    store_close(&s);
}

static void work_goes_on(void **state)
{
    (void)state;
    make_first_version(rows);
    struct store *s = open_migrated();
    struct store_healed healed;
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.counters + healed.finished + healed.expired, 0);
    struct claim c[3];
    assert_int_equal(OK(store_claim(s, HOUR_MS, false, c, 3, &err)), 2);
    assert_string_equal(c[1].job, WAITING);
    open_claimed(s, &c[1], 2);
    finish_page(s, &c[0]);
    auto_job half = find(s, HALF);
    assert_int_equal(half.state, JOB_COMPLETED);
    assert_int_equal(half.pages.done, 2);
    struct store_usage used;
    OK(store_usage(s, "a", 0, &used, &err));
    assert_int_equal(used.pages, 2);
    OK(store_retry(s, DONE, true, &err));
    OK(store_delete(s, DONE, &err));
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_steps_never_change),
        cmocka_unit_test(versions_ascend),
        cmocka_unit_test(rows_of_the_first_version_are_kept),
        cmocka_unit_test(pages_of_the_first_version_have_changed),
        cmocka_unit_test(work_goes_on),
    };
    int failed = cmocka_run_group_tests_name("store migrate", tests, NULL, NULL);
    support_clean();
    return failed;
}
