/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Error values, and the table that turns a class into a status, a retry rule and an exit code.
 * Called by everyone; calls only utf8.
 */
#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct class_row {
    const char *code;
    const char *title;
    int http_status;
    int attempts;
    int exit_code;
};

static const struct class_row rows[ERROR_CLASSES] = {
    [ERROR_NONE] = {"none", "No error", 200, 1, 0},
    [ERROR_INPUT] = {"input", "The input cannot be used", 422, 1, 2},
    [ERROR_PASSWORD] = {"password", "A password is needed", 422, 1, 3},
    [ERROR_UNSUPPORTED] = {"unsupported", "Not supported here", 415, 1, 4},
    [ERROR_LIMIT] = {"limit", "Over a limit", 413, 1, 5},
    [ERROR_TIMEOUT] = {"timeout", "Out of time", 504, 2, 6},
    [ERROR_NOT_FOUND] = {"not_found", "Not found", 404, 1, 7},
    [ERROR_CONFLICT] = {"conflict", "Not possible in this state", 409, 1, 8},
    [ERROR_DENIED] = {"denied", "Not allowed", 403, 1, 9},
    [ERROR_QUOTA] = {"quota", "Over a quota", 429, 1, 15},
    [ERROR_BUSY] = {"busy", "Busy", 503, 3, 10},
    [ERROR_IO] = {"io", "Storage failed", 500, 3, 11},
    [ERROR_REMOTE] = {"remote", "Another service failed", 502, 3, 12},
    [ERROR_CRASHED] = {"crashed", "A worker crashed", 500, 2, 13},
    [ERROR_CANCELLED] = {"cancelled", "Cancelled", 409, 1, 14},
    [ERROR_BUG] = {"bug", "A defect in pagemill", 500, 3, 70},
};

static const struct class_row *row_of(enum error_class class)
{
    return class > ERROR_NONE && class < ERROR_CLASSES ? &rows[class] : &rows[ERROR_NONE];
}

static int fill(struct error *err, enum error_class class, const char *fmt, va_list args)
{
    if (!err)
        return -1;
    err->class = class;
    err->page = 0;
    vsnprintf(err->text, sizeof err->text, fmt, args);
    utf8_make_printable(err->text, sizeof err->text);
    return -1;
}

int error_set(struct error *err, enum error_class class, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, class, fmt, args);
    va_end(args);
    return -1;
}

int error_errno(struct error *err, const char *fmt, ...)
{
    int code = errno;
    bool full = code == ENOSPC || code == EDQUOT || code == EMFILE || code == ENFILE;
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return error_set(err, full ? ERROR_BUSY : ERROR_IO, "%s: %s", text, strerror(code));
}

int error_context(struct error *err, const char *fmt, ...)
{
    if (!err)
        return -1;
    char text[ERROR_TEXT], prefix[ERROR_TEXT];
    memcpy(text, err->text, sizeof text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, args);
    va_end(args);
    int page = err->page;
    error_set(err, err->class, "%s: %s", prefix, text);
    err->page = page;
    return -1;
}

const char *error_code(enum error_class class)
{
    return row_of(class)->code;
}

enum error_class error_class_of(const char *code)
{
    for (int i = ERROR_NONE + 1; i < ERROR_CLASSES; i++)
        if (strcmp(rows[i].code, code) == 0)
            return (enum error_class)i;
    return ERROR_NONE;
}

const char *error_title(enum error_class class)
{
    return row_of(class)->title;
}

int error_http_status(enum error_class class)
{
    return row_of(class)->http_status;
}

int error_attempts(enum error_class class)
{
    return row_of(class)->attempts;
}

int error_exit_code(enum error_class class)
{
    return row_of(class)->exit_code;
}
