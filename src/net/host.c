/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Names of hosts: letters, digits, hyphens and underscores in labels of 1 to 63. Refuses what is
 * not ASCII (its xn-- form is), and empty labels but for the last dot. Called by guard.c, target.c.
 */
#include "net/net_internal.h"

#include <string.h>

enum { LABEL = 63 };

static bool label_valid(const char *label, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return len >= 1 && len <= LABEL && strspn(label, allowed) >= len;
}

bool net_host_normal(const char *name, char out[NET_HOST])
{
    size_t len = strlen(name);
    char host[NET_HOST];
    if (len && name[len - 1] == '.')
        len--;
    if (len == 0 || len >= NET_HOST)
        return false;
    for (size_t i = 0; i < len; i++)
        host[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    host[len] = '\0';
    for (const char *label = host;; label++) {
        size_t n = strcspn(label, ".");
        if (!label_valid(label, n))
            return false;
        label += n;
        if (!*label)
            break;
    }
    memcpy(out, host, len + 1);
    return true;
}

bool net_host_numeric(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;
    if (last[0] == '0' && last[1] == 'x')
        return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
    return last[strspn(last, "0123456789")] == '\0';
}

bool net_host_local(const char *host)
{
    static const char local[] = "localhost";
    size_t len = strlen(host), n = sizeof local - 1;
    return len >= n && strcmp(host + len - n, local) == 0 && (len == n || host[len - n - 1] == '.');
}
