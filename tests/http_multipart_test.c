/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The form parser without a server: every way to cut a body in two must give the same parts, and
 * what is malformed must be refused however it is cut.
 */
#include "http/http_internal.h"

#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int note_begin(void *arg, const struct http_part *part, struct error *err)
{
    (void)err;
    strbuf_addf(arg, "<%s|%s|%s:", part->name, part->filename, part->type);
    return 0;
}

static int note_data(void *arg, const char *bytes, size_t len, struct error *err)
{
    (void)err;
    assert_true(len > 0);
    strbuf_add(arg, bytes, len);
    return 0;
}

static int note_end(void *arg, struct error *err)
{
    (void)err;
    strbuf_addc(arg, '>');
    return 0;
}

static const struct http_part_events notes = {note_begin, note_data, note_end};

/* Feeds the body in pieces that end at `first`, then every `step` bytes. */
static int parse(const char *type, const char *body, size_t len, size_t first, size_t step,
                 struct strbuf *out, struct error *err)
{
    struct http_multipart *m = NULL;
    if (http_multipart_open(&m, type, &notes, out, err) < 0)
        return -1;
    int result = 0;
    for (size_t at = 0, n = first; at < len && result == 0; at += n, n = step) {
        if (n > len - at)
            n = len - at;
        char *piece = malloc(n ? n : 1); /* exact, so that a sanitizer sees a read beyond */
        memcpy(piece, body + at, n);
        result = http_multipart_feed(m, piece, n, err);
        free(piece);
    }
    if (result == 0)
        result = http_multipart_finish(m, err);
    http_multipart_free(&m);
    return result;
}

#define TYPE "multipart/form-data; boundary=AaB03x"
#define PART "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

static const char body[] =
    "preamble\r\n--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n"
    "--AaB03x  \r\ncontent-type: Image/PNG; x=y\r\n"
    "content-disposition:form-data;filename=\"C:\\dir\\p \\\"q\\\".png\";name=file\r\n\r\n"
    "\r\r\n\r\n-\r\n--AaB03\r\n--AaB03y--\r\n\r\n--AaB03x\r\n" PART
    "\r\n--AaB03x--\r\nepilogue --AaB03x";

/* A backslash before a quote is an escape, the others separate the folders of a path. */
static const char parts[] = "<a||:1\r\n2>"
                            "<file|p \"q\".png|image/png:\r\r\n\r\n-\r\n--AaB03\r\n--AaB03y--\r\n>"
                            "<a||:>";

static void same_parts(size_t first, size_t step)
{
    auto_strbuf out = {0};
    struct error err = {0};
    int result = parse(TYPE, body, sizeof body - 1, first, step, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(result, 0);
    assert_string_equal(strbuf_str(&out), parts);
}

static void every_cut(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof body; i++) {
        same_parts(i, sizeof body); /* in two */
        same_parts(i, i);           /* in equal pieces */
    }
}

static void every_truncation(void **state)
{
    (void)state;
    const char *end = strstr(body, "--AaB03x--") + 10;
    for (size_t len = 0; len < sizeof body; len++) {
        auto_strbuf out = {0};
        struct error err = {0};
        int result = parse(TYPE, body, len, len, 1, &out, &err);
        assert_int_equal(result, body + len >= end ? 0 : -1);
        if (result < 0)
            assert_int_equal(err.class, ERROR_INPUT);
    }
}

struct refusal {
    const char *type, *body;
    enum error_class class;
};

static void refusals(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"multipart/form-data", "", ERROR_INPUT},
        {"multipart/form-data; boundary=", "", ERROR_INPUT},
        {"multipart/form-data; boundary=\"unclosed", "", ERROR_INPUT},
        {"multipart/form-data; boundary=0123456789012345678901234567890123456789"
         "0123456789012345678901234567890",
         "", ERROR_INPUT},
        {TYPE, "", ERROR_INPUT},
        {TYPE, "--AaB03xtra\r\n" PART "\r\n--AaB03x--", ERROR_INPUT},
        {TYPE, "--AaB03x\r\n\r\nno headers\r\n--AaB03x--", ERROR_INPUT},
        {TYPE, "--AaB03x\r\nContent-Type: a/b\r\n\r\nno name\r\n--AaB03x--", ERROR_INPUT},
        {TYPE, "--AaB03x\r\nno colon\r\n\r\n\r\n--AaB03x--", ERROR_INPUT},
        {TYPE, "--AaB03x\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--AaB03x--",
         ERROR_INPUT},
        {TYPE, "--AaB03x\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--AaB03x--",
         ERROR_INPUT},
        {TYPE, "--AaB03x\r\nContent-Transfer-Encoding: base64\r\n" PART "MQ==\r\n--AaB03x--",
         ERROR_INPUT},
        {TYPE, "--wrong\r\n" PART "\r\n--wrong--", ERROR_INPUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        auto_strbuf out = {0};
        struct error err = {0};
        assert_int_equal(parse(rows[i].type, rows[i].body, strlen(rows[i].body), 3, 7, &out, &err),
                         -1);
        assert_int_equal(err.class, rows[i].class);
    }
}

static void long_headers(void **state)
{
    (void)state;
    auto_strbuf text = {0};
    strbuf_adds(&text, "--AaB03x\r\nX-Long: ");
    for (int i = 0; i < HTTP_PART_HEADERS; i++)
        strbuf_addc(&text, 'x');
    strbuf_adds(&text, "\r\n" PART "\r\n--AaB03x--");
    auto_strbuf out = {0};
    struct error err = {0};
    assert_int_equal(parse(TYPE, text.data, text.len, 100, 1000, &out, &err), -1);
    assert_int_equal(err.class, ERROR_LIMIT);
}

static void nul_in_headers(void **state)
{
    (void)state;
    static const char text[] = "--AaB03x\r\nX: a\0b\r\n" PART "\r\n--AaB03x--";
    auto_strbuf out = {0};
    struct error err = {0};
    assert_int_equal(parse(TYPE, text, sizeof text - 1, 5, 5, &out, &err), -1);
    assert_int_equal(err.class, ERROR_INPUT);
}

struct header_row {
    const char *value, *expected; /* NULL: absent */
};

static void header_values(void **state)
{
    (void)state;
    static const struct header_row rows[] = {
        {"attachment; filename=a.pdf", "a.pdf"},
        {"attachment;FILENAME = \"a b;c.pdf\" ; x=y", "a b;c.pdf"},
        {"attachment; xfilename=no; filename=yes", "yes"},
        {"attachment; x=\"filename=no\"; filename=yes", "yes"},
        {"attachment; filename*=UTF-8''no", NULL},
        {"attachment; filename=\"open", NULL},
        {"filename=no", NULL},
        {"", NULL},
        {";;;", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64] = "";
        bool found = http_header_param(rows[i].value, "filename", out, sizeof out);
        assert_int_equal(found, rows[i].expected != NULL);
        if (found)
            assert_string_equal(out, rows[i].expected);
    }
}

static void file_names(void **state)
{
    (void)state;
    char out[HTTP_FILENAME];
    http_clean_filename("../../etc/passwd", out);
    assert_string_equal(out, "passwd");
    http_clean_filename("C:\\temp\\scan.pdf", out);
    assert_string_equal(out, "scan.pdf");
    http_clean_filename("dir/..", out);
    assert_string_equal(out, "");
    http_clean_filename("a\r\nb\xff\xc3\xa9", out);
    assert_string_equal(out, "a??b?\xc3\xa9");
    char tall[600];
    for (size_t i = 0; i + 2 < sizeof tall; i += 2)
        memcpy(tall + i, "\xc3\xa9", 3);
    http_clean_filename(tall, out);
    assert_int_equal(strlen(out), 254);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),      cmocka_unit_test(every_truncation),
        cmocka_unit_test(refusals),       cmocka_unit_test(long_headers),
        cmocka_unit_test(nul_in_headers), cmocka_unit_test(header_values),
        cmocka_unit_test(file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
