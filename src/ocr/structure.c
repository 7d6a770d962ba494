/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Regions and tables of a page, by models: the page is turned upright if it was read so, looked at
 * once, each table region once more, and everything is turned back. Called by the recognise stage;
 * calls doclayout and slanet.
 */
#include "ocr/structure.h"

#include "base/clock.h"
#include "base/memory.h"
#include "ocr/doclayout.h"
#include "ocr/slanet.h"

#include <stdlib.h>

enum {
    MAX_TABLES = 64,      /* read on one page: a model run each */
    FOUND_CAP = 32 << 20, /* bytes of their cells */
};

struct structure {
    struct onnx *runtime, *own; /* own: NULL where it is shared */
    struct doclayout *layout;   /* NULL: none */
    struct slanet *table;
};

bool structure_wanted(const struct recipe *recipe)
{
    return *recipe->layout != '\0';
}

void structure_describe(const struct recipe *recipe, struct strbuf *out)
{
    if (structure_wanted(recipe))
        strbuf_addf(out, "+%s", recipe->layout_name);
    if (structure_wanted(recipe) && *recipe->table)
        strbuf_addf(out, "+%s", recipe->table_name);
}

static int load(struct structure *s, const struct recipe *r, struct error *err)
{
    if (!s->runtime && onnx_open(&s->own, r->runtime, (enum device)r->device, err) < 0)
        return -1;
    if (!s->runtime)
        s->runtime = s->own;
    if (doclayout_open(&s->layout, s->runtime, r, err) < 0)
        return -1;
    return *r->table ? slanet_open(&s->table, s->runtime, r, err) : 0;
}

int structure_open(struct structure **out, struct onnx *shared, const struct recipe *recipe,
                   struct error *err)
{
    struct structure *s = x_calloc(1, sizeof *s);
    s->runtime = shared;
    if (load(s, recipe, err) < 0) {
        structure_close(&s);
        return -1;
    }
    *out = s;
    return 0;
}

void structure_close(struct structure **s)
{
    if (!*s)
        return;
    doclayout_close(&(*s)->layout);
    slanet_close(&(*s)->table);
    onnx_close(&(*s)->own);
    free(*s);
    *s = NULL;
}

void structure_findings_free(struct structure_findings *f)
{
    free(f->regions);
    free(f->grids);
    arena_free(&f->arena);
    *f = (struct structure_findings){0};
}

/* ---- back to the page ---- */

/* From a picture that was turned clockwise by so many degrees to the page of that size. */
static struct rect on_page(struct rect r, int degrees, float width, float height)
{
    switch (degrees) {
    case 90:
        return (struct rect){r.y1, height - r.x2, r.y2, height - r.x1};
    case 180:
        return (struct rect){width - r.x2, height - r.y2, width - r.x1, height - r.y1};
    case 270:
        return (struct rect){width - r.y2, r.x1, width - r.y1, r.x2};
    default:
        return r;
    }
}

static void turn_back(struct structure_findings *f, const struct page *page)
{
    const float width = (float)page->width, height = (float)page->height;
    for (size_t i = 0; i < f->region_count; i++)
        f->regions[i].at = on_page(f->regions[i].at, page->rotation, width, height);
    for (size_t i = 0; i < f->grid_count; i++) {
        struct layout_grid *g = &f->grids[i];
        struct cell *cells = (struct cell *)(uintptr_t)g->cells; /* the arena's, ours to write */
        g->at = on_page(g->at, page->rotation, width, height);
        for (size_t k = 0; k < g->cell_count; k++)
            cells[k].bbox = on_page(cells[k].bbox, page->rotation, width, height);
    }
}

/* ---- looking ---- */

static int read_tables(struct structure *s, const struct pixels *view, int64_t deadline,
                       struct structure_findings *f, struct error *err)
{
    f->arena = arena_new(FOUND_CAP);
    f->grids = x_calloc(MAX_TABLES, sizeof *f->grids);
    for (size_t i = 0; i < f->region_count && f->grid_count < MAX_TABLES; i++) {
        if (f->regions[i].type != BLOCK_TABLE)
            continue;
        if (clock_steady() > deadline)
            return error_set(err, ERROR_TIMEOUT, "reading the page's tables took too long");
        struct layout_grid *g = &f->grids[f->grid_count];
        if (slanet_read(s->table, view, f->regions[i].at, f->arena, g, err) < 0)
            return -1;
        f->grid_count += g->cell_count > 0;
    }
    return 0;
}

static int look(struct structure *s, const struct pixels *view, bool tables, int64_t deadline,
                struct structure_findings *f, struct error *err)
{
    struct doclayout_regions regions = {0};
    int rc = doclayout_find(s->layout, view, &regions, err);
    f->regions = regions.rows;
    f->region_count = regions.count;
    if (rc == 0 && tables && s->table)
        rc = read_tables(s, view, deadline, f, err);
    return rc;
}

int structure_find(struct structure *s, const struct raster *raster, const uint8_t *pixels,
                   struct page *page, bool tables, int64_t deadline, struct structure_findings *out,
                   struct error *err)
{
    const int64_t begun = clock_steady_ns(), busy = onnx_busy_ns(s->runtime);
    struct pixels view = pixels_of_raster(raster, pixels);
    uint8_t *turned = NULL;
    if (page->rotation) {
        view = pixels_turned(&view, page->rotation);
        turned = (uint8_t *)(uintptr_t)view.data;
        if (!turned)
            return error_set(err, ERROR_LIMIT, "no memory to turn the page upright");
    }
    int rc = look(s, &view, tables, deadline, out, err);
    free(turned);
    turn_back(out, page);
    page->stage_ms[PAGE_STAGE_LAYOUT] += (float)(clock_steady_ns() - begun) / 1e6F;
    page->stage_ms[PAGE_STAGE_NETWORK] += (float)(onnx_busy_ns(s->runtime) - busy) / 1e6F;
    return rc;
}
