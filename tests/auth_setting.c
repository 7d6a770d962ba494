/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Helpers of the tests of auth.
 */
#include "auth_setting.h"

struct error err;
struct store *store;
struct auth *auth;

static void open_with(const char *shared_token, bool shared_store)
{
    store = fake_store_new(shared_store);
    OK(auth_open(&auth, store, shared_token, &err));
}

int set_up(void **state)
{
    (void)state;
    open_with("", false);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    auth_close(&auth);
    fake_store_free(&store);
    return 0;
}

void reopen(const char *shared_token, bool shared_store)
{
    tear_down(NULL);
    open_with(shared_token, shared_store);
}

struct token_request request_of(const char *owner)
{
    return (struct token_request){.owner = owner, .scopes = SCOPE_SUBMIT | SCOPE_READ};
}

void create(const char *owner, char text[AUTH_TOKEN_TEXT])
{
    struct token_request r = request_of(owner);
    OK(auth_create(auth, &r, text, &err));
}

struct caller accepted(const char *text)
{
    struct caller c;
    memset(&c, 0xee, sizeof c);
    OK(auth_check(auth, text, &c, &err));
    return c;
}

void id_of(const char *text, char id[TOKEN_ID + 1])
{
    assert_true(token_split(text, id));
}
