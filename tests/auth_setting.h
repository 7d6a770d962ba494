/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the tests of auth share: a fresh store and its tokens for each test, and checks that must
 * succeed or be denied.
 */
#ifndef TESTS_AUTH_SETTING_H
#define TESTS_AUTH_SETTING_H

#include "auth/auth_internal.h"

#include "unit.h"

#include "auth_store_fake.h"

extern struct error err;
extern struct store *store;
extern struct auth *auth;

int set_up(void **state); /* exclusive, no shared token */
int tear_down(void **state);
void reopen(const char *shared_token, bool shared_store);

struct token_request request_of(const char *owner); /* may submit and read */
void create(const char *owner, char text[AUTH_TOKEN_TEXT]);
struct caller accepted(const char *text);
void id_of(const char *text, char id[TOKEN_ID + 1]);

#define DENIED(words, text)                                                     \
    do {                                                                        \
        struct caller untouched, c_;                                            \
        memset(&untouched, 0xee, sizeof untouched);                             \
        c_ = untouched;                                                         \
        REFUSED_SAYING(ERROR_DENIED, words, auth_check(auth, text, &c_, &err)); \
        assert_memory_equal(&c_, &untouched, sizeof c_);                        \
    } while (0)

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
