/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The PDF made harmless, and written to a memory file with a cap. Called by binder.c; calls
 * binder_save.c.
 */
#include "decode/binder_internal.h"

#include "base/fd.h"

#include <string.h>

/* ---- disarming ---- */

/* Direct objects lie in each other only so deep that MuPDF's parser took them. */
enum { MOST_DEEP = 500 };

/* What hangs at these keys acts without being asked, is a program, or is a file of any kind. */
static const char *const acting_keys[] = {"AA",  "OpenAction", "JavaScript",    "JS",
                                          "XFA", "Collection", "EmbeddedFiles", "EF"};

/* What is done at a click on it: the way to a place may stay. */
static const char *const action_keys[] = {"A", "PA", "Next"};
static const char *const tame[] = {"GoTo", "URI", "Named"};

static bool acts(fz_context *ctx, pdf_obj *action)
{
    const char *kind = pdf_to_name(ctx, pdf_dict_get(ctx, action, PDF_NAME(S)));
    if (!*kind)
        return false;
    for (size_t i = 0; i < sizeof tame / sizeof *tame; i++)
        if (strcmp(kind, tame[i]) == 0)
            return false;
    return true;
}

/* One action, or several in a row. */
static bool any_acts(fz_context *ctx, pdf_obj *actions)
{
    for (int i = 0; i < pdf_array_len(ctx, actions); i++)
        if (acts(ctx, pdf_array_get(ctx, actions, i)))
            return true;
    return acts(ctx, actions);
}

static void disarm_dict(fz_context *ctx, pdf_obj *dict)
{
    for (size_t i = 0; i < sizeof acting_keys / sizeof *acting_keys; i++)
        if (pdf_dict_gets(ctx, dict, acting_keys[i]))
            pdf_dict_dels(ctx, dict, acting_keys[i]);
    for (size_t i = 0; i < sizeof action_keys / sizeof *action_keys; i++)
        if (any_acts(ctx, pdf_dict_gets(ctx, dict, action_keys[i])))
            pdf_dict_dels(ctx, dict, action_keys[i]);
}

static void disarm(fz_context *ctx, pdf_obj *object, int depth)
{
    if (depth == MOST_DEEP || pdf_is_indirect(ctx, object))
        return;
    if (pdf_is_dict(ctx, object)) {
        disarm_dict(ctx, object);
        for (int i = 0; i < pdf_dict_len(ctx, object); i++)
            disarm(ctx, pdf_dict_get_val(ctx, object, i), depth + 1);
    } else if (pdf_is_array(ctx, object)) {
        for (int i = 0; i < pdf_array_len(ctx, object); i++)
            disarm(ctx, pdf_array_get(ctx, object, i), depth + 1);
    }
}

/* One that cannot be read cannot be written either: nothing could use it. */
static void disarm_object(struct binder *b, int number)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *object = NULL;
    fz_var(object);
    fz_try(ctx)
    {
        object = pdf_load_object(ctx, b->pdf, number);
        disarm(ctx, object, 0);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, object);
    }
    fz_catch(ctx)
    {
        fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
        pdf_delete_object(ctx, b->pdf, number);
    }
}

void binder_disarm(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    for (int i = 1; i < pdf_xref_len(ctx, b->pdf); i++)
        disarm_object(b, i);
    disarm(ctx, pdf_trailer(ctx, b->pdf), 0);
}

/* ---- what is added ---- */

pdf_obj *binder_add_packed(struct binder *b, fz_buffer *data, pdf_obj *dict)
{
    fz_context *ctx = b->fitz->ctx;
    size_t len;
    unsigned char *bytes = fz_new_deflated_data_from_buffer(ctx, &len, data, FZ_DEFLATE_DEFAULT);
    fz_buffer *packed = fz_new_buffer_from_data(ctx, bytes, len); /* frees bytes when it fails */
    pdf_obj *stream = NULL;
    fz_var(stream);
    fz_try(ctx)
    {
        fz_trim_buffer(ctx, packed);
        stream = pdf_add_stream(ctx, b->pdf, packed, dict, 1);
        pdf_dict_put(ctx, stream, PDF_NAME(Filter), PDF_NAME(FlateDecode));
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, packed);
    }
    fz_catch(ctx)
    {
        pdf_drop_obj(ctx, stream);
        fz_rethrow(ctx);
    }
    return stream;
}

/* Making an object may put another trailer in the place of the present one. */
static pdf_obj *add_info(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *info = pdf_add_new_dict(ctx, b->pdf, 1);
    pdf_dict_put_drop(ctx, pdf_trailer(ctx, b->pdf), PDF_NAME(Info), info);
    return info;
}

void binder_name_failed(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *info = pdf_dict_get(ctx, pdf_trailer(ctx, b->pdf), PDF_NAME(Info));
    if (!pdf_is_dict(ctx, info))
        info = add_info(b);
    pdf_dict_puts_drop(ctx, info, "PagemillFailedPages",
                       pdf_new_text_string(ctx, fz_string_from_buffer(ctx, b->failed)));
}

/* ---- writing ---- */

struct sink {
    int fd;
    uint64_t size, cap;
    bool full;
};

static void sink_write(fz_context *ctx, void *state, const void *data, size_t len)
{
    struct sink *sink = state;
    sink->full = len > sink->cap - sink->size || fd_write_full(sink->fd, data, len, NULL) < 0;
    if (sink->full)
        fz_throw(ctx, FZ_ERROR_GENERIC, "the memory file is full");
    sink->size += len;
}

static void write_to(struct binder *b, struct sink *sink)
{
    fz_context *ctx = b->fitz->ctx;
    fz_output *out = fz_new_output(ctx, 65536, sink, sink_write, NULL, NULL);
    fz_try(ctx)
    {
        binder_save(b, out);
        fz_close_output(ctx, out);
    }
    fz_always(ctx)
    {
        fz_drop_output(ctx, out);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

int binder_too_large(uint64_t max_size, struct error *err)
{
    return error_set(err, ERROR_LIMIT, "the bound PDF is over %llu bytes",
                     (unsigned long long)max_size);
}

int binder_write(struct binder *b, uint64_t max_size, uint64_t *size, struct error *err)
{
    fz_context *ctx = b->fitz->ctx;
    auto_fd fd = fd_memory("bound", err);
    struct sink sink = {.fd = fd, .cap = max_size};
    int result = 0;
    if (fd < 0)
        return -1;
    fz_var(result);
    fz_try(ctx)
    {
        write_to(b, &sink);
    }
    fz_catch(ctx)
    {
        result = sink.full ? binder_too_large(max_size, err)
                           : decode_fitz_error(b->fitz, "the PDF cannot be written", err);
    }
    if (result < 0 || fd_seal(fd, err) < 0)
        return -1;
    *size = sink.size;
    return fd_take(&fd);
}
