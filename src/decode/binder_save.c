/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A PDF written anew, by our own hand because MuPDF's would unpack what is packed and recurse as
 * deep as the document's author likes to find out what is used. What nothing refers to is left out:
 * older versions, files and scripts to which the way was cut. Streams are written as they are
 * packed; all else goes into object streams. What cannot be read is left out too, and then stands
 * for null. Called by binder_write.c.
 */
#include "decode/binder_internal.h"

#include <string.h>

enum {
    PACK = 200,       /* objects to a stream: more pack better, and are slower to find */
    MOST_DEEP = 500,  /* direct objects: MuPDF's parser takes no more */
    LEAST_MINOR = 15, /* PDF 1.5: object streams */
    OFFSET_BYTES = 5,
};

enum kind { NOWHERE, PLAIN, PACKED };

struct place {
    uint64_t at;    /* the offset, or the number of the object stream */
    uint16_t index; /* the generation, or which of the stream's objects it is */
    uint8_t kind;
};

struct save {
    fz_context *ctx;
    pdf_document *pdf;
    fz_output *out;
    uint64_t at;
    int count;           /* of the document's numbers; those of object streams follow */
    unsigned char *used; /* by number */
    int *waiting;        /* used, and not yet looked into */
    int waiting_count;
    struct place *places; /* by number */
    int next;             /* number of an object stream */
    fz_buffer *index, *bodies;
    int packed;
};

/* ---- what is used ---- */

static void use(struct save *s, pdf_obj *object, int depth)
{
    fz_context *ctx = s->ctx;
    if (pdf_is_indirect(ctx, object)) {
        int number = pdf_to_num(ctx, object);
        if (number > 0 && number < s->count && !s->used[number]) {
            s->used[number] = 1;
            s->waiting[s->waiting_count++] = number;
        }
    } else if (depth < MOST_DEEP && pdf_is_dict(ctx, object)) {
        for (int i = 0; i < pdf_dict_len(ctx, object); i++)
            use(s, pdf_dict_get_val(ctx, object, i), depth + 1);
    } else if (depth < MOST_DEEP && pdf_is_array(ctx, object)) {
        for (int i = 0; i < pdf_array_len(ctx, object); i++)
            use(s, pdf_array_get(ctx, object, i), depth + 1);
    }
}

/* The object, owned; NULL: it cannot be read. */
static pdf_obj *load(struct save *s, int number)
{
    pdf_obj *object = NULL;
    fz_var(object);
    fz_try(s->ctx)
    {
        object = pdf_load_object(s->ctx, s->pdf, number);
    }
    fz_catch(s->ctx)
    {
        fz_rethrow_if(s->ctx, FZ_ERROR_MEMORY);
    }
    return object;
}

static void use_all(struct save *s)
{
    pdf_obj *trailer = pdf_trailer(s->ctx, s->pdf);
    use(s, pdf_dict_get(s->ctx, trailer, PDF_NAME(Root)), 0);
    use(s, pdf_dict_get(s->ctx, trailer, PDF_NAME(Info)), 0);
    while (s->waiting_count) {
        pdf_obj *object = load(s, s->waiting[--s->waiting_count]);
        use(s, object, 0);
        pdf_drop_obj(s->ctx, object);
    }
}

/* ---- bytes ---- */

static void put(struct save *s, const void *data, size_t len)
{
    fz_write_data(s->ctx, s->out, data, len);
    s->at += len;
}

static void put_text(struct save *s, const char *text)
{
    put(s, text, strlen(text));
}

static void put_buffer(struct save *s, fz_buffer *buffer)
{
    unsigned char *data;
    size_t len = fz_buffer_storage(s->ctx, buffer, &data);
    put(s, data, len);
}

static void print(struct save *s, fz_buffer *to, pdf_obj *object)
{
    fz_context *ctx = s->ctx;
    fz_output *out = fz_new_output_with_buffer(ctx, to);
    fz_try(ctx)
    {
        pdf_print_obj(ctx, out, object, 1, 0);
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

/* data: NULL for what is no stream. */
static void put_object(struct save *s, int number, int generation, pdf_obj *object, fz_buffer *data)
{
    fz_context *ctx = s->ctx;
    fz_buffer *text = fz_new_buffer(ctx, 256);
    fz_try(ctx)
    {
        fz_append_printf(ctx, text, "%d %d obj\n", number, generation);
        print(s, text, object);
        s->places[number] = (struct place){s->at, (uint16_t)generation, PLAIN};
        put_buffer(s, text);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, text);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    if (data) {
        put_text(s, "\nstream\n");
        put_buffer(s, data);
        put_text(s, "\nendstream");
    }
    put_text(s, "\nendobj\n");
}

/* ---- object streams ---- */

/* Our own stream: deflated, its dictionary without Length and Filter. */
static void put_packed(struct save *s, int number, pdf_obj *dict, fz_buffer *data)
{
    fz_context *ctx = s->ctx;
    size_t len;
    unsigned char *bytes = fz_new_deflated_data_from_buffer(ctx, &len, data, FZ_DEFLATE_DEFAULT);
    fz_buffer *packed = fz_new_buffer_from_data(ctx, bytes, len); /* frees bytes when it fails */
    fz_try(ctx)
    {
        pdf_dict_put(ctx, dict, PDF_NAME(Filter), PDF_NAME(FlateDecode));
        pdf_dict_put_int(ctx, dict, PDF_NAME(Length), (int64_t)len);
        put_object(s, number, 0, dict, packed);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, packed);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

static void end_pack(struct save *s)
{
    fz_context *ctx = s->ctx;
    if (!s->packed)
        return;
    pdf_obj *dict = pdf_new_dict(ctx, s->pdf, 5);
    fz_try(ctx)
    {
        pdf_dict_put_name(ctx, dict, PDF_NAME(Type), "ObjStm");
        pdf_dict_put_int(ctx, dict, PDF_NAME(N), s->packed);
        pdf_dict_put_int(ctx, dict, PDF_NAME(First),
                         (int64_t)fz_buffer_storage(ctx, s->index, NULL));
        fz_append_buffer(ctx, s->index, s->bodies);
        put_packed(s, s->next++, dict, s->index);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    s->packed = 0;
    fz_clear_buffer(ctx, s->index);
    fz_clear_buffer(ctx, s->bodies);
}

static void pack(struct save *s, int number, pdf_obj *object)
{
    fz_context *ctx = s->ctx;
    fz_append_printf(ctx, s->index, "%d %d ", number, (int)fz_buffer_storage(ctx, s->bodies, NULL));
    print(s, s->bodies, object);
    fz_append_byte(ctx, s->bodies, '\n');
    s->places[number] = (struct place){(uint64_t)s->next, (uint16_t)s->packed, PACKED};
    if (++s->packed == PACK)
        end_pack(s);
}

/* ---- the document's objects ---- */

static void save_stream(struct save *s, int number, int generation, pdf_obj *object)
{
    fz_context *ctx = s->ctx;
    fz_buffer *data = NULL;
    pdf_obj *dict = pdf_copy_dict(ctx, object);
    fz_var(data);
    fz_try(ctx)
    {
        data = pdf_load_raw_stream_number(ctx, s->pdf, number);
        pdf_dict_put_int(ctx, dict, PDF_NAME(Length), (int64_t)fz_buffer_storage(ctx, data, NULL));
        put_object(s, number, generation, dict, data);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, data);
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* Those of the file that was read: what they held is written in other ones. */
static bool is_frame(fz_context *ctx, pdf_obj *object)
{
    const char *type = pdf_to_name(ctx, pdf_dict_get(ctx, object, PDF_NAME(Type)));
    return strcmp(type, "ObjStm") == 0 || strcmp(type, "XRef") == 0;
}

/* Of what lay in an object stream MuPDF keeps the place there under the same name. */
static int generation_of(struct save *s, int number)
{
    const pdf_xref_entry *entry = pdf_get_xref_entry(s->ctx, s->pdf, number);
    return entry->type == 'n' ? entry->gen : 0;
}

static void save_object(struct save *s, int number)
{
    fz_context *ctx = s->ctx;
    pdf_obj *object = load(s, number);
    if (!object)
        return;
    fz_try(ctx)
    {
        int generation = generation_of(s, number);
        bool stream = pdf_obj_num_is_stream(ctx, s->pdf, number);
        if (stream && !is_frame(ctx, object))
            save_stream(s, number, generation, object);
        else if (!stream && generation)
            put_object(s, number, generation, object, NULL);
        else if (!stream && !pdf_is_null(ctx, object))
            pack(s, number, object);
    }
    fz_always(ctx)
    {
        pdf_drop_obj(ctx, object);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* ---- the table ---- */

static void put_number(fz_context *ctx, fz_buffer *out, uint64_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        fz_append_byte(ctx, out, (int)(n >> (8 * i)) & 0xFF);
}

static bool is_saved(const struct save *s, int number)
{
    return number == 0 || s->places[number].kind != NOWHERE;
}

/* Runs of numbers that are there: the first of each, and how many. */
static void put_runs(struct save *s, pdf_obj *dict, int end)
{
    fz_context *ctx = s->ctx;
    pdf_obj *runs = pdf_dict_put_array(ctx, dict, PDF_NAME(Index), 8);
    for (int i = 0, from; i < end; i++) {
        if (!is_saved(s, i))
            continue;
        for (from = i; i < end && is_saved(s, i); i++)
            ;
        pdf_array_push_int(ctx, runs, from);
        pdf_array_push_int(ctx, runs, i - from);
    }
}

static void put_entries(struct save *s, fz_buffer *data, int end)
{
    for (int i = 0; i < end; i++) {
        if (!is_saved(s, i))
            continue;
        const struct place *p = &s->places[i];
        fz_append_byte(s->ctx, data, p->kind);
        put_number(s->ctx, data, p->at, OFFSET_BYTES);
        put_number(s->ctx, data, i ? p->index : 0xFFFF, 2);
    }
}

static void fill_table(struct save *s, pdf_obj *dict, fz_buffer *data, int number)
{
    static pdf_obj *const kept[] = {PDF_NAME(Root), PDF_NAME(Info), PDF_NAME(ID)};
    fz_context *ctx = s->ctx;
    pdf_obj *trailer = pdf_trailer(ctx, s->pdf);
    pdf_dict_put(ctx, dict, PDF_NAME(Type), PDF_NAME(XRef));
    pdf_dict_put_int(ctx, dict, PDF_NAME(Size), number + 1);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (pdf_dict_get(ctx, trailer, kept[i]))
            pdf_dict_put(ctx, dict, kept[i], pdf_dict_get(ctx, trailer, kept[i]));
    pdf_obj *widths = pdf_dict_put_array(ctx, dict, PDF_NAME(W), 3);
    pdf_array_push_int(ctx, widths, 1);
    pdf_array_push_int(ctx, widths, OFFSET_BYTES);
    pdf_array_push_int(ctx, widths, 2);
    s->places[number] = (struct place){s->at, 0, PLAIN}; /* it names itself */
    put_runs(s, dict, number + 1);
    put_entries(s, data, number + 1);
}

static void put_table(struct save *s)
{
    fz_context *ctx = s->ctx;
    uint64_t start = s->at;
    fz_buffer *data = NULL;
    pdf_obj *dict = pdf_new_dict(ctx, s->pdf, 10);
    char end[64];
    fz_var(data);
    fz_try(ctx)
    {
        data = fz_new_buffer(ctx, 1024);
        fill_table(s, dict, data, s->next);
        put_packed(s, s->next, dict, data);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, data);
        pdf_drop_obj(ctx, dict);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
    fz_snprintf(end, sizeof end, "startxref\n%ld\n%%%%EOF\n", (long)start);
    put_text(s, end);
}

/* ---- all of it ---- */

static void save_all(struct save *s)
{
    char head[32];
    int version = pdf_version(s->ctx, s->pdf);
    version = version < LEAST_MINOR || version > 20 ? LEAST_MINOR : version;
    fz_snprintf(head, sizeof head, "%%PDF-%d.%d\n%%\xC2\xB5\xC2\xB6\n", version / 10, version % 10);
    put_text(s, head);
    use_all(s);
    for (int i = 1; i < s->count; i++)
        if (s->used[i])
            save_object(s, i);
    end_pack(s);
    put_table(s);
}

void binder_save(struct binder *b, fz_output *out)
{
    fz_context *ctx = b->fitz->ctx;
    struct save s = {.ctx = ctx, .pdf = b->pdf, .out = out, .count = pdf_xref_len(ctx, b->pdf)};
    s.next = s.count;
    fz_try(ctx)
    {
        size_t count = (size_t)s.count;
        s.used = fz_calloc(ctx, count, 1);
        s.waiting = fz_calloc(ctx, count, sizeof *s.waiting);
        s.places = fz_calloc(ctx, count + count / PACK + 3, sizeof *s.places);
        s.index = fz_new_buffer(ctx, 4096);
        s.bodies = fz_new_buffer(ctx, 65536);
        save_all(&s);
    }
    fz_always(ctx)
    {
        fz_free(ctx, s.used);
        fz_free(ctx, s.waiting);
        fz_free(ctx, s.places);
        fz_drop_buffer(ctx, s.index);
        fz_drop_buffer(ctx, s.bodies);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}
