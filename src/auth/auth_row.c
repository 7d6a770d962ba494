/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A token as JSON, without anything of its secret: for the API and for `pagemill token list`.
 */
#include "auth/auth.h"

enum { DAY_S = 86400 };

void auth_write_row(const struct token_row *t, struct json_writer *w)
{
    char scopes[AUTH_SCOPES_TEXT];
    auth_scopes_text((unsigned)t->scopes, scopes);
    json_add_object(w, NULL);
    json_add_string(w, "id", t->id);
    json_add_string(w, "owner", t->owner);
    json_add_string(w, "scopes", scopes);
    json_add_string(w, "rate", *t->rate ? t->rate : NULL);
    json_add_count(w, "pages_quota", t->page_quota);
    json_add_count(w, "bytes_quota", t->byte_quota);
    json_add_count(w, "jobs_quota", t->job_quota);
    json_add_string(w, "quota_period", t->quota_period_s == DAY_S ? "day" : "month");
    json_add_time(w, "created_at", t->created);
    json_add_time(w, "expires_at", t->expires);
    json_add_time(w, "last_used_at", t->used);
    json_end_object(w);
}
