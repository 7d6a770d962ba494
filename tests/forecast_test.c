/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Positions and times to the end, from pictures of a queue whose clock and pages are the test's
 * own; and against the order in which pages are really claimed.
 */
#include "job_support.h"

#include "job/forecast.h"

static struct forecast *forecast;

static int open_all(void **state)
{
    open_service(state);
    forecast = forecast_new(service, 4);
    return 0;
}

static int close_all(void **state)
{
    forecast_free(&forecast);
    return close_service(state);
}

static void submit_for(const char *owner, int priority, char id[ID_SIZE])
{
    struct options o = standard();
    o.priority = priority;
    struct job_request r = {.owner = owner,
                            .filename = "a.pdf",
                            .content_type = "application/pdf",
                            .sha256 = "00",
                            .size = 8,
                            .options = &o};
    id_new(r.id);
    OK(job_submit(service, &r, NULL, NULL, &err));
    memcpy(id, r.id, ID_SIZE);
}

static struct forecast_answer ask(const char *id)
{
    struct forecast_answer a;
    auto_job job = find(id);
    forecast_of(forecast, &job, &a);
    return a;
}

static void look(void)
{
    OK(forecast_refresh(forecast, &err));
}

static void an_empty_queue_is_short(void **state)
{
    char id[ID_SIZE];
    struct forecast_totals totals;
    (void)state;
    look();
    submit_for("ann", 0, id);
    assert_int_equal(ask(id).position, 1);
    assert_true(ask(id).eta_seconds < 0); /* nothing was read yet: nobody knows */
    forecast_totals(forecast, &totals);
    assert_int_equal(totals.unfinished, 0); /* the picture is older than the job */
    look();
    forecast_totals(forecast, &totals);
    assert_int_equal(totals.waiting, 1);
    assert_int_equal(ask(id).position, 1);
}

static void positions_follow_priority_and_age(void **state)
{
    char id[4][ID_SIZE];
    (void)state;
    submit_for("ann", 0, id[0]);
    submit_for("ann", 0, id[1]);
    submit_for("ann", 5, id[2]);
    submit_for("ann", -5, id[3]);
    look();
    static const int64_t expected[] = {2, 3, 1, 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask(id[i]).position, expected[i]);
}

static void owners_take_turns(void **state)
{
    char ann[10][ID_SIZE], bob[ID_SIZE];
    (void)state;
    for (int i = 0; i < 10; i++)
        submit_for("ann", 0, ann[i]);
    submit_for("bob", 0, bob);
    look();
    assert_int_equal(ask(bob).position, 2); /* one of ann's may come first */
    assert_int_equal(ask(ann[0]).position, 2);
    assert_int_equal(ask(ann[9]).position, 11);
}

/* Claims in their real order: no job is opened later than its position said. */
static void no_job_starts_later_than_told(void **state)
{
    enum { JOBS = 40 };
    static const char *const owners[] = {"ann", "bob", "cat"};
    char id[JOBS][ID_SIZE];
    int64_t told_position[JOBS];
    (void)state;
    for (int i = 0; i < JOBS; i++)
        submit_for(owners[i * i % 3], i % 4, id[i]);
    look();
    for (int i = 0; i < JOBS; i++)
        told_position[i] = ask(id[i]).position;
    for (int n = 1; n <= JOBS; n++) {
        struct claim c = claim_one();
        for (int i = 0; i < JOBS; i++)
            if (strcmp(id[i], c.job) == 0)
                assert_true(n <= told_position[i]);
    }
}

static void read_pages(int count)
{
    for (int i = 0; i < count; i++) {
        struct claim c = claim_one();
        done(&c);
    }
}

static void the_pace_is_that_of_time_with_work(void **state)
{
    char id[ID_SIZE];
    struct forecast_totals totals;
    (void)state;
    open_job(100, id);
    look();
    now_ms += 1000;
    read_pages(4);
    look();
    forecast_totals(forecast, &totals);
    assert_true(totals.pace > 3.99 && totals.pace < 4.01);
    assert_true(ask(id).eta_seconds > 23.9 && ask(id).eta_seconds < 24.1);
    OK(job_cancel(service, id, &err));
    look(); /* from here on there is no work */
    now_ms += 3600 * 1000;
    look();
    forecast_totals(forecast, &totals);
    assert_true(totals.pace > 3 && totals.pace < 4.01);
}

/* Whatever else the queue would give out first. */
static void open_now(const char *id, uint32_t pages)
{
    struct options o = standard();
    struct claim c[32];
    int n = OK(job_claim(service, false, c, COUNT(c), &err)), opened = 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(c[i].job, id) == 0)
            opened += OK(job_opened(service, &c[i], &o, pages, &err));
        else
            OK(job_released(service, &c[i], &err));
    }
    assert_int_equal(opened, 1);
}

/* Jobs of one owner share the lanes: a short one ends long before a long one of the same age. */
static void a_short_job_is_not_told_the_time_of_a_long_one(void **state)
{
    char large[ID_SIZE], small[ID_SIZE];
    (void)state;
    open_job(100, large);
    look();
    now_ms += 1000;
    read_pages(1);
    look(); /* a page a second */
    submit_for("ann", 0, small);
    open_now(small, 3);
    look();
    double s = ask(small).eta_seconds, l = ask(large).eta_seconds;
    assert_true(s > 5.5 && s < 6.5); /* 3 of its own and 3 of the other's */
    assert_true(l > 101 && l < 103); /* all */
}

/* More than there are places for: the oldest first, each when there is room for it. */
static void a_long_queue_is_read_from_its_front(void **state)
{
    enum { JOBS = 12, PAGES = 10 };
    char id[JOBS][ID_SIZE];
    (void)state;
    open_job(PAGES, id[0]);
    look();
    now_ms += 1000;
    read_pages(1);
    look(); /* a page a second */
    for (int i = 1; i < JOBS; i++) {
        submit_for("ann", 0, id[i]);
        open_now(id[i], PAGES);
    }
    look();
    double first = ask(id[0]).eta_seconds, last = ask(id[JOBS - 1]).eta_seconds;
    assert_true(first > 35.9 && first < 36.1); /* nine of each of four */
    assert_true(last > 118.9 && last < 119.1); /* all */
    for (int i = 1; i < JOBS; i++)
        assert_true(ask(id[i]).eta_seconds >= ask(id[i - 1]).eta_seconds);
}

static void another_owners_queue_takes_only_its_share(void **state)
{
    char large[ID_SIZE], id[ID_SIZE];
    (void)state;
    open_job(1000, large);
    look();
    now_ms += 1000;
    read_pages(10);
    look(); /* ten pages a second */
    submit_for("bob", 0, id);
    open_now(id, 20);
    look();
    double eta = ask(id).eta_seconds;
    assert_true(eta > 3.8 && eta < 4.2); /* 20 pages at half the pace */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_queue_is_short),
        TEST(positions_follow_priority_and_age),
        TEST(owners_take_turns),
        TEST(no_job_starts_later_than_told),
        TEST(the_pace_is_that_of_time_with_work),
        TEST(a_short_job_is_not_told_the_time_of_a_long_one),
        TEST(a_long_queue_is_read_from_its_front),
        TEST(another_owners_queue_takes_only_its_share),
    };
    log_setup("test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
