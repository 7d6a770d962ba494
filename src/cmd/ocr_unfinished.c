/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The output files of pagemill ocr that are not whole yet. A thread waits for the signals that end
 * a program; when one comes it removes them and lets the signal do what it does. Signals that a
 * parent made us ignore (nohup) stay ignored.
 */
#include "cmd/ocr_internal.h"

#include "base/must.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct {
    pthread_mutex_t mutex; /* never given back once a signal has come: nothing is begun then */
    struct output *first;
    sigset_t signals;
} unfinished = {.mutex = PTHREAD_MUTEX_INITIALIZER};

int unfinished_open(struct output *o)
{
    pthread_mutex_lock(&unfinished.mutex);
    o->file = fopen(*o->part ? o->part : o->path, "we");
    if (o->file && *o->part) {
        o->next_unfinished = unfinished.first;
        unfinished.first = o;
    }
    pthread_mutex_unlock(&unfinished.mutex);
    return o->file ? 0 : -1;
}

static void forget(struct output *o)
{
    struct output **at = &unfinished.first;
    while (*at && *at != o)
        at = &(*at)->next_unfinished;
    if (*at)
        *at = o->next_unfinished;
}

int unfinished_rename(struct output *o)
{
    pthread_mutex_lock(&unfinished.mutex);
    int rc = rename(o->part, o->path);
    if (rc == 0)
        forget(o);
    pthread_mutex_unlock(&unfinished.mutex);
    return rc;
}

void unfinished_remove(struct output *o)
{
    pthread_mutex_lock(&unfinished.mutex);
    unlink(o->part);
    forget(o);
    pthread_mutex_unlock(&unfinished.mutex);
}

static void *wait_for_signal(void *unused)
{
    int number = SIGTERM;
    (void)unused;
    sigwait(&unfinished.signals, &number);
    pthread_mutex_lock(&unfinished.mutex);
    for (const struct output *o = unfinished.first; o; o = o->next_unfinished)
        unlink(o->part);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &unfinished.signals, NULL);
    raise(number);
    return NULL;
}

static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void unfinished_watch(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    pthread_t thread;
    sigemptyset(&unfinished.signals);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!is_ignored(ends[i]))
            sigaddset(&unfinished.signals, ends[i]);
    pthread_sigmask(SIG_BLOCK, &unfinished.signals, NULL);
    must(pthread_create(&thread, NULL, wait_for_signal, NULL) == 0);
    pthread_detach(thread);
}
