/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The SQLite driver: a request for work, in one transaction: the job that its idempotency key
 * stands for already, or a twin that it joins, or a new job within the owner's limits; and the key
 * remembered. Called through the driver table.
 */
#include "store/store_sqlite.h"

#include "base/digest.h"

#include <string.h>

/* What a request came to. */
struct submitted {
    char id[ID_SIZE];
    enum store_submitted how;
};

struct remembered {
    char fingerprint[STORE_SHA256];
    char job[ID_SIZE];
};

static int recall(struct connection *c, const char *owner, const char *key, int64_t now,
                  struct remembered *out, struct error *err)
{
    auto_query q =
        sqlite_query(c, SQL_KEY_FIND, VALUES(sql_text(owner), sql_text(key), sql_int(now)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    sqlite_text(q, 0, out->fingerprint, sizeof out->fingerprint);
    sqlite_text(q, 1, out->job, sizeof out->job);
    return 1;
}

/* 1: the key stands for a job, 0: it is free. */
static int replay(struct connection *c, const struct submission *s, const char *key, int64_t now,
                  struct submitted *out, struct error *err)
{
    struct remembered r;
    struct job_key job;
    int rc = recall(c, s->job->owner, key, now, &r, err);
    if (rc != 1)
        return rc;
    if (strcmp(r.fingerprint, s->fingerprint) != 0)
        return error_set(err, ERROR_INPUT, "Idempotency-Key: used for another request");
    rc = sqlite_job_key(c, r.job, &job, err);
    if (rc == 0)
        return error_set(err, ERROR_CONFLICT, "the job of this Idempotency-Key is gone");
    memcpy(out->id, r.job, ID_SIZE);
    out->how = STORE_REPLAYED;
    return rc;
}

static int remember(struct connection *c, const struct submission *s, const char *key, int64_t now,
                    const char *id, struct error *err)
{
    const char *owner = s->job->owner;
    /* It may be there still, past its time. */
    if (sqlite_change(c, SQL_KEY_DELETE, VALUES(sql_text(owner), sql_text(key)), err) < 0)
        return -1;
    return sqlite_change(c, SQL_KEY_INSERT,
                         VALUES(sql_text(owner), sql_text(key), sql_text(s->fingerprint),
                                sql_text(id), sql_int(now + s->key_ttl_ms)),
                         err);
}

static int find_twin(struct connection *c, const struct job *job, int64_t now, int64_t *seq,
                     char id[ID_SIZE], struct error *err)
{
    auto_query q = sqlite_query(
        c, SQL_JOB_TWIN,
        VALUES(sql_text(job->owner), sql_text(job->twin), sql_int(now + STORE_JOIN_REST_MS)), err);
    int rc = q ? sqlite_row(c, q, err) : -1;
    if (rc != 1)
        return rc;
    *seq = sqlite3_column_int64(q, 0);
    sqlite_text(q, 1, id, ID_SIZE);
    return 1;
}

/* 1: joined, 0: there is no twin. */
static int join(struct connection *c, const struct job *job, int64_t now, struct submitted *out,
                struct error *err)
{
    int64_t seq;
    int rc = job->twin[0] ? find_twin(c, job, now, &seq, out->id, err) : 0;
    if (rc != 1)
        return rc;
    struct sql_value priority = sql_int(job->priority), ttl = sql_int(job->ttl_ms);
    struct sql_value until = sql_int(now + job->ttl_ms);
    out->how = STORE_JOINED;
    rc = sqlite_change(c, SQL_JOB_JOIN,
                       VALUES(priority, priority, ttl, ttl, until, until, sql_int(now),
                              sql_int(seq), priority, ttl, until),
                       err);
    return rc < 0 ? -1 : 1;
}

static int insert_job(struct connection *c, const struct job *job, int64_t now, struct error *err)
{
    return sqlite_change(
        c, SQL_JOB_INSERT,
        VALUES(sql_text(job->id), sql_text(job->owner), sql_text(job->filename),
               sql_text(job->content_type), sql_text(job->sha256), sql_text(job->password),
               sql_int(job->size), sql_int(job->priority), sql_int(job->ttl_ms),
               sql_int(job->strict), sql_text(job->options), sql_text(job->metadata),
               sql_text(job->surface), sql_text(job->engine), sql_text(job->engine_version),
               sql_text(job->twin), sql_text(job->webhook), sql_int(job->webhook_states),
               sql_int(job->page_quota), sql_int(job->quota_since), sql_int(now), sql_int(now)),
        err);
}

static int add_job(struct connection *c, const struct submission *s, int64_t now,
                   struct submitted *out, struct error *err)
{
    const struct job *job = s->job;
    struct job_key key;
    int known = sqlite_job_key(c, job->id, &key, err);
    if (known > 0)
        return error_set(err, ERROR_CONFLICT, "job %s exists already", job->id);
    if (known < 0 || sqlite_usage_submit(c, s, now, err) < 0 ||
        sqlite_seat_owner(c, job->owner, err) < 0 || insert_job(c, job, now, err) < 0)
        return -1;
    int64_t seq = sqlite3_last_insert_rowid(c->db);
    memcpy(out->id, job->id, ID_SIZE);
    out->how = STORE_NEW;
    return sqlite_change(c, SQL_PAGE_INSERT, VALUES(sql_int(seq), sql_int(0)), err);
}

static int submit(struct connection *c, const struct submission *s, struct submitted *out,
                  struct error *err)
{
    int64_t now = clock_wall();
    char key[DIGEST_TEXT];
    int rc = 0;
    if (s->idempotency_key) {
        digest_bytes(s->idempotency_key, strlen(s->idempotency_key), key);
        rc = replay(c, s, key, now, out, err);
        if (rc != 0)
            return rc;
    }
    if (s->join)
        rc = join(c, s->job, now, out, err);
    if (rc == 0)
        rc = add_job(c, s, now, out, err);
    if (rc < 0)
        return -1;
    return s->idempotency_key ? remember(c, s, key, now, out->id, err) : 0;
}

int sqlite_submit(struct store *store, const struct submission *s, char id[ID_SIZE],
                  enum store_submitted *how, struct error *err)
{
    struct submitted came = {0};
    struct connection *c = sqlite_begin(store, err);
    if (!c || sqlite_finish(store, submit(c, s, &came, err), err) < 0)
        return -1;
    memcpy(id, came.id, ID_SIZE);
    *how = came.how;
    return 0;
}
