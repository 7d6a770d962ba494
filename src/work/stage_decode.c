/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The decode stage: one document for the life of the process; its pages as pixels, as a page result
 * from the text layer, or as pictures. Which of the first two is what was wished and how good the
 * layer is. Called by work_main; calls decode.
 */
#include "work/stage.h"

#include "decode/decode.h"
#include "decode/decode_trust.h"
#include "page/page.h"

/* The text layer of the page in hand, if it was looked at. */
struct layer {
    struct page *page;
    struct text_layer facts;
};

static int answer_pixels(struct exchange *x, struct document *document, const struct page *layer,
                         float score, struct error *err)
{
    struct sheaf *sheaf = &x->answer.u.sheaf;
    auto_strbuf json = {.cap = PAGE_MAX_JSON};
    if (layer)
        page_encode(layer, &json);
    if (json.overflowed)
        return error_set(err, ERROR_LIMIT, "the text layer is over %d MiB", PAGE_MAX_JSON >> 20);
    x->answer_fd = document_render_with(document, x->request->u.page.page, &x->request->u.page.how,
                                        &json, &sheaf->raster, err);
    x->answer.type = MESSAGE_RASTER;
    sheaf->layer_score = score;
    sheaf->layer_bytes = (uint32_t)json.len;
    return x->answer_fd < 0 ? -1 : 0;
}

static int answer_text(struct exchange *x, struct layer *l, struct error *err)
{
    if (stage_layout(l->page, &l->facts.hints, &x->request->u.page.wish, err) < 0)
        return -1;
    return stage_answer_page(x, l->page, err);
}

/* Whether its words stand for the page or help to read it is a matter of how good they are. */
static int answer_by_layer(struct exchange *x, struct document *document, struct layer *l,
                           struct error *err)
{
    const uint32_t n = x->request->u.page.page, policy = x->request->u.page.wish.text_layer;
    const struct render *how = &x->request->u.page.how;
    if (document_has_layers(document) &&
        document_trust(document, n, how, l->page, &l->facts, &l->page->layer_score, err) < 0)
        return -1;
    bool good = l->page->layer_score >= DECODE_GOOD_LAYER;
    if (policy == TEXT_LAYER_TEXT || (good && policy == TEXT_LAYER_AUTO))
        return answer_text(x, l, err);
    return answer_pixels(x, document, good ? l->page : NULL, l->page->layer_score, err);
}

static int read_page(struct exchange *x, struct error *err)
{
    const uint32_t policy = x->request->u.page.wish.text_layer;
    struct document *document = stage_document(err);
    struct layer l = {0};
    if (!document)
        return -1;
    bool wanted =
        policy == TEXT_LAYER_TEXT || (policy != TEXT_LAYER_OCR && document_has_layers(document));
    if (!wanted)
        return answer_pixels(x, document, NULL, PAGE_NO_SCORE, err);
    if (document_text(document, x->request->u.page.page, &x->request->u.page.how, &l.page, &l.facts,
                      err) < 0)
        return -1;
    int rc = answer_by_layer(x, document, &l, err);
    page_free(&l.page);
    return rc;
}

static int render_picture(struct exchange *x, struct error *err)
{
    uint64_t size = 0;
    struct document *document = stage_document(err);
    if (!document)
        return -1;
    x->answer_fd = document_picture(document, x->request->u.page.page, &x->request->u.page.how,
                                    &x->request->u.page.view, &size, err);
    if (x->answer_fd < 0)
        return -1;
    x->answer.type = MESSAGE_IMAGE;
    x->answer.u.result.size = size;
    x->answer.u.result.rss_kib = stage_rss_kib();
    return 0;
}

const struct stage stage_decode = {
    .name = "decode",
    .load = stage_load_document,
    .unload = stage_close_document,
    .handlers = {[MESSAGE_OPEN] = stage_open_document,
                 [MESSAGE_PAGE] = read_page,
                 [MESSAGE_PICTURE] = render_picture},
};
