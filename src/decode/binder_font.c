/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The font of unseen text: a TrueType file made here whose one glyph shows nothing, and around it
 * the objects by which a PDF tells which characters the codes are. A character gets its code when
 * it is first used; all codes are the same glyph. One font a document. Called by binder.c and
 * binder_text.c.
 */
#include "decode/binder_internal.h"

#include "base/memory.h"

#include <stdlib.h>

/* ---- the TrueType file: tables of 16-bit numbers ---- */

/* Units to the em, and what the glyph is in them. */
enum { EM = 1000, WIDTH = 500, ASCENT = 800, DESCENT = 200, GLYPHS = 2, GLYPH = 1 };

#define TAG(a, b, c, d) ((a) << 8 | (b)), ((c) << 8 | (d))
#define LONG(n) (uint16_t)((n) >> 16), (uint16_t)((n)&0xFFFF)
#define BELOW(n) (uint16_t)(0x10000 - (n))

static const uint16_t os2[] = {
    3,
    WIDTH,
    400,
    5,
    0, /* version, average width, weight, width, free */
    650,
    600,
    0,
    75,
    650,
    600,
    0,
    350,
    50,
    300, /* subscripts, superscripts, strikeout */
    0,
    0,
    0,
    0,
    0,
    0, /* class, panose */
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, /* Unicode ranges */
    TAG('N', 'O', 'N', 'E'),
    0x40,
    1,
    1, /* vendor, regular, first and last character */
    ASCENT,
    BELOW(DESCENT),
    0,
    ASCENT,
    DESCENT, /* typographic, Windows */
    0,
    0,
    0,
    0,
    500,
    700,
    0,
    0,
    1, /* code pages, heights, default, break, context */
};
/* U+0001 is the glyph, and the segment that every table of format 4 ends with. */
static const uint16_t cmap[] = {
    0, 1, 3, 1, LONG(12), 4, 32, 0, 4, 4, 1, 0, 1, 0xFFFF, 0, 1, 0xFFFF, 0, 1, 0, 0,
};
/* A stroke from corner to corner: nothing to fill, yet it has an extent, without which some readers
 * take the text for outside of the page. */
static const uint16_t glyf[] = {
    1, 0, BELOW(DESCENT), WIDTH, ASCENT, 1, 0, 0x0101, 0, WIDTH, BELOW(DESCENT), ASCENT + DESCENT,
};
static const uint16_t head[] = {
    LONG(0x10000),
    LONG(0x10000),
    LONG(0),
    LONG(0x5F0F3CF5), /* the third: the sum of the file */
    0x000B,
    EM,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, /* flags, no dates */
    0,
    BELOW(DESCENT),
    WIDTH,
    ASCENT,
    0,
    8,
    2,
    0,
    0,
};
static const uint16_t hhea[] = {
    LONG(0x10000), ASCENT, BELOW(DESCENT), 0, WIDTH, 0, 0, WIDTH, 1, 0, 0, 0, 0, 0, 0, 0, GLYPHS,
};
static const uint16_t hmtx[] = {WIDTH, 0, WIDTH, 0};
static const uint16_t loca[] = {0, 0, sizeof glyf / 2};
static const uint16_t maxp[] = {LONG(0x10000), GLYPHS, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint16_t name[] = {0, 0, 6};
static const uint16_t post[] = {
    LONG(0x30000), 0, 0, BELOW(100), 50, LONG(1), 0, 0, 0, 0, 0, 0, 0, 0,
};

#define TABLE(a, b, c, d, t)                                               \
    {                                                                      \
        (uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), t, sizeof(t) / 2 \
    }

static const struct table {
    uint32_t tag;
    const uint16_t *words;
    size_t count;
} tables[] = {
    TABLE('O', 'S', '/', '2', os2),  TABLE('c', 'm', 'a', 'p', cmap),
    TABLE('g', 'l', 'y', 'f', glyf), TABLE('h', 'e', 'a', 'd', head),
    TABLE('h', 'h', 'e', 'a', hhea), TABLE('h', 'm', 't', 'x', hmtx),
    TABLE('l', 'o', 'c', 'a', loca), TABLE('m', 'a', 'x', 'p', maxp),
    TABLE('n', 'a', 'm', 'e', name), TABLE('p', 'o', 's', 't', post),
};

enum {
    TABLES = sizeof tables / sizeof *tables,
    HEADER = 12 + 16 * TABLES,
    HEAD = 3, /* its place in the list */
    SUM_OFFSET = 8,
};

static void put_words(fz_context *ctx, fz_buffer *out, const uint16_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fz_append_int16_be(ctx, out, words[i]);
}

/* The words of a table as longs, the last one filled up. */
static uint32_t sum_of(const uint16_t *words, size_t count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (uint32_t)words[i] << (i % 2 ? 0 : 16);
    return sum;
}

static size_t padded(size_t words)
{
    return (words * 2 + 3) & ~(size_t)3;
}

static uint32_t sum_of_bytes(const unsigned char *data, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += (uint32_t)data[i] << (24 - 8 * (i % 4));
    return sum;
}

static void put_directory(fz_context *ctx, fz_buffer *out)
{
    static const uint16_t start[] = {LONG(0x10000), TABLES, 128, 3, TABLES * 16 - 128};
    size_t offset = HEADER;
    put_words(ctx, out, start, sizeof start / 2);
    for (size_t i = 0; i < TABLES; i++) {
        fz_append_int32_be(ctx, out, (int)tables[i].tag);
        fz_append_int32_be(ctx, out, (int)sum_of(tables[i].words, tables[i].count));
        fz_append_int32_be(ctx, out, (int)offset);
        fz_append_int32_be(ctx, out, (int)(tables[i].count * 2));
        offset += padded(tables[i].count);
    }
}

static void put_file(fz_context *ctx, fz_buffer *out)
{
    size_t head_at = HEADER;
    unsigned char *data;
    put_directory(ctx, out);
    for (size_t i = 0; i < TABLES; i++) {
        put_words(ctx, out, tables[i].words, tables[i].count);
        if (tables[i].count % 2)
            fz_append_int16_be(ctx, out, 0);
        head_at += i < HEAD ? padded(tables[i].count) : 0;
    }
    size_t len = fz_buffer_storage(ctx, out, &data);
    uint32_t rest = 0xB1B0AFBA - sum_of_bytes(data, len); /* as TrueType defines it */
    for (int i = 0; i < 4; i++)
        data[head_at + SUM_OFFSET + (size_t)i] = (unsigned char)(rest >> (24 - 8 * i));
}

/* ---- streams ---- */

static void put_glyph_map(fz_context *ctx, fz_buffer *out, const struct binder_font *f)
{
    for (unsigned i = 0; i < f->count; i++)
        fz_append_int16_be(ctx, out, i ? GLYPH : 0);
}

static void put_character(fz_context *ctx, fz_buffer *out, uint32_t c)
{
    if (c < 0x10000)
        fz_append_printf(ctx, out, "<%04x>\n", c);
    else
        fz_append_printf(ctx, out, "<%04x%04x>\n", 0xD800 + ((c - 0x10000) >> 10),
                         0xDC00 + ((c - 0x10000) & 0x3FF));
}

static void put_to_unicode(fz_context *ctx, fz_buffer *out, const struct binder_font *f)
{
    enum { PIECE = 100 }; /* what a list may hold */
    fz_append_string(ctx, out,
                     "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                     "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
                     "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
                     "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
    for (unsigned i = 1; i < f->count; i++) {
        if (i % PIECE == 1)
            fz_append_printf(ctx, out, "%d beginbfchar\n", fz_mini((int)(f->count - i), PIECE));
        fz_append_printf(ctx, out, "<%04x> ", i);
        put_character(ctx, out, f->characters[i]);
        if (i % PIECE == 0 || i == f->count - 1)
            fz_append_string(ctx, out, "endbfchar\n");
    }
    fz_append_string(ctx, out,
                     "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
}

static void put_font_file(fz_context *ctx, fz_buffer *out, const struct binder_font *f)
{
    (void)f;
    put_file(ctx, out);
}

typedef void put_stream(fz_context *ctx, fz_buffer *out, const struct binder_font *f);

/* A new stream under the key; with_length: FontFile2 states how long it is unpacked. */
static void add_stream(struct binder *b, pdf_obj *dict, pdf_obj *key, put_stream *put,
                       bool with_length)
{
    fz_context *ctx = b->fitz->ctx;
    fz_buffer *data = fz_new_buffer(ctx, 1024);
    fz_try(ctx)
    {
        put(ctx, data, &b->unseen);
        int len = (int)fz_buffer_storage(ctx, data, NULL);
        pdf_dict_put_drop(ctx, dict, key, binder_add_packed(b, data, NULL));
        if (with_length)
            pdf_dict_put_int(ctx, pdf_dict_get(ctx, dict, key), PDF_NAME(Length1), len);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, data);
    }
    fz_catch(ctx)
    {
        fz_rethrow(ctx);
    }
}

/* ---- objects ---- */

static const char font_name[] = "Unseen";

static void describe(struct binder *b, pdf_obj *descriptor)
{
    fz_context *ctx = b->fitz->ctx;
    enum { FIXED_PITCH = 1, SYMBOLIC = 4 };
    pdf_dict_put(ctx, descriptor, PDF_NAME(Type), PDF_NAME(FontDescriptor));
    pdf_dict_put_name(ctx, descriptor, PDF_NAME(FontName), font_name);
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(Flags), FIXED_PITCH | SYMBOLIC);
    pdf_dict_put_rect(ctx, descriptor, PDF_NAME(FontBBox), (fz_rect){0, -DESCENT, WIDTH, ASCENT});
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(ItalicAngle), 0);
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(Ascent), ASCENT);
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(Descent), -DESCENT);
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(CapHeight), 700);
    pdf_dict_put_int(ctx, descriptor, PDF_NAME(StemV), 80);
    add_stream(b, descriptor, PDF_NAME(FontFile2), put_font_file, true);
}

static void fill_descendant(struct binder *b, pdf_obj *font)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_dict_put(ctx, font, PDF_NAME(Type), PDF_NAME(Font));
    pdf_dict_put(ctx, font, PDF_NAME(Subtype), PDF_NAME(CIDFontType2));
    pdf_dict_put_name(ctx, font, PDF_NAME(BaseFont), font_name);
    pdf_obj *system = pdf_dict_put_dict(ctx, font, PDF_NAME(CIDSystemInfo), 3);
    pdf_dict_put_string(ctx, system, PDF_NAME(Registry), "Adobe", 5);
    pdf_dict_put_string(ctx, system, PDF_NAME(Ordering), "Identity", 8);
    pdf_dict_put_int(ctx, system, PDF_NAME(Supplement), 0);
    pdf_dict_put_int(ctx, font, PDF_NAME(DW), WIDTH);
    add_stream(b, font, PDF_NAME(CIDToGIDMap), put_glyph_map, false);
    pdf_obj *descriptor = pdf_add_new_dict(ctx, b->pdf, 12);
    pdf_dict_put_drop(ctx, font, PDF_NAME(FontDescriptor), descriptor);
    describe(b, descriptor);
}

void binder_font_begin(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    struct binder_font *f = &b->unseen;
    if (f->object)
        return;
    f->codes = x_calloc(0x110000, sizeof *f->codes);
    f->characters = x_calloc(0x10000, sizeof *f->characters);
    f->count = 1; /* 0 is no character's */
    binder_font_code(f, ' ');
    binder_font_code(f, 0xFFFD);
    f->object = pdf_add_new_dict(ctx, b->pdf, 6);
}

unsigned binder_font_code(struct binder_font *f, uint32_t character)
{
    if (f->codes[character])
        return f->codes[character];
    if (f->count == 0x10000) /* more characters than there are codes */
        return f->codes[0xFFFD];
    f->characters[f->count] = character;
    f->codes[character] = (uint16_t)f->count;
    return f->count++;
}

void binder_font_finish(struct binder *b)
{
    fz_context *ctx = b->fitz->ctx;
    pdf_obj *font = b->unseen.object;
    if (!font)
        return;
    pdf_dict_put(ctx, font, PDF_NAME(Type), PDF_NAME(Font));
    pdf_dict_put(ctx, font, PDF_NAME(Subtype), PDF_NAME(Type0));
    pdf_dict_put_name(ctx, font, PDF_NAME(BaseFont), font_name);
    pdf_dict_put_name(ctx, font, PDF_NAME(Encoding), "Identity-H");
    pdf_obj *descendants = pdf_dict_put_array(ctx, font, PDF_NAME(DescendantFonts), 1);
    pdf_obj *descendant = pdf_add_new_dict(ctx, b->pdf, 8);
    pdf_array_push_drop(ctx, descendants, descendant);
    fill_descendant(b, descendant);
    add_stream(b, font, PDF_NAME(ToUnicode), put_to_unicode, false);
}

void binder_font_drop(struct binder *b)
{
    pdf_drop_obj(b->fitz->ctx, b->unseen.object);
    free(b->unseen.codes);
    free(b->unseen.characters);
    b->unseen = (struct binder_font){0};
}
