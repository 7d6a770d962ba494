/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill openapi: the description of the HTTP API, made from the tables that the server runs on.
 */
#include "cmd/cmd.h"

#include "api/api.h"

#include <stdio.h>

struct openapi_flags {
    bool markdown;
};

static const struct param rows[] = {
    {"markdown", PARAM_BOOL, offsetof(struct openapi_flags, markdown), sizeof(bool), "false", 0, 0,
     NULL, "on|off", "As docs/reference.md.", NULL, 0},
};
const struct param_table openapi_table = {rows, sizeof rows / sizeof rows[0]};

int cmd_openapi(int argc, char **argv)
{
    struct openapi_flags flags;
    struct error err;
    const struct args_target target = {&openapi_table, &flags};
    param_defaults(&openapi_table, &flags);
    int rest = args_parse(argc, argv, &target, 1, &err);
    if (rest > 0)
        rest = error_set(&err, ERROR_INPUT, "what is '%s'? openapi takes only flags", argv[0]);
    if (rest < 0)
        return cmd_fail("openapi", &err);
    auto_strbuf out = {0};
    (flags.markdown ? api_write_reference : api_write_openapi)(&out);
    return fputs(strbuf_str(&out), stdout) < 0 ? 1 : 0;
}
