/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tokens in time: what is written and read again, what becomes of them when the store fails, when
 * another process changes them or its rows make no sense, and checks that go on meanwhile.
 */
#include "auth_setting.h"

#include "base/clock.h"
#include "base/digest.h"

#include <pthread.h>

/* ---- housekeeping ---- */

static int note_used(void *arg, const struct token_row *row)
{
    *(int64_t *)arg = row->used;
    return 1;
}

static int64_t stored_use(void)
{
    int64_t used = -1;
    OK(store_token_list(store, note_used, &used, &err));
    return used;
}

static void the_last_use_is_written_once_a_minute(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    int64_t begin = clock_wall();
    create("a", text);
    OK(auth_tick(auth, &err));
    assert_int_equal(stored_use(), 0);
    accepted(text);
    assert_int_equal(fake_store_calls(FAKE_USED), 0); /* checks never write */
    OK(auth_tick(auth, &err));
    int64_t used = stored_use();
    assert_true(used >= begin && used <= clock_wall());
    accepted(text);
    OK(auth_tick(auth, &err));
    assert_int_equal(fake_store_calls(FAKE_USED), 1);
    id_of(text, id);
    struct token *t = auth_find(auth, id);
    atomic_store(&t->used, t->written + 60 * 1000);
    OK(auth_tick(auth, &err));
    assert_int_equal(fake_store_calls(FAKE_USED), 2);
    assert_int_equal(stored_use(), used + 60 * 1000);
}

static void a_use_is_not_lost_by_a_change_or_a_failure(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], other[AUTH_TOKEN_TEXT];
    create("a", text);
    accepted(text);
    create("b", other); /* the table is made anew */
    fake_store_fail(FAKE_USED, 0);
    REFUSED(ERROR_IO, auth_tick(auth, &err));
    fake_store_fail(FAKE_NONE, 0);
    OK(auth_tick(auth, &err));
    assert_true(stored_use() > 0);
}

static void changes_made_elsewhere_are_seen(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT];
    reopen("", true);
    struct auth *elsewhere;
    struct token_request r = request_of("a");
    OK(auth_open(&elsewhere, store, "", &err));
    OK(auth_create(elsewhere, &r, text, &err));
    DENIED("not one", text);
    OK(auth_tick(auth, &err));
    DENIED("not one", text); /* not yet due */
    auth->load_due = 0;
    OK(auth_tick(auth, &err));
    accepted(text);
    assert_true(auth_required(auth));
    auth_close(&elsewhere);
}

static void an_exclusive_store_is_not_read_again(void **state)
{
    (void)state;
    OK(auth_tick(auth, &err)); /* and the purge has had its turn */
    unsigned before = fake_store_calls(FAKE_LIST);
    for (int i = 0; i < 10; i++)
        OK(auth_tick(auth, &err));
    assert_int_equal(fake_store_calls(FAKE_LIST), before);
}

static void add_old(const char *id, const char *owner, int64_t created, int64_t expires)
{
    struct token_row row = {
        .created = created, .expires = expires, .quota_period_s = DAY_S, .scopes = SCOPE_READ};
    snprintf(row.id, sizeof row.id, "%s", id);
    snprintf(row.owner, sizeof row.owner, "%s", owner);
    memset(row.sha256, 'a', sizeof row.sha256 - 1);
    OK(store_token_add(store, &row, &err));
}

static int note_ids(void *arg, const struct token_row *row)
{
    strcat(strcat(arg, row->id), " ");
    return 0;
}

static void what_ended_long_ago_is_forgotten(void **state)
{
    (void)state;
    char ids[256] = "";
    int64_t now = clock_wall();
    add_old("oldest", "a", now - 300 * DAY_MS, now - 200 * DAY_MS);
    add_old("old", "b", now - 299 * DAY_MS, now - 91 * DAY_MS);
    add_old("newest", "c", now - 298 * DAY_MS, now - 150 * DAY_MS);
    OK(auth_tick(auth, &err));
    OK(store_token_list(store, note_ids, ids, &err));
    assert_string_equal(ids, "newest "); /* or the server would be open after a restart */
    add_old("recent", "d", now - 100 * DAY_MS, now - 89 * DAY_MS);
    add_old("lasting", "e", now - 200 * DAY_MS, 0);
    auth->purge_due = 0;
    OK(auth_tick(auth, &err));
    ids[0] = '\0';
    OK(store_token_list(store, note_ids, ids, &err));
    assert_string_equal(ids, "recent lasting ");
}

/* ---- a store that fails, rows that make no sense ---- */

static void a_failing_store_is_told(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT] = "untouched", id[TOKEN_ID + 1], ids[256] = "";
    struct token_request r = request_of("a");
    create("a", a);
    id_of(a, id);
    fake_store_fail(FAKE_LIST, 0);
    struct auth *none = NULL;
    REFUSED_SAYING(ERROR_IO, "tokens", auth_open(&none, store, "", &err));
    assert_null(none);
    REFUSED(ERROR_IO, auth_create(auth, &r, b, &err));
    REFUSED(ERROR_IO, auth_rotate(auth, "a", 1, b, &err));
    REFUSED(ERROR_IO, auth_revoke(auth, id, &err));
    fake_store_fail(FAKE_ADD, 0);
    REFUSED(ERROR_IO, auth_create(auth, &r, b, &err));
    REFUSED(ERROR_IO, auth_rotate(auth, "a", 1, b, &err));
    fake_store_fail(FAKE_EXPIRE, 0);
    REFUSED(ERROR_IO, auth_revoke(auth, id, &err));
    REFUSED(ERROR_IO, auth_rotate(auth, "a", 1, b, &err)); /* the new one is taken back */
    fake_store_fail(FAKE_NONE, 0);
    assert_string_equal(b, "untouched");
    accepted(a);
    OK(store_token_list(store, note_ids, ids, &err));
    assert_int_equal(strlen(ids), TOKEN_ID + 1);
}

static void a_change_holds_even_if_it_cannot_be_read_again(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], other[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    struct token_request r = request_of("b");
    create("a", text);
    id_of(text, id);
    fake_store_fail(FAKE_LIST, 1);
    OK(auth_revoke(auth, id, &err));
    DENIED("the token ended", text); /* at once all the same */
    fake_store_fail(FAKE_LIST, 1);
    OK(auth_create(auth, &r, other, &err));
    DENIED("not one", other); /* the old table stays */
    REFUSED(ERROR_IO, auth_tick(auth, &err));
    fake_store_fail(FAKE_NONE, 0);
    OK(auth_tick(auth, &err));
    accepted(other);
    DENIED("the token ended", text);
}

static void rows_that_make_no_sense_are_never_valid(void **state)
{
    (void)state;
    static const struct {
        const char *owner, *rate;
        int digits;
        int64_t period;
    } bad[] = {
        {"a", "", 63, DAY_S}, {"a", "soon", 64, DAY_S}, {"", "", 64, DAY_S}, {"a", "", 64, 0}};
    char text[AUTH_TOKEN_TEXT], digest[DIGEST_TEXT], id[TOKEN_ID + 1];
    for (size_t i = 0; i < COUNT(bad); i++) {
        reopen("", true);
        token_new(text);
        id_of(text, id);
        digest_bytes(text, strlen(text), digest);
        struct token_row row = {.scopes = SCOPE_READ, .quota_period_s = bad[i].period};
        snprintf(row.id, sizeof row.id, "%s", id);
        snprintf(row.owner, sizeof row.owner, "%s", bad[i].owner);
        snprintf(row.rate, sizeof row.rate, "%s", bad[i].rate);
        snprintf(row.sha256, sizeof row.sha256, "%.*s", bad[i].digits, digest);
        OK(store_token_add(store, &row, &err));
        auth->load_due = 0;
        OK(auth_tick(auth, &err));
        assert_true(auth_required(auth));
        DENIED("not one", text);
    }
}

/* ---- many threads ---- */

enum { CHECKERS = 4, CHANGES = 200 };

static struct {
    char text[AUTH_TOKEN_TEXT];
    char doomed[AUTH_TOKEN_TEXT];
    atomic_bool revoked, stop;
    atomic_int wrong, checks;
} race;

static void *check_for_long(void *arg)
{
    (void)arg;
    struct caller c;
    while (!race.stop) {
        bool was_revoked = race.revoked;
        if (auth_check(auth, race.text, &c, NULL) < 0 || strcmp(c.owner, "stays") != 0)
            race.wrong++;
        if (was_revoked && auth_check(auth, race.doomed, &c, NULL) == 0)
            race.wrong++;
        race.checks++;
    }
    return NULL;
}

static void checks_go_on_while_tokens_change(void **state)
{
    (void)state;
    pthread_t threads[CHECKERS];
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    memset(&race, 0, sizeof race);
    create("stays", race.text);
    create("doomed", race.doomed);
    for (int i = 0; i < CHECKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_for_long, NULL), 0);
    for (int i = 0; i < CHANGES; i++) {
        create("comes", text);
        id_of(text, id);
        OK(auth_revoke(auth, id, &err));
        OK(auth_tick(auth, &err));
        if (i == CHANGES / 2) {
            id_of(race.doomed, id);
            OK(auth_revoke(auth, id, &err));
            race.revoked = true;
        }
    }
    while (race.checks < 1000)
        ;
    race.stop = true;
    for (int i = 0; i < CHECKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_use_is_written_once_a_minute),
        TEST(a_use_is_not_lost_by_a_change_or_a_failure),
        TEST(changes_made_elsewhere_are_seen),
        TEST(an_exclusive_store_is_not_read_again),
        TEST(what_ended_long_ago_is_forgotten),
        TEST(a_failing_store_is_told),
        TEST(a_change_holds_even_if_it_cannot_be_read_again),
        TEST(rows_that_make_no_sense_are_never_valid),
        TEST(checks_go_on_while_tokens_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
