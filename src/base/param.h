/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A table of named, typed, bounded values and the struct they live in. The settings of a process
 * and the options of a job are two such tables; parsers, help, the man page and the documents are
 * made from them.
 */
#ifndef BASE_PARAM_H
#define BASE_PARAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum param_type {
    PARAM_TEXT,   /* char[size], valid UTF-8 without control characters */
    PARAM_INT,    /* int64_t within [min, max] */
    PARAM_BYTES,  /* int64_t; the text may end in K, M, G (1024-based) */
    PARAM_REAL,   /* double within [min, max] */
    PARAM_BOOL,   /* bool; true/false, yes/no, on/off, 1/0 */
    PARAM_CHOICE, /* int64_t index into choices */
};

enum { PARAM_SECRET = 1 }; /* flags: never shown or logged */

struct param {
    const char *name; /* snake_case; on a command line with hyphens */
    enum param_type type;
    size_t offset, size;        /* of the field in the target struct */
    const char *standard;       /* the default, as text; must parse */
    int64_t min, max;           /* PARAM_INT, PARAM_BYTES, PARAM_REAL */
    const char *const *choices; /* PARAM_CHOICE, NULL-terminated */
    const char *metavar;        /* what help shows for the value: DIR, N, SECONDS */
    const char *doc;            /* one sentence */
    const char *alias_env;      /* one more environment variable that sets it, or NULL */
    unsigned flags;
    void (*more)(char *out, size_t size); /* ends doc with what another table knows; or NULL */
};

struct param_table {
    const struct param *rows;
    size_t count;
};

const struct param *param_find(const struct param_table *table, const char *name);
void param_defaults(const struct param_table *table, void *target);
/* Unknown name or bad value: ERROR_INPUT, a sentence naming both and what is allowed. */
int param_set(const struct param_table *table, void *target, const char *name, const char *value,
              struct error *err);
/* The row's whole sentence, for people. */
enum { PARAM_DOC = 640 };
void param_doc(const struct param *row, char out[PARAM_DOC]);
/* The value as text that param_set reads back. */
void param_text(const struct param *row, const void *target, char *out, size_t size);

#endif
