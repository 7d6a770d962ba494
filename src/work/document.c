/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One open document: its options, its descriptor and its decode process, which is started when a
 * page needs it and replaced when it dies. Whatever it held when it died is the page's fault or
 * nobody's; the other pages wait.
 */
#include "work/scheduler_internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/must.h"

#include <string.h>

struct document *document_find(struct scheduler *s, const char *id)
{
    for (size_t i = 0; i < s->document_count; i++)
        if (strcmp(s->documents[i].id, id) == 0)
            return &s->documents[i];
    return NULL;
}

static int load(struct scheduler *s, struct document *d, const char *id, struct error *err)
{
    auto_job job = {0};
    char key[BLOB_KEY];
    uint64_t size;
    if (store_find_job(job_store(s->service), id, &job, err) < 0)
        return -1;
    param_defaults(&options_table, &d->options);
    if (options_decode(&d->options, job.options, strlen(job.options), NULL, err) < 0 ||
        options_settle(&d->options, s->settings, err) < 0)
        return -1;
    memcpy(d->options.password, job.password, sizeof d->options.password);
    job_document_key(id, key);
    d->fd = blob_open(job_blobs(s->service), key, &size, err);
    return d->fd < 0 ? -1 : 0;
}

struct document *document_attach(struct scheduler *s, const char *id, struct error *err)
{
    struct document *d = document_find(s, id);
    if (d)
        return d;
    d = document_find(s, "");
    must(d != NULL); /* there are more documents than slots, and document_trim frees those without
                        slots */
    *d = (struct document){.fd = -1, .worker.process = PROCESS_NONE};
    if (load(s, d, id, err) < 0)
        return NULL;
    memcpy(d->id, id, sizeof d->id);
    d->last_used = clock_steady();
    return d;
}

static void close_document(struct document *d)
{
    worker_stop(&d->worker);
    fd_close(&d->fd);
    explicit_bzero(d, sizeof *d);
    d->fd = -1;
    d->worker.process = PROCESS_NONE;
}

void document_abandon(struct scheduler *s, struct slot *slot)
{
    if (slot->state == SLOT_READING)
        lane_abort(s, slot);
    if (slot->state == SLOT_RENDERING)
        worker_stop(&slot->document->worker);
    slot_clear(slot);
}

void document_drop(struct scheduler *s, struct document *d)
{
    for (size_t i = 0; i < s->slots_size; i++)
        if (s->slots[i].state != SLOT_FREE && s->slots[i].document == d)
            document_abandon(s, &s->slots[i]);
    close_document(d);
}

void document_close_all(struct scheduler *s)
{
    for (size_t i = 0; i < s->document_count; i++)
        close_document(&s->documents[i]);
}

/* Decode processes of documents without claims stay warm, one for each lane; the oldest go first.
 */
void document_trim(struct scheduler *s)
{
    for (;;) {
        struct document *oldest = NULL;
        size_t idle = 0;
        for (size_t i = 0; i < s->document_count; i++) {
            struct document *d = &s->documents[i];
            if (!*d->id || slot_count(s, d, SLOT_FREE))
                continue;
            idle++;
            if (!oldest || d->last_used < oldest->last_used)
                oldest = d;
        }
        if (idle <= s->lane_count)
            return;
        close_document(oldest);
    }
}

static struct slot *first_waiting(struct scheduler *s, const struct document *d)
{
    struct slot *first = NULL;
    for (size_t i = 0; i < s->slots_size; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->state == SLOT_WAITING && slot->document == d &&
            (!first || slot->claim.page < first->claim.page))
            first = slot;
    }
    return first;
}

static void finish_opening(struct scheduler *s, struct document *d, struct slot *slot)
{
    struct error err;
    if (job_opened(s->service, &slot->claim, &d->options, d->pages, &err) < 0) {
        log_line(LOG_ERROR, d->id, 0, "%s", err.text);
        slot_release(s, slot);
    } else {
        slot_clear(slot);
    }
}

static void send_page(struct scheduler *s, struct document *d, struct slot *slot)
{
    int64_t timeout = s->settings->render_timeout * 1000;
    struct message m = {.type = MESSAGE_PAGE};
    m.u.page.page = slot->claim.page;
    m.u.page.how =
        (struct render){.dpi = (uint32_t)d->options.dpi,
                        .channels = capabilities_channels(s->capabilities, d->options.engine),
                        .timeout_ms = (uint32_t)timeout};
    m.u.page.wish = options_wish(&d->options);
    enum {
        GRACE_MS = 2000
    }; /* the worker watches the time itself first, and says so more gently */
    worker_send(s, &d->worker, &m, -1, timeout + GRACE_MS);
    d->worker.state = WORKER_BUSY;
    d->worker.slot = slot;
    slot->state = SLOT_RENDERING;
    d->last_used = clock_steady();
}

void document_step(struct scheduler *s, struct document *d)
{
    static const char *const stage[] = {"decode", NULL};
    struct slot *slot = first_waiting(s, d);
    if (!slot)
        return;
    if (d->worker.state == WORKER_NONE)
        worker_start(s, &d->worker, NULL, stage);
    else if (d->worker.state == WORKER_IDLE && slot->claim.page == 0)
        finish_opening(s, d, slot);
    else if (d->worker.state == WORKER_IDLE)
        send_page(s, d, slot);
}

static void open_in_worker(struct scheduler *s, struct document *d)
{
    struct message m;
    process_open_message(&m, s->settings, d->options.password);
    worker_send(s, &d->worker, &m, d->fd, s->settings->open_timeout * 1000);
    explicit_bzero(&m, sizeof m);
    d->worker.state = WORKER_OPENING;
    d->rendered = 0;
}

/* The document cannot be opened: so says a worker in good health, and all its pages share the fate.
 */
static void refuse_document(struct scheduler *s, struct document *d, const struct error *why)
{
    struct slot *slot;
    while ((slot = first_waiting(s, d)))
        slot_fail(s, slot, why);
    worker_stop(&d->worker);
}

static void take_sheaf(struct scheduler *s, struct slot *slot, const struct sheaf *sheaf, int *fd)
{
    struct error err;
    uint64_t bytes = sheaf_bytes(sheaf, (uint64_t)s->settings->max_pixels, &err);
    if (!bytes || fd_check_sealed(*fd, bytes, &err) < 0) {
        slot_fail(s, slot, &err);
        return;
    }
    slot->sheaf = *sheaf;
    slot->sheaf_fd = fd_take(fd);
    slot->state = SLOT_RENDERED;
}

/* An answer to PAGE. Returns whether it made sense. */
static bool take_answer(struct scheduler *s, struct slot *slot, const struct message *m, int *fd)
{
    struct error err;
    if (m->type == MESSAGE_RASTER)
        take_sheaf(s, slot, &m->u.sheaf, fd);
    else if (m->type == MESSAGE_RESULT)
        slot_finish(s, slot, *fd, m->u.result.size);
    else if (m->type == MESSAGE_ERROR)
        message_error(m, &err), slot_fail(s, slot, &err);
    else
        return false;
    return true;
}

/* The worker is no more. What it was doing: a page, opening the document for the first page that
 * waits, or nothing. */
static void gone(struct scheduler *s, struct document *d, enum worker_state state,
                 enum process_end end, const struct error *why)
{
    struct slot *slot = state == WORKER_OPENING ? first_waiting(s, d) : d->worker.slot;
    d->worker.slot = NULL;
    if (slot)
        slot_bereave(s, slot, end, why);
    else
        log_line(LOG_WARNING, d->id, 0, "decode: %s", why->text);
}

static void nonsense(struct scheduler *s, struct document *d, enum worker_state state)
{
    struct error why;
    error_set(&why, ERROR_BUG, "the decoder answered out of turn");
    worker_disown(s, &d->worker);
    gone(s, d, state, PROCESS_CRASHED, &why);
}

static void receive_busy(struct scheduler *s, struct document *d, const struct message *m, int *fd)
{
    struct slot *slot = d->worker.slot;
    d->worker.state = WORKER_IDLE;
    d->worker.backoff = 0;
    d->worker.slot = NULL;
    if (!take_answer(s, slot, m, fd)) {
        d->worker.slot = slot;
        nonsense(s, d, WORKER_BUSY);
    } else if (++d->rendered >= s->settings->worker_pages) {
        worker_stop(&d->worker); /* what a decoder remembers of a document grows with its pages */
    }
}

static void receive_opening(struct scheduler *s, struct document *d, const struct message *m)
{
    struct error err;
    if (m->type == MESSAGE_OPENED && m->u.opened.pages > 0 &&
        m->u.opened.pages <= (uint32_t)s->settings->max_pages) {
        d->pages = m->u.opened.pages;
        d->worker.state = WORKER_IDLE;
    } else if (m->type == MESSAGE_ERROR) {
        message_error(m, &err);
        refuse_document(s, d, &err);
    } else {
        nonsense(s, d, WORKER_OPENING);
    }
}

void document_receive(struct scheduler *s, struct document *d)
{
    struct message m;
    struct error why;
    enum process_end end;
    auto_fd fd = -1;
    enum worker_state state = d->worker.state;
    if (!worker_receive(s, &d->worker, &m, &fd, &end, &why)) {
        gone(s, d, state, end, &why);
    } else if (state == WORKER_STARTING && m.type == MESSAGE_READY) {
        status_note_ready(s, &m, false);
        open_in_worker(s, d);
    } else if (state == WORKER_STARTING && m.type == MESSAGE_ERROR) {
        log_line(LOG_ERROR, d->id, 0, "decode: %s", m.u.error.text);
        worker_stop(&d->worker);
        worker_throttle(&d->worker);
    } else if (state == WORKER_OPENING) {
        receive_opening(s, d, &m);
    } else if (state == WORKER_BUSY) {
        receive_busy(s, d, &m, &fd);
    } else {
        nonsense(s, d, state);
    }
}

void document_expire(struct scheduler *s, struct document *d)
{
    struct error why;
    bool opening = d->worker.state == WORKER_OPENING;
    struct slot *slot = opening ? first_waiting(s, d) : d->worker.slot;
    error_set(&why, ERROR_TIMEOUT,
              opening ? "the document was not open after %lld s"
                      : "the page was not rendered after %lld s",
              (long long)(opening ? s->settings->open_timeout : s->settings->render_timeout));
    worker_stop(&d->worker);
    status_note(s, 0, 0, 1);
    if (slot)
        slot_fail(s, slot, &why);
    else
        worker_throttle(&d->worker);
}
