/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a webhook is made of: the client's wish, the signature, the payload. Refuses URLs that the
 * guard refuses, secrets that do not decode, events that no job has. Called by the API at
 * submission and by the outbox.
 */
#include "job/outbox_internal.h"

#include "base/json_writer.h"
#include "base/must.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_LEAST = 24, /* of a whsec_ secret, decoded: Standard Webhooks 1.0 */
    KEY_MOST = 64,
    METADATA_MOST = 4096, /* bytes that a thin payload carries along */
    EVENT = 32,
};

static const char prefix[] = "whsec_";
static const uint32_t all_events = 1U << JOB_COMPLETED | 1U << JOB_FAILED | 1U << JOB_CANCELLED;

/* ---- the secret ---- */

struct key {
    unsigned char bytes[WEBHOOK_SECRET];
    size_t len;
};

/* EVP_DecodeBlock takes only whole groups, ignores blanks, and counts the padding as bytes. */
static int decode(const char *text, struct key *out, struct error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char padded[WEBHOOK_SECRET + 4];
    size_t body = strspn(text, digits), pad = strspn(text + body, "=");
    int n = snprintf(padded, sizeof padded, "%.*s%.*s", (int)body, text, (int)(-body % 4), "===");
    bool whole = text[body + pad] == '\0' && body % 4 != 1 && (pad == 0 || pad == -body % 4);
    int len = whole ? EVP_DecodeBlock(out->bytes, (const unsigned char *)padded, n) : -1;
    len -= (int)(-body % 4);
    if (len < KEY_LEAST || len > KEY_MOST)
        return error_set(err, ERROR_INPUT, "webhook secret: after %s come %d to %d bytes in base64",
                         prefix, KEY_LEAST, KEY_MOST);
    out->len = (size_t)len;
    return 0;
}

static int read_key(const char *secret, struct key *out, struct error *err)
{
    size_t len = strnlen(secret, WEBHOOK_SECRET + 1);
    if (len == 0 || len > WEBHOOK_SECRET)
        return error_set(err, ERROR_INPUT, "webhook secret: 1 to %d bytes", WEBHOOK_SECRET);
    if (strncmp(secret, prefix, sizeof prefix - 1) == 0)
        return decode(secret + sizeof prefix - 1, out, err);
    memcpy(out->bytes, secret, len);
    out->len = len;
    return 0;
}

int webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *payload,
                 size_t len, char out[WEBHOOK_SIGNATURE], struct error *err)
{
    struct key key;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    auto_strbuf text = {0};
    if (read_key(secret, &key, err) < 0)
        return -1;
    strbuf_addf(&text, "%s.%" PRId64 ".", id, timestamp);
    strbuf_add(&text, payload, len);
    bool done = HMAC(EVP_sha256(), key.bytes, (int)key.len, (const unsigned char *)text.data,
                     text.len, digest, &size);
    OPENSSL_cleanse(&key, sizeof key);
    if (!done || size != 32)
        return error_set(err, ERROR_BUG, "OpenSSL has no HMAC-SHA256");
    int n = snprintf(out, WEBHOOK_SIGNATURE, "v1,");
    EVP_EncodeBlock((unsigned char *)out + n, digest, (int)size);
    return 0;
}

/* ---- the wish ---- */

static int read_event(const char *text, size_t len, uint32_t *states, struct error *err)
{
    char name[EVENT];
    int state = -1;
    if (len < sizeof name) {
        snprintf(name, sizeof name, "%.*s", (int)len, text);
        state = job_state_of(name);
    }
    if (state < 0 || !(all_events >> state & 1))
        return error_set(err, ERROR_INPUT,
                         "webhook events: \"%.*s\" is none of completed, failed, cancelled",
                         (int)(len < EVENT ? len : EVENT), text);
    *states |= 1U << state;
    return 0;
}

int webhook_check(const char *url, const char *secret, const char *events, uint32_t *states,
                  const struct net_guard *guard, struct error *err)
{
    struct key key;
    uint32_t found = *events ? 0 : all_events;
    if (net_check_url(guard, url, err) < 0)
        return error_context(err, "webhook url");
    if (*secret && read_key(secret, &key, err) < 0)
        return -1;
    OPENSSL_cleanse(&key, sizeof key);
    for (const char *p = events; *events; p++) {
        size_t len = strcspn(p, ",");
        if (read_event(p, len, &found, err) < 0)
            return -1;
        p += len;
        if (!*p)
            break;
    }
    *states = found;
    return 0;
}

static bool take(const json_t *root, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(root, name);
    const char *text = value ? json_string_value(value) : "";
    if (!text || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

int webhook_read(const struct job *job, struct webhook *out, struct error *err)
{
    json_t *root = job->webhook ? json_loads(job->webhook, 0, NULL) : NULL;
    bool good = root && take(root, "url", out->url, sizeof out->url) && out->url[0] &&
                take(root, "secret", out->secret, sizeof out->secret);
    json_decref(root);
    return good ? 0 : error_set(err, ERROR_BUG, "the job has no webhook that can be read");
}

/* ---- the payload ---- */

static void add_pages(struct json_writer *w, const struct job_counts *pages)
{
    json_add_object(w, "pages");
    json_add_int(w, "total", pages->total);
    json_add_int(w, "done", pages->done);
    json_add_int(w, "failed", pages->failed);
    json_end_object(w);
}

static void add_error(struct json_writer *w, const struct error *error)
{
    if (error->class == ERROR_NONE) {
        json_add_null(w, "error");
        return;
    }
    json_add_object(w, "error");
    json_add_string(w, "code", error_code(error->class));
    json_add_string(w, "message", error->text);
    json_end_object(w);
}

static void add_links(struct json_writer *w, const char *id)
{
    char path[ID_SIZE + 16];
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    json_add_object(w, "links");
    json_add_string(w, "job", path);
    json_end_object(w);
}

/* status is that of the event, which may be older than the job's. */
void webhook_payload(const struct job *job, const struct delivery *d, struct strbuf *out)
{
    struct json_writer w = {.out = out};
    char type[EVENT + 8];
    snprintf(type, sizeof type, "job.%s", job_state_name(d->event));
    json_add_object(&w, NULL);
    json_add_string(&w, "type", type);
    json_add_time(&w, "timestamp", d->created);
    json_add_object(&w, "data");
    json_add_string(&w, "id", job->id);
    json_add_string(&w, "job_id", job->id);
    json_add_string(&w, "status", job_state_name(d->event));
    json_add_string(&w, "filename", job->filename);
    add_pages(&w, &job->pages);
    add_error(&w, &job->error);
    if (job->metadata && strlen(job->metadata) <= METADATA_MOST)
        json_add_raw(&w, "metadata", job->metadata);
    add_links(&w, job->id);
    json_end_object(&w);
    json_end_object(&w);
}
