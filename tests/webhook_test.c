/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a webhook is made of: signatures against vectors of the openssl program, what is refused at
 * submission, the payload, and what follows from an answer.
 */
#include "unit.h"

#include "job/outbox_internal.h"

#include <jansson.h>

static struct error err;

/* ---- signatures ---- */

/* printf %s ID.TIME.PAYLOAD | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | base64;
 * the first is the example of Standard Webhooks. */
static const struct {
    const char *secret, *id;
    int64_t timestamp;
    const char *payload, *signature;
} vectors[] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"plain secret", "0192d5e8-0000-7000-8000-000000000001", 1700000000, "{\"a\":\"\\u00e9\"}",
     "v1,vxCU21+4GkuuXO4Uuk5ul1S6IZweVMptFmA19T1xtjQ="},
    {"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "id", 0, "",
     "v1,H9oyGTij6eAyLT0Sw8mzOArvuoKxjj0F3XaIU0aU21E="},
    {"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE", "id", 0, "",
     "v1,H9oyGTij6eAyLT0Sw8mzOArvuoKxjj0F3XaIU0aU21E="},
    {"01234567890123456789012345678901", "id", 0, "",
     "v1,H9oyGTij6eAyLT0Sw8mzOArvuoKxjj0F3XaIU0aU21E="},
};

static void signatures_are_those_of_openssl(void **state)
{
    char out[WEBHOOK_SIGNATURE];
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        OK(webhook_sign(vectors[i].secret, vectors[i].id, vectors[i].timestamp, vectors[i].payload,
                        strlen(vectors[i].payload), out, &err));
        assert_string_equal(out, vectors[i].signature);
    }
}

static void bad_secrets_do_not_sign(void **state)
{
    static const char *const bad[] = {
        "",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",   /* 23 bytes */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", /* padding too many */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA", /* a lone digit */
        "whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw", /* a blank */
        "whsec_MfKQ9r8GKYqrTwjU-D8ILPZIo2LaLaSw",  /* another alphabet */
        "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=MDEy",
    };
    char out[WEBHOOK_SIGNATURE], most[WEBHOOK_SECRET + 2], key[6 + 88 + 1];
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        REFUSED_SAYING(ERROR_INPUT, "webhook secret",
                       webhook_sign(bad[i], "id", 0, "", 0, out, &err));
    memset(most, 'x', sizeof most - 1);
    most[WEBHOOK_SECRET + 1] = '\0';
    REFUSED(ERROR_INPUT, webhook_sign(most, "id", 0, "", 0, out, &err));
    most[WEBHOOK_SECRET] = '\0';
    OK(webhook_sign(most, "id", 0, "", 0, out, &err));
    memset(key, 'A', sizeof key - 1); /* 66 bytes; with == 64 */
    memcpy(key, "whsec_", 6);
    key[sizeof key - 1] = '\0';
    REFUSED(ERROR_INPUT, webhook_sign(key, "id", 0, "", 0, out, &err));
    memcpy(key + sizeof key - 3, "==", 2);
    OK(webhook_sign(key, "id", 0, "", 0, out, &err));
}

/* ---- at submission ---- */

static void wishes_are_checked(void **state)
{
    struct net_guard *guard;
    uint32_t states = 0;
    const char *url = "https://hooks.example/x";
    (void)state;
    OK(net_guard_new(&guard, "", &err));
    OK(webhook_check(url, "", "", &states, guard, &err));
    assert_int_equal(states, 1U << JOB_COMPLETED | 1U << JOB_FAILED | 1U << JOB_CANCELLED);
    OK(webhook_check(url, "secret", "failed", &states, guard, &err));
    assert_int_equal(states, 1U << JOB_FAILED);
    OK(webhook_check(url, "secret", "cancelled,completed", &states, guard, &err));
    assert_int_equal(states, 1U << JOB_COMPLETED | 1U << JOB_CANCELLED);
    states = 7;
    REFUSED_SAYING(ERROR_INPUT, "\"done\"", webhook_check(url, "", "done", &states, guard, &err));
    REFUSED(ERROR_INPUT, webhook_check(url, "", "pending", &states, guard, &err));
    REFUSED(ERROR_INPUT, webhook_check(url, "", "completed,", &states, guard, &err));
    REFUSED(ERROR_INPUT, webhook_check(url, "", ",", &states, guard, &err));
    REFUSED(ERROR_INPUT, webhook_check(url, "whsec_x", "", &states, guard, &err));
    REFUSED_SAYING(ERROR_DENIED, "webhook url",
                   webhook_check("http://10.0.0.1/", "", "", &states, guard, &err));
    REFUSED(ERROR_INPUT, webhook_check("", "", "", &states, guard, &err));
    assert_int_equal(states, 7);
    net_guard_free(&guard);
}

static void rows_are_read(void **state)
{
    struct webhook hook;
    struct job job = {.webhook = (char *)(uintptr_t) "{\"url\":\"http://a/\",\"events\":\"\"}"};
    static const char *const bad[] = {
        "", "[]", "{}", "{\"url\":1}", "{\"url\":\"\"}", "{\"url\":\"a\",\"secret\":2}"};
    (void)state;
    OK(webhook_read(&job, &hook, &err));
    assert_string_equal(hook.url, "http://a/");
    assert_string_equal(hook.secret, "");
    for (size_t i = 0; i < COUNT(bad); i++) {
        job.webhook = (char *)(uintptr_t)bad[i];
        REFUSED(ERROR_BUG, webhook_read(&job, &hook, &err));
    }
    job.webhook = NULL;
    REFUSED(ERROR_BUG, webhook_read(&job, &hook, &err));
}

/* ---- the payload ---- */

static void the_payload_is_thin(void **state)
{
    struct job job = {
        .id = "J", .filename = "a\"b.pdf", .pages = {.total = 9, .done = 7, .failed = 2}};
    struct delivery d = {.id = "D", .job = "J", .event = JOB_COMPLETED, .created = 1700000000123};
    auto_strbuf out = {0};
    (void)state;
    job.metadata = (char *)(uintptr_t) "{\"k\":[1]}";
    webhook_payload(&job, &d, &out);
    assert_string_equal(
        out.data,
        "{\"type\":\"job.completed\",\"timestamp\":\"2023-11-14T22:13:20.123Z\",\"data\":{"
        "\"id\":\"J\",\"job_id\":\"J\",\"status\":\"completed\",\"filename\":\"a\\\"b.pdf\","
        "\"pages\":{\"total\":9,\"done\":7,\"failed\":2},\"error\":null,\"metadata\":{\"k\":[1]},"
        "\"links\":{\"job\":\"/v1/jobs/J\"}}}");
}

static void a_failure_says_why_and_large_metadata_stays(void **state)
{
    static char large[5000];
    struct job job = {.id = "J"};
    struct delivery d = {.id = "D", .job = "J", .event = JOB_FAILED, .created = 1};
    auto_strbuf out = {0};
    (void)state;
    memset(large, '1', sizeof large - 1);
    job.metadata = large;
    error_set(&job.error, ERROR_PASSWORD, "a password is needed");
    webhook_payload(&job, &d, &out);
    assert_true(out.len < 1000);
    assert_null(strstr(out.data, "metadata"));
    assert_non_null(strstr(out.data, "\"error\":{\"code\":\"password\","
                                     "\"message\":\"a password is needed\"}"));
    assert_non_null(strstr(out.data, "\"type\":\"job.failed\""));
    json_t *json = json_loads(out.data, 0, NULL);
    assert_non_null(json);
    json_decref(json);
}

/* ---- verdicts ---- */

static void answers_decide(void **state)
{
    static const int32_t again[] = {0, 100, 300, 301, 302, 307, 400, 401, 404, 429, 500, 503};
    (void)state;
    for (int32_t status = 200; status < 300; status++)
        assert_int_equal(outbox_judge(1, status, 0, 0).state, DELIVERY_DELIVERED);
    assert_int_equal(outbox_judge(1, 410, 0, 0).state, DELIVERY_FAILED);
    for (size_t i = 0; i < COUNT(again); i++) {
        assert_int_equal(outbox_judge(9, again[i], 0, 0).state, DELIVERY_WAITING);
        assert_int_equal(outbox_judge(10, again[i], 0, 0).state, DELIVERY_FAILED);
    }
}

static void waits_grow_and_differ(void **state)
{
    static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    bool differ = false;
    (void)state;
    for (uint32_t i = 0; i < COUNT(seconds); i++)
        for (int k = 0; k < 200; k++) {
            int64_t wait = outbox_judge(i + 1, 500, 0, 1000).due - 1000;
            assert_in_range(wait, seconds[i] * 900, seconds[i] * 1100);
            differ |= wait != seconds[i] * 1000;
        }
    assert_true(differ);
}

static void the_other_side_may_ask_for_time(void **state)
{
    (void)state;
    assert_int_equal(outbox_judge(1, 429, 600, 5).due, 600005);
    assert_int_equal(outbox_judge(1, 503, 600, 5).due, 600005);
    assert_int_equal(outbox_judge(1, 503, 999999999, 5).due, 86400005);
    assert_in_range(outbox_judge(1, 500, 600, 0).due, 4500, 5500);
    assert_in_range(outbox_judge(3, 429, 1, 0).due, 1620000, 1980000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_openssl),
        cmocka_unit_test(bad_secrets_do_not_sign),
        cmocka_unit_test(wishes_are_checked),
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(the_payload_is_thin),
        cmocka_unit_test(a_failure_says_why_and_large_metadata_stays),
        cmocka_unit_test(answers_decide),
        cmocka_unit_test(waits_grow_and_differ),
        cmocka_unit_test(the_other_side_may_ask_for_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
