/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * multipart/form-data (RFC 7578) from pieces of any length, in constant memory: the bytes of a part
 * are passed on from where they lie. Refuses parts without a name, header blocks over
 * HTTP_PART_HEADERS, transfer encodings and, at the end, a body without its last boundary. Called
 * by http_body.
 *
 * A delimiter is CR LF - - boundary, and a boundary has no CR: after a failed comparison the next
 * match can begin only at the byte that failed, so no byte is read twice.
 */
#include "http/http_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    PREAMBLE,  /* until the first delimiter; thrown away */
    DELIMITED, /* behind a delimiter: "--", or spaces and a line's end */
    HEADERS,
    CONTENT,
    EPILOGUE
};

struct http_multipart {
    const struct http_part_events *events;
    void *arg;
    char delimiter[4 + HTTP_BOUNDARY + 1];
    size_t delimiter_len;
    enum state state;
    size_t matched;     /* bytes of the delimiter seen at the end of what came before */
    struct strbuf line; /* DELIMITED: what stands there; HEADERS: the block */
};

static int malformed(struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, "multipart body: %s", what);
}

int http_multipart_open(struct http_multipart **out, const char *content_type,
                        const struct http_part_events *events, void *arg, struct error *err)
{
    char boundary[HTTP_BOUNDARY + 2];
    if (!http_header_param(content_type, "boundary", boundary, sizeof boundary) || !boundary[0] ||
        strlen(boundary) > HTTP_BOUNDARY || strpbrk(boundary, "\r\n"))
        return malformed(err, "no boundary, or one that is too long");
    struct http_multipart *m = x_calloc(1, sizeof *m);
    m->events = events;
    m->arg = arg;
    m->line.cap = HTTP_PART_HEADERS;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary, strlen(boundary));
    m->delimiter_len = strlen(m->delimiter);
    m->matched = 2; /* the first delimiter may stand at the very beginning */
    *out = m;
    return 0;
}

void http_multipart_free(struct http_multipart **m)
{
    if (!*m)
        return;
    strbuf_free(&(*m)->line);
    free(*m);
    *m = NULL;
}

static int pass(struct http_multipart *m, const char *bytes, size_t len, struct error *err)
{
    return m->state == CONTENT && len ? m->events->data(m->arg, bytes, len, err) : 0;
}

/* Passes on what is certainly no delimiter. Returns the bytes used, −1 on failure. */
static ssize_t feed_content(struct http_multipart *m, const char *bytes, size_t len,
                            struct error *err)
{
    size_t i = 0;
    size_t carried = m->matched; /* of them, how many came before `bytes` and are not passed yet */
    while (i < len && m->matched < m->delimiter_len) {
        if (bytes[i] == m->delimiter[m->matched]) {
            m->matched++;
            i++;
            continue;
        }
        if (carried && pass(m, m->delimiter, carried, err) < 0)
            return -1;
        carried = 0;
        m->matched = 0;
        const char *cr = memchr(bytes + i, '\r', len - i);
        i = cr ? (size_t)(cr - bytes) : len;
    }
    size_t plain = i - (m->matched - carried);
    if (pass(m, bytes, plain, err) < 0)
        return -1;
    if (m->matched == m->delimiter_len) {
        if (m->state == CONTENT && m->events->end(m->arg, err) < 0)
            return -1;
        m->matched = 0;
        m->state = DELIMITED;
    }
    return (ssize_t)i;
}

static int after_delimiter(struct http_multipart *m, char c, struct error *err)
{
    strbuf_addc(&m->line, c);
    const char *s = m->line.data + strspn(m->line.data, " \t");
    if (strcmp(m->line.data, "--") == 0) {
        m->state = EPILOGUE;
    } else if (strcmp(s, "\r\n") == 0) {
        /* That line's end also opens the header block, so that an empty block ends like others. */
        strbuf_clear(&m->line);
        strbuf_adds(&m->line, "\r\n");
        m->state = HEADERS;
    } else if (strcmp(m->line.data, "-") != 0 && *s && strcmp(s, "\r") != 0) {
        return malformed(err, "something follows a boundary on its line");
    }
    return m->line.overflowed ? malformed(err, "a boundary line without end") : 0;
}

static int read_header(struct http_part *part, const char *line, struct error *err)
{
    const char *colon = strchr(line, ':');
    if (!colon)
        return malformed(err, "a header without a colon");
    size_t len = (size_t)(colon - line);
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (len == 19 && strncasecmp(line, "Content-Disposition", len) == 0) {
        char filename[1024];
        if (!http_media_is(value, "form-data") ||
            !http_header_param(value, "name", part->name, sizeof part->name) ||
            strlen(part->name) + 1 == sizeof part->name ||
            !utf8_valid(part->name, strlen(part->name)))
            return malformed(err, "a part whose name is missing, too long or not UTF-8");
        if (http_header_param(value, "filename", filename, sizeof filename))
            http_clean_filename(filename, part->filename);
    } else if (len == 12 && strncasecmp(line, "Content-Type", len) == 0) {
        http_media(value, part->type);
    } else if (len == 25 && strncasecmp(line, "Content-Transfer-Encoding", len) == 0) {
        if (strcasecmp(value, "binary") && strcasecmp(value, "8bit") && strcasecmp(value, "7bit"))
            return malformed(err, "Content-Transfer-Encoding is not supported");
    }
    return 0;
}

static int begin_part(struct http_multipart *m, struct error *err)
{
    struct http_part part = {0};
    char *block = m->line.data + 2;
    if (strlen(block) + 2 != m->line.len)
        return malformed(err, "NUL in a header");
    for (char *end; (end = strstr(block, "\r\n")) && end != block; block = end + 2) {
        *end = '\0';
        if (read_header(&part, block, err) < 0)
            return -1;
    }
    strbuf_clear(&m->line);
    if (!part.name[0])
        return malformed(err, "a part without a name");
    m->state = CONTENT;
    return m->events->begin(m->arg, &part, err);
}

static int in_headers(struct http_multipart *m, char c, struct error *err)
{
    strbuf_addc(&m->line, c);
    if (m->line.overflowed)
        return error_set(err, ERROR_LIMIT, "multipart body: headers of a part over %d bytes",
                         HTTP_PART_HEADERS);
    size_t len = m->line.len;
    if (len < 4 || memcmp(m->line.data + len - 4, "\r\n\r\n", 4) != 0)
        return 0;
    return begin_part(m, err);
}

int http_multipart_feed(struct http_multipart *m, const char *bytes, size_t len, struct error *err)
{
    while (len && m->state != EPILOGUE) {
        ssize_t used = 1;
        if (m->state == DELIMITED) {
            if (after_delimiter(m, *bytes, err) < 0)
                return -1;
        } else if (m->state == HEADERS) {
            if (in_headers(m, *bytes, err) < 0)
                return -1;
        } else if ((used = feed_content(m, bytes, len, err)) < 0) {
            return -1;
        }
        bytes += used;
        len -= (size_t)used;
    }
    return 0;
}

int http_multipart_finish(const struct http_multipart *m, struct error *err)
{
    return m->state == EPILOGUE ? 0 : malformed(err, "it ends before its last boundary");
}
