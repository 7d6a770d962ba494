/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tokens: what is accepted and what is refused, for how long, and what may be asked for.
 */
#include "auth_setting.h"

#include "auth_forge.h"
#include "base/clock.h"
#include "base/digest.h"

#include <time.h>

/* ---- making and checking ---- */

static void a_token_is_made_and_known(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    assert_false(auth_required(auth));
    struct token_request r = request_of("ci");
    r.rate = "60/min+20";
    r.pages = 1000;
    r.bytes = 5000;
    r.jobs = 7;
    r.quota_period = "month";
    OK(auth_create(auth, &r, text, &err));
    assert_true(auth_required(auth));
    assert_int_equal(strlen(text), AUTH_TOKEN_TEXT - 1);
    id_of(text, id);
    struct caller c = accepted(text);
    assert_string_equal(c.owner, "ci");
    assert_string_equal(c.token, id);
    assert_int_equal(c.scopes, SCOPE_SUBMIT | SCOPE_READ);
    assert_true(c.limited);
    assert_int_equal(c.rate.period_us, 1000000);
    assert_int_equal(c.rate.burst, 20);
    assert_int_equal(c.page_quota, 1000);
    assert_int_equal(c.byte_quota, 5000);
    assert_int_equal(c.job_quota, 7);
    assert_int_equal(c.quota_since, auth_period_begin(MONTH_S, clock_wall()));
}

static void tokens_survive_a_restart(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT];
    create("a", a);
    create("b", b);
    auth_close(&auth);
    OK(auth_open(&auth, store, "", &err));
    assert_true(auth_required(auth));
    assert_string_equal(accepted(a).owner, "a");
    assert_string_equal(accepted(b).owner, "b");
}

static void tokens_differ(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT];
    create("a", a);
    create("a", b);
    assert_memory_not_equal(a + 3, b + 3, TOKEN_ID);
    assert_memory_not_equal(a + 16, b + 16, TOKEN_SECRET);
}

static void the_checksum_is_as_described(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], again[AUTH_TOKEN_TEXT];
    for (int i = 0; i < 100; i++) {
        token_new(text);
        memcpy(again, text, sizeof text);
        make_check_right(again);
        assert_string_equal(again, text);
    }
}

static void a_typing_error_is_told_from_a_wrong_token(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], wrong[AUTH_TOKEN_TEXT];
    create("a", text);
    for (size_t at = 3; at < sizeof text - 1; at++) {
        memcpy(wrong, text, sizeof text);
        wrong[at] = text[at] == '0' ? '1' : '0';
        DENIED("checksum", wrong);
    }
    memcpy(wrong, text, sizeof text);
    wrong[sizeof wrong - 2] = '\0';
    DENIED("not whole", wrong);
}

static void every_place_of_the_secret_counts(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], wrong[AUTH_TOKEN_TEXT];
    create("a", text);
    for (size_t at = 16; at < CHECKED_LETTERS; at++) {
        memcpy(wrong, text, sizeof text);
        forge(wrong, at);
        DENIED("not one of this server's", wrong);
    }
    for (size_t at = 3; at < 3 + TOKEN_ID; at++) {
        memcpy(wrong, text, sizeof text);
        forge(wrong, at);
        DENIED("not one of this server's", wrong);
    }
    accepted(text);
}

static void an_id_takes_only_its_own_secret(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT];
    create("a", a);
    create("b", b);
    memcpy(a + 3, b + 3, TOKEN_ID);
    make_check_right(a);
    DENIED("not one of this server's", a);
}

static void nonsense_is_denied(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "x", "pm_", "pm__", " ", "Bearer x", "pm_000000000000_", "\xff\xfe", "PM_000000000000_0"};
    char text[AUTH_TOKEN_TEXT], longer[2000], shouted[AUTH_TOKEN_TEXT];
    create("a", text);
    DENIED("is wanted", NULL);
    DENIED("is wanted", "");
    for (size_t i = 0; i < COUNT(texts); i++)
        DENIED("token", texts[i]);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    DENIED("not one", longer);
    snprintf(longer, sizeof longer, "%s ", text);
    DENIED("checksum", longer);
    for (size_t i = 0; i < sizeof text; i++)
        shouted[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32) : text[i];
    DENIED("not one", shouted);
}

static void the_shared_token_is_the_default_owner(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT];
    reopen("Sesame, öffne dich", false);
    assert_true(auth_required(auth));
    struct caller c = accepted("Sesame, öffne dich"), open;
    auth_open_caller(&open);
    assert_memory_equal(&c, &open, sizeof c);
    assert_string_equal(c.owner, "default");
    assert_string_equal(c.token, "");
    assert_int_equal(c.scopes, SCOPE_SUBMIT | SCOPE_READ | SCOPE_DELETE | SCOPE_ADMIN);
    assert_false(c.limited);
    assert_int_equal(c.page_quota + c.byte_quota + c.job_quota, 0);
    DENIED("not one", "Sesame, öffne dicH");
    DENIED("not one", "Sesame");
    create("ci", text);
    assert_string_equal(accepted(text).owner, "ci");
    accepted("Sesame, öffne dich");
}

static void a_shared_token_may_look_like_one_of_ours(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT];
    token_new(text);
    reopen(text, false);
    assert_string_equal(accepted(text).token, "");
    reopen("pm_short", false);
    assert_string_equal(accepted("pm_short").owner, "default");
}

static void a_shared_token_has_a_length(void **state)
{
    (void)state;
    char shared[600];
    struct auth *none = NULL;
    memset(shared, 'x', sizeof shared);
    shared[sizeof shared - 1] = '\0';
    REFUSED_SAYING(ERROR_INPUT, "auth_token", auth_open(&none, store, shared, &err));
    assert_null(none);
}

/* ---- what may be asked for ---- */

#define BAD_REQUEST(words, ...)                                                  \
    do {                                                                         \
        struct token_request r_ = {__VA_ARGS__};                                 \
        char text_[AUTH_TOKEN_TEXT] = "untouched";                               \
        REFUSED_SAYING(ERROR_INPUT, words, auth_create(auth, &r_, text_, &err)); \
        assert_string_equal(text_, "untouched");                                 \
    } while (0)

static void bad_requests_are_refused(void **state)
{
    (void)state;
    char owner[STORE_OWNER + 1];
    memset(owner, 'o', sizeof owner);
    owner[STORE_OWNER] = '\0';
    BAD_REQUEST("owner", NULL, SCOPE_READ);
    BAD_REQUEST("owner", "", SCOPE_READ);
    BAD_REQUEST("owner", owner, SCOPE_READ);
    BAD_REQUEST("owner", "a b", SCOPE_READ);
    BAD_REQUEST("owner", "a/b", SCOPE_READ);
    BAD_REQUEST("owner", "ä", SCOPE_READ);
    BAD_REQUEST("owner", ".a", SCOPE_READ);
    BAD_REQUEST("owner", "-a", SCOPE_READ);
    BAD_REQUEST("default", "default", SCOPE_READ);
    BAD_REQUEST("scopes", "a", 0);
    BAD_REQUEST("scopes", "a", 16);
    BAD_REQUEST("rate", "a", SCOPE_READ, .rate = "often");
    BAD_REQUEST("quota", "a", SCOPE_READ, .pages = -1);
    BAD_REQUEST("quota", "a", SCOPE_READ, .bytes = -1);
    BAD_REQUEST("quota", "a", SCOPE_READ, .jobs = -1);
    BAD_REQUEST("period", "a", SCOPE_READ, .quota_period = "week");
    BAD_REQUEST("lasts", "a", SCOPE_READ, .expires_in_s = -1);
    BAD_REQUEST("lasts", "a", SCOPE_READ, .expires_in_s = INT64_MAX);
    assert_false(auth_required(auth));
    owner[STORE_OWNER - 1] = '\0';
    struct token_request r = request_of(owner);
    char text[AUTH_TOKEN_TEXT];
    OK(auth_create(auth, &r, text, &err));
    assert_string_equal(accepted(text).owner, owner);
}

static void scopes_are_read_and_written(void **state)
{
    (void)state;
    char text[AUTH_SCOPES_TEXT];
    for (unsigned scopes = 1; scopes <= SCOPE_ALL; scopes++) {
        unsigned again = 99;
        auth_scopes_text(scopes, text);
        OK(auth_scopes_parse(&again, text, &err));
        assert_int_equal(again, scopes);
    }
    auth_scopes_text(SCOPE_ALL, text);
    assert_string_equal(text, "submit,read,delete,admin");
    auth_scopes_text(0, text);
    assert_string_equal(text, "");
    static const char *const bad[] = {"",      ",",   "read,",       ",read",
                                      "reads", "rea", "read submit", "READ"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        unsigned untouched = 99;
        REFUSED(ERROR_INPUT, auth_scopes_parse(&untouched, bad[i], &err));
        assert_int_equal(untouched, 99);
    }
}

static void quotas_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t count;
        const char *period;
    } good[] = {
        {"100000/month", 100000, "month"},
        {"1/day", 1, "day"},
        {"10G/month", INT64_C(10) << 30, "month"},
        {"3M/day", 3 << 20, "day"},
        {"2K/day", 2048, "day"},
        {"999999999999999/day", INT64_C(999999999999999), "day"},
    };
    static const char *const bad[] = {"",
                                      "5",
                                      "/day",
                                      "0/day",
                                      "-1/day",
                                      "+1/day",
                                      " 1/day",
                                      "5/",
                                      "5/week",
                                      "5/day ",
                                      "5 /day",
                                      "5T/day",
                                      "5GG/day",
                                      "5/Day",
                                      "9999999999999999/day",
                                      "999999999999999G/day",
                                      "G/day"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t count;
        const char *period;
        OK(auth_quota_parse(&count, &period, good[i].text, &err));
        assert_int_equal(count, good[i].count);
        assert_string_equal(period, good[i].period);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t count = 99;
        const char *period = NULL;
        REFUSED(ERROR_INPUT, auth_quota_parse(&count, &period, bad[i], &err));
        assert_int_equal(count, 99);
        assert_null(period);
    }
}

static int64_t ms(int year, int month, int day, int hour, int minute, int second)
{
    struct tm t = {.tm_year = year - 1900,
                   .tm_mon = month - 1,
                   .tm_mday = day,
                   .tm_hour = hour,
                   .tm_min = minute,
                   .tm_sec = second};
    return (int64_t)timegm(&t) * 1000;
}

static void periods_begin_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t period;
        int at[6], begin[3];
    } rows[] = {
        {DAY_S, {2026, 11, 22, 23, 59, 59}, {2026, 11, 22}},
        {DAY_S, {2026, 11, 23, 0, 0, 0}, {2026, 11, 23}},
        {DAY_S, {2027, 1, 1, 0, 0, 0}, {2027, 1, 1}},
        {MONTH_S, {2026, 11, 30, 23, 59, 59}, {2026, 11, 1}},
        {MONTH_S, {2026, 12, 1, 0, 0, 0}, {2026, 12, 1}},
        {MONTH_S, {2026, 12, 31, 23, 59, 59}, {2026, 12, 1}},
        {MONTH_S, {2027, 1, 1, 0, 0, 0}, {2027, 1, 1}},
        {MONTH_S, {2028, 2, 29, 12, 0, 0}, {2028, 2, 1}},
        {MONTH_S, {2028, 3, 1, 0, 0, 0}, {2028, 3, 1}},
        {MONTH_S, {2100, 2, 28, 23, 59, 59}, {2100, 2, 1}},
        {MONTH_S, {2100, 3, 1, 0, 0, 0}, {2100, 3, 1}},
        {MONTH_S, {2038, 1, 31, 5, 0, 0}, {2038, 1, 1}},
    };
    setenv("TZ", "Pacific/Auckland", 1);
    tzset();
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int *a = rows[i].at, *b = rows[i].begin;
        int64_t begin = ms(b[0], b[1], b[2], 0, 0, 0), at = ms(a[0], a[1], a[2], a[3], a[4], a[5]);
        assert_int_equal(auth_period_begin(rows[i].period, at), begin);
        int64_t end = auth_period_end(rows[i].period, begin);
        assert_true(at < end);
        assert_int_equal(auth_period_begin(rows[i].period, end), end);
        assert_int_equal(auth_period_begin(rows[i].period, end - 1), begin);
        assert_int_equal(auth_period_begin(rows[i].period, at + 999), begin);
    }
    unsetenv("TZ");
    tzset();
    assert_int_equal(auth_period_begin(3600, ms(2026, 11, 22, 5, 59, 59)),
                     ms(2026, 11, 22, 5, 0, 0));
}

/* ---- ends ---- */

static void a_token_ends(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1], wrong[AUTH_TOKEN_TEXT];
    struct token_request r = request_of("a");
    r.expires_in_s = 3600;
    OK(auth_create(auth, &r, text, &err));
    accepted(text);
    id_of(text, id);
    struct token *t = auth_find(auth, id);
    int64_t whole = atomic_load(&t->expires);
    assert_true(whole > clock_wall() + 3500 * 1000 && whole <= clock_wall() + 3600 * 1000);
    atomic_store(&t->expires, clock_wall());
    DENIED("the token ended at 20", text);
    /* That it ended is told only to who knows the secret. */
    memcpy(wrong, text, sizeof text);
    forge(wrong, 20);
    DENIED("not one of this server's", wrong);
    assert_true(auth_required(auth));
}

static void a_revoked_token_is_refused_at_once(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    create("a", a);
    create("b", b);
    id_of(a, id);
    OK(auth_revoke(auth, id, &err));
    DENIED("the token ended at 20", a);
    accepted(b);
    OK(auth_revoke(auth, id, &err)); /* again: nothing to do */
    assert_int_equal(fake_store_calls(FAKE_EXPIRE), 1);
    id_of(b, id);
    OK(auth_revoke(auth, id, &err));
    DENIED("ended", b);
    assert_true(auth_required(auth));
    REFUSED(ERROR_NOT_FOUND, auth_revoke(auth, "000000000000", &err));
    auth_close(&auth);
    OK(auth_open(&auth, store, "", &err));
    assert_true(auth_required(auth)); /* after a restart too */
    DENIED("ended", a);
}

static void two_are_valid_and_a_third_is_refused(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT], c[AUTH_TOKEN_TEXT] = "untouched";
    char id[TOKEN_ID + 1];
    struct token_request r = request_of("a");
    create("a", a);
    create("a", b);
    REFUSED_SAYING(ERROR_CONFLICT, "2 valid", auth_create(auth, &r, c, &err));
    REFUSED(ERROR_CONFLICT, auth_rotate(auth, "a", 0, c, &err));
    assert_string_equal(c, "untouched");
    accepted(a);
    accepted(b);
    id_of(a, id);
    OK(auth_revoke(auth, id, &err));
    OK(auth_create(auth, &r, c, &err));
    accepted(b);
    accepted(c);
}

static void rotation_keeps_the_rights(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    struct token_request r = request_of("a");
    r.rate = "10/s";
    r.pages = 5;
    r.quota_period = "month";
    r.expires_in_s = 1000;
    OK(auth_create(auth, &r, a, &err));
    OK(auth_rotate(auth, "a", 100, b, &err));
    struct caller old = accepted(a), new = accepted(b);
    assert_string_not_equal(old.token, new.token);
    memcpy(old.token, new.token, sizeof old.token);
    assert_memory_equal(&old, &new, sizeof old);
    id_of(a, id);
    int64_t ends = atomic_load(&auth_find(auth, id)->expires);
    assert_true(ends > clock_wall() && ends <= clock_wall() + 100 * 1000);
    id_of(b, id);
    ends = atomic_load(&auth_find(auth, id)->expires);
    assert_true(ends > clock_wall() + 900 * 1000 && ends <= clock_wall() + 1000 * 1000);
}

static void grace_is_optional_and_never_lengthens(void **state)
{
    (void)state;
    char a[AUTH_TOKEN_TEXT], b[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    create("a", a);
    OK(auth_rotate(auth, "a", 0, b, &err));
    id_of(a, id);
    assert_int_equal(atomic_load(&auth_find(auth, id)->expires), 0);
    struct token_request r = request_of("b");
    r.expires_in_s = 10;
    OK(auth_create(auth, &r, a, &err));
    id_of(a, id);
    int64_t ends = atomic_load(&auth_find(auth, id)->expires);
    OK(auth_rotate(auth, "b", 1000, b, &err));
    assert_int_equal(atomic_load(&auth_find(auth, id)->expires), ends);
    REFUSED(ERROR_NOT_FOUND, auth_rotate(auth, "nobody", 1, b, &err));
    REFUSED(ERROR_INPUT, auth_rotate(auth, "b", -1, b, &err));
    REFUSED(ERROR_INPUT, auth_rotate(auth, "b", INT64_MAX, b, &err));
}

/* ---- listing ---- */

struct seen {
    int count, stop_at;
    char owners[8][STORE_OWNER];
    const char *forbidden; /* no bytes of it may be in a row */
};

static bool holds(const struct token_row *row, const char *part, size_t len)
{
    unsigned char bytes[sizeof *row];
    memcpy(bytes, row, sizeof bytes);
    return memmem(bytes, sizeof bytes, part, len) != NULL;
}

static int note_row(void *arg, const struct token_row *row)
{
    struct seen *s = arg;
    char digest[DIGEST_TEXT];
    digest_bytes(s->forbidden, strlen(s->forbidden), digest);
    assert_false(holds(row, digest, 16));
    assert_false(holds(row, s->forbidden + 16, 8));
    assert_string_equal(row->sha256, "");
    snprintf(s->owners[s->count++], STORE_OWNER, "%s", row->owner);
    return s->count == s->stop_at;
}

static void a_list_tells_no_secret(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT], id[TOKEN_ID + 1];
    create("c", text);
    create("a", text);
    create("b", text);
    id_of(text, id);
    OK(auth_revoke(auth, id, &err));
    struct seen seen = {.forbidden = text};
    OK(auth_list(auth, note_row, &seen, &err));
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.owners[0], "a");
    assert_string_equal(seen.owners[1], "b");
    assert_string_equal(seen.owners[2], "c");
    seen = (struct seen){.forbidden = text, .stop_at = 1};
    OK(auth_list(auth, note_row, &seen, &err));
    assert_int_equal(seen.count, 1);
}

static int forbid_text(void *arg, const struct token_row *row)
{
    const char *text = arg;
    assert_false(holds(row, text + 16, 8));
    assert_int_equal(strlen(row->sha256), 64);
    return 0;
}

static void the_store_is_told_only_the_digest(void **state)
{
    (void)state;
    char text[AUTH_TOKEN_TEXT];
    create("a", text);
    OK(store_token_list(store, forbid_text, text, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_made_and_known),
        TEST(tokens_survive_a_restart),
        TEST(tokens_differ),
        TEST(the_checksum_is_as_described),
        TEST(a_typing_error_is_told_from_a_wrong_token),
        TEST(every_place_of_the_secret_counts),
        TEST(an_id_takes_only_its_own_secret),
        TEST(nonsense_is_denied),
        TEST(the_shared_token_is_the_default_owner),
        TEST(a_shared_token_may_look_like_one_of_ours),
        TEST(a_shared_token_has_a_length),
        TEST(bad_requests_are_refused),
        TEST(scopes_are_read_and_written),
        TEST(quotas_are_read),
        TEST(periods_begin_in_utc),
        TEST(a_token_ends),
        TEST(a_revoked_token_is_refused_at_once),
        TEST(two_are_valid_and_a_third_is_refused),
        TEST(rotation_keeps_the_rights),
        TEST(grace_is_optional_and_never_lengthens),
        TEST(a_list_tells_no_secret),
        TEST(the_store_is_told_only_the_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
