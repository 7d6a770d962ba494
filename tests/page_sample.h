/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A page result with something of everything, for the tests of what is made from it.
 */
#ifndef TESTS_PAGE_SAMPLE_H
#define TESTS_PAGE_SAMPLE_H

#include "page/page.h"

#include <string.h>

/* What page_encode must make of sample_page(1). */
#define SAMPLE_HEAD                                                               \
    "{\"page\":1,\"width\":1000,\"height\":1400,\"unit\":\"px\",\"dpi\":144,"     \
    "\"rotation\":90,\"skew\":-1.25,\"source\":\"ocr\",\"engine\":\"tesseract\"," \
    "\"language\":\"eng\",\"confidence\":0.8,\"duration_ms\":1234,"               \
    "\"stages_ms\":{\"detect\":12.5,\"network\":80},"
#define SAMPLE_QUAD "\"polygon\":[[10,20.5],[110,20.5],[110,40],[10,40]],"
#define SAMPLE_QUAD_2 "\"polygon\":[[120,20.5],[220,20.5],[220,40],[120,40]],"
#define SAMPLE_JSON                                                                            \
    SAMPLE_HEAD                                                                                \
    "\"blocks\":[{\"id\":0,\"type\":\"heading\",\"level\":2,\"bbox\":[10,20.5,220,40],"        \
    "\"order\":0,\"confidence\":0.8,\"lines\":[{\"text\":\"Gr\xC3\xBC\xC3\x9F \\\"Gott\\\"\"," \
    "\"polygon\":[[10,20.5],[220,20.5],[220,40],[10,40]],\"confidence\":0.8,\"words\":["       \
    "{\"text\":\"Gr\xC3\xBC\xC3\x9F\"," SAMPLE_QUAD "\"confidence\":0.9},"                     \
    "{\"text\":\"\\\"Gott\\\"\"," SAMPLE_QUAD_2 "\"confidence\":0.7}]}]},"                     \
    "{\"id\":1,\"type\":\"text\",\"bbox\":[0,0,0,0],\"order\":1,\"confidence\":0,"             \
    "\"lines\":[]}],\"warnings\":[{\"code\":\"reduced\",\"message\":\"rendered at 96 dpi\"}]}"

static inline void sample_word(struct page *p, struct line *l, const char *text, float x,
                               float confidence)
{
    struct word *w = page_add_word(p, l);
    w->text = page_text(p, text, strlen(text));
    w->polygon = quad_of_rect((struct rect){x, 20.5F, x + 100, 40});
    w->confidence = confidence;
}

static inline struct page *sample_page(int number)
{
    struct page *p = page_new(number);
    p->width = 1000;
    p->height = 1400;
    p->dpi = 144;
    p->rotation = 90;
    p->skew = -1.25F;
    p->engine = "tesseract";
    p->language = "eng";
    p->duration_ms = 1234;
    p->stage_ms[PAGE_STAGE_DETECT] = 12.5F;
    p->stage_ms[PAGE_STAGE_NETWORK] = 80;
    struct block *b = page_add_block(p, BLOCK_HEADING);
    b->level = 2;
    struct line *l = page_add_line(p, b);
    sample_word(p, l, "Gr\xC3\xBC\xC3\x9F", 10, 0.9F);
    sample_word(p, l, "\"Gott\"", 120, 0.7F);
    page_join_words(p, l);
    page_add_block(p, BLOCK_TEXT);
    page_add_warning(p, "reduced", "rendered at 96 dpi");
    page_summarise(p);
    return p;
}

#endif
