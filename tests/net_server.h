/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A small HTTP server on loopback for the tests of what goes out: a thread a connection, one
 * request each, whatever answer the test writes.
 */
#ifndef TESTS_NET_SERVER_H
#define TESTS_NET_SERVER_H

#include "base/strbuf.h"

#include <pthread.h>
#include <stdbool.h>

struct net_request {
    struct strbuf head, body;
};

struct net_server {
    int port;
    /* Answers on fd, which is closed afterwards; on the connection's thread. */
    void (*answer)(struct net_server *server, int fd, const struct net_request *request);
    void *arg;
    _Atomic int requests, open, most_open;
    _Atomic bool stopping; /* answers that wait should look at it */
    int listener;
    pthread_t thread;
};

/* Fills port; answer and arg are set already. */
void net_server_start(struct net_server *server);
void net_server_stop(struct net_server *server); /* waits for the answers under way */

bool net_server_says(int fd, const char *text);
/* The value of a header, "" if absent; until the next call on this thread. */
const char *net_request_header(const struct net_request *request, const char *name);

#endif
