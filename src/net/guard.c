/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The operator's list of what may be reached although it is private, and the one rule: an address
 * and port are allowed when they are listed, or public on port 80 or 443. Refuses a list with an
 * entry that is neither a name nor an address. Called by target.c.
 */
#include "net/net_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY = 320, ENTRIES = 256 };

/* The whole text is a number from 0 to most, without sign or space. */
static bool take_number(const char *text, int most, int *out)
{
    size_t len = strlen(text);
    if (len < 1 || len > 5 || strspn(text, "0123456789") != len)
        return false;
    int n = (int)strtol(text, NULL, 10);
    if (n > most)
        return false;
    *out = n;
    return true;
}

/* Cuts ":PORT" off; the colons of an IPv6 address without brackets are its own. */
static bool cut_port(char *text, int *port)
{
    char *last = strrchr(text, ':'), *bracket = strrchr(text, ']');
    *port = 0;
    if (!last || (bracket ? last < bracket : strchr(text, ':') != last))
        return true;
    *last = '\0';
    return take_number(last + 1, 65535, port) && *port > 0;
}

/* "[ADDRESS]" or "[ADDRESS]/BITS", without the brackets. */
static bool cut_brackets(char *text)
{
    char *end = strchr(text, ']');
    if (text[0] != '[')
        return !end;
    if (!end || !memchr(text, ':', (size_t)(end - text)))
        return false;
    memmove(end, end + 1, strlen(end));
    memmove(text, text + 1, strlen(text));
    return true;
}

static bool take_net(char *text, struct net_entry *out)
{
    char *slash = strchr(text, '/');
    bool six = strchr(text, ':');
    int most = six ? 128 : 32, bits = most;
    if (slash)
        *slash = '\0';
    if (!net_address_parse(text, &out->net) || (slash && !take_number(slash + 1, most, &bits)))
        return false;
    /* ::ffff:10.0.0.0/104 is 10.0.0.0/8; a wider net is not within IPv4. */
    if (six && out->net.family == AF_INET)
        bits -= 96;
    out->bits = bits;
    return bits >= 0;
}

static bool take_entry(char *text, struct net_entry *out)
{
    *out = (struct net_entry){0};
    if (!cut_port(text, &out->port) || !cut_brackets(text))
        return false;
    if (strpbrk(text, ":/"))
        return take_net(text, out);
    return take_net(text, out) ||
           (net_host_normal(text, out->name) && !net_host_numeric(out->name));
}

static int add_entry(struct net_guard *guard, const char *from, size_t len, struct error *err)
{
    char text[ENTRY];
    if (guard->count == ENTRIES)
        return error_set(err, ERROR_INPUT, "private_hosts: more than %d entries", ENTRIES);
    if (len >= sizeof text)
        return error_set(err, ERROR_INPUT, "private_hosts: an entry of %zu bytes", len);
    memcpy(text, from, len);
    text[len] = '\0';
    if (!take_entry(text, &guard->entries[guard->count]))
        return error_set(err, ERROR_INPUT,
                         "private_hosts: \"%.*s\" is no NAME, ADDRESS or ADDRESS/BITS, with or "
                         "without :PORT",
                         (int)len, from);
    guard->count++;
    return 0;
}

static int read_entries(struct net_guard *guard, const char *text, struct error *err)
{
    static const char between[] = ", \t";
    for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
        size_t len = strcspn(p, between);
        if (add_entry(guard, p, len, err) < 0)
            return -1;
        p += len;
    }
    return 0;
}

int net_guard_new(struct net_guard **out, const char *private_hosts, struct error *err)
{
    struct net_guard *guard = x_calloc(1, sizeof *guard);
    guard->resolver = net_system_resolver;
    guard->entries = x_calloc(ENTRIES, sizeof *guard->entries);
    if (read_entries(guard, private_hosts, err) < 0) {
        net_guard_free(&guard);
        return -1;
    }
    *out = guard;
    return 0;
}

void net_guard_free(struct net_guard **guard)
{
    if (!*guard)
        return;
    free((*guard)->entries);
    free(*guard);
    *guard = NULL;
}

static bool covers(const struct net_entry *entry, int port)
{
    return entry->port == 0 || entry->port == port;
}

bool net_guard_trusts_name(const struct net_guard *guard, const char *host, int port)
{
    for (size_t i = 0; i < guard->count; i++) {
        const struct net_entry *e = &guard->entries[i];
        if (e->name[0] && covers(e, port) && strcmp(e->name, host) == 0)
            return true;
    }
    return false;
}

bool net_guard_opens_port(const struct net_guard *guard, int port)
{
    for (size_t i = 0; i < guard->count; i++)
        if (!guard->entries[i].name[0] && covers(&guard->entries[i], port))
            return true;
    return false;
}

bool net_port_usual(int port)
{
    return port == 80 || port == 443;
}

bool net_guard_allows(const struct net_guard *guard, const struct net_address *a, int port)
{
    for (size_t i = 0; i < guard->count; i++) {
        const struct net_entry *e = &guard->entries[i];
        if (!e->name[0] && covers(e, port) && net_address_within(a, &e->net, e->bits))
            return true;
    }
    return net_port_usual(port) && net_address_open(a);
}
