/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Writing XML onto a buffer, for hOCR, ALTO and PAGE. Text is document text and may hold anything;
 * what comes out is always well-formed.
 */
#include "export/export_xml.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

/* What stands for an ASCII character; NULL: itself. Blanks but the space would be normalised away
 * in an attribute. */
static const char *escape(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return c < 0x20 ? replacement : NULL;
    }
}

/* Bytes of the character at s that may stand as they are; 0: none may. */
static size_t legal(const char *s, size_t len)
{
    uint32_t cp;
    size_t n = utf8_decode(s, len, &cp);
    return cp == 0xFFFE || cp == 0xFFFF ? 0 : n;
}

void xml_add_text(struct strbuf *out, const char *s)
{
    size_t len = strlen(s), plain = 0;
    for (size_t i = 0; i < len;) {
        const char *instead = escape((unsigned char)s[i]);
        size_t n = (unsigned char)s[i] < 0x80 ? 1 : legal(s + i, len - i);
        if (!instead && n) {
            i += n;
            continue;
        }
        strbuf_add(out, s + plain, i - plain);
        strbuf_adds(out, instead ? instead : replacement);
        uint32_t cp;
        n = instead ? 1 : utf8_decode(s + i, len - i, &cp);
        plain = i += n ? n : 1;
    }
    strbuf_add(out, s + plain, len - plain);
}

void xml_add_attribute(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, " %s=\"", name);
    xml_add_text(out, value);
    strbuf_addc(out, '"');
}

void xml_add_int(struct strbuf *out, const char *name, long value)
{
    strbuf_addf(out, " %s=\"%ld\"", name, value);
}

void xml_add_part(struct strbuf *out, const char *name, float value)
{
    strbuf_addf(out, " %s=\"%.3g\"", name, round(fmin(fmax((double)value, 0), 1) * 1000) / 1000);
}

void xml_add_language(struct strbuf *out, const char *name, const char *language)
{
    enum { TAG = 32, SUBTAG = 8 }; /* RFC 5646: subtags of at most 8 */
    char tag[TAG + 1];
    size_t len = strlen(language), part = 0;
    if (!len || len > TAG)
        return;
    for (size_t i = 0; i <= len; i++) {
        char c = language[i] == '_' ? '-' : language[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9' && i > part;
        bool end = (c == '-' || !c) && i > part && i - part <= SUBTAG;
        if (!letter && !digit && !end)
            return;
        tag[i] = c;
        part = end ? i + 1 : part;
    }
    xml_add_attribute(out, name, tag);
}

void xml_add_element(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, "<%s>", name);
    xml_add_text(out, text);
    strbuf_addf(out, "</%s>\n", name);
}

static const char *text_of(const json_t *root, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(root, key));
    return s ? s : otherwise;
}

void xml_job_open(struct xml_job *job, const char *json)
{
    json_t *root = json_loads(json, 0, NULL), *options = json_object_get(root, "options");
    *job = (struct xml_job){.root = root,
                            .filename = text_of(root, "filename", ""),
                            .created = text_of(root, "created_at", "1970-01-01T00:00:00Z")};
    job->options = options ? json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

void xml_job_close(struct xml_job *job)
{
    json_decref(job->root);
    free(job->options);
}
