/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * URLs that lead to the inside or to what is no web server, in every way that somebody has thought
 * of, and URLs that lead to the public; and a resolver that knows the names in them.
 */
#ifndef TESTS_NET_SPELLINGS_H
#define TESTS_NET_SPELLINGS_H

#include "net/net_internal.h"

#include <string.h>

static const char *const inside[] = {
    /* 127.0.0.1, as inet_aton reads it */
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7F.0.0.1/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://0177.1/",
    "http://017700000001/",
    "http://0000177.0.0.01/",
    "http://127.000.000.001/",
    "http://127.0x0.00.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1:80/",
    "http://127.0.0.1:443/",
    "https://127.0.0.1/",
    "HTTP://127.0.0.1/",
    "http://127.255.255.254/",
    /* what is decoded, folded or ignored on the way */
    "http://%31%32%37.0.0.1/",
    "http://127%2e0%2e0%2e1/",
    "http://127.0.0.1%00.open.test/",
    "http://127.0.0.1%09/",
    "http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", /* full-width digits */
    "http://127\xE3\x80\x82"
    "0\xE3\x80\x82"
    "0\xE3\x80\x82"
    "1/",                                                 /* ideographic full stops */
    "http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", /* circled digits */
    "http://\xE2\x93\x9Bocalhost/",                       /* a circled letter */
    "http://127.0.0.1\\@open.test/",
    "http:\\\\127.0.0.1/",
    "http:///127.0.0.1/",
    "http:/127.0.0.1/",
    "http://open.test@127.0.0.1/",
    "http://open.test:80@127.0.0.1/",
    "http://open.test%40@127.0.0.1/",
    "http://user@open.test/",
    "http://:secret@open.test/",
    "http://127.0.0.1#@open.test/",
    "http://127.0.0.1?@open.test/",
    "http://127.0.0.1;open.test/",
    "http://127..0.0.1/",
    "http://.127.0.0.1/",
    "http://127.0.0.1.1/",
    "http://127.0.0.256/",
    "http://4294967297/",
    "http://99999999999999999999/",
    /* localhost */
    "http://localhost/",
    "http://LocalHost/",
    "http://localhost./",
    "http://a.localhost/",
    "http://localhost:443/",
    /* IPv6, and IPv4 within it */
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::FFFF:169.254.169.254]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::8.8.8.8]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[100::1]/",
    "http://[2001::7f00:1]/",
    "http://[2001:10::1]/",
    "http://[2001:db8::1]/",
    "http://[2002:7f00:1::]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[2606:4700::1111%25lo]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[::1/",
    "http://[127.0.0.1]/",
    "http://[v1.127.0.0.1]/",
    /* the rest of the inside */
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://10.1/",
    "http://012.0.0.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://192.168.0.1/",
    "http://192.168.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    /* names, as the resolver below knows them */
    "http://private.test/",
    "http://PRIVATE.TEST/",
    "http://private.test./",
    "http://mixed.test/",
    "http://mixed-last.test/",
    "http://mapped.test/",
    "http://loop6.test/",
    "http://nat64.test/",
    "http://metadata.test/",
    "http://127.0.0.1.nip.test/",
    "http://many.test/",
    /* elsewhere than to a web server */
    "http://open.test:22/",
    "http://open.test:25/",
    "http://open.test:8080/",
    "https://open.test:8443/",
    "http://93.184.215.14:6379/",
    "http://open.test:0/",
    "http://open.test:99999/",
    "http://open.test:80a/",
    "file:///etc/passwd",
    "file://open.test/etc/passwd",
    "ftp://open.test/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://open.test/",
    "ldap://open.test/",
    "smb://open.test/share",
    "//open.test/",
    "open.test/",
    "http://",
    "http:///",
    "http://:80/",
    "http:// open.test/",
    "http://open.test/a b",
    "http://open.test/\nHost: x",
    "http://a_label_that_is_longer_than_the_sixty_three_bytes_that_one_may_have.test/",
    "",
};

static const char *const outside[] = {
    "http://open.test/",
    "https://open.test/a/b.pdf?x=1#y",
    "HTTPS://Open.Test./",
    "http://open.test:80/",
    "https://open.test:443/",
    "http://open.test:443/",
    "http://open6.test/",
    "http://93.184.215.14/",
    "http://0x5db8d70e/",
    "http://93.12113678/",
    "http://[2606:4700:4700::1111]/",
    "http://[::ffff:93.184.215.14]/",
    "http://xn--bcher-kva.open.test/",
    "http://under_score.open.test/",
    "http://100.128.0.1/",
    "http://172.32.0.1/",
    "http://192.167.255.255/",
};

static const struct {
    const char *host, *addresses[3];
} known_names[] = {
    {"open.test", {"93.184.215.14"}},
    {"open6.test", {"2606:4700:4700::1111", "93.184.215.14"}},
    {"xn--bcher-kva.open.test", {"93.184.215.14"}},
    {"under_score.open.test", {"93.184.215.14"}},
    {"private.test", {"10.0.0.5"}},
    {"mixed.test", {"127.0.0.1", "93.184.215.14"}},
    {"mixed-last.test", {"93.184.215.14", "2606:4700:4700::1111", "fd00::1"}},
    {"mapped.test", {"::ffff:127.0.0.1"}},
    {"loop6.test", {"::1"}},
    {"nat64.test", {"64:ff9b::7f00:1"}},
    {"metadata.test", {"169.254.169.254"}},
    {"127.0.0.1.nip.test", {"127.0.0.1"}},
    {"many.test", {"93.184.215.14", "93.184.215.15", "192.168.7.7"}},
};

static inline int resolve_known(void *arg, const char *host, struct net_addresses *out,
                                struct error *err)
{
    (void)arg;
    for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++) {
        if (strcmp(known_names[i].host, host) != 0)
            continue;
        for (; out->count < 3 && known_names[i].addresses[out->count]; out->count++)
            net_address_parse(known_names[i].addresses[out->count], &out->list[out->count]);
        return 0;
    }
    return error_set(err, ERROR_REMOTE, "%s: no such host", host);
}

#endif
