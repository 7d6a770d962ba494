/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The routes as data: what each takes, what it answers, who may use it. The router, the checks of
 * parameters, the OpenAPI document and docs/reference.md are made from these tables, so they cannot
 * disagree. Types are written as in TypeScript: "integer|null", "[Page]", "[[number]]", a name of
 * api_schemas, or "pending/completed" for a choice of words; a member "name?" may be absent.
 */
#ifndef API_API_TABLE_H
#define API_API_TABLE_H

#include "http/http.h"

struct api;

enum api_surface {
    API_NATIVE,  /* /v1 */
    API_SERVICE, /* health, documents, the web page: always there */
    API_TASKS,   /* a: /api/v1/ocr */
    API_PDF,     /* b: /process_pdf, /result, /tasks, /queue */
    API_LIBRARY, /* c: /v1/documents */
    API_SURFACES
};

enum api_type {
    API_TEXT, /* at most max bytes */
    API_INT,  /* min to max */
    API_REAL,
    API_BOOL,    /* true, false, 1, 0, yes, no, on, off */
    API_CHOICE,  /* one of the words in `choices`, separated by slashes */
    API_TIME,    /* RFC 3339, or a date */
    API_DATE_END /* the same, a date meaning its last millisecond */
};

struct api_param {
    const char *name;
    enum api_type type;
    int64_t min, max;
    const char *choices;
    const char *standard; /* what leaving it out means; NULL: nothing */
    const char *doc;
};

struct api_answer {
    int status;
    const char *schema; /* a type; NULL: no JSON */
    const char *media;  /* NULL: application/json, or none where there is no schema */
    const char *doc;
};

enum { API_ANSWERS = 4 };

enum {
    API_OPTIONS = 1,     /* the query may carry the options of a job, too */
    API_ADDS_WORK = 2,   /* refused while there is no room for more */
    API_LAX = 4,         /* unknown parameters are ignored, as the original does */
    API_LIBRARY_TOO = 8, /* clients of surface c use it as well */
};

struct api_route {
    const char *method, *pattern;
    void (*handle)(void *api, struct http_request *req);
    enum api_surface surface;
    unsigned scope; /* enum scope; 0: no token needed */
    unsigned blocking, flags;
    const char *summary;
    const struct api_param *query; /* ends with a NULL name; NULL: none */
    const char *body;              /* NULL, "document" (the form or the raw bytes), or a schema */
    struct api_answer answers[API_ANSWERS]; /* those of one status together */
    const char *problems; /* statuses beside those that every route can answer: "404 409" */
};

extern const struct api_route api_routes[];
extern const size_t api_route_count;

struct api_member {
    const char *name, *type, *doc;
};

struct api_schema {
    const char *name, *doc;
    const struct api_member *members; /* ends with a NULL name */
};

extern const struct api_schema api_schemas[]; /* ends with a NULL name */

#endif
