/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Goes through a document and its plan together, page by page, and has the result written. Where
 * MuPDF finds in the middle that the file needs repair, it repairs it and forgets what was changed:
 * then all is done again, once. Called by the bind stage.
 */
#include "decode/binder_internal.h"

#include "base/fd.h"

/* ---- the document ---- */

static int make_document(struct binder *b, struct error *err)
{
    fz_context *ctx = b->fitz->ctx;
    int result = 0;
    fz_var(result);
    fz_try(ctx)
    {
        b->pdf = pdf_create_document(ctx);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(b->fitz, "no PDF can be made", err);
    }
    return result;
}

void binder_labels_begin(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    if (b->font)
        return;
    b->metrics = fz_new_base14_font(ctx, "Helvetica");
    pdf_obj *dict = pdf_new_dict(ctx, b->pdf, 4);
    fz_try(ctx)
    {
        pdf_dict_put(ctx, dict, PDF_NAME(Type), PDF_NAME(Font));
        pdf_dict_put(ctx, dict, PDF_NAME(Subtype), PDF_NAME(Type1));
        pdf_dict_put_name(ctx, dict, PDF_NAME(BaseFont), "Helvetica");
        pdf_dict_put(ctx, dict, PDF_NAME(Encoding), PDF_NAME(WinAnsiEncoding));
        b->font = pdf_add_object(ctx, b->pdf, dict);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* Disarming comes first: it looks at every object, and so shows what needs repair. */
static int prepare(struct binder *b, struct error *err)
{
    fz_context *ctx = b->fitz->ctx;
    int result = 0;
    fz_var(result);
    decode_fitz_begin(b->fitz);
    fz_try(ctx)
    {
        if (!b->pictures) {
            binder_disarm(b);
            binder_find_pages(b);
        }
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(b->fitz, "the document cannot be read whole", err);
    }
    return result;
}

static void dismiss(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    binder_drop_pages(b);
    fz_drop_font(ctx, b->metrics);
    pdf_drop_obj(ctx, b->font);
    b->metrics = NULL;
    b->font = NULL;
    binder_font_drop(b);
    fz_drop_buffer(ctx, b->failed);
    b->failed = NULL;
}

/* ---- a page; `what` is NULL where the plan does not name it ---- */

static bool wanted(const struct binder_page *what)
{
    return what && !*what->note && !what->failed;
}

/* The next page of a document made of pictures. */
static pdf_obj *add_picture(struct binder *b, const struct binder_picture *picture)
{
    return picture->raster.width ? binder_add_picture(b, picture) : binder_add_empty(b);
}

static void note_failed(struct binder *b, uint32_t number)
{
    fz_context *ctx = b->fitz->ctx;
    const char *comma = b->failed ? "," : "";
    if (!b->failed)
        b->failed = fz_new_buffer(ctx, 64);
    fz_append_printf(ctx, b->failed, "%s%d", comma, (int)number);
}

static void mark(struct binder *b, pdf_obj *page, const struct binder_page *what)
{
    if (!what)
        return;
    if (what->failed)
        note_failed(b, what->number);
    if (!page)
        fz_throw(b->fitz->ctx, FZ_ERROR_GENERIC, "no such page");
    binder_mark_page(b, page, what);
}

/* picture: NULL in a PDF. */
static int put_page(struct binder *b, uint32_t n, const struct binder_picture *picture,
                    const struct binder_page *what, struct error *err)
{
    fz_context *ctx = b->fitz->ctx;
    int result = 0;
    fz_var(result);
    decode_fitz_begin(b->fitz);
    fz_try(ctx)
    {
        mark(b, picture ? add_picture(b, picture) : b->pages[n - 1], what);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(b->fitz, "the page cannot be drawn on", err);
    }
    return result;
}

/* MuPDF keeps what it makes in memory until it is written, so the cap holds here already. */
static int bind_picture(struct binder *b, uint32_t n, const struct binder_page *what,
                        const struct binder_order *order, struct error *err)
{
    struct binder_picture picture;
    if (binder_picture_open(&picture, b->doc, n, order->page_ms, err) < 0) {
        if (wanted(what))
            return -1;
        picture = (struct binder_picture){0};
    }
    int result = put_page(b, n, &picture, what, err);
    binder_picture_close(&picture);
    return result == 0 && b->held > order->max_size ? binder_too_large(order->max_size, err)
                                                    : result;
}

/* A page that could not be read may be one that cannot be drawn on. */
static int bind_page(struct binder *b, uint32_t n, const struct binder_page *what, uint32_t page_ms,
                     struct error *err)
{
    if (!what)
        return 0;
    decode_timer_start(page_ms);
    int result = put_page(b, n, NULL, what, err);
    decode_timer_stop();
    if (decode_timer_expired())
        return error_set(err, ERROR_TIMEOUT, "not drawn on within %u ms", page_ms);
    return wanted(what) || decode_fitz_check_memory(b->fitz, err) < 0 ? result : 0;
}

static int bind_pages(struct binder *b, struct binder_plan *plan, const struct binder_order *order,
                      struct error *err)
{
    if (binder_plan_next(plan, err) < 0)
        return -1;
    for (uint32_t n = 1; n <= b->doc->pages; n++) {
        const struct binder_page *what = plan->page.number == n ? &plan->page : NULL;
        int result = b->pictures ? bind_picture(b, n, what, order, err)
                                 : bind_page(b, n, what, order->page_ms, err);
        if (result < 0 && err)
            err->page = (int)n;
        if (result < 0)
            return -1;
        if (what && binder_plan_next(plan, err) < 0)
            return -1;
    }
    return plan->page.number
               ? error_set(err, ERROR_BUG, "the plan has a page %u of a document of %u",
                           plan->page.number, b->doc->pages)
               : 0;
}

/* ---- all of it ---- */

/* What is known only now: which characters were used, and which pages failed. */
static int finish(struct binder *b, struct error *err)
{
    fz_context *ctx = b->fitz->ctx;
    int result = 0;
    fz_var(result);
    decode_fitz_begin(b->fitz);
    fz_try(ctx)
    {
        binder_font_finish(b);
        if (b->failed)
            binder_name_failed(b);
    }
    fz_catch(ctx)
    {
        result = decode_fitz_error(b->fitz, "the PDF cannot be finished", err);
    }
    return result;
}

static int bind_once(struct binder *b, const struct binder_order *order, uint64_t *size,
                     struct error *err)
{
    struct binder_plan plan;
    int fd = -1;
    if (binder_plan_open(&plan, order->plan, order->plan_size, err) < 0)
        return -1;
    if (prepare(b, err) == 0 && bind_pages(b, &plan, order, err) == 0 && finish(b, err) == 0)
        fd = binder_write(b, order->max_size, size, err);
    dismiss(b);
    binder_plan_close(&plan);
    return fd;
}

static int bind_pdf(struct binder *b, const struct binder_order *order, uint64_t *size,
                    struct error *err)
{
    int before = pdf_was_repaired(b->fitz->ctx, b->pdf);
    auto_fd fd = bind_once(b, order, size, err);
    if (pdf_was_repaired(b->fitz->ctx, b->pdf) == before)
        return fd_take(&fd);
    return bind_once(b, order, size, err);
}

static int bind_pictures(struct binder *b, const struct binder_order *order, uint64_t *size,
                         struct error *err)
{
    if (decode_fitz_open(&b->own, &b->doc->limits, err) < 0)
        return -1;
    b->fitz = &b->own;
    int fd = make_document(b, err) < 0 ? -1 : bind_once(b, order, size, err);
    pdf_drop_document(b->own.ctx, b->pdf);
    decode_fitz_close(&b->own);
    return fd;
}

int document_bind(struct document *doc, const struct binder_order *order, uint64_t *size,
                  struct error *err)
{
    struct binder b = {.doc = doc};
    b.fitz = decode_mupdf_inside(doc, &b.pdf);
    b.pictures = !b.fitz;
    return b.pictures ? bind_pictures(&b, order, size, err) : bind_pdf(&b, order, size, err);
}
