/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One URL on its way: read by curl's own parser, so that nobody else reads it differently; judged;
 * looked up; judged by its addresses; and curl aimed at one of them. CONNECT_TO with an address
 * leaves curl nothing to look up; the socket callback and the peer's address, asked for before the
 * request is sent, hold it to that. Called by fetch.c and by job/outbox.
 */
#include "net/net_internal.h"

#include "base/memory.h"
#include "base/must.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct net_target {
    const struct net_guard *guard;
    CURLU *url;
    char host[NET_HOST];
    int port;
    struct net_lookup *lookup;
    struct net_addresses addresses; /* known before any lookup when the host is an address */
    struct net_address aim;         /* the one to connect to */
    struct curl_slist *connect_to;
    bool strayed; /* curl went for another one */
};

/* ---- reading ---- */

static int check_bytes(const char *url, struct error *err)
{
    size_t len = strnlen(url, NET_URL + 1);
    if (len > NET_URL)
        return error_set(err, ERROR_INPUT, "the URL is longer than %d bytes", NET_URL);
    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] > '~' || url[i] == '\\')
            return error_set(err, ERROR_INPUT,
                             "the URL has a byte that must be percent-encoded (of a host: written "
                             "as xn--) at position %zu",
                             i + 1);
    return 0;
}

static int parse_url(CURLU *u, const char *url, struct error *err)
{
    CURLUcode code = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (code == CURLUE_USER_NOT_ALLOWED)
        return error_set(err, ERROR_DENIED, "the URL has user information before its host");
    if (code == CURLUE_UNSUPPORTED_SCHEME)
        return error_set(err, ERROR_DENIED, "the URL is neither http nor https");
    if (code != CURLUE_OK)
        return error_set(err, ERROR_INPUT, "not a URL: %s", curl_url_strerror(code));
    return 0;
}

static int check_scheme(CURLU *u, struct error *err)
{
    char *scheme = NULL;
    bool web = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
               (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    return web ? 0 : error_set(err, ERROR_DENIED, "the URL is neither http nor https");
}

static int read_port(CURLU *u, int *port, struct error *err)
{
    char *text = NULL;
    if (curl_url_get(u, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return error_set(err, ERROR_INPUT, "the URL has no port");
    int n = (int)strtol(text, NULL, 10);
    curl_free(text);
    if (n < 1 || n > 65535)
        return error_set(err, ERROR_INPUT, "the URL has no usable port");
    *port = n;
    return 0;
}

static bool has_zone(CURLU *u)
{
    char *zone = NULL;
    bool has = curl_url_get(u, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK;
    curl_free(zone);
    return has;
}

/* "[::1]" becomes "::1"; a name is brought into its normal form. */
static int read_host(CURLU *u, char host[NET_HOST], struct error *err)
{
    char *text = NULL;
    int rc = 0;
    if (has_zone(u))
        return error_set(err, ERROR_DENIED, "the URL names a zone of this machine");
    if (curl_url_get(u, CURLUPART_HOST, &text, 0) != CURLUE_OK)
        return error_set(err, ERROR_INPUT, "the URL has no host");
    size_t len = strlen(text);
    if (text[0] == '[' && text[len - 1] == ']' && len - 2 < NET_HOST)
        snprintf(host, NET_HOST, "%.*s", (int)len - 2, text + 1);
    else if (!net_host_normal(text, host))
        rc = error_set(err, ERROR_INPUT, "the URL has no host that could be one");
    curl_free(text);
    return rc;
}

static int read_url(CURLU *u, const char *url, char host[NET_HOST], int *port, struct error *err)
{
    if (check_bytes(url, err) < 0 || parse_url(u, url, err) < 0 || check_scheme(u, err) < 0)
        return -1;
    return read_host(u, host, err) < 0 ? -1 : read_port(u, port, err);
}

/* ---- judging ---- */

static int refuse(const struct net_target *t, const struct net_address *a, struct error *err)
{
    if (!net_port_usual(t->port) && net_address_open(a))
        return error_set(err, ERROR_DENIED,
                         "%s: port %d is neither 80 nor 443, and private_hosts does not list it",
                         t->host, t->port);
    return error_set(err, ERROR_DENIED,
                     "%s: leads to a private address that private_hosts does not list for port %d",
                     t->host, t->port);
}

static int judge_addresses(const struct net_target *t, struct error *err)
{
    if (net_guard_trusts_name(t->guard, t->host, t->port))
        return 0;
    for (size_t i = 0; i < t->addresses.count; i++)
        if (!net_guard_allows(t->guard, &t->addresses.list[i], t->port))
            return refuse(t, &t->addresses.list[i], err);
    return 0;
}

/* A host that is an address, whatever way it is written; localhost is one, too, and is not asked
 * for. */
static int read_address(struct net_target *t, struct error *err)
{
    const char *text = net_host_local(t->host) ? "127.0.0.1" : t->host;
    if (net_address_loose(text, &t->addresses.list[0])) {
        t->addresses.count = 1;
        return 0;
    }
    if (net_host_numeric(t->host) || strchr(t->host, ':'))
        return error_set(err, ERROR_INPUT, "%s: not an address", t->host);
    return 0;
}

static int judge_name(const struct net_target *t, struct error *err)
{
    if (net_port_usual(t->port) || net_guard_trusts_name(t->guard, t->host, t->port) ||
        net_guard_opens_port(t->guard, t->port))
        return 0;
    return error_set(err, ERROR_DENIED,
                     "%s: port %d is neither 80 nor 443, and private_hosts does not list it",
                     t->host, t->port);
}

static int prepare(struct net_target *t, const char *url, struct error *err)
{
    if (read_url(t->url, url, t->host, &t->port, err) < 0 || read_address(t, err) < 0)
        return -1;
    return t->addresses.count ? judge_addresses(t, err) : judge_name(t, err);
}

/* ---- the target ---- */

int net_target_new(struct net_target **out, const struct net_guard *guard, const char *url,
                   struct error *err)
{
    struct net_target *t = x_calloc(1, sizeof *t);
    t->guard = guard;
    t->url = curl_url();
    must(t->url);
    if (prepare(t, url, err) < 0) {
        net_target_free(&t);
        return -1;
    }
    *out = t;
    return 0;
}

void net_target_free(struct net_target **target)
{
    struct net_target *t = *target;
    if (!t)
        return;
    net_lookup_free(&t->lookup);
    curl_slist_free_all(t->connect_to);
    curl_url_cleanup(t->url);
    free(t);
    *target = NULL;
}

int net_target_look_up(struct net_target *target, struct error *err)
{
    if (target->addresses.count)
        return 0;
    return net_lookup_start(&target->lookup, &target->guard->resolver, target->host, err);
}

int net_target_fd(const struct net_target *target)
{
    return target->lookup ? net_lookup_fd(target->lookup) : -1;
}

bool net_target_ready(const struct net_target *target)
{
    struct pollfd p = {.fd = net_target_fd(target), .events = POLLIN};
    return p.fd < 0 || poll(&p, 1, 0) > 0;
}

int net_target_judge(struct net_target *target, struct error *err)
{
    if (target->lookup && net_lookup_finish(target->lookup, &target->addresses, err) < 0)
        return -1;
    net_lookup_free(&target->lookup);
    if (target->addresses.count == 0)
        return error_set(err, ERROR_REMOTE, "%s: has no address", target->host);
    return judge_addresses(target, err) < 0 ? -1 : (int)target->addresses.count;
}

int net_check_url(const struct net_guard *guard, const char *url, struct error *err)
{
    auto_net_target target = NULL;
    return net_target_new(&target, guard, url, err);
}

int net_url_host(const char *url, char out[NET_HOST], struct error *err)
{
    int port;
    CURLU *u = curl_url();
    must(u);
    int rc = read_url(u, url, out, &port, err);
    curl_url_cleanup(u);
    return rc;
}

/* ---- aiming ---- */

/* What curl is about to connect to must be what was judged. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct net_target *t = arg;
    struct net_address a;
    if (purpose != CURLSOCKTYPE_IPCXN || !net_address_of(&address->addr, &a) ||
        !net_address_equal(&a, &t->aim)) {
        t->strayed = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* And so must the other end, before it is told anything. */
static int check_peer(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct net_target *t = arg;
    struct net_address a;
    (void)local;
    (void)local_port;
    if (net_address_parse(peer, &a) && net_address_equal(&a, &t->aim) && peer_port == t->port)
        return CURL_PREREQFUNC_OK;
    t->strayed = true;
    return CURL_PREREQFUNC_ABORT;
}

static void hold(struct net_target *t, CURL *curl)
{
    char address[INET6_ADDRSTRLEN], entry[INET6_ADDRSTRLEN + 16];
    bool six = t->aim.family == AF_INET6;
    snprintf(entry, sizeof entry, six ? "::[%s]:%d" : "::%s:%d", net_address_text(&t->aim, address),
             t->port);
    curl_slist_free_all(t->connect_to);
    t->connect_to = curl_slist_append(NULL, entry);
    must(t->connect_to);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, t->connect_to);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, check_peer);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
}

void net_target_aim(struct net_target *target, CURL *curl, size_t nth)
{
    must(nth < target->addresses.count);
    target->aim = target->addresses.list[nth];
    target->strayed = false;
    curl_easy_setopt(curl, CURLOPT_CURLU, target->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pagemill/" PAGEMILL_VERSION);
    hold(target, curl);
}

int net_target_blame(const struct net_target *target, CURLcode code, struct error *err)
{
    if (target->strayed)
        return error_set(err, ERROR_DENIED, "%s: the connection went astray", target->host);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(err, ERROR_TIMEOUT, "%s: took too long", target->host);
    return error_set(err, ERROR_REMOTE, "%s: %s", target->host, curl_easy_strerror(code));
}
