/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The one error value: a class, a page (0: the document or none) and a sentence.
 *
 * Functions that can fail return -1 and fill *err; on failure out-parameters are untouched.
 * The class alone decides the HTTP status, the retry and the exit code: see the table in error.c.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

enum error_class {
    ERROR_NONE = 0,
    ERROR_INPUT,       /* the document or the request is malformed */
    ERROR_PASSWORD,    /* encrypted, and the password is missing or wrong */
    ERROR_UNSUPPORTED, /* a type, option value or language that this installation lacks */
    ERROR_LIMIT,       /* larger than a configured cap: bytes, pages, pixels, memory */
    ERROR_TIMEOUT,     /* over the time allowed for a page */
    ERROR_NOT_FOUND,
    ERROR_CONFLICT, /* the thing exists, in a state that forbids the request */
    ERROR_DENIED,
    ERROR_QUOTA,     /* more than this owner may use now */
    ERROR_BUSY,      /* full or draining: come again later */
    ERROR_IO,        /* disk or database of this machine */
    ERROR_REMOTE,    /* another service answered wrongly or not at all */
    ERROR_CRASHED,   /* a worker died while it held the page */
    ERROR_CANCELLED, /* someone asked for the work to stop */
    ERROR_BUG,       /* a broken promise inside pagemill, or a worker that talks nonsense */
    ERROR_CLASSES
};

enum { ERROR_TEXT = 320 };

struct error {
    enum error_class class;
    int page;
    char text[ERROR_TEXT]; /* valid UTF-8, one line, never document text, never secrets */
};

/* Fill *err (which may be NULL) and return -1. Control characters and bad UTF-8 in the text become
 * '?'. */
int error_set(struct error *err, enum error_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set(ERROR_IO, ...), with ": strerror(errno)" appended. ENOSPC, EDQUOT, EMFILE:
 * ERROR_BUSY. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "text: " before the sentence already there. Returns -1. */
int error_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The stable word for a class: "input", "password", … and back (ERROR_NONE if unknown). */
const char *error_code(enum error_class class);
enum error_class error_class_of(const char *code);

const char *error_title(enum error_class class); /* a short phrase for people */
int error_http_status(enum error_class class);
int error_attempts(enum error_class class); /* how many failed attempts of this class end a page; 1:
                                               never retried */
int error_exit_code(enum error_class class); /* of the command line */

#endif
