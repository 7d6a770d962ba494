/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The decode stage: one document for the life of the process; its pages as pixels, as a page result
 * from the text layer, or as a picture. Refuses a second document and pages before the first.
 * Called by work_main; calls decode.
 */
#include "work/stage.h"

#include "base/fd.h"
#include "decode/decode.h"
#include "page/page.h"

#include <stdio.h>
#include <string.h>

static struct document *document;
static int document_fd = -1;

static int load(const struct stage_config *config, struct message *ready, struct error *err)
{
    (void)config;
    if (decode_warm(err) < 0)
        return -1;
    snprintf(ready->u.ready.engine, sizeof ready->u.ready.engine, "%s", "mupdf");
    return 0;
}

static void unload(void)
{
    document_close(&document);
    fd_close(&document_fd);
}

static int open_document(struct exchange *x, struct error *err)
{
    char *password = x->request->u.open.password;
    int rc;
    if (document)
        rc = error_set(err, ERROR_BUG, "a decode process opens one document");
    else if (x->fd < 0)
        rc = error_set(err, ERROR_BUG, "OPEN without a document");
    else
        rc = document_open(&document, x->fd, password, &x->request->u.open.limits, err);
    explicit_bzero(password, sizeof x->request->u.open.password);
    if (rc < 0)
        return -1;
    document_fd = fd_take(&x->fd);
    x->answer.type = MESSAGE_OPENED;
    x->answer.u.opened.pages = document_pages(document);
    return 0;
}

static int check_open(struct error *err)
{
    return document ? 0 : error_set(err, ERROR_BUG, "a page was asked for before a document");
}

static int render_pixels(struct exchange *x, struct error *err)
{
    if (check_open(err) < 0)
        return -1;
    x->answer_fd = document_render(document, x->request->u.page.page, &x->request->u.page.how,
                                   &x->answer.u.raster, err);
    x->answer.type = MESSAGE_RASTER;
    return x->answer_fd < 0 ? -1 : 0;
}

static int read_text(struct exchange *x, struct error *err)
{
    struct page *page = NULL;
    if (check_open(err) < 0 ||
        document_text(document, x->request->u.page.page, &x->request->u.page.how, &page, err) < 0)
        return -1;
    int rc = stage_answer_page(x, page, err);
    page_free(&page);
    return rc;
}

static int render_picture(struct exchange *x, struct error *err)
{
    uint64_t size = 0;
    if (check_open(err) < 0)
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
    .load = load,
    .unload = unload,
    .handlers = {[MESSAGE_OPEN] = open_document,
                 [MESSAGE_PIXELS] = render_pixels,
                 [MESSAGE_TEXT] = read_text,
                 [MESSAGE_PICTURE] = render_picture},
};
