/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Threads for handlers that block. The connection of a request in here is suspended; a pool thread
 * runs the handler, then hands the request back to its event thread or to the wait table. The queue
 * is bounded by the number of connections. After http_pool_end everything pushed is refused.
 */
#include "http/http_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>

static struct http_request *pop(struct http_pool *pool, bool *ended)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->head && !pool->ended)
        pthread_cond_wait(&pool->more, &pool->lock);
    struct http_request *req = pool->head;
    if (req && !(pool->head = req->next))
        pool->tail = &pool->head;
    *ended = pool->ended;
    pthread_mutex_unlock(&pool->lock);
    return req;
}

static void *work(void *arg)
{
    struct http_pool *pool = arg;
    bool ended;
    for (struct http_request *req; (req = pop(pool, &ended));) {
        if (ended)
            http_refuse_busy(req);
        else
            http_run_handler(req);
        if (req->answer.kind)
            MHD_resume_connection(req->mhd);
        else
            http_wait_enter(req);
    }
    return NULL;
}

int http_pool_start(struct http_pool *pool, unsigned threads, struct error *err)
{
    if (!threads)
        threads = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->tail = &pool->head;
    pool->threads = x_calloc(threads, sizeof *pool->threads);
    for (; pool->count < threads; pool->count++) {
        errno = pthread_create(&pool->threads[pool->count], NULL, work, pool);
        if (errno)
            return error_errno(err, "starting the HTTP pool");
    }
    return 0;
}

void http_pool_push(struct http_request *req)
{
    struct http_pool *pool = &req->server->pool;
    pthread_mutex_lock(&pool->lock);
    bool ended = pool->ended;
    if (!ended) {
        req->next = NULL;
        *pool->tail = req;
        pool->tail = &req->next;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    if (ended) {
        http_refuse_busy(req);
        MHD_resume_connection(req->mhd);
    }
}

void http_pool_end(struct http_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->ended = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++)
        pthread_join(pool->threads[i], NULL);
    free(pool->threads);
    pthread_cond_destroy(&pool->more);
}
