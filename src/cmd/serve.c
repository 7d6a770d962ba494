/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill serve: the service. Everything durable is in the data directory; killing it at any time
 * is safe.
 */
#include "cmd/cmd.h"

#include "api/api.h"
#include "base/log.h"
#include "job/outbox.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_ANSWERS_MS = 2000 };

/* Of "HOST:PORT,unix:PATH": can only this machine connect? */
static bool is_local(const char *address)
{
    static const char *const local[] = {"localhost:", "[::1]:", "unix:"};
    if (strncmp(address, "127.", 4) == 0) /* not a name that begins like that */
        return address[strspn(address, "0123456789.")] == ':';
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (strncmp(address, local[i], strlen(local[i])) == 0)
            return true;
    return false;
}

static bool all_local(const char *listen)
{
    for (const char *at = listen; at; at = strchr(at, ','))
        if (!is_local(at += *at == ','))
            return false;
    return true;
}

static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

/* From here on a second signal ends the process at once, which loses nothing either. */
static void wait_for_signal(const sigset_t *set)
{
    int sig;
    sigwait(set, &sig);
    log_info("%s: draining; once more to stop at once", strsignal(sig));
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static void warn_of_defaults(const struct rooms *rooms, const struct settings *s)
{
    struct error err;
    if (capabilities_check(rooms->capabilities, s->engine, s->languages, &err) < 0)
        log_warning("the default engine or language: %s", err.text);
    if (!s->sandbox)
        log_warning("the sandbox is off: a hostile document can do what this user can");
}

struct house {
    struct rooms rooms;
    struct auth *auth;
    struct net_guard *guard;
    _Atomic(struct outbox *) outbox;
    struct api *api;
};

/* On any thread that changes a job. */
static void changed(void *context, const char *id)
{
    struct house *h = context;
    struct outbox *outbox = atomic_load(&h->outbox);
    api_changed(h->api, id);
    if (outbox)
        outbox_wake(outbox, id);
}

static void close_outbox(struct house *h)
{
    struct outbox *outbox = atomic_exchange(&h->outbox, NULL);
    outbox_stop(&outbox);
}

/* Nobody is left to tell the outbox anything when it stops. */
static void close_house(struct house *h)
{
    if (h->rooms.scheduler)
        scheduler_stop(h->rooms.scheduler, 0);
    close_outbox(h);
    auth_close(&h->auth);
    rooms_close(&h->rooms);
    net_guard_free(&h->guard);
    api_free(&h->api);
}

static int open_outbox(struct house *h, struct error *err)
{
    struct outbox *outbox;
    if (outbox_start(&outbox, h->rooms.service, h->guard, err) < 0)
        return -1;
    atomic_store(&h->outbox, outbox);
    return 0;
}

static int open_house(struct house *h, const struct settings *s, struct error *err)
{
    h->api = api_new();
    if (cmd_make_directory(s->data, err) < 0 ||
        net_guard_new(&h->guard, s->private_hosts, err) < 0 ||
        rooms_open(&h->rooms, s, s->database, s->blobs, changed, h, err) < 0 ||
        auth_open(&h->auth, h->rooms.store, s->auth_token, err) < 0 || open_outbox(h, err) < 0)
        return -1;
    if (auth_required(h->auth) || all_local(s->listen))
        return 0;
    return error_set(err, ERROR_DENIED,
                     "%s is not loopback, and there is no token: `pagemill token create`, or the "
                     "setting auth_token",
                     s->listen);
}

static int open_doors(struct house *h, const struct settings *s, struct error *err)
{
    const struct api_rooms rooms = {.settings = s,
                                    .recipe = &h->rooms.recipe,
                                    .capabilities = h->rooms.capabilities,
                                    .service = h->rooms.service,
                                    .scheduler = h->rooms.scheduler,
                                    .auth = h->auth,
                                    .cache = h->rooms.cache,
                                    .guard = h->guard};
    auto_strbuf addresses = {0};
    if (api_start(h->api, &rooms, err) < 0)
        return -1;
    api_addresses(h->api, &addresses);
    char *rest, *line = strtok_r(addresses.data, "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest))
        printf("listening on %s\n", line);
    fflush(stdout);
    return 0;
}

static int serve(const struct settings *s, struct error *err)
{
    struct house house = {0};
    sigset_t signals = block_signals();
    int rc = open_house(&house, s, err);
    if (rc == 0) {
        warn_of_defaults(&house.rooms, s);
        rc = open_doors(&house, s, err);
    }
    if (rc == 0) {
        wait_for_signal(&signals);
        api_drain(house.api);
        scheduler_stop(house.rooms.scheduler, s->drain_timeout * 1000);
        api_stop(house.api, LAST_ANSWERS_MS);
    }
    close_house(&house);
    return rc;
}

int cmd_serve(int argc, char **argv)
{
    struct settings settings;
    struct error err;
    int rest = args_settings(argc, argv, &settings, NULL, 0, &err);
    if (rest > 0)
        rest = error_set(&err, ERROR_INPUT, "what is '%s'? serve takes only flags", argv[0]);
    if (rest < 0)
        return cmd_fail("serve", &err);
    log_setup("api", (enum log_level)settings.log_level, (enum log_format)settings.log_format);
    return serve(&settings, &err) < 0 ? cmd_fail("serve", &err) : 0;
}
