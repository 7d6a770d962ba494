/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Conditional requests and byte ranges (RFC 9110, 13 and 14) for answers with an entity tag. Dates
 * are not understood: no answer has a Last-Modified. Several ranges at once are answered whole.
 * Called by handlers (http_fresh) and by http_reply when the answer is known.
 */
#include "http/http_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- entity tags ---- */

/* Is the quoted tag in a list of tags ("*": any)? Weakly: W/ is overlooked; else such never match.
 */
static bool tag_listed(const char *list, const char *tag, bool weakly)
{
    size_t want = strlen(tag);
    for (const char *s = list + strspn(list, ", \t"); *s; s += strspn(s, ", \t")) {
        if (*s == '*')
            return true;
        bool weak = s[0] == 'W' && s[1] == '/';
        s += weak ? 2 : 0;
        const char *end = *s == '"' ? strchr(s + 1, '"') : NULL;
        if (!end)
            return false;
        size_t len = (size_t)(end - s) + 1;
        if (len == want && memcmp(s, tag, len) == 0 && (weakly || !weak))
            return true;
        s = end + 1;
    }
    return false;
}

static bool reads(const struct http_request *req)
{
    return req->head || strcmp(req->method, "GET") == 0;
}

static bool precondition_fails(const struct http_request *req, const char *tag)
{
    const char *match = http_header(req, "If-Match");
    return match && !tag_listed(match, tag, false);
}

static void refuse_precondition(struct http_request *req)
{
    http_answer_drop(req);
    http_reply_problem(req, &(struct http_problem){.status = 412,
                                                   .code = "precondition_failed",
                                                   .title = "It has changed",
                                                   .detail = "If-Match names another version"});
}

bool http_fresh(struct http_request *req, const char *etag)
{
    char tag[256];
    snprintf(tag, sizeof tag, "\"%.250s\"", etag);
    http_set_header(req, "ETag", tag);
    if (!reads(req))
        return false;
    if (precondition_fails(req, tag)) {
        refuse_precondition(req);
        return true;
    }
    const char *known = http_header(req, "If-None-Match");
    if (!known || !tag_listed(known, tag, true))
        return false;
    http_reply(req, 304, NULL, NULL, 0);
    return true;
}

/* ---- ranges ---- */

struct range {
    int64_t first, last; /* −1: not given */
};

/* Digits, as many as there are; too large ones are as large as can be. */
static int64_t read_digits(const char **s)
{
    int64_t n = -1;
    for (; **s >= '0' && **s <= '9'; (*s)++)
        n = n > INT64_MAX / 10 - 1 ? INT64_MAX / 10 : (n < 0 ? 0 : n) * 10 + (**s - '0');
    return n;
}

static bool read_range(const char *text, struct range *out)
{
    if (strncasecmp(text, "bytes=", 6) != 0)
        return false;
    const char *s = text + 6 + strspn(text + 6, " \t");
    out->first = read_digits(&s);
    if (*s++ != '-')
        return false;
    out->last = read_digits(&s);
    s += strspn(s, " \t");
    if (*s || (out->first < 0 && out->last < 0))
        return false;
    return out->first < 0 || out->last < 0 || out->first <= out->last;
}

/* The range that is asked for, if that is to be honoured. */
static bool wanted(const struct http_request *req, struct range *out)
{
    const char *tag = http_answer_header(&req->answer, "ETag");
    const char *range = http_header(req, "Range"), *only_if = http_header(req, "If-Range");
    if (!tag || !range || strcmp(req->method, "GET") != 0)
        return false;
    bool same = !only_if || (*only_if == '"' && strcmp(only_if, tag) == 0);
    return same && read_range(range, out);
}

bool http_range_asked(const struct http_request *req)
{
    struct range range;
    return wanted(req, &range);
}

static void refuse_range(struct http_request *req, int64_t size)
{
    char text[48];
    snprintf(text, sizeof text, "bytes */%" PRId64, size);
    http_answer_drop(req);
    http_set_header(req, "Content-Range", text);
    http_reply_problem(req, &(struct http_problem){.status = 416,
                                                   .code = "range_not_satisfiable",
                                                   .title = "Beyond the end",
                                                   .detail = "the range holds no byte of this"});
}

/* An empty answer stays whole: clients that always send a Range mean no harm by it. */
static void cut_range(struct http_request *req, struct range range)
{
    struct http_answer *answer = &req->answer;
    int64_t size = (int64_t)answer->size;
    char text[96];
    if (range.first < 0) {
        range.first = range.last < size ? size - range.last : 0;
        range.last = range.last ? size - 1 : -1;
    } else if (range.last < 0 || range.last >= size) {
        range.last = size - 1;
    }
    if (range.first > range.last) {
        refuse_range(req, size);
        return;
    }
    snprintf(text, sizeof text, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, range.first, range.last,
             size);
    http_set_header(req, "Content-Range", text);
    answer->status = 206;
    answer->offset = (uint64_t)range.first;
    answer->size = (uint64_t)(range.last - range.first + 1);
}

void http_conditional_apply(struct http_request *req)
{
    struct http_answer *answer = &req->answer;
    const char *tag = http_answer_header(answer, "ETag");
    struct range range;
    if (!tag || answer->status != 200 || !reads(req))
        return;
    if (precondition_fails(req, tag)) {
        refuse_precondition(req);
        return;
    }
    if (answer->kind == HTTP_STREAM)
        return;
    bool partly = answer->size && wanted(req, &range);
    http_set_header(req, "Accept-Ranges", "bytes");
    if (partly)
        cut_range(req, range);
}
