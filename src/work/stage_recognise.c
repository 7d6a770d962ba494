/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The recognise stage: one page's pixels in sealed memory to a page result. Refuses pixels that
 * could still change or that do not fill their announced size. Running out of memory is answered as
 * a limit, then the process ends. Called by work_main; calls ocr.
 */
#include "work/stage.h"

#include "base/clock.h"
#include "base/fd.h"
#include "layout/layout.h"
#include "ocr/ink.h"
#include "ocr/ocr.h"
#include "ocr/structure.h"
#include "page/correct.h"
#include "page/page.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_PIXELS = 1 << 30 }; /* the decoder keeps the configured cap; this only bounds sums */

static const char no_memory[] = "the page needs more than the memory allowed to a worker";

static struct ocr *engine;
static struct structure *models; /* of layout and tables; NULL: none is installed */
static uint64_t current_ticket;  /* of the request in hand, for out_of_memory */

/* std::set_new_handler: engines are C++, and there an allocation that fails ends in an uncaught
 * exception, which would look like a crash of ours and be tried again. There is no C declaration of
 * it; the name is fixed by the C++ ABI that GCC and Clang share. */
void (*set_new_handler(void (*handler)(void)))(void) __asm__("_ZSt15set_new_handlerPFvvE");

static void out_of_memory(void)
{
    struct message m = {
        .version = MESSAGE_VERSION, .type = MESSAGE_ERROR, .ticket = current_ticket};
    m.u.error.class = ERROR_LIMIT;
    m.u.error.last = 1;
    snprintf(m.u.error.text, sizeof m.u.error.text, "%s", no_memory);
    message_send(STAGE_SOCKET, &m, -1, NULL);
    _exit(1);
}

static int open_models(const struct ocr_config *wanted, struct error *err)
{
    if (ocr_open(&engine, wanted, err) < 0)
        return -1;
    if (!structure_wanted(wanted->recipe))
        return 0;
    return structure_open(&models, ocr_runtime(engine), wanted->recipe, err);
}

static int load(const struct stage_config *config, struct message *ready, struct error *err)
{
    const struct ocr_config wanted = {config->engine, config->languages, config->tessdata,
                                      &config->recipe};
    set_new_handler(out_of_memory);
    if (open_models(&wanted, err) < 0) {
        if (err->class ==
            ERROR_INPUT) /* its models, not a document: nothing here reads with them */
            err->class = ERROR_UNSUPPORTED;
        return -1;
    }
    snprintf(ready->u.ready.engine, sizeof ready->u.ready.engine, "%s", ocr_name(engine));
    snprintf(ready->u.ready.device, sizeof ready->u.ready.device, "%s", ocr_device(engine));
    snprintf(ready->u.ready.note, sizeof ready->u.ready.note, "%s", ocr_note(engine));
    return 0;
}

static void unload(void)
{
    structure_close(&models);
    ocr_close(&engine);
}

static const uint8_t *map_pixels(int fd, uint64_t size, struct error *err)
{
    if (fd_check_sealed(fd, size, err) < 0)
        return NULL;
    void *pixels = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (pixels != MAP_FAILED)
        return pixels;
    if (errno == ENOMEM)
        error_set(err, ERROR_LIMIT, "%s", no_memory);
    else
        error_errno(err, "mapping pixels");
    return NULL;
}

static int warn_reduced(struct page *page, struct error *err)
{
    if (page_add_warning(page, "dpi_reduced",
                         "read below the resolution asked for, to stay under the pixel limit") < 0)
        return error_set(err, ERROR_LIMIT, "more text than a page result may hold");
    return 0;
}

/* From the text layer that came behind the pixels. */
static int correct(struct page *page, const char *json, size_t len, struct error *err)
{
    struct page *layer = NULL;
    if (page_decode(&layer, json, len, err) < 0)
        return -1;
    int rc = page_correct(page, layer, err);
    page_free(&layer);
    page->source = PAGE_SOURCE_VERIFIED;
    return rc < 0 ? -1 : 0;
}

/* What the pixels show besides words. */
struct sight {
    struct ink ink;
    struct structure_findings seen;
};

static int look(struct sight *sight, struct page *page, const struct raster *raster,
                const uint8_t *pixels, const struct page_wish *wish, int64_t deadline,
                struct error *err)
{
    const int64_t begun = clock_steady_ns();
    if ((wish->tables || wish->figures) && ink_find(raster, pixels, page, &sight->ink, err) < 0)
        return -1;
    page->stage_ms[PAGE_STAGE_LAYOUT] += (float)(clock_steady_ns() - begun) / 1e6F;
    if (!models || wish->layout != LAYOUT_AUTO)
        return 0;
    return structure_find(models, raster, pixels, page, wish->tables, deadline, &sight->seen, err);
}

static int arrange(struct page *page, const struct raster *raster, const uint8_t *pixels,
                   const struct page_wish *wish, int64_t deadline, struct error *err)
{
    struct sight sight = {0};
    int rc = look(&sight, page, raster, pixels, wish, deadline, err);
    const struct layout_hints hints = {.rules = sight.ink.rules,
                                       .rule_count = sight.ink.rule_count,
                                       .pictures = sight.ink.pictures,
                                       .picture_count = sight.ink.picture_count,
                                       .regions = sight.seen.regions,
                                       .region_count = sight.seen.region_count,
                                       .grids = sight.seen.grids,
                                       .grid_count = sight.seen.grid_count};
    if (rc == 0)
        rc = stage_layout(page, &hints, wish, err);
    ink_done(&sight.ink);
    structure_findings_free(&sight.seen);
    return rc;
}

/* What comes after an engine has read the page. */
static int complete(struct page *page, const struct sheaf *sheaf, const uint8_t *pixels,
                    const struct page_wish *wish, int64_t deadline, struct error *err)
{
    const char *layer = (const char *)pixels + (size_t)sheaf->raster.stride * sheaf->raster.height;
    page->layer_score = sheaf->layer_score;
    if ((sheaf->raster.reduced && warn_reduced(page, err) < 0) ||
        (sheaf->layer_bytes && correct(page, layer, sheaf->layer_bytes, err) < 0))
        return -1;
    if (wish->layout == LAYOUT_OFF)
        return 0;
    return arrange(page, &sheaf->raster, pixels, wish, deadline, err);
}

static int read_page(struct exchange *x, struct error *err)
{
    const struct sheaf sheaf = x->request->u.read.sheaf;
    const int number = (int)(x->request->u.read.page & INT32_MAX);
    uint64_t size = sheaf_bytes(&sheaf, MAX_PIXELS, err);
    const uint8_t *pixels = size ? map_pixels(x->fd, size, err) : NULL;
    if (!pixels)
        return -1;
    current_ticket = x->request->ticket;
    const struct ocr_request request = {number, x->request->u.read.timeout_ms,
                                        x->request->u.read.wish.rotate};
    const int64_t deadline = request.deadline_ms ? clock_steady() + request.deadline_ms : INT64_MAX;
    struct page *page = NULL;
    int rc = ocr_read(engine, &sheaf.raster, pixels, &request, &page, err);
    if (rc == 0)
        rc = complete(page, &sheaf, pixels, &x->request->u.read.wish, deadline, err);
    munmap((void *)(uintptr_t)pixels, size);
    if (rc == 0)
        rc = stage_answer_page(x, page, err);
    page_free(&page);
    return rc;
}

const struct stage stage_recognise = {
    .name = "recognise",
    .load = load,
    .unload = unload,
    .handlers = {[MESSAGE_READ] = read_page},
};
