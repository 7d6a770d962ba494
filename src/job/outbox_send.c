/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One attempt at a webhook: job → payload → lookup → POST. Refuses what the guard refuses and reads
 * no more than 64 KiB of the answer, which it throws away. Called by the outbox's thread.
 */
#include "job/outbox_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    RECEIVED = 64 << 10, /* bytes of an answer, headers included */
    HEADER = 256,
};

/* ---- what is sent ---- */

static void add_header(struct sending *s, const char *name, const char *value)
{
    char text[HEADER];
    snprintf(text, sizeof text, "%s: %s", name, value);
    struct curl_slist *more = curl_slist_append(s->headers, text);
    if (more)
        s->headers = more;
}

static int add_headers(struct sending *s, const char *secret, struct error *err)
{
    char seconds[24], signature[WEBHOOK_SIGNATURE];
    snprintf(seconds, sizeof seconds, "%" PRId64, s->at / 1000);
    add_header(s, "Content-Type", "application/json");
    add_header(s, "webhook-id", s->delivery.id);
    add_header(s, "webhook-timestamp", seconds);
    if (!*secret)
        return 0;
    if (webhook_sign(secret, s->delivery.id, s->at / 1000, s->payload.data, s->payload.len,
                     signature, err) < 0)
        return -1;
    add_header(s, "webhook-signature", signature);
    return 0;
}

int sending_begin(struct sending *s, struct store *store, const struct net_guard *guard,
                  struct error *err)
{
    auto_job job = {0};
    struct webhook hook;
    s->at = clock_wall();
    s->begun = clock_steady();
    if (store_find_job(store, s->delivery.job, &job, err) < 0)
        return err->class == ERROR_NOT_FOUND ? 0 : -1;
    if (webhook_read(&job, &hook, err) < 0 || net_target_new(&s->target, guard, hook.url, err) < 0)
        return -1;
    webhook_payload(&job, &s->delivery, &s->payload);
    if (add_headers(s, hook.secret, err) < 0 || net_target_look_up(s->target, err) < 0)
        return -1;
    return 1;
}

/* ---- what comes back ---- */

static size_t count(char *bytes, size_t size, size_t n, void *arg)
{
    struct sending *s = arg;
    (void)bytes;
    s->received += size * n;
    return s->received <= RECEIVED ? size * n : 0;
}

static void set_options(struct sending *s)
{
    int64_t left = outbox_timeout_ms - (clock_steady() - s->begun);
    curl_easy_setopt(s->curl, CURLOPT_PRIVATE, s);
    curl_easy_setopt(s->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, s->payload.data);
    curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->payload.len);
    curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
    curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
    curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, count);
    curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, count);
    curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
}

/* The next attempt takes the next address. */
int sending_connect(struct sending *s, CURLM *multi, struct error *err)
{
    int addresses = net_target_judge(s->target, err);
    if (addresses < 0)
        return -1;
    s->curl = curl_easy_init();
    if (!s->curl)
        return error_set(err, ERROR_BUSY, "libcurl has no memory");
    net_target_aim(s->target, s->curl, s->delivery.attempts % (uint32_t)addresses);
    set_options(s);
    if (curl_multi_add_handle(multi, s->curl) != CURLM_OK)
        return error_set(err, ERROR_BUSY, "libcurl does not start a transfer");
    s->on_wire = true;
    return 0;
}

/* Once the status is there the rest of the answer does not matter. */
int sending_result(struct sending *s, CURLcode code, int32_t *status, int64_t *wait_s,
                   struct error *err)
{
    long answered = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &answered);
    curl_easy_getinfo(s->curl, CURLINFO_RETRY_AFTER, &wait);
    if (answered < 200)
        return net_target_blame(s->target, code, err);
    *status = (int32_t)answered;
    *wait_s = wait;
    return 0;
}

void sending_end(struct sending *s, CURLM *multi)
{
    if (s->on_wire)
        curl_multi_remove_handle(multi, s->curl);
    curl_easy_cleanup(s->curl);
    curl_slist_free_all(s->headers);
    net_target_free(&s->target);
    strbuf_free(&s->payload);
    *s = (struct sending){0};
}
