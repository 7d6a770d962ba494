/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill serve: the service. Everything durable is in the data directory; killing it at any time
 * is safe.
 */
#include "cmd/cmd.h"

#include "api/api.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LAST_ANSWERS_MS = 2000 };

static bool is_loopback(const char *listen)
{
    static const char *const hosts[] = {"127.", "localhost:", "[::1]:"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strncmp(listen, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

static int make_directory(const char *path, struct error *err)
{
    char part[1024];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return error_errno(err, "%s", part);
        if (c == '\0')
            return 0;
        *p = c;
    }
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

static int serve(const struct settings *s, struct error *err)
{
    struct rooms rooms;
    sigset_t signals = block_signals();
    if (!*s->auth_token && !is_loopback(s->listen))
        return error_set(err, ERROR_DENIED, "%s is not loopback, and no auth_token is set",
                         s->listen);
    struct api api = {.settings = s};
    if (make_directory(s->data, err) < 0 ||
        rooms_open(&rooms, s, s->database, s->blobs, api_changed, &api, err) < 0)
        return -1;
    warn_of_defaults(&rooms, s);
    api.service = rooms.service;
    api.scheduler = rooms.scheduler;
    api.capabilities = rooms.capabilities;
    if (api_start(&api, err) < 0) {
        rooms_close(&rooms);
        return -1;
    }
    printf("listening on http://%.*s:%d\n", (int)(strrchr(s->listen, ':') - s->listen), s->listen,
           http_port(api.server));
    fflush(stdout);
    wait_for_signal(&signals);
    api_drain(&api);
    scheduler_stop(rooms.scheduler, s->drain_timeout * 1000);
    api_stop(&api, LAST_ANSWERS_MS);
    rooms_close(&rooms);
    return 0;
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
