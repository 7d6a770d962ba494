/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a page's own content is looked through for: the graphics states it leaves behind. Called by
 * binder_pages.c.
 */
#include "decode/binder_internal.h"

#include <string.h>

/* ---- what the page's own content leaves behind ---- */

void binder_skip_picture(fz_context *ctx, fz_stream *content)
{
    int last[4] = {0};
    for (int c; (c = fz_read_byte(ctx, content)) != EOF && !decode_timer_expired();) {
        bool blank = c <= ' ';
        if (blank && last[1] == 'E' && last[2] == 'I' && last[0] <= ' ')
            return;
        last[0] = last[1];
        last[1] = last[2];
        last[2] = c;
    }
}

static void count_keyword(struct binder_balance *b, const char *word)
{
    if (strcmp(word, "q") == 0) {
        b->open++;
    } else if (strcmp(word, "Q") == 0 && b->open) {
        b->open--;
    } else if (strcmp(word, "Q") == 0) {
        b->missing++;
    }
}

static void count(fz_context *ctx, fz_stream *content, pdf_lexbuf *buffer, struct binder_balance *b)
{
    for (;;) {
        pdf_token token = pdf_lex(ctx, content, buffer);
        if (token == PDF_TOK_EOF || decode_timer_expired())
            return;
        if (token != PDF_TOK_KEYWORD)
            continue;
        if (strcmp(buffer->scratch, "ID") == 0)
            binder_skip_picture(ctx, content);
        else
            count_keyword(b, buffer->scratch);
    }
}

/* A content that cannot be read to its end is drawn as far as it can, and counts so far. */
struct binder_balance binder_balance_of(struct binder *b, pdf_obj *contents)
{
    fz_context *ctx = b->fitz->ctx;
    fz_stream *stream = NULL;
    pdf_lexbuf buffer;
    struct binder_balance found = {0};
    fz_var(stream);
    pdf_lexbuf_init(ctx, &buffer, sizeof buffer.buffer);
    fz_try(ctx)
    {
        stream = pdf_open_contents_stream(ctx, b->pdf, contents);
        count(ctx, stream, &buffer, &found);
    }
    fz_always(ctx)
    {
        fz_drop_stream(ctx, stream);
        pdf_lexbuf_fin(ctx, &buffer);
    }
    fz_catch(ctx)
    {
        fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
    }
    found.missing = fz_mini(found.missing, BINDER_MOST_STATES);
    found.open = fz_mini(found.open, BINDER_MOST_STATES);
    return found;
}
