/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The log: one line to stderr, as text on a terminal or JSON for machines. The top of a stack logs,
 * once; libraries and drivers return errors instead. Never document text, never secrets.
 * Thread-safe.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_AUTO, LOG_TEXT, LOG_JSON }; /* auto: text on a terminal, else JSON */

void log_setup(const char *service, enum log_level least, enum log_format format);

/* job may be NULL, page 0. */
void log_line(enum log_level level, const char *job, int page, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* One request, as the access log tells it. Never the query: it may hold a password. */
struct log_access {
    const char *method, *path, *client, *owner, *request;
    int status;
    int64_t bytes, microseconds;
};
void log_access(enum log_level level, const struct log_access *access);

#define log_debug(...) log_line(LOG_DEBUG, NULL, 0, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, NULL, 0, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, NULL, 0, __VA_ARGS__)

#endif
