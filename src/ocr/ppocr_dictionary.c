/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A model's dictionary: the character of each class. Class 0 is the blank, then the file's lines;
 * a model may have one class more, which is the space. Refuses text that is not UTF-8, and a file
 * with another hash than said. Called by the reader.
 */
#include "ocr/ppocr.h"

#include "base/digest.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DICTIONARY = 4 << 20, MAX_ENTRIES = 1 << 20 };

struct ppocr_dictionary {
    struct strbuf text; /* the entries, each ended by a NUL */
    const char **entries;
    size_t count;
};

/* Ends every line with a NUL and notes where each begins. A line ends with \n or \r\n; a last line
 * without an end counts. */
static void split(struct ppocr_dictionary *d)
{
    char *at = d->text.data, *end = at + d->text.len;
    d->entries = x_calloc(d->text.len + 1, sizeof *d->entries);
    while (at < end) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline ? newline : end;
        d->entries[d->count++] = at;
        at = stop + 1;
        if (stop > d->entries[d->count - 1] && stop[-1] == '\r')
            stop--;
        *stop = '\0';
    }
}

int ppocr_dictionary_open(struct ppocr_dictionary **out, const struct recipe *recipe,
                          struct error *err)
{
    struct ppocr_dictionary *d = x_calloc(1, sizeof *d);
    d->text.cap = MAX_DICTIONARY;
    int rc = digest_read_file(recipe->dictionary, recipe->dictionary_sha256, &d->text, err);
    if (rc == 0 && !d->text.len)
        rc = error_set(err, ERROR_INPUT, "%s is empty", recipe->dictionary);
    if (rc == 0 && memchr(d->text.data, '\0', d->text.len))
        rc = error_set(err, ERROR_INPUT, "%s: not text: a NUL is in it", recipe->dictionary);
    if (rc == 0)
        split(d);
    for (size_t i = 0; rc == 0 && i < d->count; i++)
        if (!utf8_printable(d->entries[i], strlen(d->entries[i])))
            rc = error_set(err, ERROR_INPUT, "%s, line %zu: not text", recipe->dictionary, i + 1);
    if (rc < 0)
        ppocr_dictionary_close(&d);
    else
        *out = d;
    return rc;
}

void ppocr_dictionary_close(struct ppocr_dictionary **d)
{
    if (!*d)
        return;
    strbuf_free(&(*d)->text);
    free((*d)->entries);
    free(*d);
    *d = NULL;
}

bool ppocr_dictionary_fits(const struct ppocr_dictionary *d, size_t classes)
{
    return classes == d->count + 1 || classes == d->count + 2;
}

const char *ppocr_character(const struct ppocr_dictionary *d, size_t class)
{
    return class == 0 ? "" : class <= d->count ? d->entries[class - 1] : " ";
}

/* Unicode's blocks of what is not an alphabet. */
static const struct {
    uint32_t first, last;
} ideographic[] = {
    {0x1100, 0x11FF},   /* Hangul jamo */
    {0x3041, 0x31FF},   /* kana, bopomofo, Hangul compatibility jamo, strokes */
    {0x3400, 0x9FFF},   /* ideographs */
    {0xA960, 0xA97F},   /* Hangul jamo */
    {0xAC00, 0xD7FF},   /* Hangul */
    {0xF900, 0xFAFF},   /* ideographs */
    {0xFF66, 0xFFDC},   /* half-width kana and Hangul */
    {0x1AFF0, 0x1B16F}, /* kana */
    {0x20000, 0x3FFFF}, /* ideographs */
};

static bool in_alphabet(const char *entry)
{
    uint32_t cp = 0;
    utf8_decode(entry, strlen(entry), &cp);
    for (size_t i = 0; i < sizeof ideographic / sizeof *ideographic; i++)
        if (cp >= ideographic[i].first && cp <= ideographic[i].last)
            return false;
    return true;
}

size_t *ppocr_alphabet(const struct ppocr_dictionary *d, size_t classes, size_t *count)
{
    size_t *kept = x_calloc(classes, sizeof *kept);
    *count = 0;
    for (size_t class = 0; class < classes; class ++)
        if (in_alphabet(ppocr_character(d, class)))
            kept[(*count)++] = class;
    return kept;
}
