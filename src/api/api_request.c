/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What belongs to one request: its row of the table, its memory between calls, and the compatible
 * surfaces' way to refuse it. Called by everyone here.
 */
#include "api/api_internal.h"

const struct api_route *api_route_of(const struct http_request *req)
{
    const struct http_route *route = http_route_of(req);
    return route ? route->about : NULL;
}

struct api_request *api_request(struct http_request *req)
{
    return http_context(req);
}

void api_reply_detail(struct http_request *req, int status, const char *detail)
{
    http_reply_problem(req, &(struct http_problem){.status = status,
                                                   .code = status < 400 ? "unfinished" : "refused",
                                                   .title = "Refused",
                                                   .detail = detail});
}
