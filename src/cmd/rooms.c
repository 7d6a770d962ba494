/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Opens and closes what a running pagemill consists of, in order. serve, ocr and doctor are the
 * same rooms with other databases and blobs.
 */
#include "cmd/cmd.h"

#include "model/pack.h"

#include <stdio.h>
#include <sys/resource.h>

/* Sockets, documents and page results are descriptors; the soft limit of 1,024 is for programs that
 * use select. */
static void raise_descriptor_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max < 65536 ? r.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int open_cache(struct rooms *rooms, const struct settings *s, struct error *err)
{
    char url[64];
    snprintf(url, sizeof url, "memory:%lld", (long long)s->cache_size);
    return cache_open(&rooms->cache, url, err);
}

int rooms_open(struct rooms *rooms, const struct settings *settings, const char *database,
               const char *blobs, void (*changed)(void *, const char *), void *context,
               struct error *err)
{
    *rooms = (struct rooms){0};
    raise_descriptor_limit();
    if (pack_resolve(settings, &rooms->recipe, err) < 0 ||
        capabilities_load(&rooms->capabilities, settings, &rooms->recipe, err) < 0 ||
        store_open(&rooms->store, database, err) < 0 ||
        blob_store_open(&rooms->blobs, blobs, err) < 0 || open_cache(rooms, settings, err) < 0)
        goto failed;
    rooms->service = job_service_new(rooms->store, rooms->blobs, rooms->cache);
    if (changed)
        job_listen(rooms->service, changed, context);
    if (scheduler_start(&rooms->scheduler, rooms->service, settings, &rooms->recipe,
                        rooms->capabilities, err) == 0)
        return 0;
failed:
    rooms_close(rooms);
    return -1;
}

void rooms_close(struct rooms *rooms)
{
    if (rooms->scheduler)
        scheduler_stop(rooms->scheduler, 0);
    scheduler_free(&rooms->scheduler);
    if (rooms->service)
        job_service_free(&rooms->service);
    capabilities_free(&rooms->capabilities);
    cache_close(&rooms->cache);
    if (rooms->blobs)
        blob_store_close(&rooms->blobs);
    if (rooms->store)
        store_close(&rooms->store);
}
