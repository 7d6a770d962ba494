/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Takes unseen text (rendering mode 3: an older reading of a scan) out of a page: out of its
 * content, and out of the forms that it names. The bytes of the content are kept as they are but
 * for the operators that show such text. A text object that shows other text too stays whole, for
 * the one may place the other; so does text in a Type 3 font, to which the mode means nothing, and
 * a page that cannot be read through. Called by binder_pages.c.
 */
#include "decode/binder_internal.h"

#include <string.h>

struct text_state {
    bool unseen, drawn_font; /* font: known, and not of Type 3 */
};

struct cut {
    fz_context *ctx;
    fz_stream *in;
    const unsigned char *bytes; /* all of it */
    fz_buffer *out;
    pdf_obj *fonts;
    struct text_state state, saved[BINDER_MOST_STATES];
    int depth;
    size_t item, copied; /* where the present operator's operands begin; what is in `out` */
    size_t object, mark; /* the text object: where it begins here and in `out` */
    bool inside, shows, hides;
    bool changed;
    int number; /* the operands read last */
    char name[128];
};

static void copy_to(struct cut *c, size_t end)
{
    fz_append_data(c->ctx, c->out, c->bytes + c->copied, end - c->copied);
    c->copied = end;
}

/* ---- operators ---- */

static void begin_object(struct cut *c, size_t end)
{
    copy_to(c, end);
    c->object = end;
    c->mark = fz_buffer_storage(c->ctx, c->out, NULL);
    c->inside = true;
    c->shows = c->hides = false;
}

static void end_object(struct cut *c, size_t end)
{
    if (c->inside && c->hides && c->shows) {
        fz_resize_buffer(c->ctx, c->out, c->mark);
        c->copied = c->object;
    } else if (c->inside && c->hides) {
        c->changed = true;
    }
    c->inside = false;
    copy_to(c, end);
}

static void show_text(struct cut *c, size_t end)
{
    if (c->inside && c->state.unseen && c->state.drawn_font) {
        copy_to(c, c->item);
        c->copied = end;
        c->hides = true;
    } else {
        c->shows = true;
    }
}

/* This one also sets spacing for what follows. */
static void show_spaced(struct cut *c, size_t end)
{
    (void)end;
    c->shows = true;
}

static void set_mode(struct cut *c, size_t end)
{
    (void)end;
    c->state.unseen = c->number == 3;
}

static void set_font(struct cut *c, size_t end)
{
    (void)end;
    pdf_obj *font = pdf_dict_gets(c->ctx, c->fonts, c->name);
    c->state.drawn_font = font && pdf_dict_get(c->ctx, font, PDF_NAME(Subtype)) != PDF_NAME(Type3);
}

static void save_state(struct cut *c, size_t end)
{
    (void)end;
    if (c->depth == BINDER_MOST_STATES)
        fz_throw(c->ctx, FZ_ERROR_GENERIC, "too many graphics states");
    c->saved[c->depth++] = c->state;
}

static void restore_state(struct cut *c, size_t end)
{
    (void)end;
    if (c->depth)
        c->state = c->saved[--c->depth];
}

static void skip_picture(struct cut *c, size_t end)
{
    (void)end;
    binder_skip_picture(c->ctx, c->in);
}

static const struct {
    const char *word;
    void (*act)(struct cut *c, size_t end);
} operators[] = {
    {"BT", begin_object}, {"ET", end_object},   {"Tj", show_text},    {"TJ", show_text},
    {"'", show_text},     {"\"", show_spaced},  {"Tr", set_mode},     {"Tf", set_font},
    {"q", save_state},    {"Q", restore_state}, {"ID", skip_picture},
};

static void take_operator(struct cut *c, const char *word)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].word, word) == 0)
            operators[i].act(c, (size_t)fz_tell(c->ctx, c->in));
    c->item = (size_t)fz_tell(c->ctx, c->in);
}

static void take_tokens(struct cut *c, pdf_lexbuf *lex)
{
    pdf_token token;
    while ((token = pdf_lex(c->ctx, c->in, lex)) != PDF_TOK_EOF) {
        if (decode_timer_expired())
            fz_throw(c->ctx, FZ_ERROR_GENERIC, "out of time");
        if (token == PDF_TOK_KEYWORD)
            take_operator(c, lex->scratch);
        else if (token == PDF_TOK_NAME)
            fz_strlcpy(c->name, lex->scratch, sizeof c->name);
        else if (token == PDF_TOK_INT || token == PDF_TOK_REAL)
            c->number = token == PDF_TOK_INT ? (int)lex->i : (int)lex->f;
    }
}

/* ---- a content ---- */

/* What is left of it, or NULL: it has none. */
static fz_buffer *cut_content(fz_context *ctx, fz_buffer *content, pdf_obj *resources)
{
    struct cut c = {.ctx = ctx, .fonts = pdf_dict_get(ctx, resources, PDF_NAME(Font))};
    unsigned char *bytes;
    size_t len = fz_buffer_storage(ctx, content, &bytes);
    pdf_lexbuf lex;
    c.bytes = bytes;
    pdf_lexbuf_init(ctx, &lex, sizeof lex.buffer);
    fz_try(ctx)
    {
        c.in = fz_open_buffer(ctx, content);
        c.out = fz_new_buffer(ctx, len + 1);
        take_tokens(&c, &lex);
        end_object(&c, len);
    }
    fz_always(ctx)
    {
        fz_drop_stream(ctx, c.in);
        pdf_lexbuf_fin(ctx, &lex);
    }
    fz_catch(ctx)
    {
        fz_drop_buffer(ctx, c.out);
        fz_rethrow(ctx);
    }
    if (!c.changed)
        fz_drop_buffer(ctx, c.out);
    return c.changed ? c.out : NULL;
}

static fz_buffer *read_contents(struct binder *b, pdf_obj *contents)
{
    fz_context *ctx = b->fitz->ctx;
    fz_stream *stream = pdf_open_contents_stream(ctx, b->pdf, contents);
    fz_buffer *all = NULL;
    fz_var(all);
    fz_try(ctx)
    {
        all = fz_read_all(ctx, stream, 4096);
    }
    fz_always(ctx)
    {
        fz_drop_stream(ctx, stream);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return all;
}

/* A new stream of what is left, described by dict (NULL: by nothing); NULL: the content stays.
 * Takes the content. */
static pdf_obj *replacement(struct binder *b, fz_buffer *content, pdf_obj *resources, pdf_obj *dict)
{
    fz_context *ctx = b->fitz->ctx;
    fz_buffer *left = NULL;
    pdf_obj *stream = NULL;
    fz_var(left);
    fz_var(stream);
    fz_try(ctx)
    {
        left = cut_content(ctx, content, resources);
        if (left)
            stream = binder_add_packed(b, left, dict);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, left);
        fz_drop_buffer(ctx, content);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return stream;
}

/* ---- forms ---- */

static pdf_obj *replace_form(struct binder *b, pdf_obj *form, pdf_obj *page_resources)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *own = pdf_dict_get(ctx, form, PDF_NAME(Resources)), *stream = NULL;
    pdf_obj *dict = pdf_copy_dict(ctx, form);
    fz_var(stream);
    fz_try(ctx)
    {
        pdf_dict_del(ctx, dict, PDF_NAME(Filter));
        pdf_dict_del(ctx, dict, PDF_NAME(DecodeParms));
        stream = replacement(b, pdf_load_stream(ctx, form), own ? own : page_resources, dict);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    return stream;
}

/* The object to be used in its place, 0 for itself. Each form is looked at once. */
static int form_instead(struct binder *b, pdf_obj *form, pdf_obj *page_resources)
{
    fz_context *ctx = b->fitz->ctx;
    int number = pdf_to_num(ctx, form);
    if (number <= 0 || number >= b->form_count ||
        pdf_dict_get(ctx, form, PDF_NAME(Subtype)) != PDF_NAME(Form))
        return 0;
    if (b->forms[number] == 0) {
        b->forms[number] = -1;
        pdf_obj *stream = replace_form(b, form, page_resources);
        if (stream)
            b->forms[number] = pdf_to_num(ctx, stream);
        pdf_drop_obj(ctx, stream);
    }
    return b->forms[number] > 0 ? b->forms[number] : 0;
}

static void clear_forms(struct binder *b, pdf_obj *page)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *inherited = pdf_dict_get_inheritable(ctx, page, PDF_NAME(Resources));
    if (!pdf_dict_get(ctx, inherited, PDF_NAME(XObject)))
        return;
    pdf_obj *resources = binder_own_dict(b, page, PDF_NAME(Resources), inherited);
    pdf_obj *forms = binder_own_dict(b, resources, PDF_NAME(XObject),
                                     pdf_dict_get(ctx, resources, PDF_NAME(XObject)));
    for (int i = 0; i < pdf_dict_len(ctx, forms); i++) {
        int instead = form_instead(b, pdf_dict_get_val(ctx, forms, i), resources);
        if (instead)
            pdf_dict_put_drop(ctx, forms, pdf_dict_get_key(ctx, forms, i),
                              pdf_new_indirect(ctx, b->pdf, instead, 0));
    }
}

/* ---- the page ---- */

static void clear_content(struct binder *b, pdf_obj *page)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *contents = pdf_dict_get(ctx, page, PDF_NAME(Contents));
    pdf_obj *resources = pdf_dict_get_inheritable(ctx, page, PDF_NAME(Resources));
    pdf_obj *stream = replacement(b, read_contents(b, contents), resources, NULL);
    if (stream)
        pdf_dict_put_drop(ctx, page, PDF_NAME(Contents), stream);
}

/* What cannot be read through, or not held, stays as it is. */
static void attempt(struct binder *b, pdf_obj *page, void (*clear)(struct binder *b, pdf_obj *page))
{
    fz_context *ctx = b->fitz->ctx;
    fz_try(ctx)
    {
        clear(b, page);
    }
    fz_catch(ctx)
    {
        decode_fitz_begin(b->fitz);
    }
}

void binder_clear_page(struct binder *b, pdf_obj *page)
{
    attempt(b, page, clear_content);
    attempt(b, page, clear_forms);
}
