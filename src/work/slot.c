/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Slots: claims in flight, and the ways in which one ends. Whatever the store says, the slot is
 * free after; a claim that the store would not end is given back, and failing that its lease
 * lapses.
 */
#include "work/scheduler_internal.h"

#include "base/fd.h"
#include "base/log.h"

void slot_clear(struct slot *slot)
{
    fd_close(&slot->sheaf_fd);
    *slot = (struct slot){.sheaf_fd = -1};
}

size_t slot_count(const struct scheduler *s, const struct document *document, enum slot_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < s->slots_size; i++) {
        const struct slot *slot = &s->slots[i];
        n += slot->state != SLOT_FREE && (!document || slot->document == document) &&
             (state == SLOT_FREE || slot->state == state);
    }
    return n;
}

static void settle(struct scheduler *s, struct slot *slot, int rc, const struct error *err)
{
    if (rc < 0) {
        log_line(LOG_ERROR, slot->claim.job, (int)slot->claim.page, "%s", err->text);
        job_released(s->service, &slot->claim, NULL);
    }
    slot_clear(slot);
    s->next_claim = 0;
}

void slot_finish(struct scheduler *s, struct slot *slot, int fd, uint64_t size)
{
    struct error err;
    const char *json = process_map(fd, size, PAGE_MAX_JSON, &err);
    if (!json) {
        slot_fail(s, slot, &err);
        return;
    }
    int rc = job_done(s->service, &slot->claim, json, size, &err);
    process_unmap(json, size);
    settle(s, slot, rc, &err);
}

void slot_fail(struct scheduler *s, struct slot *slot, const struct error *why)
{
    struct error err;
    log_line(LOG_INFO, slot->claim.job, (int)slot->claim.page, "%s: %s", error_code(why->class),
             why->text);
    settle(s, slot, job_failed(s->service, &slot->claim, why, &err), &err);
}

void slot_release(struct scheduler *s, struct slot *slot)
{
    struct error err;
    if (job_released(s->service, &slot->claim, &err) < 0)
        log_line(LOG_ERROR, slot->claim.job, (int)slot->claim.page, "%s", err.text);
    slot_clear(slot);
}

void slot_bereave(struct scheduler *s, struct slot *slot, enum process_end end,
                  const struct error *why)
{
    struct error err;
    if (end == PROCESS_CRASHED) {
        slot_fail(s, slot, why);
        return;
    }
    log_line(LOG_WARNING, slot->claim.job, (int)slot->claim.page, "%s", why->text);
    settle(s, slot, job_lost(s->service, &slot->claim, &err), &err);
}
