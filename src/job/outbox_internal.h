/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Inside the outbox. Everything belongs to its thread, but for the two flags.
 */
#ifndef JOB_OUTBOX_INTERNAL_H
#define JOB_OUTBOX_INTERNAL_H

#include "job/outbox.h"

#include "base/strbuf.h"

enum {
    OUTBOX_SENDING = 64,
    OUTBOX_SENDING_HOST = 4,
    OUTBOX_HELD = 1024, /* claimed and waiting for their host: so many of one that is slow
                           before the others wait, too */
    OUTBOX_LEASE_MS = 60000,
    OUTBOX_HOLD_MS = 40000, /* not begun by then: left for the next claim, so that an attempt always
                               ends within the lease */
};

/* webhook.c: what a job's row says about its webhook, and the payload. */
struct webhook {
    char url[NET_URL + 1], secret[WEBHOOK_SECRET + 1];
};
int webhook_read(const struct job *job, struct webhook *out, struct error *err);
void webhook_payload(const struct job *job, const struct delivery *d, struct strbuf *out);

/* outbox_send.c: one attempt. It looks the host up (target, not on the wire), then transfers. */
struct sending {
    bool used, on_wire;
    struct delivery delivery;
    char host[NET_HOST];
    struct net_target *target;
    CURL *curl;
    struct curl_slist *headers;
    struct strbuf payload;
    size_t received;
    int64_t at, begun; /* wall clock; steady clock */
};

/* Reads the job and starts the lookup. 1: under way. 0: the job is gone. -1: failed, *err. */
int sending_begin(struct sending *s, struct store *store, const struct net_guard *guard,
                  struct error *err);
/* The lookup is over: onto the wire. */
int sending_connect(struct sending *s, CURLM *multi, struct error *err);
/* What the transfer came to. 0: the other side answered *status, and asks for *wait_s. */
int sending_result(struct sending *s, CURLcode code, int32_t *status, int64_t *wait_s,
                   struct error *err);
void sending_end(struct sending *s, CURLM *multi);

/* outbox_verdict.c: what follows from an attempt. */
struct verdict {
    enum delivery_state state;
    int64_t due;
};
/* attempt: the how manyeth it was, from 1. status 0: there was no answer. */
struct verdict outbox_judge(uint32_t attempt, int32_t status, int64_t wait_s, int64_t now);

#endif
