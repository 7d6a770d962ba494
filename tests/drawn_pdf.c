/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * PDF pages from their contents, for the tests of the text layer.
 */
#include "drawn_pdf.h"

#include <math.h>
#include <string.h>

/* No cross-reference table: MuPDF makes one. */
static const char frame[] =
    "%PDF-1.6\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>endobj\n"
    "7 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-Italic>>endobj\n"
    "8 0 obj<</Type/Font/Subtype/Type1/BaseFont/Courier>>endobj\n"
    "9 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-BoldItalic>>endobj\n"
    "10 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 11 0 R>>endobj\n"
    "12 0 obj<</Type/ExtGState/ca 0/CA 0>>endobj\n"
    "13 0 obj<</Type/Font/Subtype/Type3/FontMatrix[1 0 0 -1 0 0]/FontBBox[0 0 1000 1000]"
    "/CharProcs<</a 15 0 R>>/Encoding<</Differences[97/a/a/a]>>/FirstChar 97/LastChar 99"
    "/Widths[60 60 60]/ToUnicode 14 0 R>>endobj\n";

static const char lies[] = "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
                           "1 begincodespacerange <00> <FF> endcodespacerange\n"
                           "12 beginbfchar <41> <FB01> <42> <E123> <43> <00AD> <44> <FFFD>\n"
                           "<45> <0301> <46> <F0B7> <47> <0001> <48> <002E002E002E> <49> <200B>\n"
                           "<4A> <05D0> <4B> <05D1> <4C> <05D2> "
                           "endbfchar 2 beginbfrange <61> <7A> <0061> <20> <39> <0020> endbfrange\n"
                           "endcmap end end\n";

static const char letters[] = "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
                              "1 begincodespacerange <00> <FF> endcodespacerange\n"
                              "3 beginbfchar <61> <0061> <62> <0062> <63> <000D> endbfchar\n"
                              "endcmap end end\n";

static void add_stream(struct strbuf *b, int object, const char *bytes)
{
    strbuf_addf(b, "%d 0 obj<</Length %zu>>stream\n", object, strlen(bytes));
    strbuf_adds(b, bytes);
    strbuf_adds(b, "\nendstream endobj\n");
}

struct drawn drawn(const char *attributes, const char *contents, uint32_t dpi)
{
    struct drawn d = {0};
    struct strbuf b = {0};
    struct error err = {0};
    strbuf_adds(&b, frame);
    strbuf_addf(&b,
                "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R%s"
                "/Resources<</Font<</F 5 0 R/B 6 0 R/I 7 0 R/M 8 0 R/S 9 0 R/U 10 0 R/T 13 0 R>>"
                "/ExtGState<</G 12 0 R>>>>>>endobj\n",
                attributes);
    add_stream(&b, 4, contents);
    add_stream(&b, 11, lies);
    add_stream(&b, 14, letters);
    add_stream(&b, 15, "60 0 5 0 55 90 d1 5 0 50 90 re f");
    strbuf_adds(&b, "trailer<</Root 1 0 R>>\n");
    d.fd = file_of_strbuf(&b);
    d.doc = opened_with(d.fd, "", &limits);
    struct render how = {dpi, 1, 0};
    if (document_text(d.doc, 1, &how, &d.page, &d.layer, &err) < 0)
        fail_msg("%s: %s", error_code(err.class), err.text);
    return d;
}

void drawing_end(struct drawn *d)
{
    page_free(&d->page);
    document_close(&d->doc);
    fd_close(&d->fd);
}

void near(float actual, double expected, double by)
{
    if (!(fabs((double)actual - expected) <= by))
        fail_msg("%.2f is not near %.2f", (double)actual, expected);
}
