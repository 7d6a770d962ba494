/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * base: errors, buffers, UTF-8, the JSON writer, time, identifiers, descriptors, memory.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- errors ---- */

static void every_class_has_its_row(void **state)
{
    (void)state;
    for (int a = ERROR_NONE + 1; a < ERROR_CLASSES; a++) {
        enum error_class class = (enum error_class)a;
        assert_int_equal(error_class_of(error_code(class)), class);
        assert_true(error_title(class)[0] != '\0');
        assert_in_range(error_http_status(class), 400, 599);
        assert_in_range(error_attempts(class), 1, 3);
        assert_in_range(error_exit_code(class), 2, 125);
        for (int b = a + 1; b < ERROR_CLASSES; b++)
            assert_int_not_equal(error_exit_code(class), error_exit_code((enum error_class)b));
    }
    assert_int_equal(error_class_of("no such class"), ERROR_NONE);
    assert_int_equal(error_class_of("none"), ERROR_NONE);
    assert_string_equal(error_code((enum error_class)4711), "none");
}

static void deterministic_failures_are_never_retried(void **state)
{
    static const enum error_class once[] = {ERROR_INPUT,     ERROR_PASSWORD,  ERROR_UNSUPPORTED,
                                            ERROR_LIMIT,     ERROR_NOT_FOUND, ERROR_DENIED,
                                            ERROR_CANCELLED, ERROR_CONFLICT};
    (void)state;
    for (size_t i = 0; i < COUNT(once); i++)
        assert_int_equal(error_attempts(once[i]), 1);
    assert_int_equal(error_attempts(ERROR_CRASHED), 2);
    assert_int_equal(error_attempts(ERROR_TIMEOUT), 2);
    assert_true(error_attempts(ERROR_IO) > 1 && error_attempts(ERROR_BUSY) > 1);
}

static void error_text_is_one_clean_line(void **state)
{
    struct error err;
    char wide[2000];
    (void)state;
    assert_int_equal(error_set(&err, ERROR_INPUT, "a\nb\x1b[31m\x7f \xff"), -1);
    assert_string_equal(err.text, "a?b?[31m? ?");
    assert_int_equal(err.page, 0);
    assert_int_equal(error_set(NULL, ERROR_INPUT, "nobody listens"), -1);
    memset(wide, 'x', sizeof wide);
    for (size_t i = 0; i + 3 < sizeof wide; i += 3)
        memcpy(wide + i, "\xE2\x82\xAC", 3); /* a cut somewhere in a euro sign */
    wide[sizeof wide - 1] = '\0';
    error_set(&err, ERROR_LIMIT, "%s", wide);
    assert_true(strlen(err.text) >= ERROR_TEXT - 4);
    assert_true(utf8_valid(err.text, strlen(err.text)));
    assert_null(strchr(err.text, '?'));
}

static void context_keeps_class_and_page(void **state)
{
    struct error err;
    (void)state;
    error_set(&err, ERROR_LIMIT, "too wide");
    err.page = 7;
    assert_int_equal(error_context(&err, "reading %s", "x.pdf"), -1);
    assert_string_equal(err.text, "reading x.pdf: too wide");
    assert_int_equal(err.class, ERROR_LIMIT);
    assert_int_equal(err.page, 7);
    assert_int_equal(error_context(NULL, "nobody listens"), -1);
}

static void a_full_disk_is_busy(void **state)
{
    static const struct {
        int code;
        enum error_class class;
    } cases[] = {{ENOSPC, ERROR_BUSY}, {EDQUOT, ERROR_BUSY}, {EMFILE, ERROR_BUSY},
                 {ENFILE, ERROR_BUSY}, {EACCES, ERROR_IO},   {EIO, ERROR_IO}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err;
        errno = cases[i].code;
        assert_int_equal(error_errno(&err, "open %d", 1), -1);
        assert_int_equal(err.class, cases[i].class);
        assert_memory_equal(err.text, "open 1: ", 8);
        assert_string_equal(err.text + 8, strerror(cases[i].code));
    }
}

/* ---- strbuf ---- */

static void a_buffer_grows(void **state)
{
    auto_strbuf b = {0};
    (void)state;
    assert_string_equal(strbuf_str(&b), "");
    strbuf_add(&b, NULL, 0);
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&b, "%04d,", i);
    assert_int_equal(b.len, 5000);
    assert_memory_equal(b.data + 4995, "0999,", 6);
    strbuf_addf(&b, "%0500d", 7);
    assert_int_equal(b.len, 5500);
    assert_int_equal(strlen(b.data), 5500);
    assert_memory_equal(b.data + 5497, "007", 4);
    assert_false(b.overflowed);
}

static void a_cleared_buffer_is_empty(void **state)
{
    auto_strbuf b = {0};
    (void)state;
    strbuf_adds(&b, "before");
    strbuf_cut(&b, 7);
    assert_string_equal(strbuf_str(&b), "before");
    strbuf_cut(&b, 2);
    assert_string_equal(strbuf_str(&b), "be");
    strbuf_adds(&b, "fore");
    strbuf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(strbuf_str(&b), "");
    char *text = strbuf_detach(&b);
    assert_string_equal(text, "");
    free(text);
}

static void a_buffer_stops_at_its_cap(void **state)
{
    auto_strbuf b = {.cap = 10};
    (void)state;
    strbuf_adds(&b, "123456789");
    assert_false(b.overflowed);
    strbuf_addc(&b, 'x');
    assert_true(b.overflowed);
    assert_string_equal(strbuf_str(&b), "123456789");
    strbuf_clear(&b);
    strbuf_addf(&b, "%s", "1234567890");
    assert_true(b.overflowed);
    strbuf_addc(&b, 'x'); /* remembered: a hole would be worse than an end */
    assert_int_equal(b.len, 0);
    strbuf_free(&b);
    assert_int_equal(b.cap, 10);
    assert_false(b.overflowed);
    strbuf_add(&b, "", SIZE_MAX);
    assert_true(b.overflowed);
}

static void detach_hands_over(void **state)
{
    auto_strbuf b = {0};
    (void)state;
    char *empty = strbuf_detach(&b);
    assert_string_equal(empty, "");
    free(empty);
    strbuf_adds(&b, "mine");
    char *text = strbuf_detach(&b);
    assert_string_equal(text, "mine");
    assert_int_equal(b.len, 0);
    assert_null(b.data);
    free(text);
}

/* ---- UTF-8 ---- */

static void every_code_point_survives(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        uint32_t back = 0xDEAD;
        size_t n = utf8_encode(c, bytes);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (utf8_decode(bytes, n, &back) != (surrogate ? 0 : n) || back != (surrogate ? 0xDEAD : c))
            fail_msg("U+%04X", c);
        if (utf8_decode(bytes, n - 1, NULL) != 0)
            fail_msg("U+%04X is taken when it is cut", c);
    }
}

static void malformed_utf8_is_refused(void **state)
{
    static const struct {
        const char *what, *bytes;
    } cases[] = {
        {"lone continuation", "\x80"},
        {"last continuation", "\xBF"},
        {"overlong slash, 2 bytes", "\xC0\xAF"},
        {"overlong DEL", "\xC1\xBF"},
        {"overlong slash, 3 bytes", "\xE0\x80\xAF"},
        {"overlong U+07FF", "\xE0\x9F\xBF"},
        {"overlong slash, 4 bytes", "\xF0\x80\x80\xAF"},
        {"overlong U+FFFF", "\xF0\x8F\xBF\xBF"},
        {"first surrogate", "\xED\xA0\x80"},
        {"last surrogate", "\xED\xBF\xBF"},
        {"surrogate pair", "\xED\xA0\xBD\xED\xB8\x80"},
        {"U+110000", "\xF4\x90\x80\x80"},
        {"five bytes", "\xF8\x88\x80\x80\x80"},
        {"six bytes", "\xFC\x84\x80\x80\x80\x80"},
        {"FE", "\xFE"},
        {"FF", "\xFF"},
        {"cut after one of two", "\xC3"},
        {"cut after two of three", "\xE2\x82"},
        {"cut after three of four", "\xF0\x9F\x98"},
        {"letter for a continuation", "\xE2\x82g"},
        {"lead for a continuation", "\xC3\xC3"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (utf8_valid(cases[i].bytes, strlen(cases[i].bytes)) ||
            utf8_decode(cases[i].bytes, strlen(cases[i].bytes), NULL))
            fail_msg("%s is taken", cases[i].what);
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
    assert_true(utf8_valid("\xEF\xBF\xBF \xF4\x8F\xBF\xBF \xEE\x80\x80", 12));
}

static void text_is_made_printable(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"plain \xC3\xA9", "plain \xC3\xA9"},
        {"a\tb\r\nc\x7F", "a?b??c?"},
        {"\xFFx", "?x"},
        {"\xE2\x82x", "??x"},
        {"\xC2\x9B"
         "31m",
         "??31m"}, /* U+009B starts an escape sequence, as ESC [ does */
        {"\xC2\xA0", "\xC2\xA0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[i].before);
        utf8_make_printable(text, sizeof text);
        assert_string_equal(text, cases[i].after);
        assert_true(utf8_printable(text, strlen(text)));
        assert_int_equal(utf8_printable(cases[i].before, strlen(cases[i].before)),
                         strcmp(cases[i].before, cases[i].after) == 0);
    }
    char cut[6] = "abc\xE2\x82"; /* full to its last byte */
    utf8_make_printable(cut, sizeof cut);
    assert_string_equal(cut, "abc");
    assert_false(utf8_printable("a\0b", 3));
}

/* ---- JSON ---- */

static void json_has_its_commas(void **state)
{
    auto_strbuf out = {0};
    struct json_writer w = {.out = &out};
    (void)state;
    json_add_object(&w, NULL);
    json_add_array(&w, "a");
    json_end_array(&w);
    json_add_array(&w, "b");
    json_add_int(&w, NULL, INT64_MIN);
    json_add_object(&w, NULL);
    json_end_object(&w);
    json_add_null(&w, NULL);
    json_end_array(&w);
    json_add_bool(&w, "c", true);
    json_add_string(&w, "d\"", NULL);
    json_add_string_n(&w, "e", "xyz", 2);
    json_add_raw(&w, "f", "{\"x\":1}");
    json_add_time(&w, "g", 0);
    json_add_time(&w, "h", 1);
    json_end_object(&w);
    assert_string_equal(strbuf_str(&out),
                        "{\"a\":[],\"b\":[-9223372036854775808,{},null],\"c\":true,\"d\\\"\":null,"
                        "\"e\":\"xy\",\"f\":{\"x\":1},\"g\":null,"
                        "\"h\":\"1970-01-01T00:00:00.001Z\"}");
}

static void json_strings_are_escaped(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"a/b", 3, "\"a/b\""},
        {"\"\\", 2, "\"\\\"\\\\\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\0\x01\x1F\x7F", 4, "\"\\u0000\\u0001\\u001f\\u007f\""},
        {"\xC3\xA9\xF0\x9F\x98\x80", 6, "\"\xC3\xA9\xF0\x9F\x98\x80\""},
        {"a\xFFz", 3, "\"a\xEF\xBF\xBDz\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        struct json_writer w = {.out = &out};
        json_add_string_n(&w, NULL, cases[i].bytes, cases[i].len);
        assert_string_equal(strbuf_str(&out), cases[i].json);
    }
}

static void json_numbers_are_short(void **state)
{
    static const struct {
        double value;
        int decimals;
        const char *json;
    } cases[] = {
        {0, 1, "0"},
        {-0.0, 0, "0"},
        {-0.04, 1, "0"},
        {-0.0, 3, "0"},
        {100, 0, "100"},
        {100, 2, "100"},
        {0.1, 4, "0.1"},
        {-1.5, 2, "-1.5"},
        {1234.5678, 2, "1234.57"},
        {0.99999, 4, "1"},
        {-10, 1, "-10"},
        {NAN, 1, "null"},
        {INFINITY, 1, "null"},
        {-INFINITY, 0, "null"},
        {1e300, 1, "null"},
        {1e15, 1, "1000000000000000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_strbuf out = {0};
        struct json_writer w = {.out = &out};
        json_add_number(&w, NULL, cases[i].value, cases[i].decimals);
        assert_string_equal(strbuf_str(&out), cases[i].json);
    }
}

/* ---- time and identifiers ---- */

static void time_is_written_as_rfc3339(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {951782400007, "2000-02-29T00:00:00.007Z"},
        {1795318447120, "2026-11-22T03:34:07.120Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-86400000, "1969-12-31T00:00:00.000Z"},
    };
    char text[CLOCK_TEXT];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(clock_rfc3339(cases[i].ms, text), cases[i].text);
    assert_true(clock_wall() > 1600000000000);
    int64_t before = clock_steady();
    assert_true(clock_steady() >= before);
}

static void times_are_read(void **state)
{
    static const struct {
        const char *text, *time; /* time NULL: refused */
        bool day;
    } cases[] = {
        {"2026-11-22", "2026-11-22T00:00:00.000Z", true},
        {"2026-11-22T08:00:00Z", "2026-11-22T08:00:00.000Z", false},
        {"2026-11-22t08:00:00z", "2026-11-22T08:00:00.000Z", false},
        {"2026-11-22 08:00", "2026-11-22T08:00:00.000Z", false},
        {"2026-11-22T08:00:00.1239+02:00", "2026-11-22T06:00:00.123Z", false},
        {"2026-11-22T08:00:00 02:00", "2026-11-22T06:00:00.000Z", false},
        {"2026-11-22T23:30-0130", "2026-11-23T01:00:00.000Z", false},
        {"2024-02-29", "2024-02-29T00:00:00.000Z", true},
        {"2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z", false},
        {"", NULL, false},
        {"yesterday", NULL, false},
        {"2026-02-29", NULL, false},
        {"2026-11-31", NULL, false},
        {"2026-13-01", NULL, false},
        {"2026-00-10", NULL, false},
        {"2026-1-1", NULL, false},
        {"1969-12-31", NULL, false},
        {"2026-11-22T", NULL, false},
        {"2026-11-22T24:00:00Z", NULL, false},
        {"2026-11-22T08:60:00Z", NULL, false},
        {"2026-11-22T08:00:00+24:00", NULL, false},
        {"2026-11-22T08:00:00Zulu", NULL, false},
        {"2026-11-22T08:00:00Z ", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CLOCK_TEXT];
        int64_t ms;
        bool day;
        int rc = clock_parse(cases[i].text, &ms, &day);
        assert_int_equal(rc, cases[i].time ? 0 : -1);
        if (rc < 0)
            continue;
        assert_string_equal(clock_rfc3339(ms, text), cases[i].time);
        assert_true(day == cases[i].day);
    }
}

static void identifiers_sort_and_differ(void **state)
{
    char a[ID_SIZE], b[ID_SIZE];
    (void)state;
    id_new(a);
    for (int i = 0; i < 1000; i++) {
        id_new(b);
        assert_true(id_valid(b));
        assert_int_equal(b[14], '7');
        assert_non_null(strchr("89ab", b[19]));
        assert_true(strncmp(a, b, 13) <= 0);
        assert_string_not_equal(a, b);
        memcpy(a, b, sizeof a);
    }
}

static void malformed_identifiers_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "0192d3a0-0000-7000-8000-00000000000",
        "0192d3a0-0000-7000-8000-0000000000000",
        "0192D3A0-0000-7000-8000-000000000000",
        "0192d3a0-0000-7000-8000-00000000000g",
        "0192d3a0x0000-7000-8000-000000000000",
        "0192d3a0-0000-7000-8000-000000/../00",
        "0192d3a000000-7000-8000-000000000000",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(id_valid(bad[i]));
    assert_true(id_valid("0192d3a0-0000-7000-8000-000000000000"));
}

/* ---- descriptors ---- */

static void descriptors_close_themselves(void **state)
{
    int before = unit_descriptors(), kept;
    (void)state;
    {
        auto_fd a = open("/dev/null", O_RDONLY | O_CLOEXEC);
        auto_fd b = open("/dev/null", O_RDONLY | O_CLOEXEC);
        auto_fd none = -1;
        assert_true(a >= 0 && b >= 0 && none < 0);
        kept = fd_take(&b);
        assert_int_equal(b, -1);
    }
    assert_int_equal(unit_descriptors(), before + 1);
    fd_close(&kept);
    fd_close(&kept);
    assert_int_equal(unit_descriptors(), before);
}

static void whole_reads_and_writes(void **state)
{
    struct error err;
    char back[16] = "";
    uint64_t size;
    auto_fd fd = fd_memory("test", &err);
    (void)state;
    assert_true(fd >= 0);
    OK(fd_write_full(fd, "hello world", 11, &err));
    OK(fd_size(fd, &size, &err));
    assert_int_equal(size, 11);
    assert_int_equal(fd_read_full(fd, back, sizeof back, 6), 5);
    assert_memory_equal(back, "world", 5);
    assert_int_equal(fd_read_full(fd, back, 4, 100), 0);
    assert_int_equal(fd_read_full(-1, back, 4, 0), -1);
    REFUSED(ERROR_IO, fd_write_full(-1, "x", 1, &err));
    REFUSED(ERROR_IO, fd_size(-1, &size, &err));
}

static void sealed_memory_is_told_from_the_rest(void **state)
{
    struct error err;
    auto_fd fd = fd_memory("test", &err);
    auto_fd half = fd_memory("half", &err);
    auto_fd file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    (void)state;
    assert_true(fd >= 0 && half >= 0 && file >= 0);
    OK(fd_write_full(fd, "12345678", 8, &err));
    REFUSED(ERROR_BUG, fd_check_sealed(fd, 8, &err));
    REFUSED(ERROR_BUG, fd_check_sealed(file, 8, &err));
    REFUSED(ERROR_BUG, fd_check_sealed(-1, 8, &err));
    assert_int_equal(fcntl(half, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    REFUSED(ERROR_BUG, fd_check_sealed(half, 0, &err));
    void *map = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    REFUSED(ERROR_IO, fd_seal(fd, &err));
    munmap(map, 8);
    OK(fd_seal(fd, &err));
    OK(fd_check_sealed(fd, 8, &err));
    REFUSED_SAYING(ERROR_BUG, "announced 9", fd_check_sealed(fd, 9, &err));
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 1), -1);
}

/* ---- memory ---- */

static void an_arena_keeps_to_its_cap(void **state)
{
    static const size_t caps[] = {1000, 65536, 100000};
    (void)state;
    for (size_t i = 0; i < COUNT(caps); i++) {
        struct arena *a = arena_new(caps[i]);
        size_t bytes = 0;
        while (arena_alloc(a, 1, 48))
            bytes += 48;
        if (bytes > caps[i] || bytes + 2 * 48 < caps[i])
            fail_msg("%zu bytes from an arena of %zu", bytes, caps[i]);
        assert_null(arena_strndup(a, "0123456789012345678901234567890123456789", 40));
        arena_free(&a);
        assert_null(a);
        arena_free(&a);
    }
}

static void an_arena_gives_zeroed_aligned_memory(void **state)
{
    struct arena *a = arena_new(0);
    (void)state;
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *p = arena_alloc(a, size, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAA, size);
    }
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_null(arena_alloc(a, SIZE_MAX, 2));
    assert_null(arena_alloc(a, SIZE_MAX / 2, 2));
    arena_free(&a);
}

static void small_memory(void **state)
{
    (void)state;
    assert_null(x_strdup(NULL));
    char *s = x_strdup("abc");
    assert_string_equal(s, "abc");
    s = x_realloc(s, 2, 100);
    assert_string_equal(s, "abc");
    free(s);
    free(x_calloc(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_has_its_row),
        cmocka_unit_test(deterministic_failures_are_never_retried),
        cmocka_unit_test(error_text_is_one_clean_line),
        cmocka_unit_test(context_keeps_class_and_page),
        cmocka_unit_test(a_full_disk_is_busy),
        cmocka_unit_test(a_buffer_grows),
        cmocka_unit_test(a_cleared_buffer_is_empty),
        cmocka_unit_test(a_buffer_stops_at_its_cap),
        cmocka_unit_test(detach_hands_over),
        cmocka_unit_test(every_code_point_survives),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(text_is_made_printable),
        cmocka_unit_test(json_has_its_commas),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(json_numbers_are_short),
        cmocka_unit_test(time_is_written_as_rfc3339),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(identifiers_sort_and_differ),
        cmocka_unit_test(malformed_identifiers_are_refused),
        cmocka_unit_test(descriptors_close_themselves),
        cmocka_unit_test(whole_reads_and_writes),
        cmocka_unit_test(sealed_memory_is_told_from_the_rest),
        cmocka_unit_test(an_arena_keeps_to_its_cap),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(small_memory),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
