/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The statements. Job states: 0 pending, 1 processing, then ended. Page states: 0 ready, 1 running,
 * 2 done, 3 failed, 4 cancelled (asserted in store_schema.c). Assignments are written so that they
 * mean the same whether a database reads old or already assigned columns.
 */
#include "store/store_sql.h"

#define FENCED " WHERE job = ? AND number = ? AND token = ? AND state = 1"
#define TOUCHED " revision = revision + 1, updated = ?"
/* Of a page, before its job is touched in the same transaction. */
#define CHANGED " revision = (SELECT job.revision + 1 FROM job WHERE job.seq = page.job)"

#define PAGE_COLUMNS                                                                               \
    "number, error_class, error_text, state, result, attempts, duration_ms, finished, confidence," \
    " revision"

#define TOKEN_COLUMNS                                                                     \
    "id, owner, sha256, scopes, rate, page_quota, byte_quota, job_quota, quota_period_s," \
    " created, expires, used"

#define DELIVERIES                                                                        \
    "SELECT delivery.id, job.id, delivery.event, delivery.state, delivery.attempts,"      \
    " delivery.created, delivery.due, delivery.finished, delivery.status, delivery.error" \
    " FROM delivery JOIN job ON job.seq = delivery.job"

/* Owners by virtual time, then priority, fewest running pages, age, page order. Owners tie by name:
 * a tie lasts one page, and so the order is that of the indexes, read without sorting. */
#define PICK(more)                                                                            \
    "SELECT job.seq, job.id, owner.name, page.number, page.token, page.failures, page.losses" \
    " FROM owner CROSS JOIN job CROSS JOIN page"                                              \
    " WHERE job.owner = owner.name AND job.claimable > 0" more                                \
    " AND page.job = job.seq AND page.number = (SELECT MIN(p.number) FROM page p"             \
    " WHERE p.job = job.seq AND p.state = 0 AND p.due = 0)"                                   \
    " ORDER BY owner.vtime, owner.name, job.priority DESC, job.running, job.seq LIMIT 1"

/* What the counters of a job must be. */
#define COUNTS                                                         \
    "COUNT(CASE WHEN page.number > 0 THEN 1 END),"                     \
    " COUNT(CASE WHEN page.number > 0 AND page.state = 0 THEN 1 END)," \
    " COUNT(CASE WHEN page.number > 0 AND page.state = 1 THEN 1 END)," \
    " COUNT(CASE WHEN page.number > 0 AND page.state = 2 THEN 1 END)," \
    " COUNT(CASE WHEN page.number > 0 AND page.state = 3 THEN 1 END)," \
    " COUNT(CASE WHEN page.number > 0 AND page.state = 4 THEN 1 END)," \
    " COUNT(CASE WHEN page.state = 0 AND page.due = 0 THEN 1 END)"

const char *const store_sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    [SQL_JOB_INSERT] =
        "INSERT INTO job (id, owner, filename, content_type, sha256, password, size,"
        " priority, ttl_ms, strict, options, metadata, surface, engine, engine_version,"
        " twin, webhook, webhook_states, page_quota, quota_since, claimable, created,"
        " updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, 1, ?, ?)",
    [SQL_JOB_FIND] = "SELECT " SQL_JOB_COLUMNS " FROM job WHERE id = ?",
    [SQL_JOB_SEQUENCE] = "SELECT seq, state, owner, total, password IS NULL FROM job WHERE id = ?",
    [SQL_JOB_COUNT] = "UPDATE job SET ready = ready + ?, running = running + ?, done = done + ?,"
                      " failed = failed + ?, claimable = claimable + ?," TOUCHED " WHERE seq = ?",
    [SQL_JOB_STARTED] = "UPDATE job SET started = ? WHERE seq = ? AND started = 0",
    [SQL_JOB_OPENED] = "UPDATE job SET state = 1, total = ?, ready = ?, claimable = ?,"
                       " document_pages = ?," TOUCHED " WHERE seq = ?",
    [SQL_JOB_ENDING] = "SELECT ready + running, total, done, failed, strict FROM job WHERE seq = ?",
    [SQL_JOB_END] = "UPDATE job SET state = ?, error_class = ?, error_page = ?, error_text = ?,"
                    " password = CASE WHEN ? = 1 AND password <> '' THEN NULL ELSE password END,"
                    " finished = ?, expires = ? + ttl_ms," TOUCHED " WHERE seq = ?",
    [SQL_JOB_CANCEL] = "UPDATE job SET cancelled = cancelled + ready + running, ready = 0,"
                       " running = 0, claimable = 0 WHERE seq = ?",
    [SQL_JOB_RETRY] = "UPDATE job SET state = ?, ready = ?, claimable = ?, done = total - ?,"
                      " failed = 0, cancelled = 0, error_class = '', error_page = 0,"
                      " error_text = '', finished = 0, expires = 0," TOUCHED " WHERE seq = ?",
    [SQL_JOB_DELETE] = "DELETE FROM job WHERE seq = ?",
    [SQL_JOB_EXPIRED] = "SELECT id FROM job WHERE expires > 0 AND expires <= ?"
                        " ORDER BY expires LIMIT ?",
    [SQL_JOB_SUSPECTS] = "SELECT seq FROM job WHERE state <= 1 AND"
                         " ((total, ready, running, done, failed, cancelled, claimable) <>"
                         " (SELECT " COUNTS " FROM page WHERE page.job = job.seq)"
                         " OR NOT EXISTS (SELECT 1 FROM page WHERE page.job = job.seq"
                         " AND page.state <= 1)) LIMIT ?",
    [SQL_JOB_RECOUNT] = "SELECT " COUNTS ", COUNT(CASE WHEN page.state <= 1 THEN 1 END),"
                        " COUNT(*) FROM page WHERE job = ?",
    [SQL_JOB_HEAL] =
        "UPDATE job SET state = ?, total = ?, ready = ?, running = ?, done = ?,"
        " failed = ?, cancelled = ?, claimable = ?," TOUCHED " WHERE seq = ? AND state <= 1",
    /* Two walks of the index by state, merged. */
    [SQL_JOB_QUEUE] = "SELECT seq, priority, owner, state, ready + running FROM job"
                      " WHERE state = 0 AND seq > ? UNION ALL"
                      " SELECT seq, priority, owner, state, ready + running FROM job"
                      " WHERE state = 1 AND seq > ? ORDER BY seq LIMIT ?",
    [SQL_JOB_TWIN] = "SELECT seq, id FROM job WHERE owner = ? AND twin = ? AND twin <> ''"
                     " AND state <= 2 AND failed = 0 AND (state < 2 OR expires > ?)"
                     " ORDER BY state DESC, seq LIMIT 1",
    [SQL_JOB_JOIN] = "UPDATE job SET priority = CASE WHEN priority < ? THEN ? ELSE priority END,"
                     " ttl_ms = CASE WHEN ttl_ms < ? THEN ? ELSE ttl_ms END, expires = CASE"
                     " WHEN expires > 0 AND expires < ? THEN ? ELSE expires END," TOUCHED
                     " WHERE seq = ? AND (priority < ? OR ttl_ms < ?"
                     " OR (expires > 0 AND expires < ?))",
    [SQL_JOB_QUOTA] = "SELECT page_quota, quota_since FROM job WHERE seq = ?",
    [SQL_JOB_STATES] = "SELECT state, COUNT(*) FROM job GROUP BY state",
    [SQL_JOB_PAGES] = "SELECT COALESCE(SUM(ready), 0), COALESCE(SUM(running), 0) FROM job"
                      " WHERE state = 1",

    [SQL_PAGE_INSERT] = "INSERT INTO page (job, number) VALUES (?, ?)",
    [SQL_PAGE_FIND] = "SELECT " PAGE_COLUMNS " FROM page WHERE number = ? AND number > 0"
                      " AND job = (SELECT seq FROM job WHERE id = ?)",
    [SQL_PAGE_LIST] = "SELECT " PAGE_COLUMNS " FROM page WHERE job = ? AND number >= ?"
                      " ORDER BY number LIMIT ?",
    [SQL_PAGE_LIST_FAILED] = "SELECT " PAGE_COLUMNS " FROM page WHERE job = ? AND number >= ?"
                             " AND state = 3 ORDER BY number LIMIT ?",
    [SQL_PAGE_LIST_CHANGED] = "SELECT " PAGE_COLUMNS " FROM page WHERE job = ? AND revision > ?"
                              " AND revision > 0 AND number > 0 ORDER BY revision LIMIT ?",
    [SQL_PAGE_DUE] = "SELECT job, number, state FROM page WHERE due > 0 AND due <= ?"
                     " ORDER BY due LIMIT ?",
    [SQL_PAGE_RUNNING] = "SELECT job, number, state FROM page WHERE due > 0 AND state = 1 LIMIT ?",
    [SQL_PAGE_AVAILABLE] = "UPDATE page SET state = 0, due = 0, attempts = attempts - ?,"
                           " losses = losses + ? WHERE job = ? AND number = ?",
    [SQL_PAGE_PICK] = PICK(""),
    [SQL_PAGE_PICK_IDLE] = PICK(" AND job.running < 1"),
    [SQL_PAGE_CLAIM] = "UPDATE page SET state = 1, token = token + 1, attempts = attempts + 1,"
                       " due = ? WHERE job = ? AND number = ?",
    [SQL_PAGE_BEAT] = "UPDATE page SET due = ? WHERE job = (SELECT seq FROM job WHERE id = ?)"
                      " AND number = ? AND token = ? AND state = 1",
    [SQL_PAGE_OPENED] = "DELETE FROM page" FENCED,
    [SQL_PAGE_DONE] =
        "UPDATE page SET state = 2, due = 0, result = token, error_class = '',"
        " error_text = '', confidence = ?, duration_ms = ?, finished = ?," CHANGED FENCED,
    [SQL_PAGE_RELEASE] = "UPDATE page SET state = 0, due = 0, attempts = attempts - 1" FENCED,
    [SQL_PAGE_AGAIN] = "UPDATE page SET state = 0, due = ?, failures = failures + ?,"
                       " losses = losses + ?, error_class = ?, error_text = ?" FENCED,
    [SQL_PAGE_FAIL] = "UPDATE page SET state = 3, due = 0, failures = failures + 1,"
                      " error_class = ?, error_text = ?, finished = ?," CHANGED FENCED,
    [SQL_PAGE_CANCEL] = "UPDATE page SET state = 4, due = 0, finished = ?"
                        " WHERE job = ? AND state <= 1",
    [SQL_PAGE_RETRY] = "UPDATE page SET state = 0, due = 0, failures = 0, losses = 0, result = 0,"
                       " error_class = '', error_text = '', duration_ms = 0, confidence = 0,"
                       " finished = 0, revision = 0 WHERE job = ? AND state >= ?",
    [SQL_PAGE_DELETE] = "DELETE FROM page WHERE job = ?",

    [SQL_OWNER_UNFINISHED] = "SELECT 1 FROM job WHERE owner = ? AND state <= 1 LIMIT 1",
    [SQL_OWNER_UNFINISHED_COUNT] = "SELECT COUNT(*) FROM job WHERE owner = ? AND state <= 1",
    [SQL_OWNER_FLOOR] = "SELECT vtime FROM owner WHERE EXISTS (SELECT 1 FROM job"
                        " WHERE job.owner = owner.name AND job.state <= 1)"
                        " ORDER BY vtime LIMIT 1",
    [SQL_OWNER_RAISE] = "UPDATE owner SET vtime = ? WHERE name = ? AND vtime < ?",
    [SQL_OWNER_INSERT] = "INSERT INTO owner (name, vtime) SELECT ?, ?"
                         " WHERE NOT EXISTS (SELECT 1 FROM owner WHERE name = ?)",
    [SQL_OWNER_CHARGE] = "UPDATE owner SET vtime = vtime + 1 WHERE name = ?",
    [SQL_OWNER_DELETE] = "DELETE FROM owner WHERE vtime <= ? AND NOT EXISTS (SELECT 1 FROM job"
                         " WHERE job.owner = owner.name AND job.state <= 1)",

    [SQL_GARBAGE_ADD] = "INSERT INTO garbage (id) SELECT ?"
                        " WHERE NOT EXISTS (SELECT 1 FROM garbage WHERE id = ?)",
    [SQL_GARBAGE_LIST] = "SELECT id FROM garbage ORDER BY id LIMIT ?",
    [SQL_GARBAGE_DELETE] = "DELETE FROM garbage WHERE id = ?",

    [SQL_USAGE_FIND] = "SELECT pages, bytes FROM owner_usage WHERE owner = ? AND since = ?",
    [SQL_USAGE_CHARGE] = "UPDATE owner_usage SET pages = pages + ?, bytes = bytes + ?, updated = ?"
                         " WHERE owner = ? AND since = ?",
    [SQL_USAGE_INSERT] = "INSERT INTO owner_usage (pages, bytes, updated, owner, since)"
                         " VALUES (?, ?, ?, ?, ?)",
    [SQL_USAGE_OLD] = "DELETE FROM owner_usage WHERE updated < ?",

    [SQL_KEY_FIND] = "SELECT fingerprint, job FROM idempotency"
                     " WHERE owner = ? AND key_sha256 = ? AND expires > ?",
    [SQL_KEY_INSERT] = "INSERT INTO idempotency (owner, key_sha256, fingerprint, job, expires)"
                       " VALUES (?, ?, ?, ?, ?)",
    [SQL_KEY_DELETE] = "DELETE FROM idempotency WHERE owner = ? AND key_sha256 = ?",
    [SQL_KEY_CUT] = "SELECT expires FROM idempotency WHERE expires <= ?"
                    " ORDER BY expires LIMIT 1 OFFSET ?",
    [SQL_KEY_EXPIRED] = "DELETE FROM idempotency WHERE expires <= ?",

    [SQL_TOKEN_INSERT] = "INSERT INTO token (" TOKEN_COLUMNS ")"
                         " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
                         " WHERE NOT EXISTS (SELECT 1 FROM token WHERE id = ?)",
    [SQL_TOKEN_LIST] = "SELECT " TOKEN_COLUMNS " FROM token WHERE (owner, created, id) > (?, ?, ?)"
                       " ORDER BY owner, created, id LIMIT ?",
    [SQL_TOKEN_EXPIRE] = "UPDATE token SET expires = ? WHERE id = ?",
    [SQL_TOKEN_DELETE] = "DELETE FROM token WHERE id = ?",
    [SQL_TOKEN_USED] = "UPDATE token SET used = ? WHERE id = ? AND used < ?",

    [SQL_DELIVERY_ADD] = "INSERT INTO delivery (id, job, event, created, due)"
                         " SELECT ?, seq, ?, ?, ? FROM job WHERE seq = ? AND webhook IS NOT NULL"
                         " AND (webhook_states & ?) <> 0",
    [SQL_DELIVERY_DUE] = DELIVERIES " WHERE delivery.state = 0 AND delivery.due <= ?"
                                    " ORDER BY delivery.due, delivery.seq LIMIT ?",
    [SQL_DELIVERY_LEASE] = "UPDATE delivery SET due = ? WHERE id = ?",
    [SQL_DELIVERY_KEY] = "SELECT seq, state, attempts FROM delivery WHERE id = ?",
    [SQL_DELIVERY_ATTEMPTED] = "UPDATE delivery SET attempts = ?, state = ?, due = ?, finished = ?,"
                               " status = ?, error = ? WHERE seq = ?",
    [SQL_DELIVERY_LATE] = "UPDATE delivery SET attempts = ? WHERE seq = ?",
    [SQL_DELIVERY_LIST] = DELIVERIES " WHERE delivery.job = ? ORDER BY delivery.seq LIMIT ?",
    [SQL_DELIVERY_RESEND] = "UPDATE delivery SET state = 0, due = ?, finished = 0 WHERE id = ?"
                            " AND job = (SELECT seq FROM job WHERE id = ?)",
    [SQL_DELIVERY_NEXT] = "SELECT due FROM delivery WHERE state = 0 ORDER BY due LIMIT 1",
    [SQL_DELIVERY_DELETE] = "DELETE FROM delivery WHERE job = ?",

    [SQL_ATTEMPT_INSERT] = "INSERT INTO delivery_attempt (delivery, number, started, duration_ms,"
                           " status, error) VALUES (?, ?, ?, ?, ?, ?)",
    [SQL_ATTEMPT_LIST] = "SELECT number, started, duration_ms, status, error FROM delivery_attempt"
                         " WHERE delivery = ? ORDER BY number LIMIT ?",
    [SQL_ATTEMPT_DELETE] = "DELETE FROM delivery_attempt"
                           " WHERE delivery IN (SELECT seq FROM delivery WHERE job = ?)",
};
