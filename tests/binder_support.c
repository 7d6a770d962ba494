/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Making, binding and opening, for the binder's tests.
 */
#include "binder_support.h"

#include "pdf_text.h"

#include <unistd.h>

int binder_bind(int fd, const char *plan, uint64_t max_size, uint64_t *size, struct error *err)
{
    struct document *doc = opened_with(fd, "", &limits);
    const struct binder_order order = {plan, strlen(plan), max_size, 20000};
    int bound = document_bind(doc, &order, size, err);
    document_close(&doc);
    return bound;
}

struct document *binder_bound(int fd, const char *plan, int *bound)
{
    struct error err = {0};
    uint64_t size;
    *bound = binder_bind(fd, plan, 1 << 24, &size, &err);
    close(fd);
    if (*bound < 0)
        fail_msg("%s: page %d: %s", error_code(err.class), err.page, err.text);
    assert_int_equal(fd_check_sealed(*bound, size, &err), 0);
    return opened_with(*bound, "", &limits);
}

bool binder_holds(int fd, const char *words)
{
    return pdf_holds(fd, words);
}

int binder_pdf(const struct binder_sheet *pages, int n)
{
    struct strbuf b = {0};
    int fonts = 3 + 2 * n;
    strbuf_addf(&b, "%%PDF-1.4\n1 0 obj<</Pages 2 0 R>>endobj 2 0 obj<</Count %d/Kids[", n);
    for (int i = 0; i < n; i++)
        strbuf_addf(&b, "%d 0 R ", 3 + 2 * i);
    strbuf_addf(&b, "]/Resources<</Font<</F %d 0 R/T %d 0 R>>>>>>endobj\n", fonts, fonts + 1);
    for (int i = 0; i < n; i++)
        strbuf_addf(&b,
                    "%d 0 obj<</Type/Page/Parent 2 0 R/Contents %d 0 R%s>>endobj\n"
                    "%d 0 obj<</Length %zu>>stream\n%s\nendstream endobj\n",
                    3 + 2 * i, 4 + 2 * i, pages[i].attributes, 4 + 2 * i, strlen(pages[i].contents),
                    pages[i].contents);
    strbuf_addf(&b,
                "%d 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
                "%d 0 obj<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]\n"
                "/FirstChar 97/LastChar 97/Widths[1]/Encoding<</Differences[97/a]>>\n"
                "/CharProcs<</a %d 0 R>>>>endobj\n"
                "%d 0 obj<</Length 28>>stream\n1 0 0 0 1 1 d1 0 0 1 1 re f \nendstream endobj\n",
                fonts, fonts + 1, fonts + 2, fonts + 2);
    strbuf_adds(&b, "trailer<</Root 1 0 R>>\n");
    return file_of_strbuf(&b);
}

int binder_page_of(const char *attributes, const char *contents)
{
    return binder_pdf(&(struct binder_sheet){attributes, contents}, 1);
}
