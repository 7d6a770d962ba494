/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What only a SQLite file has: one owner, versions, wounds that the sweep heals, a disk that
 * refuses writes, and a process that is killed at any moment. Also the failing driver itself.
 */
#include "store_support.h"

#include "store/store_sql.h"
#include "store_fail.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;
static char path[300], url[320];

static void fresh(const char *name)
{
    snprintf(path, sizeof path, "%s/%s.db", support_scratch(), name);
    snprintf(url, sizeof url, "sqlite:%s", path);
}

static struct store *reopen(void)
{
    struct store *s = NULL;
    OK(store_open(&s, url, &err));
    return s;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    sqlite3_close(db);
}

static void check_integrity(void)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(q, 0), "ok");
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static void urls_are_checked(void **state)
{
    (void)state;
    struct store *s = NULL;
    FAILS(ERROR_UNSUPPORTED, store_open(&s, "postgres://user:geheim@host/db", &err));
    assert_null(strstr(err.text, "geheim"));
    FAILS(ERROR_UNSUPPORTED, store_open(&s, "sqlite", &err));
    FAILS(ERROR_INPUT, store_open(&s, "sqlite:", &err));
    FAILS(ERROR_IO, store_open(&s, "sqlite:/nonexistent/directory/x.db", &err));
    assert_null(s);
}

static void one_process_owns_the_file(void **state)
{
    (void)state;
    fresh("owned");
    struct store *s = reopen(), *second = NULL;
    FAILS(ERROR_CONFLICT, store_open(&second, url, &err));
    assert_non_null(strstr(err.text, path));
    char alias[310], alias_url[330];
    snprintf(alias, sizeof alias, "%s-alias", path);
    snprintf(alias_url, sizeof alias_url, "sqlite:%s", alias);
    assert_int_equal(symlink(path, alias), 0);
    FAILS(ERROR_CONFLICT, store_open(&second, alias_url, &err));
    store_close(&s);
    s = reopen();
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(&s);
}

static void a_newer_database_is_refused(void **state)
{
    (void)state;
    fresh("newer");
    struct store *s = reopen();
    store_close(&s);
    run_sql("PRAGMA user_version = 999");
    FAILS(ERROR_UNSUPPORTED, store_open(&s, url, &err));
    assert_non_null(strstr(err.text, "999"));
}

static void what_is_no_database_is_refused(void **state)
{
    (void)state;
    fresh("text");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        fputs("not a database\n", f);
    fclose(f);
    struct store *s = NULL;
    FAILS(ERROR_IO, store_open(&s, url, &err));
}

static void rows_survive_a_restart(void **state)
{
    (void)state;
    fresh("restart");
    char id[ID_SIZE];
    struct store *s = reopen();
    open_job(s, "a", 2, id);
    struct claim c = claim_one(s);
    store_close(&s);
    s = reopen();
    assert_int_equal(OK(store_done(s, &c, 1, 1, &err)), 1);
    auto_job job = find(s, id);
    assert_int_equal(job.pages.done, 1);
    store_close(&s);
}

static void the_sweep_heals(void **state)
{
    (void)state;
    fresh("wounded");
    char counters[ID_SIZE], ended[ID_SIZE], rowless[ID_SIZE], stuck[ID_SIZE];
    struct store *s = reopen();
    open_job(s, "a", 3, counters);
    struct claim c = claim_one(s);
    OK(store_done(s, &c, 1, 1, &err));
    OK(store_claim(s, HOUR_MS, false, &c, 1, &err));
    OK(store_claim(s, HOUR_MS, false, &c, 1, &err));
    open_job(s, "b", 2, ended);
    submit_job(s, "c", rowless);
    submit_job(s, "d", stuck);
    store_close(&s);
    run_sql("UPDATE job SET done = 7, ready = 5, claimable = 9 WHERE owner = 'a';"
            "UPDATE page SET state = 2, due = 0 WHERE job = (SELECT seq FROM job WHERE owner='b');"
            "DELETE FROM page WHERE job = (SELECT seq FROM job WHERE owner = 'c');"
            "UPDATE page SET state = 3, error_class = 'input', error_text = 'bad'"
            " WHERE job = (SELECT seq FROM job WHERE owner = 'd')");
    s = reopen();
    struct store_healed healed;
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.counters, 2);
    assert_int_equal(healed.finished, 2);
    auto_job a = find(s, counters);
    assert_int_equal(a.state, JOB_PROCESSING);
    assert_int_equal(a.pages.done, 1);
    assert_int_equal(a.pages.running, 2);
    assert_int_equal(a.pages.ready, 0);
    auto_job b = find(s, ended);
    assert_int_equal(b.state, JOB_COMPLETED);
    assert_int_equal(b.pages.done, 2);
    auto_job d = find(s, stuck);
    assert_int_equal(d.state, JOB_FAILED);
    assert_string_equal(d.error.text, "bad");
    c = claim_one(s);
    assert_string_equal(c.job, rowless);
    assert_int_equal(c.page, 0);
    OK(store_sweep(s, &healed, &err));
    assert_int_equal(healed.counters + healed.finished + healed.expired, 0);
    store_close(&s);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk gives no more room, at every size at which it can do so while jobs are submitted. */
static void a_full_disk_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    fresh("full");
    struct store *s = reopen();
    char ids[400][ID_SIZE];
    int kept = 0, refused = 0;
    for (int i = 0; i < 300; i++) {
        struct stat wal;
        char wal_path[320];
        snprintf(wal_path, sizeof wal_path, "%s-wal", path);
        assert_int_equal(stat(wal_path, &wal), 0);
        struct job job = support_job("a", 0);
        if (i % 3 == 2)
            limit_files((rlim_t)wal.st_size + (rlim_t)(i * 97 % 9000));
        int rc = submit_alone(s, &job, &err);
        limit_files(RLIM_INFINITY);
        if (rc == 0) {
            memcpy(ids[kept++], job.id, ID_SIZE);
        } else {
            refused++;
            assert_true(err.class == ERROR_IO || err.class == ERROR_BUSY);
            struct job ghost;
            FAILS(ERROR_NOT_FOUND, store_find_job(s, job.id, &ghost, &err));
        }
    }
    assert_true(refused > 20);
    assert_true(kept >= 200);
    struct store_stats stats;
    OK(store_stats(s, &stats, &err));
    assert_int_equal(stats.jobs[JOB_PENDING], kept);
    store_close(&s);
    check_integrity();
    s = reopen();
    for (int i = 0; i < kept; i++) {
        auto_job job = find(s, ids[i]);
        assert_int_equal(job.state, JOB_PENDING);
    }
    store_close(&s);
    signal(SIGXFSZ, SIG_DFL);
}

static void an_open_that_fails_leaves_the_lock_free(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    fresh("unborn");
    struct store *s = NULL;
    for (rlim_t room = 0; room < 60000; room += 4096) {
        limit_files(room);
        int rc = store_open(&s, url, &err);
        limit_files(RLIM_INFINITY);
        assert_int_equal(rc, -1);
    }
    s = reopen();
    char id[ID_SIZE];
    submit_job(s, "a", id);
    store_close(&s);
    check_integrity();
    signal(SIGXFSZ, SIG_DFL);
}

static int64_t count_rows(const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void sweep(void)
{
    struct store *s = reopen();
    struct store_healed healed;
    OK(store_sweep(s, &healed, &err));
    store_close(&s);
}

/* Not all at once, so that nobody waits for one long transaction. */
static void the_sweep_forgets_keys_past_their_time(void **state)
{
    (void)state;
    fresh("keys");
    struct store *s = reopen();
    store_close(&s);
    run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
            " INSERT INTO idempotency SELECT 'a', i, 'f', 'job', i FROM n;"
            "INSERT INTO idempotency VALUES ('a', 'lives', 'f', 'job', 9000000000000)");
    sweep();
    assert_int_equal(count_rows("idempotency"), 1500);
    sweep();
    assert_int_equal(count_rows("idempotency"), 499);
    sweep();
    assert_int_equal(count_rows("idempotency"), 1);
    sweep();
    assert_int_equal(count_rows("idempotency"), 1);
}

static void the_sweep_forgets_what_was_used_long_ago(void **state)
{
    (void)state;
    fresh("used");
    struct store *s = reopen();
    char id[ID_SIZE];
    submit_job(s, "recent", id);
    submit_job(s, "old", id);
    store_close(&s);
    run_sql("UPDATE owner_usage SET updated = updated - 399 * 86400000");
    sweep();
    assert_int_equal(count_rows("owner_usage"), 2);
    run_sql("UPDATE owner_usage SET updated = updated - 2 * 86400000 WHERE owner = 'old'");
    sweep();
    assert_int_equal(count_rows("owner_usage"), 1);
}

static void a_deleted_job_leaves_no_secret_behind(void **state)
{
    (void)state;
    fresh("secret");
    struct store *s = reopen();
    static char webhook[] = "{\"secret\":\"whsec_geheim\"}";
    struct job job = support_job("a", 0);
    job.webhook = webhook;
    job.webhook_states = 1u << JOB_CANCELLED;
    OK(submit_alone(s, &job, &err));
    OK(store_cancel(s, job.id, &err));
    OK(store_delete(s, job.id, &err));
    store_close(&s); /* checkpoints */
    const char *const tables[] = {"job", "page", "delivery", "delivery_attempt"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(count_rows(tables[i]), 0);
    static char bytes[1 << 20];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_true(n > 0 && n < sizeof bytes);
    assert_null(memmem(bytes, n, "whsec_geheim", 12));
}

/* What may read a whole table: tables of owners, and those that exist to be emptied. */
static bool may_scan(const char *plan)
{
    static const char *const allowed[] = {"SCAN owner USING COVERING INDEX owner_vtime",
                                          "SCAN job USING COVERING INDEX job_state", "SCAN garbage",
                                          "SCAN CONSTANT ROW"};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(plan, allowed[i]) == 0)
            return true;
    return false;
}

static void check_plan(sqlite3 *db, const char *sql)
{
    char explain[4096];
    sqlite3_stmt *q;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(db, explain, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *plan = (const char *)sqlite3_column_text(q, 3);
        bool scans = strncmp(plan, "SCAN ", 5) == 0 && !may_scan(plan);
        if (scans || strstr(plan, "TEMP B-TREE"))
            fail_msg("%s\n%s", sql, plan);
    }
    sqlite3_finalize(q);
}

static void every_statement_has_its_index(void **state)
{
    (void)state;
    fresh("plans");
    struct store *s = reopen();
    store_close(&s);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (int i = 0; i < SQL_COUNT; i++) {
        assert_non_null(store_sql[i]);
        if (i > SQL_ROLLBACK)
            check_plan(db, store_sql[i]);
    }
    sqlite3_close(db);
}

/* The kill test. The child acknowledges each action on a pipe after the store did. */

enum { KILLS = 50, KILL_PAGES = 4, RECORDS = 20000 };

struct record {
    char what; /* s submitted, o opened, d done */
    char id[ID_SIZE];
    uint32_t page;
};

static void acknowledge(int pipe, char what, const char *id, uint32_t page)
{
    struct record r = {.what = what, .page = page};
    memcpy(r.id, id, ID_SIZE);
    if (write(pipe, &r, sizeof r) != (ssize_t)sizeof r)
        _exit(3);
}

static void child_step(struct store *s, int pipe)
{
    struct error e;
    static char webhook[] = "{}";
    struct job job = support_job("a", 0);
    job.webhook = webhook;
    job.webhook_states = 1u << JOB_COMPLETED;
    const struct submission submission = {.job = &job};
    char id[ID_SIZE];
    enum store_submitted how;
    if (store_submit(s, &submission, id, &how, &e) < 0)
        _exit(4);
    acknowledge(pipe, 's', job.id, 0);
    struct claim c[5];
    int n = store_claim(s, HOUR_MS, false, c, 5, &e);
    if (n < 0)
        _exit(5);
    for (int i = 0; i < n; i++) {
        const uint32_t pages[KILL_PAGES] = {1, 2, 3, 4};
        int rc = c[i].page ? store_done(s, &c[i], 1, 1, &e)
                           : store_opened(s, &c[i], pages, KILL_PAGES, KILL_PAGES, &e);
        if (rc != 1)
            _exit(6);
        acknowledge(pipe, c[i].page ? 'd' : 'o', c[i].job, c[i].page);
    }
}

_Noreturn static void child(int pipe)
{
    struct store *s;
    struct error e;
    if (store_open(&s, url, &e) < 0 || store_release_all(s, &e) < 0)
        _exit(2);
    for (;;)
        child_step(s, pipe);
}

static struct record records[RECORDS];
static size_t record_count;

/* Reads records until `enough` have come, kills the child after a moment, reads the rest. */
static void run_child(size_t enough, useconds_t moment)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(ends[1]);
    }
    close(ends[1]);
    size_t until = record_count + enough;
    bool killed = false;
    while (record_count < RECORDS &&
           read(ends[0], &records[record_count], sizeof records[0]) == (ssize_t)sizeof records[0]) {
        if (++record_count < until || killed)
            continue;
        usleep(moment);
        kill(pid, SIGKILL);
        killed = true;
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the child stopped with %d", WEXITSTATUS(status));
}

static void check_record(struct store *s, const struct record *r)
{
    auto_job job = find(s, r->id);
    if (r->what == 'o')
        assert_int_equal(job.pages.total, KILL_PAGES);
    if (r->what == 'd')
        assert_int_equal(find_row(s, r->id, r->page).state, PAGE_DONE);
    struct delivery d[2];
    assert_int_equal(OK(store_delivery_list(s, r->id, d, 2, &err)), job.state == JOB_COMPLETED);
}

static void nothing_acknowledged_is_lost_by_kills(void **state)
{
    (void)state;
    fresh("killed");
    uint32_t random = 12345;
    size_t checked = 0;
    for (int i = 0; i < KILLS; i++) {
        random = random * 1664525 + 1013904223;
        run_child(1 + (random >> 16) % 30, (random >> 8) % 3000);
        struct store *s = reopen();
        for (; checked < record_count; checked++)
            check_record(s, &records[checked]);
        struct store_healed healed;
        OK(store_sweep(s, &healed, &err));
        if (healed.counters + healed.finished)
            fail_msg("after kill %d the sweep had something to heal", i);
        store_close(&s);
        check_integrity();
    }
    struct store *s = reopen();
    for (size_t i = 0; i < record_count; i++)
        check_record(s, &records[i]);
    store_close(&s);
    assert_true(record_count > KILLS);
}

static void the_failing_driver_fails_once_or_for_good(void **state)
{
    (void)state;
    struct store *s;
    OK(store_open(&s, "sqlite::memory:", &err));
    s = store_fail_wrap(s);
    char id[ID_SIZE];
    submit_job(s, "a", id);
    store_fail_at(s, 2, false, ERROR_BUSY);
    struct claim c = {.token = 77};
    struct store_stats stats;
    OK(store_stats(s, &stats, &err));
    FAILS(ERROR_BUSY, store_claim(s, HOUR_MS, false, &c, 1, &err));
    assert_int_equal(c.token, 77);
    c = claim_one(s);
    assert_int_equal(store_fail_calls(s), 3);
    store_fail_at(s, 1, true, ERROR_IO);
    FAILS(ERROR_IO, store_cancel(s, id, &err));
    FAILS(ERROR_IO, store_delete(s, id, &err));
    store_fail_at(s, 0, false, ERROR_NONE);
    auto_job job = find(s, id);
    assert_int_equal(job.state, JOB_PENDING);
    store_close(&s);
}

static int visit_nothing(void *arg, const struct store_queued *job)
{
    (void)arg, (void)job;
    fail_msg("a list that failed visits nothing");
    return 0;
}

static int visit_no_token(void *arg, const struct token_row *row)
{
    (void)arg, (void)row;
    fail_msg("a list that failed visits nothing");
    return 0;
}

static void every_later_call_can_fail(void **state)
{
    (void)state;
    struct store *s;
    OK(store_open(&s, "sqlite::memory:", &err));
    s = store_fail_wrap(s);
    char id[ID_SIZE];
    submit_job(s, "a", id);
    const struct token_row token = {.id = "t"};
    OK(store_token_add(s, &token, &err));
    store_fail_at(s, 1, true, ERROR_IO);
    struct job job = support_job("a", 0);
    const struct submission submission = {.job = &job};
    enum store_submitted how = STORE_REPLAYED;
    char untouched[ID_SIZE] = "-";
    FAILS(ERROR_IO, store_submit(s, &submission, untouched, &how, &err));
    assert_int_equal(how, STORE_REPLAYED);
    assert_string_equal(untouched, "-");
    int64_t number = -7;
    FAILS(ERROR_IO, store_count_jobs(s, &(struct job_filter){0}, &number, &err));
    FAILS(ERROR_IO, store_delivery_next(s, &number, &err));
    assert_int_equal(number, -7);
    FAILS(ERROR_IO, store_list_queue(s, visit_nothing, NULL, &err));
    FAILS(ERROR_IO, store_token_list(s, visit_no_token, NULL, &err));
    struct page_row row;
    FAILS(ERROR_IO, store_list_changed(s, id, 0, &row, 1, &err));
    struct store_usage usage = {.pages = -7};
    FAILS(ERROR_IO, store_usage(s, "a", 0, &usage, &err));
    assert_int_equal(usage.pages, -7);
    FAILS(ERROR_IO, store_token_add(s, &token, &err));
    FAILS(ERROR_IO, store_token_expire(s, "t", 1, &err));
    FAILS(ERROR_IO, store_token_remove(s, "t", &err));
    FAILS(ERROR_IO, store_token_used(s, "t", 1, &err));
    struct delivery d;
    struct delivery_attempt a = {0};
    FAILS(ERROR_IO, store_delivery_claim(s, HOUR_MS, &d, 1, &err));
    FAILS(ERROR_IO, store_delivery_attempted(s, id, &a, DELIVERY_FAILED, 0, &err));
    FAILS(ERROR_IO, store_delivery_list(s, id, &d, 1, &err));
    FAILS(ERROR_IO, store_delivery_attempts(s, id, &a, 1, &err));
    FAILS(ERROR_IO, store_delivery_resend(s, id, id, &err));
    assert_int_equal(store_fail_calls(s), 16);
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(one_process_owns_the_file),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(what_is_no_database_is_refused),
        cmocka_unit_test(rows_survive_a_restart),
        cmocka_unit_test(the_sweep_heals),
        cmocka_unit_test(a_full_disk_loses_nothing_that_was_acknowledged),
        cmocka_unit_test(an_open_that_fails_leaves_the_lock_free),
        cmocka_unit_test(the_sweep_forgets_keys_past_their_time),
        cmocka_unit_test(the_sweep_forgets_what_was_used_long_ago),
        cmocka_unit_test(a_deleted_job_leaves_no_secret_behind),
        cmocka_unit_test(every_statement_has_its_index),
        cmocka_unit_test(nothing_acknowledged_is_lost_by_kills),
        cmocka_unit_test(the_failing_driver_fails_once_or_for_good),
        cmocka_unit_test(every_later_call_can_fail),
    };
    int failed = cmocka_run_group_tests_name("store sqlite", tests, NULL, NULL);
    support_clean();
    return failed;
}
