/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The store against a model: thousands of random calls, of which every answer, state and counter
 * must be the model's. Then eight threads that share one store.
 */
#include "store_support.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 12, PAGES = 6, OWNERS = 3, STEPS = 4000, TWINS = 4, KEYS = 3, PRIORITIES = 3 };

struct model_page {
    enum page_state state;
    bool delayed;
    int64_t token;
    uint32_t attempts, failures, losses;
};

struct model_job {
    char id[ID_SIZE];
    bool present, strict;
    int owner, twin; /* twin 0: none */
    int64_t age, priority;
    enum job_state state;
    int pages; /* 0: row 0 alone */
    struct model_page page[PAGES + 1];
};

/* What an idempotency key of an owner stands for. */
struct model_key {
    bool taken;
    uint32_t fingerprint;
    char job[ID_SIZE];
};

struct model {
    struct store *store;
    struct model_job job[JOBS];
    int64_t vtime[OWNERS];
    int64_t submitted;
    int64_t joined, replayed;
    uint32_t era; /* of keys: new ones from time to time, or all would be taken */
    struct model_key key[OWNERS][KEYS];
    uint64_t random;
};

static struct error err;
static const char *const owners[OWNERS] = {"a", "b", "c"};

/* xorshift64*: the same numbers everywhere */
static uint32_t draw(struct model *m, uint32_t below)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return (uint32_t)((m->random * 2685821657736338717u) >> 33) % below;
}

static int first_page(const struct model_job *j)
{
    return j->pages ? 1 : 0;
}

static int count(const struct model_job *j, enum page_state state)
{
    int n = 0;
    for (int p = 1; p <= j->pages; p++)
        n += j->page[p].state == state;
    return n;
}

static bool unfinished(const struct model_job *j)
{
    return j->present && !job_state_ended(j->state);
}

static void seat(struct model *m, int owner)
{
    int64_t least = -1;
    for (int i = 0; i < JOBS; i++) {
        if (!unfinished(&m->job[i]))
            continue;
        if (m->job[i].owner == owner)
            return;
        int64_t v = m->vtime[m->job[i].owner];
        least = least < 0 || v < least ? v : least;
    }
    if (least > m->vtime[owner])
        m->vtime[owner] = least;
}

static void settle(struct model_job *j)
{
    if (!j->pages) {
        j->state = JOB_FAILED;
        return;
    }
    if (count(j, PAGE_READY) + count(j, PAGE_RUNNING))
        return;
    bool failed = !count(j, PAGE_DONE) || (j->strict && count(j, PAGE_FAILED));
    j->state = failed ? JOB_FAILED : JOB_COMPLETED;
}

/* The order of the claim, written down once more: is x before y? */
static bool before(const struct model *m, const struct model_job *x, const struct model_job *y)
{
    if (m->vtime[x->owner] != m->vtime[y->owner])
        return m->vtime[x->owner] < m->vtime[y->owner];
    if (x->owner != y->owner)
        return x->owner < y->owner;
    if (x->priority != y->priority)
        return x->priority > y->priority;
    if (count(x, PAGE_RUNNING) != count(y, PAGE_RUNNING))
        return count(x, PAGE_RUNNING) < count(y, PAGE_RUNNING);
    return x->age < y->age;
}

static int claimable_page(const struct model_job *j)
{
    for (int p = first_page(j); p <= j->pages; p++)
        if (j->page[p].state == PAGE_READY && !j->page[p].delayed)
            return p;
    return -1;
}

static struct model_job *next_job(struct model *m, bool idle)
{
    struct model_job *best = NULL;
    for (int i = 0; i < JOBS; i++) {
        struct model_job *j = &m->job[i];
        if (!unfinished(j) || claimable_page(j) < 0 || (idle && count(j, PAGE_RUNNING)))
            continue;
        if (!best || before(m, j, best))
            best = j;
    }
    return best;
}

static struct model_job *find_id(struct model *m, const char *id)
{
    for (int i = 0; i < JOBS; i++)
        if (m->job[i].present && strcmp(m->job[i].id, id) == 0)
            return &m->job[i];
    return NULL;
}

/* The job that one of this owner and twin joins: the furthest, then the oldest. */
static struct model_job *find_twin(struct model *m, int owner, int twin)
{
    struct model_job *best = NULL;
    for (int i = 0; i < JOBS; i++) {
        struct model_job *j = &m->job[i];
        if (!j->present || j->owner != owner || j->twin != twin || !twin ||
            j->state > JOB_COMPLETED || count(j, PAGE_FAILED))
            continue;
        if (!best || j->state > best->state || (j->state == best->state && j->age < best->age))
            best = j;
    }
    return best;
}

static void add_model_job(struct model *m, struct model_job *j, const struct job *job, int owner,
                          int twin)
{
    seat(m, owner);
    *j = (struct model_job){.present = true,
                            .strict = job->strict,
                            .owner = owner,
                            .twin = twin,
                            .age = m->submitted++,
                            .priority = job->priority};
    memcpy(j->id, job->id, ID_SIZE);
}

/* What the key says of this request: true if that is the answer. */
static bool replays(struct model *m, const struct model_key *key, uint32_t fingerprint, int rc,
                    const char *id, enum store_submitted how)
{
    if (!key || !key->taken)
        return false;
    if (key->fingerprint != fingerprint || !find_id(m, key->job)) {
        assert_int_equal(rc, -1);
        assert_int_equal(err.class, key->fingerprint != fingerprint ? ERROR_INPUT : ERROR_CONFLICT);
        return true;
    }
    OK(rc);
    assert_int_equal(how, STORE_REPLAYED);
    assert_string_equal(id, key->job);
    m->replayed++;
    return true;
}

static void do_submit(struct model *m, struct model_job *j)
{
    for (int i = 0; j->present && i < JOBS; i++)
        j = &m->job[i];
    if (j->present)
        return;
    int owner = (int)draw(m, OWNERS), twin = (int)draw(m, TWINS);
    uint32_t number = draw(m, KEYS + 2), fingerprint = draw(m, 2);
    if (draw(m, 20) == 0) {
        m->era++;
        memset(m->key, 0, sizeof m->key);
    }
    char name[32], print[2] = {(char)('0' + fingerprint), '\0'}, id[ID_SIZE];
    snprintf(name, sizeof name, "%u-%u", m->era, number);
    struct job job = support_job(owners[owner], draw(m, PRIORITIES));
    job.strict = draw(m, 2);
    if (twin)
        snprintf(job.twin, sizeof job.twin, "%d", twin);
    struct model_key *key = number < KEYS ? &m->key[owner][number] : NULL;
    const struct submission what = {.job = &job,
                                    .join = draw(m, 3) > 0,
                                    .idempotency_key = key ? name : NULL,
                                    .fingerprint = print,
                                    .key_ttl_ms = draw(m, 4) ? HOUR_MS : 0};
    enum store_submitted how = STORE_NEW;
    int rc = store_submit(m->store, &what, id, &how, &err);
    if (replays(m, key, fingerprint, rc, id, how))
        return;
    OK(rc);
    struct model_job *joined = what.join ? find_twin(m, owner, twin) : NULL;
    assert_int_equal(how, joined ? STORE_JOINED : STORE_NEW);
    assert_string_equal(id, joined ? joined->id : job.id);
    if (joined && joined->priority < job.priority)
        joined->priority = job.priority;
    if (!joined)
        add_model_job(m, j, &job, owner, twin);
    m->joined += joined != NULL;
    if (!key || !what.key_ttl_ms)
        return;
    *key = (struct model_key){.taken = true, .fingerprint = fingerprint};
    memcpy(key->job, id, ID_SIZE);
}

/* A lease of 0 lapses at once: the next claim finds the page lost. */
static void lapse(struct model_page *p)
{
    p->state = PAGE_READY;
    p->losses++;
}

static void do_claim(struct model *m)
{
    bool idle = draw(m, 3) == 0, lapses = draw(m, 8) == 0;
    size_t max = 1 + draw(m, 4);
    struct claim got[4];
    int n = OK(store_claim(m->store, lapses ? 0 : HOUR_MS, idle, got, max, &err));
    struct model_page *taken[4];
    for (int i = 0; i < n; i++) {
        struct model_job *j = next_job(m, idle);
        assert_non_null(j);
        int number = claimable_page(j);
        struct model_page *p = taken[i] = &j->page[number];
        p->state = PAGE_RUNNING;
        p->token++;
        p->attempts++;
        m->vtime[j->owner]++;
        assert_string_equal(got[i].job, j->id);
        assert_int_equal(got[i].page, number);
        assert_int_equal(got[i].token, p->token);
        assert_int_equal(got[i].failures, p->failures);
        assert_int_equal(got[i].losses, p->losses);
    }
    if ((size_t)n < max)
        assert_null(next_job(m, idle));
    struct claim none;
    if (!lapses || !n)
        return;
    /* Make the lapse happen now, with a claim that takes the first of them again. */
    for (int i = 0; i < n; i++)
        lapse(taken[i]);
    assert_int_equal(OK(store_claim(m->store, HOUR_MS, false, &none, 1, &err)), 1);
    struct model_job *j = next_job(m, false);
    struct model_page *p = &j->page[claimable_page(j)];
    assert_string_equal(none.job, j->id);
    p->state = PAGE_RUNNING;
    p->attempts++;
    assert_int_equal(none.token, ++p->token);
    m->vtime[j->owner]++;
}

/* A claim on a random page, sometimes with a token that is too old. */
static struct claim random_claim(struct model *m, struct model_job *j, struct model_page **page)
{
    struct claim c = {.page = j->pages ? 1 + draw(m, (uint32_t)j->pages) : 0};
    memcpy(c.job, j->id, ID_SIZE);
    *page = &j->page[c.page];
    c.token = (*page)->token - (draw(m, 6) == 0);
    return c;
}

static bool holds(const struct claim *c, const struct model_job *j, const struct model_page *p)
{
    return j->present && p->state == PAGE_RUNNING && c->token == p->token;
}

static void do_done(struct model *m, struct model_job *j)
{
    struct model_page *p;
    struct claim c = random_claim(m, j, &p);
    if (!j->id[0] || c.page == 0)
        return;
    bool applies = holds(&c, j, p);
    assert_int_equal(OK(store_done(m->store, &c, 0.9, 1, &err)), applies);
    if (!applies)
        return;
    p->state = PAGE_DONE;
    settle(j);
}

static void do_fail(struct model *m, struct model_job *j)
{
    struct model_page *p;
    struct claim c = random_claim(m, j, &p);
    if (!j->id[0])
        return;
    enum store_failure how = (enum store_failure)draw(m, 4);
    bool delayed = draw(m, 2);
    struct error why;
    error_set(&why, ERROR_TIMEOUT, "slow");
    bool applies = holds(&c, j, p);
    assert_int_equal(OK(store_fail(m->store, &c, how, &why, delayed ? HOUR_MS : 0, &err)), applies);
    if (!applies)
        return;
    p->state = how == STORE_FINAL ? PAGE_FAILED : PAGE_READY;
    p->delayed = delayed && (how == STORE_LOSS || how == STORE_RETRY);
    p->attempts -= how == STORE_RELEASE;
    p->losses += how == STORE_LOSS;
    p->failures += how == STORE_RETRY || how == STORE_FINAL;
    if (how == STORE_FINAL)
        settle(j);
}

static void do_open(struct model *m, struct model_job *j)
{
    if (!j->id[0] || j->pages)
        return;
    struct model_page *p;
    struct claim c = random_claim(m, j, &p);
    uint32_t n = 1 + draw(m, PAGES), numbers[PAGES];
    for (uint32_t i = 0; i < n; i++)
        numbers[i] = i + 1;
    bool applies = holds(&c, j, p);
    assert_int_equal(OK(store_opened(m->store, &c, numbers, n, n, &err)), applies);
    if (!applies)
        return;
    memset(j->page, 0, sizeof j->page);
    j->pages = (int)n;
    j->state = JOB_PROCESSING;
}

static void check_refused(int rc, enum error_class class)
{
    assert_int_equal(rc, -1);
    assert_int_equal(err.class, class);
}

static void do_cancel(struct model *m, struct model_job *j)
{
    if (!j->id[0])
        return;
    int rc = store_cancel(m->store, j->id, &err);
    if (!j->present) {
        check_refused(rc, ERROR_NOT_FOUND);
    } else if (j->state == JOB_COMPLETED || j->state == JOB_FAILED) {
        check_refused(rc, ERROR_CONFLICT);
    } else {
        assert_int_equal(rc, 0);
        j->state = JOB_CANCELLED;
        for (int p = first_page(j); p <= j->pages; p++)
            if (j->page[p].state <= PAGE_RUNNING)
                j->page[p] = (struct model_page){.state = PAGE_CANCELLED,
                                                 .token = j->page[p].token,
                                                 .attempts = j->page[p].attempts};
    }
}

static void do_retry(struct model *m, struct model_job *j)
{
    if (!j->id[0])
        return;
    bool all = draw(m, 2);
    enum page_state least = all ? PAGE_DONE : PAGE_FAILED;
    int again = 0;
    for (int p = first_page(j); p <= j->pages; p++)
        again += j->page[p].state >= least;
    int rc = store_retry(m->store, j->id, all, &err);
    if (!j->present) {
        check_refused(rc, ERROR_NOT_FOUND);
        return;
    }
    if (!job_state_ended(j->state) || !again) {
        check_refused(rc, ERROR_CONFLICT);
        return;
    }
    assert_int_equal(rc, 0);
    seat(m, j->owner);
    j->state = j->pages ? JOB_PROCESSING : JOB_PENDING;
    for (int p = first_page(j); p <= j->pages; p++)
        if (j->page[p].state >= least)
            j->page[p] = (struct model_page){
                .state = PAGE_READY, .token = j->page[p].token, .attempts = j->page[p].attempts};
}

static void do_delete(struct model *m, struct model_job *j)
{
    if (!j->id[0])
        return;
    int rc = store_delete(m->store, j->id, &err);
    if (!j->present)
        check_refused(rc, ERROR_NOT_FOUND);
    else
        assert_int_equal(rc, 0);
    j->present = false;
}

static void do_sweep(struct model *m)
{
    struct store_healed h;
    OK(store_sweep(m->store, &h, &err));
    if (h.counters + h.finished + h.expired)
        fail_msg("the sweep had something to heal");
}

static void do_release_all(struct model *m)
{
    OK(store_release_all(m->store, &err));
    for (int i = 0; i < JOBS; i++)
        for (int p = 0; m->job[i].present && p <= PAGES; p++)
            if (m->job[i].page[p].state == PAGE_RUNNING) {
                m->job[i].page[p].state = PAGE_READY;
                m->job[i].page[p].attempts--;
            }
}

static void check_job(const struct model *m, const struct model_job *j)
{
    if (!j->present)
        return;
    auto_job job = find(m->store, j->id);
    assert_int_equal(job.state, j->state);
    assert_string_equal(job.owner, owners[j->owner]);
    assert_int_equal(job.priority, j->priority);
    assert_int_equal(job.pages.total, j->pages);
    assert_int_equal(job.pages.ready, count(j, PAGE_READY));
    assert_int_equal(job.pages.running, count(j, PAGE_RUNNING));
    assert_int_equal(job.pages.done, count(j, PAGE_DONE));
    assert_int_equal(job.pages.failed, count(j, PAGE_FAILED));
    assert_int_equal(job.pages.cancelled, count(j, PAGE_CANCELLED));
    assert_int_equal(job.finished > 0, job_state_ended(j->state));
    assert_int_equal(job.error.class != ERROR_NONE, j->state == JOB_FAILED);
    struct page_row rows[PAGES];
    assert_int_equal(OK(store_list_pages(m->store, j->id, 1, false, rows, PAGES, &err)), j->pages);
    for (int p = 1; p <= j->pages; p++) {
        assert_int_equal(rows[p - 1].state, j->page[p].state);
        assert_int_equal(rows[p - 1].attempts, j->page[p].attempts);
        assert_int_equal(rows[p - 1].result, j->page[p].state == PAGE_DONE ? j->page[p].token : 0);
    }
}

static void check_total(const struct model *m)
{
    int64_t present = 0, found;
    for (int i = 0; i < JOBS; i++)
        present += m->job[i].present;
    OK(store_count_jobs(m->store, &(struct job_filter){0}, &found, &err));
    assert_int_equal(found, present);
}

static void step(struct model *m)
{
    struct model_job *j = &m->job[draw(m, JOBS)];
    uint32_t dice = draw(m, 100);
    if (dice < 15)
        do_submit(m, j);
    else if (dice < 40)
        do_claim(m);
    else if (dice < 52)
        do_open(m, j);
    else if (dice < 72)
        do_done(m, j);
    else if (dice < 88)
        do_fail(m, j);
    else if (dice < 90)
        do_cancel(m, j);
    else if (dice < 93)
        do_retry(m, j);
    else if (dice < 98)
        do_delete(m, j);
    else if (dice < 99)
        do_sweep(m);
    else
        do_release_all(m);
}

static void the_store_does_what_the_model_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct model *m = x_calloc(1, sizeof *m);
        m->random = seed;
        OK(store_open(&m->store, "sqlite::memory:", &err));
        for (int i = 0; i < STEPS; i++) {
            step(m);
            check_job(m, &m->job[i % JOBS]);
        }
        for (int i = 0; i < JOBS; i++)
            check_job(m, &m->job[i]);
        check_total(m);
        assert_true(m->joined > 20 && m->replayed > 10);
        store_close(&m->store);
        free(m);
    }
}

enum { THREADS = 8, SHARED_JOBS = 20, SHARED_PAGES = 50, SHARED_ALL = SHARED_JOBS * SHARED_PAGES };

struct crew {
    struct store *store;
    char id[SHARED_JOBS][ID_SIZE];
    pthread_mutex_t lock;
    int read[SHARED_JOBS][SHARED_PAGES + 1];
    int left;
};

/* cmocka's assertions belong to the main thread: a worker ends the process instead. */
static int sure(int rc, const struct error *e)
{
    if (rc < 0) {
        fprintf(stderr, "%s\n", e->text);
        abort();
    }
    return rc;
}

static void note_read(struct crew *crew, const struct claim *c)
{
    pthread_mutex_lock(&crew->lock);
    for (int j = 0; j < SHARED_JOBS; j++)
        if (strcmp(crew->id[j], c->job) == 0)
            crew->read[j][c->page]++;
    crew->left--;
    pthread_mutex_unlock(&crew->lock);
}

static void work_on(struct crew *crew, const struct claim *c)
{
    struct error e;
    if (c->page == 0) {
        uint32_t numbers[SHARED_PAGES];
        for (uint32_t i = 0; i < SHARED_PAGES; i++)
            numbers[i] = i + 1;
        sure(store_opened(crew->store, c, numbers, SHARED_PAGES, SHARED_PAGES, &e), &e);
        return;
    }
    struct job job;
    sure(store_find_job(crew->store, c->job, &job, &e), &e);
    job_free_members(&job);
    if (sure(store_done(crew->store, c, 1, 1, &e), &e) == 1)
        note_read(crew, c);
}

static bool more(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    bool left = crew->left > 0;
    pthread_mutex_unlock(&crew->lock);
    return left;
}

static void *worker(void *arg)
{
    struct crew *crew = arg;
    struct error e;
    while (more(crew)) {
        struct claim c[3];
        int n = sure(store_claim(crew->store, HOUR_MS, false, c, 3, &e), &e);
        for (int i = 0; i < n; i++)
            work_on(crew, &c[i]);
    }
    return NULL;
}

static void threads_read_every_page_once(void **state)
{
    (void)state;
    char url[320];
    struct crew *crew = x_calloc(1, sizeof *crew);
    crew->left = SHARED_ALL;
    pthread_mutex_init(&crew->lock, NULL);
    snprintf(url, sizeof url, "sqlite:%s/threads.db", support_scratch());
    OK(store_open(&crew->store, url, &err));
    for (int j = 0; j < SHARED_JOBS; j++)
        submit_job(crew->store, owners[j % OWNERS], crew->id[j]);
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, worker, crew), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int j = 0; j < SHARED_JOBS; j++) {
        auto_job job = find(crew->store, crew->id[j]);
        assert_int_equal(job.state, JOB_COMPLETED);
        assert_int_equal(job.pages.done, SHARED_PAGES);
        for (int p = 1; p <= SHARED_PAGES; p++)
            assert_int_equal(crew->read[j][p], 1);
    }
    store_close(&crew->store);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

enum { ROUNDS = 25 };

/* Threads that all want the same: with one key each round, and as twins. */
struct rush {
    struct store *store;
    pthread_barrier_t start;
    char keyed[THREADS][ROUNDS][ID_SIZE], twin[THREADS][ROUNDS][ID_SIZE];
    int made[THREADS];
};

struct rusher {
    struct rush *rush;
    int number;
};

static void rush_round(struct rush *r, int thread, int round)
{
    struct error e;
    enum store_submitted how;
    char name[32];
    struct job job = support_job("a", 0);
    snprintf(name, sizeof name, "round %d", round);
    struct submission what = {
        .job = &job, .idempotency_key = name, .fingerprint = "f", .key_ttl_ms = HOUR_MS};
    sure(store_submit(r->store, &what, r->keyed[thread][round], &how, &e), &e);
    r->made[thread] += how == STORE_NEW;
    id_new(job.id);
    snprintf(job.twin, sizeof job.twin, "%d", round);
    what = (struct submission){.job = &job, .join = true};
    sure(store_submit(r->store, &what, r->twin[thread][round], &how, &e), &e);
    r->made[thread] += how == STORE_NEW;
}

static void *rush(void *arg)
{
    const struct rusher *me = arg;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&me->rush->start);
        rush_round(me->rush, me->number, round);
    }
    return NULL;
}

static void threads_make_one_job_of_one_request(void **state)
{
    (void)state;
    char url[320];
    struct rush *r = x_calloc(1, sizeof *r);
    struct rusher rushers[THREADS];
    pthread_t threads[THREADS];
    int made = 0;
    pthread_barrier_init(&r->start, NULL, THREADS);
    snprintf(url, sizeof url, "sqlite:%s/rush.db", support_scratch());
    OK(store_open(&r->store, url, &err));
    for (int t = 0; t < THREADS; t++) {
        rushers[t] = (struct rusher){r, t};
        assert_int_equal(pthread_create(&threads[t], NULL, rush, &rushers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        made += r->made[t];
    }
    assert_int_equal(made, 2 * ROUNDS);
    for (int t = 1; t < THREADS; t++)
        assert_memory_equal(r->keyed[t], r->keyed[0], sizeof r->keyed[0]);
    for (int t = 1; t < THREADS; t++)
        assert_memory_equal(r->twin[t], r->twin[0], sizeof r->twin[0]);
    store_close(&r->store);
    pthread_barrier_destroy(&r->start);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_does_what_the_model_does),
        cmocka_unit_test(threads_read_every_page_once),
        cmocka_unit_test(threads_make_one_job_of_one_request),
    };
    int failed = cmocka_run_group_tests_name("store random", tests, NULL, NULL);
    support_clean();
    return failed;
}
