/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The decode stage: one document for the life of the process; its pages as pixels, as a page result
 * from the text layer, or as a picture. Called by work_main; calls decode.
 */
#include "work/stage.h"

#include "decode/decode.h"
#include "page/page.h"

static int render_pixels(struct exchange *x, struct error *err)
{
    struct document *document = stage_document(err);
    if (!document)
        return -1;
    x->answer_fd = document_render(document, x->request->u.page.page, &x->request->u.page.how,
                                   &x->answer.u.raster, err);
    x->answer.type = MESSAGE_RASTER;
    return x->answer_fd < 0 ? -1 : 0;
}

static int read_text(struct exchange *x, struct error *err)
{
    struct page *page = NULL;
    struct text_layer layer;
    struct document *document = stage_document(err);
    if (!document || document_text(document, x->request->u.page.page, &x->request->u.page.how,
                                   &page, &layer, err) < 0)
        return -1;
    layer.hints.keep_tables = layer.hints.keep_figures = true;
    int rc = stage_layout(page, &layer.hints, err);
    if (rc == 0)
        rc = stage_answer_page(x, page, err);
    page_free(&page);
    return rc;
}

static int render_picture(struct exchange *x, struct error *err)
{
    uint64_t size = 0;
    struct document *document = stage_document(err);
    if (!document)
        return -1;
    x->answer_fd =
        document_png(document, x->request->u.page.page, &x->request->u.page.how, &size, err);
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
                 [MESSAGE_PIXELS] = render_pixels,
                 [MESSAGE_TEXT] = read_text,
                 [MESSAGE_PICTURE] = render_picture},
};
