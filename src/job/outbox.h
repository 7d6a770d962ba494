/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Webhooks by Standard Webhooks 1.0: what a client asks for is checked when the job is submitted,
 * the store writes a delivery into its outbox when the job ends, and one thread here delivers what
 * is due: at least once, in no order, with the same webhook-id on every attempt.
 *
 * An attempt may take 15 s. 2xx: delivered. 410: given up at once. Anything else, redirects
 * included: again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h (± 10 %), then given
 * up; Retry-After of a 429 or 503 puts it off further, by a day at most.
 */
#ifndef JOB_OUTBOX_H
#define JOB_OUTBOX_H

#include "job/job.h"
#include "net/net.h"

enum {
    WEBHOOK_SIGNATURE = 48, /* "v1," and the base64 of 32 bytes, with its end */
    WEBHOOK_SECRET = 256,   /* bytes of a secret at most */
};

/* What a client wants told, at submission. url: as net_check_url. secret: "" (unsigned), whsec_ and
 * the base64 of 24 to 64 bytes, or any other text, whose bytes it is. events: ended states of a job
 * with commas between, "" for all; *states gets a bit for each. ERROR_INPUT, ERROR_DENIED. */
int webhook_check(const char *url, const char *secret, const char *events, uint32_t *states,
                  const struct net_guard *guard, struct error *err);

/* HMAC-SHA256 of "id.timestamp.payload"; timestamp in Unix seconds. ERROR_INPUT: the secret is none
 * that webhook_check lets pass. */
int webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *payload,
                 size_t len, char out[WEBHOOK_SIGNATURE], struct error *err);

/* At most 64 deliveries at once, 4 of them to one host. service and guard must outlive it. */
struct outbox;
int outbox_start(struct outbox **out, struct job_service *service, const struct net_guard *guard,
                 struct error *err);
/* Ends within about a second; what was under way is tried again when its lease ends. NULL is fine.
 * No outbox_wake may come afterwards. */
void outbox_stop(struct outbox **outbox);
/* Something may be due: a listener for job_listen. From any thread. */
void outbox_wake(void *outbox, const char *id);

/* How long a second of the schedule and of Retry-After is, and what an attempt may take: 1000 and
 * 15000. Tests write them before outbox_start. */
extern int64_t outbox_second_ms, outbox_timeout_ms;

#endif
