/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * IP addresses in one form, and which of them are everybody's. The tables are those of the IANA
 * registries of special-purpose addresses (RFC 6890 and after), strictly: of IPv6 only what is
 * handed out as global unicast (2000::/3) can be public, so all that is translated, mapped,
 * tunnelled or site-local falls through. Called by guard.c, target.c and resolve.c.
 */
#include "net/net_internal.h"

#include <arpa/inet.h>
#include <string.h>

struct range {
    uint8_t net[16];
    int bits;
};

static const struct range closed4[] = {
    {{0}, 8},                 /* this network */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* carriers' NAT; 100.100.100.200 is a cloud's metadata */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* looks public, and is the inside of Azure's machines */
    {{169, 254}, 16},         /* link-local; 169.254.169.254 is most clouds' metadata */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* protocol assignments; 192.0.0.192 is a cloud's metadata */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 88, 99}, 24},      /* relays of 6to4 */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarks */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 4},               /* multicast */
    {{240}, 4},               /* reserved, and broadcast */
};

static const struct range global6 = {{0x20}, 3};

static const struct range closed6[] = {
    {{0x20, 0x01}, 23},             /* protocols, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: carries any IPv4 address */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static void take6(const uint8_t bytes[16], struct net_address *out)
{
    bool inner4 = memcmp(bytes, mapped, sizeof mapped) == 0;
    *out = (struct net_address){.family = inner4 ? AF_INET : AF_INET6};
    memcpy(out->bytes, inner4 ? bytes + 12 : bytes, inner4 ? 4 : 16);
}

static void take4(const struct in_addr *address, struct net_address *out)
{
    *out = (struct net_address){.family = AF_INET};
    memcpy(out->bytes, address, 4);
}

bool net_address_of(const struct sockaddr *from, struct net_address *out)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        take4(&in.sin_addr, out);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, from, sizeof in);
        take6(in.sin6_addr.s6_addr, out);
        return true;
    }
    return false;
}

bool net_address_parse(const char *text, struct net_address *out)
{
    struct in_addr in4;
    struct in6_addr in6;
    if (inet_pton(AF_INET, text, &in4) == 1)
        take4(&in4, out);
    else if (inet_pton(AF_INET6, text, &in6) == 1)
        take6(in6.s6_addr, out);
    else
        return false;
    return true;
}

bool net_address_loose(const char *text, struct net_address *out)
{
    struct in_addr in4;
    if (inet_aton(text, &in4)) {
        take4(&in4, out);
        return true;
    }
    return net_address_parse(text, out);
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    int rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool net_address_within(const struct net_address *a, const struct net_address *net, int bits)
{
    return a->family == net->family && same_bits(a->bytes, net->bytes, bits);
}

static bool in_any(const uint8_t *bytes, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_bits(bytes, ranges[i].net, ranges[i].bits))
            return true;
    return false;
}

bool net_address_open(const struct net_address *a)
{
    if (a->family == AF_INET)
        return !in_any(a->bytes, closed4, sizeof closed4 / sizeof closed4[0]);
    return same_bits(a->bytes, global6.net, global6.bits) &&
           !in_any(a->bytes, closed6, sizeof closed6 / sizeof closed6[0]);
}

bool net_address_public(const struct sockaddr *address)
{
    struct net_address a;
    return net_address_of(address, &a) && net_address_open(&a);
}

const char *net_address_text(const struct net_address *a, char out[INET6_ADDRSTRLEN])
{
    return inet_ntop(a->family, a->bytes, out, INET6_ADDRSTRLEN);
}
