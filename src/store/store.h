/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Jobs and pages: the truth; beside them what must change in the same transactions: what owners
 * have used, keys of repeated requests, tokens, webhooks to be delivered. There is no second queue:
 * a claim is an UPDATE of a page row with a lease and a fencing token, on the database's clock.
 *
 * Every call is one transaction, on stable storage when it returns, and safe from any thread. Page
 * number 0 of a job stands for opening its document; opening it replaces that row by one row for
 * each page. Writes by a claim have no effect unless its token is still the row's: they return 1
 * applied, 0 fenced.
 *
 * Backends by URL: sqlite:PATH (one process owns the file), sqlite::memory:.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "base/id.h"
#include "page/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum {
    STORE_OWNER = 64,
    STORE_FILENAME = 256,
    STORE_TYPE = 64,
    STORE_SHA256 = 65,
    STORE_PASSWORD = 128,
    STORE_SURFACE = 8,
    STORE_ENGINE = 64,
    STORE_ENGINE_VERSION = 128,
    STORE_IDEMPOTENCY_KEY = 256, /* with its end */
    STORE_TOKEN = 24,
    STORE_RATE = 64,
    STORE_DELIVERY_ERROR = 256
};

struct job_counts {
    int64_t total; /* pages to read; 0 until the document is open */
    int64_t ready, running, done, failed, cancelled;
};

struct job {
    char id[ID_SIZE];
    char owner[STORE_OWNER];
    char filename[STORE_FILENAME];
    char content_type[STORE_TYPE];
    char sha256[STORE_SHA256];     /* of the document, lower-case hex */
    char password[STORE_PASSWORD]; /* forgotten when the job ends with every page read */
    int64_t size;                  /* of the document, bytes */
    int64_t priority;              /* higher first within an owner */
    int64_t ttl_ms;                /* kept this long after its end */
    bool strict;                   /* one failed page fails the job */
    char surface[STORE_SURFACE];   /* "" native, "a", "b", "c": which API it came by */
    char engine[STORE_ENGINE];     /* by name */
    char engine_version[STORE_ENGINE_VERSION]; /* "": unknown */
    char twin[STORE_SHA256]; /* digest of all that decides the result; "": never joined */
    char *options;           /* canonical JSON object; owned */
    char *metadata;          /* JSON as the client gave it, or NULL; owned */
    char *webhook;           /* canonical JSON {url,secret,events} or NULL; owned; opaque here */
    uint32_t webhook_states; /* bit per enum job_state whose reaching is delivered */
    int64_t page_quota;      /* most pages its owner may have opened in the period; 0: any */
    int64_t quota_since;     /* begin of that period, Unix ms */
    enum job_state state;
    struct job_counts pages;
    int64_t document_pages; /* in the whole document, asked for or not */
    struct error error;     /* class ERROR_NONE while all is well */
    int64_t created, started, updated, finished, expires; /* Unix ms; 0: not yet */
    int64_t sequence; /* order of submission; the cursor of lists */
    int64_t revision; /* grows with every change: what long polls wait on */
};

void job_free_members(struct job *job); /* the owned strings; zeroes the struct */
#define auto_job __attribute__((cleanup(job_free_members))) struct job

enum store_submitted { STORE_NEW, STORE_JOINED, STORE_REPLAYED };

struct submission {
    const struct job *job;
    bool join; /* an unfinished or wholly successful job with the same owner and twin will do */
    const char *idempotency_key; /* up to 255 bytes, compared exactly; NULL: none */
    const char *fingerprint;     /* of the request, hexadecimal; with the key */
    int64_t key_ttl_ms;
    int64_t most_unfinished; /* jobs of the owner; 0: any */
    int64_t byte_quota;      /* of the owner in the period from job->quota_since; 0: any */
};

struct page_row {
    uint32_t number;
    enum page_state state;
    int64_t result; /* token under which the result blob was written; 0: none */
    uint32_t attempts;
    struct error error; /* of the last failed attempt; none once the page is done */
    int64_t duration_ms, finished;
    double confidence;
    int64_t revision; /* the job's, with which the page was done or failed; 0: it is neither */
};

struct claim {
    char job[ID_SIZE];
    uint32_t page; /* 0: open the document */
    int64_t token;
    uint32_t failures; /* attempts that ended in a failure of the page */
    uint32_t losses;   /* attempts whose worker was killed from outside or vanished */
};

enum store_failure {
    STORE_RELEASE, /* given back unharmed: not counted */
    STORE_LOSS,    /* the worker was lost: counted apart from failures */
    STORE_RETRY,   /* failed, try again after delay_ms */
    STORE_FINAL,   /* failed for good */
};

struct job_filter {
    const char *owner;                /* NULL: any */
    uint32_t states;                  /* bit per enum job_state; 0: any */
    const char *filename;             /* substring, ASCII case ignored; NULL: any */
    const char *content_type;         /* exact; NULL: any */
    int64_t created_from, created_to; /* inclusive, Unix ms; 0: open */
    int64_t before;                   /* only jobs with a smaller sequence; 0: from the newest */
    bool ascending;                   /* oldest first; before is not used then */
    uint32_t offset;                  /* jobs left out at the beginning */
    uint32_t limit;
};

/* An unfinished job, as far as forecasts need it. */
struct store_queued {
    int64_t sequence, priority;
    char owner[STORE_OWNER];
    bool pending;
    int64_t remaining; /* pages; 0 while unknown */
};

struct store_usage {
    int64_t pages, bytes; /* in one period */
    int64_t unfinished;   /* jobs, now */
};

/* Rows of the room that knows what they mean; nothing here looks into them. */
struct token_row {
    char id[STORE_TOKEN];
    char owner[STORE_OWNER];
    char sha256[STORE_SHA256];
    int64_t scopes;
    char rate[STORE_RATE];
    int64_t page_quota, byte_quota, job_quota, quota_period_s;
    int64_t created, expires, used; /* Unix ms; 0: never */
};

/* The numbers are stored: append, never renumber. */
enum delivery_state { DELIVERY_WAITING, DELIVERY_DELIVERED, DELIVERY_FAILED };

struct delivery {
    char id[ID_SIZE]; /* the same over all attempts */
    char job[ID_SIZE];
    enum job_state event;
    enum delivery_state state;
    uint32_t attempts;
    int64_t created, due, finished; /* due: of a waiting one; finished: of the others */
    int32_t status;                 /* of HTTP, of the last attempt; 0: none */
    char error[STORE_DELIVERY_ERROR];
};

struct delivery_attempt {
    uint32_t number; /* from 1, given by the store */
    int64_t at, duration_ms;
    int32_t status;
    char error[STORE_DELIVERY_ERROR];
};

struct store_stats {
    int64_t jobs[JOB_STATES];
    int64_t pages_ready, pages_running;
};

struct store_healed {
    int64_t counters, finished, expired;
};

int store_open(struct store **out, const char *url, struct error *err);
void store_close(struct store **store);

/* Does this process alone own the store, so that every lease found at start is void? */
bool store_exclusive(const struct store *store);
int store_release_all(struct store *store,
                      struct error *err); /* exclusive stores, at start: void all leases */

/* Of the job all is taken down to quota_since, but not its state and what follows. id: of the job
 * that stands for the request from now on.
 * STORE_REPLAYED: the owner used the key within its time, with the same fingerprint. ERROR_INPUT:
 * with another one; ERROR_CONFLICT: its job is gone.
 * STORE_JOINED: the twin is pending, processing or completed, has no failed page, and stays for
 * another minute; its priority becomes the larger of both, and it is kept at least as long as the
 * new one would be. Nothing else of the new job remains, its webhook neither.
 * STORE_NEW: within the limits, else ERROR_QUOTA. Only these are charged. ERROR_CONFLICT: the id
 * exists. */
int store_submit(struct store *store, const struct submission *s, char id[ID_SIZE],
                 enum store_submitted *how, struct error *err);

int store_find_job(struct store *store, const char *id, struct job *out,
                   struct error *err); /* ERROR_NOT_FOUND */
/* visit gets a borrowed job and returns 0 to go on. */
int store_list_jobs(struct store *store, const struct job_filter *filter,
                    int (*visit)(void *arg, const struct job *job), void *arg, struct error *err);
int store_count_jobs(struct store *store, const struct job_filter *filter, int64_t *count,
                     struct error *err); /* whatever its limit, offset and before */
/* Unfinished jobs in the order of submission; visit returns 0 to go on. */
int store_list_queue(struct store *store, int (*visit)(void *arg, const struct store_queued *job),
                     void *arg, struct error *err);
/* Page rows with number ≥ from in order, at most max; returns how many. failed_only: PAGE_FAILED
 * rows. Row 0 is no page of the document: it is never listed, found or counted. */
int store_list_pages(struct store *store, const char *id, uint32_t from, bool failed_only,
                     struct page_row *out, size_t max, struct error *err);
/* Pages done or failed with a revision > after, in that order; no two of a job have the same. */
int store_list_changed(struct store *store, const char *id, int64_t after, struct page_row *out,
                       size_t max, struct error *err);
int store_find_page(struct store *store, const char *id, uint32_t number, struct page_row *out,
                    struct error *err); /* ERROR_NOT_FOUND: no such job, or not a page of it */
int store_stats(struct store *store, struct store_stats *out, struct error *err);
/* since: the begin of the period, as in the jobs that were charged to it. */
int store_usage(struct store *store, const char *owner, int64_t since, struct store_usage *out,
                struct error *err);

/* Claim up to max pages, fairly: owners by virtual time (one page costs one unit), then priority,
 * then the job with the fewest running pages, then age, then page order. Lapsed leases are claimed
 * like ready pages, their loss counted. idle_jobs: only from jobs that have no page running.
 * Returns how many. */
int store_claim(struct store *store, int64_t lease_ms, bool idle_jobs, struct claim *out,
                size_t max, struct error *err);
/* Renew the leases; held[i] = false for a claim that is no longer ours: stop that work. */
int store_beat(struct store *store, int64_t lease_ms, const struct claim *claims, bool *held,
               size_t n, struct error *err);

/* Page 0 is done: the rows pages[0..n) exist, the job is processing, its owner is charged n pages.
 * n ≥ 1. ERROR_QUOTA when the owner has fewer left; nothing is changed then. */
int store_opened(struct store *store, const struct claim *claim, const uint32_t *pages, size_t n,
                 int64_t document_pages, struct error *err);
/* The page's result blob is written under claim->token. The job's counters, and its end with the
 * last page, are in the same transaction. */
int store_done(struct store *store, const struct claim *claim, double confidence,
               int64_t duration_ms, struct error *err);
/* why may be NULL for STORE_RELEASE. A final failure of page 0 fails the job. */
int store_fail(struct store *store, const struct claim *claim, enum store_failure how,
               const struct error *why, int64_t delay_ms, struct error *err);

/* Pending or processing → cancelled, with its unfinished pages. ERROR_CONFLICT when it has ended
 * otherwise; cancelled already is no error. */
int store_cancel(struct store *store, const char *id, struct error *err);
/* An ended job runs again: its failed and cancelled pages, or all. ERROR_CONFLICT while it runs,
 * when there is nothing to do, or when all are asked for and the password is forgotten. All are
 * charged again, to the period in which the job was submitted: ERROR_QUOTA. */
int store_retry(struct store *store, const char *id, bool all, struct error *err);
/* The rows go at once; the id waits in the garbage list until its blobs are gone too. */
int store_delete(struct store *store, const char *id, struct error *err);

/* Ids whose blobs must be removed; returns how many (0: none). store_forget when that is done. */
int store_garbage(struct store *store, char (*ids)[ID_SIZE], size_t max, struct error *err);
int store_forget(struct store *store, const char *id, struct error *err);

/* Heal what no transaction should leave behind, delete jobs and keys past their time and what was
 * used long ago: in many short transactions, some of each kind per call. */
int store_sweep(struct store *store, struct store_healed *healed, struct error *err);

int store_token_add(struct store *store, const struct token_row *row,
                    struct error *err); /* ERROR_CONFLICT: the id exists */
/* By owner, then created; visit returns 0 to go on. */
int store_token_list(struct store *store, int (*visit)(void *arg, const struct token_row *row),
                     void *arg, struct error *err);
int store_token_expire(struct store *store, const char *id, int64_t when,
                       struct error *err); /* ERROR_NOT_FOUND */
int store_token_remove(struct store *store, const char *id, struct error *err); /* the same */
/* The latest time counts; an unknown id is no error. */
int store_token_used(struct store *store, const char *id, int64_t when, struct error *err);

/* Deliveries are made in the transaction in which a job with a webhook reaches one of its
 * webhook_states, and go with their job.
 * Claim up to max of those that are due, the longest waiting first; they are due again when the
 * lease ends. Returns how many. */
int store_delivery_claim(struct store *store, int64_t lease_ms, struct delivery *out, size_t max,
                         struct error *err);
/* Logs the attempt. state DELIVERY_WAITING: again at due. What is delivered stays delivered,
 * whatever a late attempt says. Returns 1, or 0 when the delivery is gone with its job. */
int store_delivery_attempted(struct store *store, const char *id,
                             const struct delivery_attempt *attempt, enum delivery_state state,
                             int64_t due, struct error *err);
/* Both oldest first, at most max; how many. ERROR_NOT_FOUND: no such job, no such delivery. */
int store_delivery_list(struct store *store, const char *job, struct delivery *out, size_t max,
                        struct error *err);
int store_delivery_attempts(struct store *store, const char *id, struct delivery_attempt *out,
                            size_t max, struct error *err);
/* It waits again and is due now; its attempts are kept. ERROR_NOT_FOUND: not of this job. */
int store_delivery_resend(struct store *store, const char *job, const char *id, struct error *err);
int store_delivery_next(struct store *store, int64_t *due,
                        struct error *err); /* the earliest of those that wait; INT64_MAX: none */

#endif
