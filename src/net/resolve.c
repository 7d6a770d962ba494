/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Looking a name up. getaddrinfo blocks for as long as the system's resolver likes and cannot be
 * called off, so each lookup has a thread, which its caller may abandon; the two share it by a
 * count. Refuses more than LOOKUPS at once. Called by target.c.
 */
#include "net/net_internal.h"

#include "base/fd.h"
#include "base/memory.h"
#include "base/must.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum { LOOKUPS = 256 };

static _Atomic int under_way;

struct net_lookup {
    _Atomic int holders; /* the thread and the caller; the last one frees */
    int over;            /* eventfd, readable when the thread has written what follows */
    struct net_resolver resolver;
    char host[NET_HOST];
    int rc;
    struct net_addresses found;
    struct error error;
};

/* ---- the system's resolver ---- */

static int explain(const char *host, int code, struct error *err)
{
    if (code == EAI_NONAME || code == EAI_NODATA)
        return error_set(err, ERROR_REMOTE, "%s: no such host", host);
    return error_set(err, ERROR_REMOTE, "%s: cannot be looked up: %s", host, gai_strerror(code));
}

static int resolve_by_system(void *arg, const char *host, struct net_addresses *out,
                             struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct net_addresses found = {0};
    struct addrinfo *list = NULL;
    (void)arg;
    int code = getaddrinfo(host, NULL, &hints, &list);
    if (code != 0)
        return explain(host, code, err);
    for (const struct addrinfo *a = list; a && found.count < NET_ADDRESSES; a = a->ai_next)
        if (net_address_of(a->ai_addr, &found.list[found.count]))
            found.count++;
    freeaddrinfo(list);
    *out = found;
    return 0;
}

const struct net_resolver net_system_resolver = {resolve_by_system, NULL};

/* ---- on a thread ---- */

static void let_go(struct net_lookup *l)
{
    if (--l->holders > 0)
        return;
    fd_close(&l->over);
    free(l);
}

static void *run(void *arg)
{
    struct net_lookup *l = arg;
    l->rc = l->resolver.resolve(l->resolver.arg, l->host, &l->found, &l->error);
    under_way--;
    must(eventfd_write(l->over, 1) == 0);
    let_go(l);
    return NULL;
}

/* Signals are for the threads that wait for them. */
static int start_thread(struct net_lookup *l)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&thread, &attributes, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return code;
}

static int launch(struct net_lookup *l, struct error *err)
{
    if (under_way++ >= LOOKUPS) {
        under_way--;
        return error_set(err, ERROR_BUSY, "%s: %d names are being looked up already", l->host,
                         LOOKUPS);
    }
    l->holders = 2;
    if (start_thread(l) != 0) {
        under_way--;
        l->holders = 1;
        return error_set(err, ERROR_BUSY, "%s: no thread to look it up", l->host);
    }
    return 0;
}

int net_lookup_start(struct net_lookup **out, const struct net_resolver *resolver, const char *host,
                     struct error *err)
{
    int over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (over < 0)
        return error_errno(err, "looking up %s", host);
    struct net_lookup *l = x_calloc(1, sizeof *l);
    l->holders = 1;
    l->over = over;
    l->resolver = *resolver;
    must(strlen(host) < sizeof l->host);
    memcpy(l->host, host, strlen(host) + 1);
    if (launch(l, err) < 0) {
        let_go(l);
        return -1;
    }
    *out = l;
    return 0;
}

int net_lookup_fd(const struct net_lookup *lookup)
{
    return lookup->over;
}

int net_lookup_finish(struct net_lookup *lookup, struct net_addresses *out, struct error *err)
{
    eventfd_t n;
    if (eventfd_read(lookup->over, &n) < 0)
        return error_set(err, ERROR_TIMEOUT, "%s: looking it up takes too long", lookup->host);
    if (lookup->rc < 0) {
        if (err)
            *err = lookup->error;
        return -1;
    }
    *out = lookup->found;
    return 0;
}

void net_lookup_free(struct net_lookup **lookup)
{
    if (*lookup)
        let_go(*lookup);
    *lookup = NULL;
}
