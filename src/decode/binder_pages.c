/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Drawings and text onto the pages of a PDF. They are a form XObject with resources of its own, in
 * the space of the page as shown, and one content stream more that paints it; what the page had is
 * not touched, whatever state it leaves the graphics in. Called by binder.c.
 */
#include "decode/binder_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- one stream before, one after ---- */

static void push_stream(struct binder *b, pdf_obj *contents, const char *name, char op, int times)
{
    fz_context *ctx = b->fitz->ctx;
    fz_buffer *text = fz_new_buffer(ctx, 64);
    fz_try(ctx)
    {
        for (int i = 0; i < times; i++)
            fz_append_printf(ctx, text, "%c ", op);
        if (name)
            fz_append_printf(ctx, text, "q /%s Do Q", name);
        pdf_array_push_drop(ctx, contents, pdf_add_stream(ctx, b->pdf, text, NULL, 0));
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, text);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

static void append_content(struct binder *b, pdf_obj *page, const char *name)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *old = pdf_dict_get(ctx, page, PDF_NAME(Contents));
    struct binder_balance balance = binder_balance_of(b, old);
    pdf_obj *all = pdf_new_array(ctx, b->pdf, pdf_array_len(ctx, old) + 3);
    fz_try(ctx)
    {
        push_stream(b, all, NULL, 'q', balance.missing + 1);
        if (pdf_is_stream(ctx, old))
            pdf_array_push(ctx, all, old);
        for (int i = 0; i < pdf_array_len(ctx, old); i++)
            pdf_array_push(ctx, all, pdf_array_get(ctx, old, i));
        push_stream(b, all, name, 'Q', balance.open + 1);
        pdf_dict_put(ctx, page, PDF_NAME(Contents), all);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, all);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* ---- the form ---- */

static bool draws(const struct binder_page *what)
{
    return what->box_count || what->cell_count || *what->note;
}

pdf_obj *binder_own_dict(struct binder *b, pdf_obj *holder, pdf_obj *key, pdf_obj *present)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *copy =
        pdf_is_dict(ctx, present) ? pdf_copy_dict(ctx, present) : pdf_new_dict(ctx, b->pdf, 1);
    pdf_dict_put_drop(ctx, holder, key, copy);
    return pdf_dict_get(ctx, holder, key);
}

/* name: one that the page does not use yet. */
static void put_form(struct binder *b, pdf_obj *page, pdf_obj *form, char *name, size_t size)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *inherited = pdf_dict_get_inheritable(ctx, page, PDF_NAME(Resources));
    pdf_obj *resources = binder_own_dict(b, page, PDF_NAME(Resources), inherited);
    pdf_obj *forms = binder_own_dict(b, resources, PDF_NAME(XObject),
                                     pdf_dict_get(ctx, resources, PDF_NAME(XObject)));
    int i = 0;
    do
        fz_snprintf(name, size, "Added%d", i++);
    while (pdf_dict_gets(ctx, forms, name));
    pdf_dict_puts(ctx, forms, name, form);
}

static void put_fonts(struct binder *b, pdf_obj *resources, const struct binder_page *what)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *fonts = pdf_dict_put_dict(ctx, resources, PDF_NAME(Font), 2);
    if (draws(what))
        pdf_dict_put(ctx, fonts, PDF_NAME(F), b->font);
    if (what->line_count)
        pdf_dict_put(ctx, fonts, PDF_NAME(T), b->unseen.object);
}

static pdf_obj *add_form(struct binder *b, fz_buffer *content, const struct binder_page *what,
                         fz_rect box, fz_matrix matrix)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *form = NULL, *dict = pdf_new_dict(ctx, b->pdf, 5);
    fz_var(form);
    fz_try(ctx)
    {
        pdf_dict_put(ctx, dict, PDF_NAME(Type), PDF_NAME(XObject));
        pdf_dict_put(ctx, dict, PDF_NAME(Subtype), PDF_NAME(Form));
        pdf_dict_put_rect(ctx, dict, PDF_NAME(BBox), box);
        pdf_dict_put_matrix(ctx, dict, PDF_NAME(Matrix), matrix);
        put_fonts(b, pdf_dict_put_dict(ctx, dict, PDF_NAME(Resources), 1), what);
        form = what->line_count ? binder_add_packed(b, content, dict)
                                : pdf_add_stream(ctx, b->pdf, content, dict, 0);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return form;
}

/* From points of the page as shown, its lower left corner at the origin, to the page's own space:
 * whatever /Rotate, /UserUnit and the corner of the crop box are. */
static fz_matrix shown_to_own(fz_context *ctx, fz_matrix own_to_shown, fz_rect shown)
{
    fz_matrix back, flip = {1, 0, 0, -1, shown.x0, shown.y1};
    if (fz_try_invert_matrix(&back, own_to_shown))
        fz_throw(ctx, FZ_ERROR_GENERIC, "the page has an impossible size");
    return fz_concat(flip, back);
}

static void fill(struct binder *b, const struct binder_page *what, fz_buffer *content, float width,
                 float height)
{
    if (draws(what)) {
        binder_labels_begin(b);
        binder_draw(b, what, content, width, height);
    }
    if (what->line_count) {
        binder_font_begin(b);
        binder_write_text(b, what, content, width, height);
    }
}

void binder_mark_page(struct binder *b, pdf_obj *page, const struct binder_page *what)
{
    fz_context *ctx = b->fitz->ctx;
    fz_matrix own_to_shown;
    fz_rect own;
    fz_buffer *content = NULL;
    pdf_obj *form = NULL;
    char name[32];
    if (!draws(what) && !what->line_count)
        return;
    fz_var(content);
    fz_var(form);
    pdf_page_obj_transform(ctx, page, &own, &own_to_shown);
    fz_rect shown = fz_transform_rect(own, own_to_shown);
    float width = shown.x1 - shown.x0, height = shown.y1 - shown.y0;
    fz_matrix matrix = shown_to_own(ctx, own_to_shown, shown);
    fz_try(ctx)
    {
        content = fz_new_buffer(ctx, 1024);
        fill(b, what, content, width, height);
        form = add_form(b, content, what, (fz_rect){0, 0, width, height}, matrix);
        if (what->line_count && !b->pictures)
            binder_clear_page(b, page);
        put_form(b, page, form, name, sizeof name);
        append_content(b, page, name);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, form);
        fz_drop_buffer(ctx, content);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* ---- finding the pages ---- */

static pdf_obj *look_up(struct binder *b, int n)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *page = NULL;
    fz_var(page);
    fz_try(ctx)
    {
        page = pdf_keep_obj(ctx, pdf_lookup_page_obj(ctx, b->pdf, n));
    }
    fz_catch(ctx)
    {
        fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
    }
    return page;
}

/* The tree as a list makes finding the pages of it quick. One that has no such list, for it is
 * damaged, is walked for each. */
static bool list_tree(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    bool listed = false;
    fz_var(listed);
    fz_try(ctx)
    {
        pdf_load_page_tree(ctx, b->pdf);
        listed = true;
    }
    fz_catch(ctx)
    {
        fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
    }
    return listed;
}

/* Where a node's children name the same object for the second time; −1: nowhere. */
static int second_place(fz_context *ctx, pdf_obj *kids, int number)
{
    int seen = 0;
    for (int i = 0; i < pdf_array_len(ctx, kids); i++)
        if (pdf_to_num(ctx, pdf_array_get(ctx, kids, i)) == number && seen++)
            return i;
    return -1;
}

/* Those before it in the same node have been replaced already. */
static void part(struct binder *b, pdf_obj **page)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *kids = pdf_dict_getl(ctx, *page, PDF_NAME(Parent), PDF_NAME(Kids), NULL);
    int at = second_place(ctx, kids, pdf_to_num(ctx, *page));
    if (at < 0)
        return;
    pdf_obj *copy = pdf_add_object_drop(ctx, b->pdf, pdf_copy_dict(ctx, *page));
    pdf_drop_obj(ctx, *page);
    *page = copy;
    pdf_array_put(ctx, kids, at, copy);
}

void binder_find_pages(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    int count = (int)b->doc->pages, objects = pdf_xref_len(ctx, b->pdf);
    unsigned char *seen = NULL;
    fz_var(seen);
    b->pages = x_calloc((size_t)count, sizeof(pdf_obj *));
    b->forms = x_calloc((size_t)objects, sizeof *b->forms);
    b->form_count = objects;
    bool listed = list_tree(b);
    for (int i = 0; i < count; i++)
        b->pages[i] = look_up(b, i);
    if (listed)
        pdf_drop_page_tree(ctx, b->pdf);
    fz_try(ctx)
    {
        seen = fz_calloc(ctx, (size_t)objects + 1, 1);
        for (int i = 0; i < count; i++) {
            int number = pdf_to_num(ctx, b->pages[i]);
            if (number <= 0 || number > objects)
                continue;
            if (seen[number])
                part(b, &b->pages[i]);
            seen[number] = 1;
        }
    }
    fz_always(ctx)
    {
        fz_free(ctx, seen);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

void binder_drop_pages(struct binder *b)
{
    for (uint32_t i = 0; b->pages && i < b->doc->pages; i++)
        pdf_drop_obj(b->fitz->ctx, b->pages[i]);
    free(b->pages);
    free(b->forms);
    b->pages = NULL;
    b->forms = NULL;
}
