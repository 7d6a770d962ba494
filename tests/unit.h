/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the unit tests share: cmocka with the headers it wants first, the check for a refusal, and a
 * count of open descriptors.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include "base/error.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The call must succeed; its value is the result. Wants a `struct error err` in scope. */
#define OK(call) unit_ok((call), &err, #call, __FILE__, __LINE__)

/* The call must return -1 with this class and a sentence. */
#define REFUSED(class_, call)                                           \
    do {                                                                \
        err = (struct error){0};                                        \
        assert_int_equal((call), -1);                                   \
        assert_string_equal(error_code(err.class), error_code(class_)); \
        assert_true(err.text[0] != '\0');                               \
    } while (0)

/* As above, and the sentence must contain these words. */
#define REFUSED_SAYING(class_, words, call)                          \
    do {                                                             \
        REFUSED(class_, call);                                       \
        if (!strstr(err.text, words))                                \
            fail_msg("\"%s\" does not say \"%s\"", err.text, words); \
    } while (0)

static inline int unit_ok(int rc, const struct error *err, const char *what, const char *file,
                          int line)
{
    if (rc < 0) {
        print_error("%s: %s: %s\n", what, error_code(err->class), err->text);
        _fail(file, line);
    }
    return rc;
}

static inline int unit_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

#endif
