/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Names of the parts of the sandbox. Apart from sandbox.c because pagemill reports them and closes
 * none.
 */
#include "work/sandbox.h"

void sandbox_describe(uint32_t parts, struct strbuf *out)
{
    static const struct {
        uint32_t part;
        const char *name;
    } names[] = {
        {SANDBOX_SECCOMP, "seccomp"},           {SANDBOX_LANDLOCK, "landlock"},
        {SANDBOX_NAMESPACES, "namespaces"},     {SANDBOX_RLIMITS, "rlimits"},
        {SANDBOX_NO_NEW_PRIVS, "no_new_privs"},
    };
    size_t before = out->len;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (parts & names[i].part)
            strbuf_addf(out, "%s%s", out->len > before ? " " : "", names[i].name);
    if (out->len == before)
        strbuf_adds(out, "none");
}
