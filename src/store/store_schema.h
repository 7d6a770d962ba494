/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The tables, as versioned steps in one SQL for all databases; a dialect fills the words in
 * which they differ. A released step never changes: append steps with the next version.
 */
#ifndef STORE_STORE_SCHEMA_H
#define STORE_STORE_SCHEMA_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct store_dialect {
    const char *serial;    /* {serial}: a 64-bit key that counts up and is never used twice */
    const char *clustered; /* {clustered}: rows live in the primary key's tree */
    bool partial;          /* CREATE INDEX … WHERE */
};

struct store_step {
    int version; /* ascending; steps of one version go into one transaction */
    const char *sql;
    const char *only; /* of an index: the rows that it needs, or NULL */
};

extern const struct store_step store_steps[];
extern const size_t store_step_count;
int store_schema_version(void); /* of the last step */

void store_step_text(struct strbuf *out, const struct store_step *step,
                     const struct store_dialect *dialect);

#endif
