/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The archive writer: what a reader finds, the same bytes each time, names in UTF-8, and a disk
 * that is full. Read back through libarchive's reader, which the program itself never uses.
 */
#include "unit.h"

#include "base/fd.h"
#include "export/export_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#define WHEN INT64_C(1700000000000)
#define UMLAUT "Gr\xC3\xBC\xC3\x9F.md"

static const char *const names[] = {"a.json", "page/1.page.xml", UMLAUT};

/* An archive of those entries, each with its name twice, and of a file. */
static int written(void)
{
    struct error err;
    struct zip *zip = NULL;
    int fd = OK(fd_memory("zip", &err));
    auto_fd file = OK(fd_memory("file", &err));
    OK(fd_write_full(file, "JPEG", 4, &err));
    OK(zip_new(&zip, fd, WHEN, &err));
    for (size_t i = 0; i < COUNT(names); i++) {
        OK(zip_begin(zip, names[i], &err));
        OK(zip_write(zip, names[i], strlen(names[i]), &err));
        OK(zip_write(zip, "", 0, &err));
        OK(zip_write(zip, names[i], strlen(names[i]), &err));
    }
    OK(zip_add_file(zip, "images/0_0.jpg", file, 4, ZIP_STORED, &err));
    OK(zip_finish(zip, &err));
    zip_free(&zip);
    assert_null(zip);
    return fd;
}

static size_t bytes_of(int fd, char *out, size_t size)
{
    ssize_t n = fd_read_full(fd, out, size, 0);
    assert_true(n > 0 && (size_t)n < size);
    return (size_t)n;
}

static void check_entry(struct archive *a, const char *name, const char *content)
{
    struct archive_entry *e;
    char found[200] = "";
    assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname_utf8(e), name);
    assert_int_equal(archive_entry_mtime(e), WHEN / 1000);
    la_ssize_t n = archive_read_data(a, found, sizeof found - 1);
    assert_int_equal(n, strlen(content));
    assert_string_equal(found, content);
}

static void entries_are_read_back(void **state)
{
    (void)state;
    auto_fd fd = written();
    struct archive *a = archive_read_new();
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    archive_read_support_format_zip(a);
    assert_int_equal(archive_read_open_fd(a, fd, 4096), ARCHIVE_OK);
    for (size_t i = 0; i < COUNT(names); i++) {
        char twice[100];
        snprintf(twice, sizeof twice, "%s%s", names[i], names[i]);
        check_entry(a, names[i], twice);
    }
    check_entry(a, "images/0_0.jpg", "JPEG");
    struct archive_entry *none;
    assert_int_equal(archive_read_next_header(a, &none), ARCHIVE_EOF);
    archive_read_free(a);
}

static void the_same_gives_the_same_bytes(void **state)
{
    static char one[4096], two[4096];
    (void)state;
    auto_fd a = written(), b = written();
    size_t n = bytes_of(a, one, sizeof one);
    assert_int_equal(bytes_of(b, two, sizeof two), n);
    assert_memory_equal(one, two, n);
}

static void a_full_disk_is_told(void **state)
{
    struct error err;
    struct zip *zip = NULL;
    static char zeros[1 << 16];
    (void)state;
    auto_fd fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* a container without it */
    OK(zip_new(&zip, fd, WHEN, &err));
    OK(zip_begin(zip, "a", &err));
    int rc = zip_write(zip, zeros, sizeof zeros, &err);
    REFUSED(ERROR_BUSY, rc < 0 ? rc : zip_finish(zip, &err));
    zip_free(&zip);
}

static void a_file_that_shrank_is_told(void **state)
{
    struct error err;
    struct zip *zip = NULL;
    (void)state;
    auto_fd fd = OK(fd_memory("zip", &err)), file = OK(fd_memory("file", &err));
    OK(zip_new(&zip, fd, WHEN, &err));
    REFUSED_SAYING(ERROR_IO, "x.jpg", zip_add_file(zip, "x.jpg", file, 4, ZIP_STORED, &err));
    zip_free(&zip);
    zip_free(&zip);
}

static void stems_are_harmless(void **state)
{
    static const char *const cases[][2] = {
        {"a.pdf", "a"},
        {"dir/a.b.pdf", "a.b"},
        {UMLAUT, "Gr\xC3\xBC\xC3\x9F"},
        {"", "document"},
        {"..", "_"},
        {".hidden", "_hidden"},
        {"../", "document"},
        {"c:\\x.pdf", "c__x"},
        {"a\nb.pdf", "a_b"},
        {"noextension", "noextension"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char stem[ZIP_STEM];
        zip_stem(cases[i][0], stem);
        assert_string_equal(stem, cases[i][1]);
    }
    char longest[400] = "", stem[ZIP_STEM];
    memset(longest, 'x', sizeof longest - 1);
    zip_stem(longest, stem);
    assert_int_equal(strlen(stem), ZIP_STEM - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_read_back), cmocka_unit_test(the_same_gives_the_same_bytes),
        cmocka_unit_test(a_full_disk_is_told),   cmocka_unit_test(a_file_that_shrank_is_told),
        cmocka_unit_test(stems_are_harmless),
    };
    setlocale(LC_CTYPE, "C.UTF-8"); /* for the reader */
    return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
