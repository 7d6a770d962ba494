/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * must(x): a promise that only a bug can break. Always on; a broken one ends the process, which in
 * a worker costs one page and in the server costs a restart. Never for anything outsiders control.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#define must(x) ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__, __func__))

_Noreturn void must_fail(const char *what, const char *file, int line, const char *func);

#endif
