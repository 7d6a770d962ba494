/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the files of net/ share: addresses in one form, the operator's list, the resolver (which
 * tests replace), a lookup on its own thread.
 */
#ifndef NET_NET_INTERNAL_H
#define NET_NET_INTERNAL_H

#include "net/net.h"

#include <netinet/in.h>

enum { NET_ADDRESSES = 16 }; /* of one name; the rest is neither looked at nor connected to */

/* An IPv4 address within IPv6 (::ffff:0:0/96) is an IPv4 address here. */
struct net_address {
    int family; /* AF_INET: 4 bytes, AF_INET6: 16 */
    uint8_t bytes[16];
};

struct net_addresses {
    struct net_address list[NET_ADDRESSES];
    size_t count;
};

/* address.c */
bool net_address_of(const struct sockaddr *from, struct net_address *out);
bool net_address_parse(const char *text, struct net_address *out); /* as inet_pton reads it */
bool net_address_loose(const char *text, struct net_address *out); /* as inet_aton does, too */
bool net_address_equal(const struct net_address *a, const struct net_address *b);
bool net_address_within(const struct net_address *a, const struct net_address *net, int bits);
bool net_address_open(const struct net_address *a); /* net_address_public */
const char *net_address_text(const struct net_address *a, char out[INET6_ADDRSTRLEN]);

/* resolve.c. A resolver fills *out and returns 0, or -1 with an error; it may be slow, and is
 * called on threads of its own, possibly after the guard is gone. */
struct net_resolver {
    int (*resolve)(void *arg, const char *host, struct net_addresses *out, struct error *err);
    void *arg;
};
extern const struct net_resolver net_system_resolver;

struct net_lookup;
int net_lookup_start(struct net_lookup **out, const struct net_resolver *resolver, const char *host,
                     struct error *err); /* ERROR_BUSY: too many hang already */
int net_lookup_fd(const struct net_lookup *lookup);
int net_lookup_finish(struct net_lookup *lookup, struct net_addresses *out, struct error *err);
void net_lookup_free(struct net_lookup **lookup);

/* guard.c */
struct net_entry {
    char name[NET_HOST]; /* "": an address */
    struct net_address net;
    int bits, port; /* port 0: any */
};

struct net_guard {
    struct net_resolver resolver;
    struct net_entry *entries;
    size_t count;
};

/* The host is listed by its name, for this port. */
bool net_guard_trusts_name(const struct net_guard *guard, const char *host, int port);
/* Some entry for addresses covers this port. */
bool net_guard_opens_port(const struct net_guard *guard, int port);
bool net_guard_allows(const struct net_guard *guard, const struct net_address *a, int port);
bool net_port_usual(int port);

/* host.c: name, of a URL or a list: in lower case, without its last dot. False when it is no
 * name. */
bool net_host_normal(const char *name, char out[NET_HOST]);
bool net_host_numeric(const char *host); /* its last label is a number: an address or nothing */
bool net_host_local(const char *host);   /* localhost and what is below it (RFC 6761) */

/* filename.c: of a Content-Disposition, which may be NULL, or else of the end of a URL's path. */
void net_filename(const char *disposition, const char *path, char out[NET_FILENAME]);

#endif
