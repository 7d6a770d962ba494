/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Parts of header values: a media type, a parameter, a file name. What clients really send is
 * accepted: quotes escaped by a backslash or as %22, paths in file names. filename* is not read.
 * Called by the body parsers.
 */
#include "http/http_internal.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool http_media_is(const char *content_type, const char *media)
{
    char own[HTTP_NAME];
    http_media(content_type, own);
    return strcmp(own, media) == 0;
}

void http_media(const char *content_type, char out[HTTP_NAME])
{
    size_t len = strcspn(content_type, "; \t");
    if (len >= HTTP_NAME)
        len = 0;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)content_type[i]);
    out[len] = '\0';
    utf8_make_printable(out, HTTP_NAME);
}

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

/* Copies the value at s to out (may be NULL; cut to fit); returns what follows it, NULL if a quote
 * is not closed. A backslash counts only before a quote or another one: old browsers send paths. */
static const char *take_value(const char *s, char *out, size_t size)
{
    bool quoted = *s == '"';
    size_t len = 0;
    if (quoted)
        s++;
    for (; *s && (quoted ? *s != '"' : !strchr("; \t", *s)); s++) {
        if (quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        if (out && len + 1 < size)
            out[len++] = *s;
    }
    if (quoted && *s != '"')
        return NULL;
    if (out)
        out[len] = '\0';
    return quoted ? s + 1 : s;
}

bool http_header_param(const char *value, const char *name, char *out, size_t size)
{
    size_t want = strlen(name);
    const char *s = value + strcspn(value, ";");
    while (*s == ';') {
        s = skip_space(s + 1);
        size_t len = strcspn(s, "=; \t");
        bool ours = len == want && strncasecmp(s, name, len) == 0;
        s = skip_space(s + len);
        if (*s == '=') {
            s = take_value(skip_space(s + 1), ours ? out : NULL, size);
            if (!s || ours)
                return s != NULL;
        }
        s += strcspn(s, ";");
    }
    return false;
}

void http_clean_filename(const char *name, char out[HTTP_FILENAME])
{
    for (const char *p; (p = strpbrk(name, "/\\"));)
        name = p + 1;
    size_t len = strnlen(name, HTTP_FILENAME - 1);
    memcpy(out, name, len);
    out[len] = '\0';
    utf8_make_printable(out, HTTP_FILENAME);
    if (strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
        out[0] = '\0';
}
