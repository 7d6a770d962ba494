/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The bind stage: one document in, the same as a PDF with a plan's drawings on its pages out. The
 * plan comes from the service and is no document, but it is only believed when it is sealed. Called
 * by work_main; calls decode.
 */
#include "work/stage.h"

#include "base/fd.h"
#include "decode/binder.h"

#include <sys/mman.h>

enum { MAX_PLAN = 1 << 30 };

static const char *map_plan(int fd, uint64_t size, struct error *err)
{
    if (size == 0 || size > MAX_PLAN) {
        error_set(err, ERROR_LIMIT, "a plan of %llu bytes", (unsigned long long)size);
        return NULL;
    }
    if (fd_check_sealed(fd, size, err) < 0)
        return NULL;
    void *plan = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (plan != MAP_FAILED)
        return plan;
    error_set(err, ERROR_LIMIT, "no memory for a plan of %llu bytes", (unsigned long long)size);
    return NULL;
}

static int bind_document(struct exchange *x, struct error *err)
{
    struct document *document = stage_document(err);
    uint64_t plan_size = x->request->u.bind.plan_size, size = 0;
    const char *plan = document ? map_plan(x->fd, plan_size, err) : NULL;
    if (!plan)
        return -1;
    const struct binder_order order = {.plan = plan,
                                       .plan_size = plan_size,
                                       .max_size = x->request->u.bind.max_size,
                                       .page_ms = x->request->u.bind.page_ms};
    x->answer_fd = document_bind(document, &order, &size, err);
    munmap((void *)(uintptr_t)plan, plan_size);
    if (x->answer_fd < 0)
        return -1;
    x->answer.type = MESSAGE_BOUND;
    x->answer.u.result.size = size;
    x->answer.u.result.rss_kib = stage_rss_kib();
    return 0;
}

const struct stage stage_bind = {
    .name = "bind",
    .load = stage_load_document,
    .unload = stage_close_document,
    .handlers = {[MESSAGE_OPEN] = stage_open_document, [MESSAGE_BIND] = bind_document},
};
