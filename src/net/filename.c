/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a server calls the file it sends: Content-Disposition (RFC 6266; filename*, in UTF-8, before
 * filename), or else the last part of the URL's path. Folders are cut off, bytes that are no text
 * become '?'. Called by fetch.c.
 */
#include "net/net_internal.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

struct text {
    char bytes[NET_FILENAME];
    size_t len;
};

/* Cut at the buffer's end. */
static void add(struct text *t, char c)
{
    if (t->len < sizeof t->bytes - 1)
        t->bytes[t->len++] = c;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void add_percent(struct text *t, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = from[i] == '%' && i + 2 < len ? hex(from[i + 1]) : -1;
        int low = high >= 0 ? hex(from[i + 2]) : -1;
        if (low < 0) {
            add(t, from[i]);
            continue;
        }
        add(t, (char)(high << 4 | low));
        i += 2;
    }
}

/* Past the value at p: a quoted string or a token. */
static const char *value_end(const char *p)
{
    if (*p != '"')
        return p + strcspn(p, "; \t");
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p ? p + 1 : p;
}

static void add_value(struct text *t, const char *p, const char *end)
{
    if (*p != '"') {
        while (p < end)
            add(t, *p++);
        return;
    }
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        add(t, *p);
    }
}

/* UTF-8''percent%20encoded */
static void add_extended(struct text *t, const char *p, const char *end)
{
    static const char charset[] = "UTF-8'";
    const char *quote = memchr(p, '\'', (size_t)(end - p));
    const char *second = quote ? memchr(quote + 1, '\'', (size_t)(end - quote - 1)) : NULL;
    if (second && strncasecmp(p, charset, sizeof charset - 1) == 0)
        add_percent(t, second + 1, (size_t)(end - second - 1));
}

static void read_disposition(const char *p, struct text *plain, struct text *extended)
{
    while ((p = strchr(p, ';'))) {
        p += 1 + strspn(p + 1, " \t");
        size_t name = strcspn(p, "=;");
        if (p[name] != '=')
            continue;
        const char *value = p + name + 1, *end = value_end(value);
        if (name == strlen("filename") && strncasecmp(p, "filename", name) == 0)
            add_value(plain, value, end);
        else if (name == strlen("filename*") && strncasecmp(p, "filename*", name) == 0)
            add_extended(extended, value, end);
        p = end;
    }
}

static const char *without_folders(const char *name)
{
    for (const char *p = name; *p; p++)
        if (*p == '/' || *p == '\\')
            name = p + 1;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? "" : name;
}

void net_filename(const char *disposition, const char *path, char out[NET_FILENAME])
{
    struct text plain = {0}, extended = {0}, last = {0};
    if (disposition)
        read_disposition(disposition, &plain, &extended);
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        add_percent(&last, slash + 1, strlen(slash + 1));
    const struct text *best = extended.len ? &extended : plain.len ? &plain : &last;
    const char *name = without_folders(best->bytes);
    memcpy(out, name, strlen(name) + 1);
    utf8_make_printable(out, NET_FILENAME);
}
