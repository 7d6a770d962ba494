/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The schema as a table of steps. State numbers are those of page/state.h. Called by drivers at
 * open.
 *
 * page.due says when the clock alone changes what a row means: the end of the lease of a running
 * page, the earliest start of a delayed one, 0 for all others. job.claimable counts the page rows
 * (row 0 too) that can be claimed now; the other counters are of real pages. Partial indexes carry
 * the columns of their condition, too: without them SQLite would rather walk the primary key.
 */
#include "store/store_schema.h"

#include "store/store.h"

#include <string.h>

_Static_assert(JOB_PENDING == 0 && JOB_PROCESSING == 1 && JOB_COMPLETED == 2, "stored numbers");
_Static_assert(DELIVERY_WAITING == 0 && DELIVERY_DELIVERED == 1, "stored numbers");
_Static_assert(PAGE_READY == 0 && PAGE_RUNNING == 1 && PAGE_DONE == 2 && PAGE_FAILED == 3 &&
                   PAGE_CANCELLED == 4,
               "stored numbers");

const struct store_step store_steps[] = {
    {1, "CREATE TABLE job ("
        " seq {serial},"
        " id VARCHAR(36) NOT NULL UNIQUE,"
        " owner VARCHAR(64) NOT NULL,"
        " filename VARCHAR(256) NOT NULL,"
        " content_type VARCHAR(64) NOT NULL,"
        " sha256 VARCHAR(64) NOT NULL,"
        " password VARCHAR(128)," /* '': there is none; NULL: forgotten */
        " size BIGINT NOT NULL,"
        " priority BIGINT NOT NULL,"
        " ttl_ms BIGINT NOT NULL,"
        " strict SMALLINT NOT NULL,"
        " options TEXT NOT NULL,"
        " metadata TEXT,"
        " state SMALLINT NOT NULL DEFAULT 0,"
        " total BIGINT NOT NULL DEFAULT 0,"
        " ready BIGINT NOT NULL DEFAULT 0,"
        " running BIGINT NOT NULL DEFAULT 0,"
        " done BIGINT NOT NULL DEFAULT 0,"
        " failed BIGINT NOT NULL DEFAULT 0,"
        " cancelled BIGINT NOT NULL DEFAULT 0,"
        " claimable BIGINT NOT NULL DEFAULT 0,"
        " document_pages BIGINT NOT NULL DEFAULT 0,"
        " error_class VARCHAR(16) NOT NULL DEFAULT '',"
        " error_page BIGINT NOT NULL DEFAULT 0,"
        " error_text VARCHAR(320) NOT NULL DEFAULT '',"
        " created BIGINT NOT NULL,"
        " started BIGINT NOT NULL DEFAULT 0,"
        " updated BIGINT NOT NULL,"
        " finished BIGINT NOT NULL DEFAULT 0,"
        " expires BIGINT NOT NULL DEFAULT 0,"
        " revision BIGINT NOT NULL DEFAULT 1)"},
    {1, "CREATE TABLE page ("
        " job BIGINT NOT NULL,"
        " number BIGINT NOT NULL,"
        " state SMALLINT NOT NULL DEFAULT 0,"
        " due BIGINT NOT NULL DEFAULT 0,"
        " token BIGINT NOT NULL DEFAULT 0,"
        " attempts BIGINT NOT NULL DEFAULT 0,"
        " failures BIGINT NOT NULL DEFAULT 0,"
        " losses BIGINT NOT NULL DEFAULT 0,"
        " result BIGINT NOT NULL DEFAULT 0,"
        " error_class VARCHAR(16) NOT NULL DEFAULT '',"
        " error_text VARCHAR(320) NOT NULL DEFAULT '',"
        " duration_ms BIGINT NOT NULL DEFAULT 0,"
        " confidence DOUBLE PRECISION NOT NULL DEFAULT 0,"
        " finished BIGINT NOT NULL DEFAULT 0,"
        " PRIMARY KEY (job, number)){clustered}"},
    {1, "CREATE TABLE owner (name VARCHAR(64) NOT NULL PRIMARY KEY,"
        " vtime BIGINT NOT NULL){clustered}"},
    {1, "CREATE TABLE garbage (id VARCHAR(36) NOT NULL PRIMARY KEY){clustered}"},
    {1, "CREATE UNIQUE INDEX owner_vtime ON owner (vtime, name)"},
    {1, "CREATE INDEX job_claimable ON job (owner, priority DESC, running, seq)", "claimable > 0"},
    {1, "CREATE INDEX job_unfinished ON job (owner, state)", "state <= 1"},
    {1, "CREATE INDEX job_state ON job (state, seq)"},
    {1, "CREATE INDEX job_owner ON job (owner, seq)"},
    {1, "CREATE INDEX job_expires ON job (expires)", "expires > 0"},
    {1, "CREATE INDEX page_claimable ON page (job, state, due, number)", "state = 0 AND due = 0"},
    {1, "CREATE INDEX page_failed ON page (job, state, number)", "state = 3"},
    {1, "CREATE INDEX page_due ON page (due)", "due > 0"},

    {2, "ALTER TABLE job ADD COLUMN surface VARCHAR(8) NOT NULL DEFAULT ''"},
    {2, "ALTER TABLE job ADD COLUMN engine VARCHAR(64) NOT NULL DEFAULT ''"},
    {2, "ALTER TABLE job ADD COLUMN engine_version VARCHAR(128) NOT NULL DEFAULT ''"},
    {2, "ALTER TABLE job ADD COLUMN twin VARCHAR(64) NOT NULL DEFAULT ''"},
    {2, "ALTER TABLE job ADD COLUMN webhook TEXT"},
    {2, "ALTER TABLE job ADD COLUMN webhook_states BIGINT NOT NULL DEFAULT 0"},
    {2, "ALTER TABLE job ADD COLUMN page_quota BIGINT NOT NULL DEFAULT 0"},
    {2, "ALTER TABLE job ADD COLUMN quota_since BIGINT NOT NULL DEFAULT 0"},
    {2, "ALTER TABLE page ADD COLUMN revision BIGINT NOT NULL DEFAULT 0"},
    /* Pages that were done before count as done in their order, at revisions that their job has
     * behind it. */
    {2, "UPDATE page SET revision = number WHERE state = 2 OR state = 3"},
    {2, "UPDATE job SET revision = revision + document_pages"},
    {2, "CREATE INDEX job_twin ON job (owner, twin, state DESC, seq)", "twin <> ''"},
    {2, "CREATE INDEX page_changed ON page (job, revision)", "revision > 0"},
    {2, "CREATE TABLE owner_usage ("
        " owner VARCHAR(64) NOT NULL,"
        " since BIGINT NOT NULL,"
        " pages BIGINT NOT NULL,"
        " bytes BIGINT NOT NULL,"
        " updated BIGINT NOT NULL,"
        " PRIMARY KEY (owner, since)){clustered}"},
    {2, "CREATE INDEX owner_usage_updated ON owner_usage (updated)"},
    /* The key as its digest: exact whatever the collation, and any bytes. */
    {2, "CREATE TABLE idempotency ("
        " owner VARCHAR(64) NOT NULL,"
        " key_sha256 VARCHAR(64) NOT NULL,"
        " fingerprint VARCHAR(64) NOT NULL,"
        " job VARCHAR(36) NOT NULL,"
        " expires BIGINT NOT NULL,"
        " PRIMARY KEY (owner, key_sha256)){clustered}"},
    {2, "CREATE INDEX idempotency_expires ON idempotency (expires)"},
    {2, "CREATE TABLE token ("
        " id VARCHAR(24) NOT NULL PRIMARY KEY,"
        " owner VARCHAR(64) NOT NULL,"
        " sha256 VARCHAR(64) NOT NULL,"
        " scopes BIGINT NOT NULL,"
        " rate VARCHAR(64) NOT NULL,"
        " page_quota BIGINT NOT NULL,"
        " byte_quota BIGINT NOT NULL,"
        " job_quota BIGINT NOT NULL,"
        " quota_period_s BIGINT NOT NULL,"
        " created BIGINT NOT NULL,"
        " expires BIGINT NOT NULL,"
        " used BIGINT NOT NULL){clustered}"},
    {2, "CREATE INDEX token_owner ON token (owner, created, id)"},
    {2, "CREATE TABLE delivery ("
        " seq {serial},"
        " id VARCHAR(36) NOT NULL UNIQUE,"
        " job BIGINT NOT NULL,"
        " event SMALLINT NOT NULL,"
        " state SMALLINT NOT NULL DEFAULT 0,"
        " attempts BIGINT NOT NULL DEFAULT 0,"
        " created BIGINT NOT NULL,"
        " due BIGINT NOT NULL,"
        " finished BIGINT NOT NULL DEFAULT 0,"
        " status BIGINT NOT NULL DEFAULT 0,"
        " error VARCHAR(256) NOT NULL DEFAULT '')"},
    {2, "CREATE INDEX delivery_due ON delivery (state, due, seq)", "state = 0"},
    {2, "CREATE INDEX delivery_job ON delivery (job, seq)"},
    {2, "CREATE TABLE delivery_attempt ("
        " delivery BIGINT NOT NULL,"
        " number BIGINT NOT NULL,"
        " started BIGINT NOT NULL,"
        " duration_ms BIGINT NOT NULL,"
        " status BIGINT NOT NULL,"
        " error VARCHAR(256) NOT NULL,"
        " PRIMARY KEY (delivery, number)){clustered}"},
};
const size_t store_step_count = sizeof store_steps / sizeof store_steps[0];

int store_schema_version(void)
{
    return store_steps[store_step_count - 1].version;
}

static const char *word_of(const char *brace, const struct store_dialect *dialect)
{
    return strncmp(brace, "{serial}", 8) == 0 ? dialect->serial : dialect->clustered;
}

void store_step_text(struct strbuf *out, const struct store_step *step,
                     const struct store_dialect *dialect)
{
    const char *rest = step->sql;
    for (const char *brace; (brace = strchr(rest, '{')); rest = strchr(brace, '}') + 1) {
        strbuf_add(out, rest, (size_t)(brace - rest));
        strbuf_adds(out, word_of(brace, dialect));
    }
    strbuf_adds(out, rest);
    if (step->only && dialect->partial)
        strbuf_addf(out, " WHERE %s", step->only);
}
