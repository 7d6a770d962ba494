/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Who asks: the peer of the connection, or the client that a listed proxy names. A proxy that is
 * not listed is believed nothing, a malformed X-Forwarded-For neither. Addresses are compared as
 * IPv6, IPv4 mapped into it (RFC 4291, 2.5.5.2). Called by http_exchange, and by handlers that ask.
 */
#include "http/http_internal.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const unsigned char address[16])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

static bool read_address(const char *text, size_t len, unsigned char out[16])
{
    char copy[HTTP_ADDRESS];
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out + 12) == 1;
}

static void write_address(const unsigned char address[16], char out[HTTP_ADDRESS])
{
    if (is_mapped(address))
        inet_ntop(AF_INET, address + 12, out, HTTP_ADDRESS);
    else
        inet_ntop(AF_INET6, address, out, HTTP_ADDRESS);
}

/* ---- networks ---- */

static bool read_network(const char *text, size_t len, struct http_network *out)
{
    const char *slash = memchr(text, '/', len);
    size_t address = slash ? (size_t)(slash - text) : len;
    if (!read_address(text, address, out->address))
        return false;
    unsigned first = memchr(text, ':', address) ? 0 : 96, bits = 128 - first;
    if (slash) {
        size_t digits = len - address - 1;
        if (!digits || digits > 3 || strspn(slash + 1, "0123456789") < digits)
            return false;
        bits = (unsigned)strtoul(slash + 1, NULL, 10);
    }
    out->bits = first + bits;
    return out->bits <= 128;
}

int http_networks_read(const char *list, struct http_network *out, size_t *count, struct error *err)
{
    size_t n = 0;
    for (const char *s = list ? list : ""; *s;) {
        size_t len = strcspn(s, ",");
        size_t skip = strspn(s, " "), used = len;
        while (used > skip && s[used - 1] == ' ')
            used--;
        if (n == HTTP_PROXIES)
            return error_set(err, ERROR_LIMIT, "proxies: more than %d", HTTP_PROXIES);
        if (used <= skip || !read_network(s + skip, used - skip, &out[n++]))
            return error_set(err, ERROR_INPUT, "proxies: '%.*s' is not ADDRESS or ADDRESS/BITS",
                             (int)len, s);
        s += len + (s[len] == ',');
    }
    *count = n;
    return 0;
}

static bool within(const unsigned char address[16], const struct http_network *n)
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    unsigned mask = 0xff00u >> rest & 0xff;
    return memcmp(address, n->address, whole) == 0 &&
           (!rest || ((address[whole] ^ n->address[whole]) & mask) == 0);
}

static bool is_proxy(const struct http_server *server, const unsigned char address[16])
{
    for (size_t i = 0; i < server->proxy_count; i++)
        if (within(address, &server->proxies[i]))
            return true;
    return false;
}

/* ---- the peer ---- */

static bool socket_address(const struct sockaddr *a, unsigned char out[16])
{
    if (a->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
        return true;
    }
    if (a->sa_family != AF_INET)
        return false;
    memcpy(out, mapped, sizeof mapped);
    memcpy(out + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    return true;
}

void http_peer_find(const struct http_listener *listener, struct MHD_Connection *mhd,
                    struct http_peer *peer)
{
    const struct sockaddr *a =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    if (!listener->path && socket_address(a, peer->address)) {
        peer->numeric = true;
        write_address(peer->address, peer->text);
        peer->proxy = is_proxy(listener->server, peer->address);
        return;
    }
    memcpy(peer->text, "unix", sizeof "unix");
    peer->proxy = !listener->control;
}

/* ---- what a proxy says ---- */

static enum MHD_Result collect(void *arg, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    (void)kind;
    if (strcasecmp(name, "X-Forwarded-For") == 0)
        strbuf_addf(arg, ",%s", value);
    return MHD_YES;
}

/* "a", "a:port" of IPv4, "[a]" or "[a]:port" of IPv6. */
static bool read_forwarded(const char *s, size_t len, unsigned char out[16])
{
    const char *end = memchr(s, ']', len);
    const char *colon = memchr(s, ':', len);
    if (*s == '[' && end && (end + 1 == s + len || end[1] == ':'))
        return read_address(s + 1, (size_t)(end - s - 1), out);
    bool port = colon && !memchr(colon + 1, ':', (size_t)(s + len - colon - 1));
    return read_address(s, port ? (size_t)(colon - s) : len, out);
}

/* From the right: each proxy appended whom it heard from. */
static bool client_in(const struct http_server *server, const struct strbuf *list,
                      unsigned char address[16])
{
    for (size_t end = list->len; end > 0;) {
        size_t start = end, stop = end;
        while (list->data[start - 1] != ',')
            start--;
        end = start - 1;
        while (start < stop && strchr(" \t", list->data[start]))
            start++;
        while (stop > start && strchr(" \t", list->data[stop - 1]))
            stop--;
        if (start == stop || !read_forwarded(list->data + start, stop - start, address))
            return false;
        if (!is_proxy(server, address))
            return true;
    }
    return list->len > 0; /* proxies all along: the first of them asks for itself */
}

void http_client_find(struct http_request *req)
{
    const struct http_peer *peer = req->client = &req->connection->peer;
    if (!peer->proxy || !http_header(req, "X-Forwarded-For"))
        return;
    auto_strbuf list = {0};
    struct http_peer *client = &req->forwarded;
    MHD_get_connection_values(req->mhd, MHD_HEADER_KIND, collect, &list);
    if (!client_in(req->server, &list, client->address))
        return;
    write_address(client->address, client->text);
    client->numeric = true;
    req->client = client;
}

/* ---- asked by the app ---- */

const char *http_client(const struct http_request *req)
{
    return req->client->text;
}

void http_client_key(const struct http_request *req, char out[HTTP_CLIENT])
{
    const struct http_peer *client = req->client;
    char text[HTTP_ADDRESS];
    if (!client->numeric || is_mapped(client->address)) {
        snprintf(out, HTTP_CLIENT, "%s", client->text);
        return;
    }
    unsigned char network[16] = {0};
    memcpy(network, client->address, 8);
    inet_ntop(AF_INET6, network, text, sizeof text);
    snprintf(out, HTTP_CLIENT, "%s/64", text);
}

bool http_secure(const struct http_request *req)
{
    if (req->listener->tls)
        return true;
    const char *said = req->connection->peer.proxy ? http_header(req, "X-Forwarded-Proto") : NULL;
    const char *last = said ? strrchr(said, ',') : NULL;
    last = last ? last + 1 : said;
    return last && strcasecmp(last + strspn(last, " \t"), "https") == 0;
}

bool http_trusted(const struct http_request *req)
{
    return req->listener->control;
}
