/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Document types by their first bytes.
 */
#include "unit.h"

#include "page/media.h"

static const struct {
    const char *bytes;
    size_t len;
    const char *type; /* NULL: not a document */
} cases[] = {
    {"%PDF-1.7\n", 9, "application/pdf"},
    {"\xEF\xBB\xBF%PDF-1.4", 11, "application/pdf"},
    {"junk\n%PDF-", 10, "application/pdf"},
    {"%PDF", 4, NULL},
    {"%!PS-Adobe", 10, NULL},
    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "image/png"},
    {"\x89PNG\r\n\x1a", 7, NULL},
    {"\x89PNG\n\x1a\n\0", 8, NULL},
    {"\xFF\xD8\xFF\xE0", 4, "image/jpeg"},
    {"\xFF\xD8", 2, NULL},
    {"II*\0", 4, "image/tiff"},
    {"MM\0*", 4, "image/tiff"},
    {"II*x", 4, NULL},
    {"BM\x46\0\0\0\0\0\0\0", 10, "image/bmp"},
    {"GIF89a", 6, "image/gif"},
    {"GIF87a", 6, "image/gif"},
    {"\0\0\0\x0CjP  \r\n\x87\n", 12, "image/jp2"},
    {"\xFF\x4F\xFF\x51", 4, "image/jp2"},
    {"RIFF\x10\0\0\0WEBPVP8 ", 16, "image/webp"},
    {"RIFF\x10\0\0\0WAVEfmt ", 16, NULL},
    {"RIFF\x10\0\0\0WEB", 11, NULL},
    {"PK\x03\x04", 4, NULL},
    {"<svg xmlns=", 11, NULL},
    {"", 0, NULL},
};

static void types_are_told_by_magic(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct media *m = media_sniff(cases[i].bytes, cases[i].len);
        if (!m != !cases[i].type || (m && strcmp(m->type, cases[i].type) != 0))
            fail_msg("row %zu: %s for %s", i, m ? m->type : "nothing",
                     cases[i].type ? cases[i].type : "nothing");
    }
}

static void a_pdf_header_may_be_late_but_not_too_late(void **state)
{
    char head[2 * MEDIA_SNIFF];
    (void)state;
    memset(head, '\n', sizeof head);
    memcpy(head + MEDIA_SNIFF - 5, "%PDF-", 5);
    assert_int_equal(media_sniff(head, sizeof head)->kind, MEDIA_PDF);
    assert_null(media_sniff(head, MEDIA_SNIFF - 1));
    memset(head, '\n', sizeof head);
    memcpy(head + MEDIA_SNIFF - 4, "%PDF-", 5);
    assert_null(media_sniff(head, sizeof head));
}

static void each_kind_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct media *m = media_sniff(cases[i].bytes, cases[i].len);
        if (!m)
            continue;
        assert_true(m->name[0] != '\0');
        assert_int_equal(m->extension[0], '.');
    }
    assert_non_null(strstr(media_supported(), "PDF"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_by_magic),
        cmocka_unit_test(a_pdf_header_may_be_late_but_not_too_late),
        cmocka_unit_test(each_kind_is_described),
    };
    return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
