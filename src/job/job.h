/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The job service: what may happen to a job, in terms of the store and the blobs. It owns the rules
 * (what is retried, how often, after how long; which pages are asked for; what a result must look
 * like) and tells listeners of every change. Safe from any thread.
 *
 * Blobs of a job: ID/document, ID/pages/N-TOKEN.json. The token in the name keeps a late worker
 * from touching the result that counts.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "base/error.h"
#include "blob/blob.h"
#include "cache/cache.h"
#include "page/options.h"
#include "page/page.h"
#include "store/store.h"

struct job_service;

enum {
    JOB_LEASE_MS = 30000, /* a claim not renewed for this long may be taken over */
    JOB_BEAT_MS = 10000,
    JOB_MAX_LOSSES = 20, /* workers killed from outside under one page before it is given up */
    JOB_LISTENERS = 4,
};

/* cache: page results that are read often; may be NULL. */
struct job_service *job_service_new(struct store *store, struct blob_store *blobs,
                                    struct cache *cache);
void job_service_free(struct job_service **service);
struct store *job_store(struct job_service *service);
struct blob_store *job_blobs(struct job_service *service);

/* changed() is called after every change of a job a client could see, on the thread that made it;
 * it must not call back into the service. Register before other threads use the service. */
void job_listen(struct job_service *service, void (*changed)(void *context, const char *id),
                void *context);

void job_document_key(const char *id, char key[BLOB_KEY]);

struct job_request {
    char id[ID_SIZE]; /* id_new(); the document is already in the blobs under job_document_key */
    const char *owner, *filename, *content_type, *sha256;
    int64_t size;
    const struct options *options;
    const char *metadata;                 /* JSON or NULL */
    const char *surface, *engine_version; /* NULL: "" */
    const char *webhook;                  /* JSON or NULL; with the states that it hears of */
    uint32_t webhook_states;
    int64_t page_quota, byte_quota, job_quota, quota_since; /* of the owner; 0: any */
    bool join; /* a job with the same twin may stand for it */
    char twin[STORE_SHA256];
    const char *idempotency_key, *fingerprint; /* NULL: none */
    int64_t key_ttl_ms;
};

/* id: of the job that stands for the request, which is request->id only for STORE_NEW; id and how
 * may be NULL. ERROR_QUOTA, and what store_submit says. */
int job_submit(struct job_service *service, const struct job_request *request, char *id,
               enum store_submitted *how, struct error *err);
int job_cancel(struct job_service *service, const char *id, struct error *err);
int job_retry(struct job_service *service, const char *id, bool all, struct error *err);
int job_delete(struct job_service *service, const char *id, struct error *err);
/* Deliver a webhook's message once more. */
int job_resend(struct job_service *service, const char *id, const char *delivery,
               struct error *err);

/* Since the service began. */
struct job_counters {
    int64_t pages_ended; /* done or failed for good */
    int64_t documents_opened, pages_opened;
};
void job_counters(struct job_service *service, struct job_counters *out);

/* The worker's side. Those that end a claim return 1 applied, 0 fenced (no effect), −1. */
int job_claim(struct job_service *service, bool idle_jobs, struct claim *out, size_t max,
              struct error *err);
int job_opened(struct job_service *service, const struct claim *claim,
               const struct options *options, uint32_t document_pages, struct error *err);
/* json: what a worker answered; checked, written canonically, then committed. A bad one fails the
 * page. */
int job_done(struct job_service *service, const struct claim *claim, const char *json, size_t len,
             struct error *err);
/* The attempt failed for a reason of its own: retried or ended as the error's class says. */
int job_failed(struct job_service *service, const struct claim *claim, const struct error *why,
               struct error *err);
/* The worker was killed from outside; the page is not to blame. */
int job_lost(struct job_service *service, const struct claim *claim, struct error *err);
int job_released(struct job_service *service, const struct claim *claim, struct error *err);

/* The committed result of one page, appended to *out. ERROR_CONFLICT when the page is not done. */
int job_page_json(struct job_service *service, const char *id, const struct page_row *row,
                  struct strbuf *out, struct error *err);

/* Drop the bytes of a page result that has been passed on; the row stays. For callers that keep
 * nothing. */
void job_page_forget(struct job_service *service, const char *id, const struct page_row *row);

/* Housekeeping, every few seconds: heal, expire, remove blobs of deleted jobs. start: also blobs
 * that belong to no job (uploads cut short by a crash), and void leases where the store is ours
 * alone. */
int job_sweep(struct job_service *service, bool start, struct error *err);

#endif
