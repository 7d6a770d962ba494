/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Outgoing HTTP to addresses that strangers name, such that it cannot be turned against the inside:
 * what counts is the address that is really connected to, never how it was spelled. A host is
 * looked up once, every address it has must be public or listed by the operator, curl is told to
 * connect to one of those and is held to it. No proxies, cookies, credentials or .netrc.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    NET_URL = 2048,    /* bytes of a URL at most */
    NET_HOST = 256,    /* of a host's name, with its end */
    NET_FILENAME = 256 /* of a name that a server gives a file */
};

struct net_guard;

/* private_hosts: what may be reached although it is private, separated by commas; "": nothing.
 *   NAME, ADDRESS or ADDRESS/BITS, each on any port, or with :PORT on that one alone; an IPv6
 *   address before a port stands in brackets.
 * A NAME is trusted with whatever addresses it has. ERROR_INPUT names the entry that is none. */
int net_guard_new(struct net_guard **out, const char *private_hosts, struct error *err);
void net_guard_free(struct net_guard **guard);

/* May this be fetched, as far as can be told without looking a name up: http or https, printable
 * ASCII, no user information, a host; port 80 or 443 unless the operator listed the host, or an
 * address it may turn out to have, for another port (8080 and 8443 are where the inside lives); an
 * address, in any spelling, that is public or listed. ERROR_INPUT or ERROR_DENIED with a sentence
 * that names what is wrong, and never what a name stands for. */
int net_check_url(const struct net_guard *guard, const char *url, struct error *err);

/* Reachable from everywhere and nobody's inside, by the registries of special addresses. */
bool net_address_public(const struct sockaddr *address);

/* The host of a URL that net_check_url let pass, in lower case. */
int net_url_host(const char *url, char out[NET_HOST], struct error *err);

/* Where a fetched document goes. begin comes once, after the answer 200 and before any byte, also
 * of an empty one. -1 from either ends the fetch with their *err. */
struct net_sink {
    /* filename: without folders, "" when nobody gave one. content_type: as the server wrote it, ""
     * likewise. announced: the length in bytes, -1 when the server did not say. */
    int (*begin)(void *arg, const char *filename, const char *content_type, int64_t announced,
                 struct error *err);
    int (*write)(void *arg, const void *bytes, size_t len, struct error *err);
};

/* GET the URL into the sink; blocks, for timeout_ms in all. Follows 5 redirects, each judged like
 * the first URL. ERROR_INPUT, ERROR_DENIED as net_check_url; ERROR_LIMIT over max_bytes;
 * ERROR_TIMEOUT; ERROR_REMOTE for any answer but 200; ERROR_BUSY. From any thread. */
int net_fetch(const struct net_guard *guard, const char *url, int64_t max_bytes, int64_t timeout_ms,
              const struct net_sink *sink, void *arg, struct error *err);

/* ---- for those who drive curl themselves ---- */

/* One URL on its way: judged, looked up, judged again, aimed at. The guard must outlive it. Not
 * thread-safe: one owner. */
struct net_target;

int net_target_new(struct net_target **out, const struct net_guard *guard, const char *url,
                   struct error *err);            /* judges as net_check_url */
void net_target_free(struct net_target **target); /* also while the lookup is under way */
#define auto_net_target __attribute__((cleanup(net_target_free))) struct net_target *

/* Starts the lookup, on a thread of its own. */
int net_target_look_up(struct net_target *target, struct error *err);
/* Is the lookup over? The descriptor is readable then; -1: there is nothing to wait for. */
bool net_target_ready(const struct net_target *target);
int net_target_fd(const struct net_target *target);
/* The lookup is over: how many addresses there are, all of them allowed. ERROR_REMOTE: the name has
 * none; ERROR_DENIED. */
int net_target_judge(struct net_target *target, struct error *err);

/* Set curl, fresh or reset, to connect to address number nth and to nothing else, without a
 * redirect. The target must stay until curl is done. */
void net_target_aim(struct net_target *target, CURL *curl, size_t nth);
/* What a failed transfer says, as an error: ERROR_TIMEOUT, ERROR_DENIED, ERROR_REMOTE. */
int net_target_blame(const struct net_target *target, CURLcode code, struct error *err);

#endif
