/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Requests that wait without a thread: a hash table of suspended connections by key.
 *
 * No wake-up is lost. Wake-ups are numbered; a bucket keeps the number of its last one, and a
 * request the number that was current before its handler looked at anything. A handler that did not
 * see a change began before that change's wake-up, so the bucket's number is the larger one, and
 * the handler is called again instead of waiting. Keys that share a bucket cost a call in vain.
 */
#include "http/http_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/must.h"

#include <stdlib.h>
#include <string.h>

static struct http_bucket *bucket_of(struct http_waits *waits, const char *key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return &waits->buckets[(hash ^ hash >> 32) & (HTTP_BUCKETS - 1)];
}

static void insert(struct http_bucket *bucket, struct http_request *req)
{
    req->next = bucket->head;
    req->link = &bucket->head;
    if (req->next)
        req->next->link = &req->next;
    bucket->head = req;
}

/* Moves one from its bucket to the list of those to be woken. */
static void extract(struct http_request *req, struct http_request **list)
{
    *req->link = req->next;
    if (req->next)
        req->next->link = req->link;
    req->next = *list;
    *list = req;
}

/* Without the lock. Once handed on, a request may be gone. */
static void fire(struct http_request *list)
{
    for (struct http_request *req = list, *next; req; req = next) {
        next = req->next;
        free(req->key);
        req->key = NULL;
        if (req->answer.kind || !(req->route->flags & HTTP_BLOCKING))
            MHD_resume_connection(req->mhd);
        else
            http_pool_push(req);
    }
}

void http_wake(struct http_server *server, const char *key)
{
    struct http_waits *waits = &server->waits;
    struct http_bucket *bucket = bucket_of(waits, key);
    struct http_request *woken = NULL;
    pthread_mutex_lock(&waits->lock);
    bucket->last = atomic_fetch_add(&waits->sequence, 1) + 1;
    for (struct http_request *req = bucket->head, *next; req; req = next) {
        next = req->next;
        if (strcmp(req->key, key) == 0)
            extract(req, &woken);
    }
    pthread_mutex_unlock(&waits->lock);
    fire(woken);
}

void http_wait_enter(struct http_request *req)
{
    struct http_waits *waits = &req->server->waits;
    struct http_bucket *bucket = bucket_of(waits, req->key);
    pthread_mutex_lock(&waits->lock);
    bool again = waits->stopping || bucket->last > req->seen || req->deadline <= clock_steady();
    if (!again) {
        insert(bucket, req);
        if (req->deadline < waits->earliest)
            waits->earliest = req->deadline;
    }
    pthread_mutex_unlock(&waits->lock);
    if (again) {
        req->next = NULL;
        fire(req);
    }
}

/* Takes out those with a deadline up to `until`. */
static struct http_request *take(struct http_waits *waits, int64_t until)
{
    struct http_request *taken = NULL;
    waits->earliest = INT64_MAX;
    for (size_t i = 0; i < HTTP_BUCKETS; i++)
        for (struct http_request *req = waits->buckets[i].head, *next; req; req = next) {
            next = req->next;
            if (req->deadline <= until)
                extract(req, &taken);
            else if (req->deadline < waits->earliest)
                waits->earliest = req->deadline;
        }
    return taken;
}

void http_wait_expire(struct http_server *server, int64_t now)
{
    struct http_waits *waits = &server->waits;
    pthread_mutex_lock(&waits->lock);
    struct http_request *expired = waits->earliest <= now ? take(waits, now) : NULL;
    pthread_mutex_unlock(&waits->lock);
    fire(expired);
}

void http_wait_stop(struct http_server *server)
{
    struct http_waits *waits = &server->waits;
    pthread_mutex_lock(&waits->lock);
    waits->stopping = true;
    struct http_request *all = take(waits, INT64_MAX);
    pthread_mutex_unlock(&waits->lock);
    fire(all);
}

void http_wait(struct http_request *req, const char *key, int64_t timeout_ms)
{
    must(!req->key && !req->answer.kind);
    int64_t now = clock_steady();
    if (!req->first_wait)
        req->first_wait = now;
    req->deadline = req->first_wait + timeout_ms;
    if (req->over && (req->deadline <= now || atomic_load(&req->server->stopping))) {
        /* Told to answer, the handler had nothing: ours to say, or it would be asked for ever. */
        http_refuse_busy(req);
        return;
    }
    req->key = x_strdup(key);
}

bool http_wait_over(const struct http_request *req)
{
    return req->over;
}
