/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What RFC 9112 forbids before the body and libmicrohttpd lets pass: lines ended by a bare LF, NUL
 * and control characters, folded headers, spaces before a colon, targets that are none. Called by
 * http_exchange once the headers are complete.
 *
 * libmicrohttpd parses a request where its bytes arrived. In a well-formed one the strings it hands
 * out lie exactly one separator apart, and the block is as long as it says, so whatever it skipped,
 * joined or cut short shows as a gap. Only positions are compared. Another version that moved its
 * strings would refuse every request, which the tests would not miss.
 */
#include "http/http_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct block {
    const char *at; /* where the next line must begin */
    const char *wrong;
    unsigned count;
};

/* RFC 9110, 5.6.2 */
static bool is_token(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && (!s[i] || !strchr("!#$%&'*+-.^_`|~", s[i])))
            return false;
    return len > 0;
}

static bool has_control(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 127)
            return true;
    return false;
}

static enum MHD_Result check_field(void *arg, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len)
{
    struct block *block = arg;
    (void)kind;
    block->count++;
    if (!is_token(name, name_len))
        block->wrong = "a header whose name is not one";
    else if (name != block->at)
        block->wrong = "a header line that is folded, or not ended by CR LF";
    else if (has_control(value, value_len))
        block->wrong = "a control character in a header";
    block->at = value + value_len + 2;
    return block->wrong ? MHD_NO : MHD_YES;
}

static const char *check_line(const struct http_request *req)
{
    size_t len = strlen(req->method);
    if (!is_token(req->method, len) || req->target != req->method + len + 1 ||
        req->version != req->target + req->target_len + 1)
        return "a request line that is not METHOD TARGET VERSION";
    return NULL;
}

/* RFC 3986, 3.2.2, as characters; what else it says is the app's to judge. */
static const char *check_host(const struct http_request *req)
{
    const char *host = http_header(req, "Host");
    for (const char *s = host ? host : ""; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("-._~!$&'()*+,;=:[]%", *s))
            return "a Host that is not one";
    return NULL;
}

static size_t block_size(const struct http_request *req)
{
    return MHD_get_connection_info(req->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
}

static int refuse(struct http_request *req, const char *detail)
{
    req->answer.close = true;
    http_refuse(req, 400, ERROR_INPUT, detail);
    return -1;
}

int http_strict(struct http_request *req)
{
    struct block block = {.at = req->version + strlen(req->version) + 2, .wrong = check_line(req)};
    if (!block.wrong)
        MHD_get_connection_values_n(req->mhd, MHD_HEADER_KIND, check_field, &block);
    if (!block.wrong && block.at + 2 != req->method + block_size(req))
        block.wrong = "a header block that does not end with an empty line";
    if (!block.wrong)
        block.wrong = check_host(req);
    if (block.wrong)
        return refuse(req, block.wrong);
    if (block.count <= HTTP_HEADERS_MOST)
        return 0;
    req->answer.close = true;
    http_reply_problem(req, &(struct http_problem){.status = 431,
                                                   .code = error_code(ERROR_LIMIT),
                                                   .title = error_title(ERROR_LIMIT),
                                                   .detail = "more than 100 headers"});
    return -1;
}
