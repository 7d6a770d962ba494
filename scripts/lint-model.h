/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Read by scripts/lint only, before every file but base/error.c: tells the static analyser what
 * it cannot see across files, that the functions which fill an error always return -1.
 */
#include "base/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)
#define error_context(...) (error_context(__VA_ARGS__), -1)
