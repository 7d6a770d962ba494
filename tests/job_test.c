/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job service: the road of a job, what is retried and how often, and what a late or lying
 * worker can do (nothing).
 */
#include "job_support.h"

/* ---- the road ---- */

static void a_job_runs_to_its_end(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(3, id);
    assert_state(id, JOB_PROCESSING);
    for (uint32_t n = 1; n <= 3; n++) {
        assert_state(id, JOB_PROCESSING);
        struct claim c = claim_one();
        assert_int_equal(c.page, n);
        int before = told;
        assert_int_equal(done(&c), 1);
        assert_int_equal(told, before + 1);
        assert_string_equal(told_of, id);
        struct page_row row = row_of(id, n);
        assert_int_equal(row.state, PAGE_DONE);
        assert_int_equal(row.result, c.token);
        assert_int_equal(row.duration_ms, 1234);
        assert_true(result_exists(&c));
    }
    auto_job job = find(id);
    assert_int_equal(job.state, JOB_COMPLETED);
    assert_int_equal(job.pages.done, 3);
    assert_int_equal(job.pages.failed, 0);
    assert_nothing_to_claim();
}

/* What is kept is our own writing, not the worker's. */
static void results_are_written_canonically(void **state)
{
    char id[ID_SIZE];
    auto_strbuf loose = {0}, kept = {0};
    (void)state;
    open_job(1, id);
    struct claim c = claim_one();
    const char *json = SAMPLE_JSON;
    for (const char *at = json; *at; at++) {
        strbuf_addc(&loose, *at);
        if (*at == '{')
            strbuf_adds(&loose, "\n \t");
    }
    assert_int_equal(OK(job_done(service, &c, loose.data, loose.len, &err)), 1);
    struct page_row row = row_of(id, 1);
    OK(job_page_json(service, id, &row, &kept, &err));
    assert_string_equal(kept.data, SAMPLE_JSON);
    job_page_forget(service, id, &row);
    assert_false(result_exists(&c));
    REFUSED(ERROR_NOT_FOUND, job_page_json(service, id, &row, &kept, &err));
}

static void a_page_not_done_has_no_result(void **state)
{
    char id[ID_SIZE];
    auto_strbuf out = {0};
    (void)state;
    open_job(1, id);
    struct page_row row = row_of(id, 1);
    REFUSED_SAYING(ERROR_CONFLICT, "page 1 is ready", job_page_json(service, id, &row, &out, &err));
}

static void the_request_is_kept(void **state)
{
    struct options o = standard();
    char name[STORE_FILENAME + 40];
    struct job_request r = {.owner = "ann",
                            .content_type = "image/png",
                            .sha256 = "ab",
                            .size = 9,
                            .options = &o,
                            .metadata = "{\"a\":1}",
                            .filename = name};
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name + STORE_FILENAME - 3, "\xE2\x82\xAC", 3); /* the cut comes within */
    strcpy(o.password, "swordfish");
    o.priority = 7;
    o.ttl = 60;
    o.strict = true;
    id_new(r.id);
    OK(job_submit(service, &r, NULL, NULL, &err));
    auto_job job = find(r.id);
    assert_int_equal(job.state, JOB_PENDING);
    assert_int_equal(strlen(job.filename), STORE_FILENAME - 3);
    assert_true(utf8_valid(job.filename, strlen(job.filename)));
    assert_string_equal(job.password, "swordfish");
    assert_null(strstr(job.options, "swordfish"));
    assert_string_equal(job.metadata, "{\"a\":1}");
    assert_int_equal(job.ttl_ms, 60000);
    assert_true(job.strict && job.priority == 7 && job.size == 9);
    REFUSED(ERROR_CONFLICT, job_submit(service, &r, NULL, NULL, &err));
}

static void only_pages_asked_for_are_read(void **state)
{
    struct options o = standard();
    char id[ID_SIZE];
    static const uint32_t expected[] = {2, 4, 5};
    (void)state;
    strcpy(o.pages, "4-,2");
    open_with(&o, 5, id);
    auto_job job = find(id);
    assert_int_equal(job.pages.total, 3);
    assert_int_equal(job.document_pages, 5);
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_int_equal(claim_one().page, expected[i]);
    assert_nothing_to_claim();
}

static void a_selection_of_nothing_fails_the_job(void **state)
{
    static const struct {
        const char *pages, *says;
    } cases[] = {{"9-", "pages 9- were asked for"}, {"9-8", "pages"}, {"x", "pages"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o = standard();
        char id[ID_SIZE];
        strcpy(o.pages, cases[i].pages);
        open_with(&o, 5, id);
        auto_job job = find(id);
        assert_int_equal(job.state, JOB_FAILED);
        assert_int_equal(job.error.class, ERROR_INPUT);
        assert_non_null(strstr(job.error.text, cases[i].says));
    }
}

static void a_failing_page_fails_a_strict_job_only(void **state)
{
    (void)state;
    for (int strict = 0; strict <= 1; strict++) {
        struct options o = standard();
        char id[ID_SIZE];
        o.strict = strict;
        open_with(&o, 2, id);
        struct claim first = claim_one(), second = claim_one();
        assert_int_equal(failed(&first, ERROR_LIMIT), 1);
        assert_int_equal(done(&second), 1);
        auto_job job = find(id);
        assert_int_equal(job.state, strict ? JOB_FAILED : JOB_COMPLETED);
        assert_int_equal(job.pages.failed, 1);
        assert_int_equal(job.pages.done, 1);
        assert_int_equal(job.error.page, strict ? 1 : 0);
        struct page_row row = row_of(id, 1);
        assert_int_equal(row.error.class, ERROR_LIMIT);
    }
}

/* ---- retries ---- */

static void each_class_has_its_attempts(void **state)
{
    (void)state;
    for (int class = ERROR_NONE + 1; class < ERROR_CLASSES; class ++) {
        int allowed = error_attempts((enum error_class) class);
        char id[ID_SIZE];
        open_job(1, id);
        for (int i = 1; i <= allowed; i++) {
            struct claim c = claim_one();
            assert_int_equal(c.failures, i - 1);
            assert_int_equal(failed(&c, (enum error_class) class), 1);
            assert_nothing_to_claim(); /* ended, or to be tried later */
            struct page_row row = row_of(id, 1);
            assert_int_equal(row.state, i < allowed ? PAGE_READY : PAGE_FAILED);
            assert_int_equal(row.error.class, class);
            now_ms += 60000; /* no delay is longer */
        }
        assert_state(id, JOB_FAILED);
        assert_nothing_to_claim();
    }
}

static void the_document_is_tried_again_like_a_page(void **state)
{
    struct options o = standard();
    char id[ID_SIZE];
    (void)state;
    submit_with(&o, id);
    struct claim c = claim_one();
    failed(&c, ERROR_IO);
    assert_state(id, JOB_PENDING);
    now_ms += 60000;
    c = claim_one();
    failed(&c, ERROR_PASSWORD);
    auto_job job = find(id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_int_equal(job.error.class, ERROR_PASSWORD);
    assert_int_equal(job.error.page, 0);
}

static void two_crashes_are_a_quarantine(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(2, id);
    for (int i = 0; i < 2; i++) {
        struct claim c = claim_one();
        assert_int_equal(c.page, 1);
        failed(&c, ERROR_CRASHED);
        if (i == 0) {
            struct claim other = claim_one(); /* a page that waits does not keep the others */
            assert_int_equal(other.page, 2);
            assert_int_equal(done(&other), 1);
        }
        now_ms += 60000;
    }
    struct page_row row = row_of(id, 1);
    assert_int_equal(row.state, PAGE_FAILED);
    assert_int_equal(row.error.class, ERROR_CRASHED);
    assert_int_equal(row.attempts, 2);
    assert_state(id, JOB_COMPLETED);
}

static void delays_grow(void **state)
{
    static const int64_t least[] = {750, 3000}, most[] = {1000, 4000};
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    for (size_t i = 0; i < COUNT(least); i++) {
        struct claim c = claim_one();
        failed(&c, ERROR_BUSY);
        now_ms += least[i] - 1;
        assert_nothing_to_claim();
        now_ms += most[i] - least[i] + 1;
    }
    claim_one();
}

static void a_lost_worker_is_not_the_pages_fault(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    for (uint32_t i = 0; i < JOB_MAX_LOSSES; i++) {
        struct claim c = claim_one();
        assert_int_equal(c.losses, i);
        assert_int_equal(c.failures, 0);
        assert_int_equal(OK(job_lost(service, &c, &err)), 1);
        assert_nothing_to_claim();
        now_ms += 1000;
    }
    int before = told;
    assert_nothing_to_claim(); /* given up, by the claim itself */
    assert_true(told > before);
    struct page_row row = row_of(id, 1);
    assert_int_equal(row.state, PAGE_FAILED);
    assert_int_equal(row.error.class, ERROR_CRASHED);
    assert_non_null(strstr(row.error.text, "20 times"));
    assert_state(id, JOB_FAILED);
}

static void a_released_page_comes_back_at_once(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    for (int i = 0; i < 2 * JOB_MAX_LOSSES; i++) {
        struct claim c = claim_one();
        assert_int_equal(c.failures + c.losses, 0);
        assert_int_equal(OK(job_released(service, &c, &err)), 1);
    }
    struct claim c = claim_one();
    done(&c);
    assert_int_equal(row_of(id, 1).attempts, 1);
}

/* ---- late and lying workers ---- */

static void a_late_answer_has_no_effect(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim late = claim_one();
    now_ms += JOB_LEASE_MS + 1;
    struct claim c = claim_one();
    assert_true(c.token > late.token);
    assert_int_equal(c.losses, 1);
    assert_int_equal(done(&late), 0);
    assert_false(result_exists(&late));
    assert_int_equal(failed(&late, ERROR_INPUT), 0);
    assert_int_equal(OK(job_lost(service, &late, &err)), 0);
    assert_int_equal(OK(job_released(service, &late, &err)), 0);
    assert_int_equal(done(&c), 1);
    assert_int_equal(done(&late), 0);
    assert_false(result_exists(&late));
    assert_int_equal(row_of(id, 1).result, c.token);
}

/* The second answer to one claim must not take the first one's bytes away. */
static void a_doubled_answer_keeps_the_result(void **state)
{
    char id[ID_SIZE];
    (void)state;
    open_job(1, id);
    struct claim c = claim_one();
    assert_int_equal(done(&c), 1);
    assert_int_equal(done(&c), 0);
    auto_strbuf out = {0};
    struct page_row row = row_of(id, 1);
    OK(job_page_json(service, id, &row, &out, &err));
}

static void an_answer_to_a_job_that_is_gone(void **state)
{
    char cancelled[ID_SIZE], deleted[ID_SIZE];
    (void)state;
    open_job(1, cancelled);
    struct claim a = claim_one();
    OK(job_cancel(service, cancelled, &err));
    assert_int_equal(done(&a), 0);
    assert_false(result_exists(&a));
    open_job(1, deleted);
    struct claim b = claim_one();
    OK(job_delete(service, deleted, &err));
    assert_int_equal(done(&b), 0);
    assert_int_equal(failed(&b, ERROR_IO), 0);
    assert_false(result_exists(&b));
    struct options o = standard();
    char opening[ID_SIZE];
    submit_with(&o, opening);
    struct claim c = claim_one();
    OK(job_cancel(service, opening, &err));
    assert_int_equal(OK(job_opened(service, &c, &o, 3, &err)), 0);
    assert_state(opening, JOB_CANCELLED);
}

static void a_malformed_result_fails_the_page(void **state)
{
    static const char *const answers[] = {"", "{}", "rubbish", "{\"page\":1", SAMPLE_JSON};
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        char id[ID_SIZE];
        open_job(2, id);
        struct claim first = claim_one(), second = claim_one();
        assert_int_equal(done(&first), 1);
        /* the last one is well-formed, and of page 1 */
        assert_int_equal(OK(job_done(service, &second, answers[i], strlen(answers[i]), &err)), 1);
        assert_false(result_exists(&second));
        struct page_row row = row_of(id, 2);
        assert_int_equal(row.state, PAGE_READY);
        assert_int_equal(row.error.class, ERROR_BUG);
        assert_non_null(strstr(row.error.text, "malformed page result"));
        OK(job_cancel(service, id, &err));
    }
}

/* ---- threads ---- */

enum { THREADS = 4, PAGES = 40 };

static void *work(void *arg)
{
    _Atomic int *applied = arg;
    struct error e;
    struct claim c;
    while (job_claim(service, false, &c, 1, &e) == 1) {
        struct page *p = sample_page((int)c.page);
        auto_strbuf json = {0};
        page_encode(p, &json);
        page_free(&p);
        *applied += job_done(service, &c, json.data, json.len, &e) == 1;
    }
    return NULL;
}

static void threads_share_a_job(void **state)
{
    pthread_t threads[THREADS];
    _Atomic int applied = 0;
    char id[ID_SIZE];
    (void)state;
    open_job(PAGES, id);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &applied), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    auto_job job = find(id);
    assert_int_equal(job.state, JOB_COMPLETED);
    assert_int_equal(job.pages.done, PAGES);
    assert_int_equal(applied, PAGES);
}

static void a_document_over_the_page_quota_fails_the_job(void **state)
{
    (void)state;
    static char options[] = "{}";
    struct options o = standard();
    struct job job = {.owner = "ann", .options = options, .page_quota = 2};
    const struct submission submission = {.job = &job};
    enum store_submitted how;
    char id[ID_SIZE];
    id_new(job.id);
    OK(store_submit(store, &submission, id, &how, &err));
    struct claim c = claim_one();
    assert_int_equal(OK(job_opened(service, &c, &o, 3, &err)), 1);
    auto_job got = find(id);
    assert_int_equal(got.state, JOB_FAILED);
    assert_int_equal(got.error.class, ERROR_QUOTA);
    assert_string_equal(got.error.text,
                        "3 pages are asked for, 2 of the 2 in this period are left");
    assert_nothing_to_claim();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_job_runs_to_its_end),
        SERVED(results_are_written_canonically),
        SERVED(a_page_not_done_has_no_result),
        SERVED(the_request_is_kept),
        SERVED(only_pages_asked_for_are_read),
        SERVED(a_selection_of_nothing_fails_the_job),
        SERVED(a_document_over_the_page_quota_fails_the_job),
        SERVED(a_failing_page_fails_a_strict_job_only),
        SERVED(each_class_has_its_attempts),
        SERVED(the_document_is_tried_again_like_a_page),
        SERVED(two_crashes_are_a_quarantine),
        SERVED(delays_grow),
        SERVED(a_lost_worker_is_not_the_pages_fault),
        SERVED(a_released_page_comes_back_at_once),
        SERVED(a_late_answer_has_no_effect),
        SERVED(a_doubled_answer_keeps_the_result),
        SERVED(an_answer_to_a_job_that_is_gone),
        SERVED(a_malformed_result_fails_the_page),
        SERVED(threads_share_a_job),
    };
    log_setup("job_test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
