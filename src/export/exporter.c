/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The window: a page is written when the one after it and that one's neighbours are there, so that
 * both know their margins before they are joined. Of written pages only the margins are kept. Page
 * results that are not changed pass through as their bytes.
 */
#include "export/exporter.h"

#include "base/memory.h"
#include "base/must.h"
#include "export/export_xml.h"
#include "export/table.h"
#include "layout/flow.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(EXPORTER_WINDOW == FLOW_REACH + 2, "a page, the next, and what that one looks at");

struct held {
    uint32_t number;
    struct page *page;  /* NULL: failed */
    struct strbuf json; /* empty for formats that take decoded pages */
    struct error error;
    struct flow_margins margins;
    bool marked, changed;
    bool opened; /* and repeated: see struct export_page */
    int repeated;
};

struct exporter {
    const struct export_format *formats[EXPORTER_FORMATS];
    size_t format_count;
    bool decoded; /* no format needs the bytes of page results */
    enum page_unit unit;
    char *filename;       /* that the job names */
    struct strbuf images; /* the folder of pictures, as links have it */
    bool any;             /* a page has been written */
    struct held held[EXPORTER_WINDOW];
    size_t count;
    struct flow_margins past[FLOW_REACH]; /* of pages written */
    size_t past_count;
};

struct exporter *exporter_new_many(const struct export_format *const *formats, size_t count,
                                   enum page_unit unit)
{
    struct exporter *e = x_calloc(1, sizeof *e);
    must(count <= EXPORTER_FORMATS);
    e->format_count = count;
    e->decoded = true;
    for (size_t i = 0; i < count; i++) {
        e->formats[i] = formats[i];
        e->decoded = e->decoded && formats[i]->decoded;
    }
    e->unit = unit;
    strbuf_adds(&e->images, EXPORT_IMAGES);
    return e;
}

struct exporter *exporter_new(const struct export_format *format, enum page_unit unit)
{
    return exporter_new_many(&format, 1, unit);
}

/* As a path in a URL (RFC 3986): what is left as it is needs no escape in Markdown, HTML and XML
 * either. */
void exporter_link(struct exporter *e, const char *folder)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/";
    strbuf_clear(&e->images);
    for (; *folder; folder++)
        if (strchr(plain, *folder))
            strbuf_addc(&e->images, *folder);
        else
            strbuf_addf(&e->images, "%%%02X", (unsigned char)*folder);
}

static void drop(struct held *h)
{
    page_free(&h->page);
    strbuf_free(&h->json);
}

void exporter_free(struct exporter **exporter)
{
    struct exporter *e = *exporter;
    if (!e)
        return;
    for (size_t i = 0; i < e->count; i++)
        drop(&e->held[i]);
    free(e->filename);
    strbuf_free(&e->images);
    free(e);
    *exporter = NULL;
}

/* ---- what goes over the edges ---- */

static bool is_near(int page, int other)
{
    return page != other && abs(page - other) <= FLOW_REACH;
}

static void mark(struct exporter *e, struct held *h)
{
    const struct flow_margins *around[FLOW_REACH + EXPORTER_WINDOW];
    size_t n = 0;
    if (!h->page || h->marked)
        return;
    for (size_t i = 0; i < e->past_count; i++)
        if (is_near(e->past[i].page, h->margins.page))
            around[n++] = &e->past[i];
    for (size_t i = 0; i < e->count; i++)
        if (e->held[i].page && is_near(e->held[i].margins.page, h->margins.page))
            around[n++] = &e->held[i].margins;
    h->marked = true;
    h->changed = flow_mark(h->page, &h->margins, around, n);
}

/* Nothing may stand between the parts of what is printed as one: not a table of another form, nor
 * what else is on a page that it runs through from edge to edge. */
static bool is_one(const struct held *h, const struct block *from, const struct block *to)
{
    const size_t head = flow_head(h->page), tail = flow_tail(h->page);
    if (from->type == BLOCK_TABLE && !table_is_alike(from, to))
        return false;
    return !h->opened || flow_start(h->page, tail) != head || flow_fills(h->page);
}

/* True if what goes on can be printed as one. */
static bool join(struct held *h, struct held *next)
{
    if (!h->page || !next->page || next->number != h->number + 1 || !flow_join(h->page, next->page))
        return false;
    const struct block *from = &h->page->blocks[flow_tail(h->page)],
                       *to = &next->page->blocks[flow_head(next->page)];
    if (from->type == BLOCK_TABLE)
        next->repeated = flow_repeated_rows(from, to);
    h->changed = next->changed = true;
    next->opened = is_one(h, from, to);
    return next->opened;
}

/* ---- writing ---- */

static void forget_first(struct exporter *e)
{
    struct held *h = &e->held[0];
    if (h->page) {
        if (e->past_count == FLOW_REACH)
            memmove(e->past, e->past + 1, --e->past_count * sizeof *e->past);
        e->past[e->past_count++] = h->margins;
    }
    drop(h);
    memmove(e->held, e->held + 1, --e->count * sizeof *e->held);
}

/* The page result as readers shall have it. */
static void encode(const struct exporter *e, struct held *h)
{
    if (!h->changed && e->unit == PAGE_PIXELS)
        return;
    strbuf_clear(&h->json);
    page_encode_unit(h->page, e->unit, &h->json);
}

static void write_first(struct exporter *e, struct strbuf *out)
{
    struct held *h = &e->held[0], *next = e->count > 1 ? &e->held[1] : NULL;
    struct export_page page = {.number = h->number,
                               .page = h->page,
                               .filename = e->filename,
                               .images = strbuf_str(&e->images),
                               .opened = h->opened,
                               .repeated = h->repeated};
    mark(e, h);
    if (next)
        mark(e, next);
    if (next && join(h, next))
        page.next = next->page;
    if (!h->page)
        page.error = &h->error;
    if (h->page && !e->decoded) {
        encode(e, h);
        page.json = strbuf_str(&h->json);
        page.len = h->json.len;
    }
    for (size_t i = 0; i < e->format_count; i++)
        e->formats[i]->page(&out[i], &page, !e->any);
    e->any = true;
    forget_first(e);
}

static struct held *push(struct exporter *e, uint32_t number)
{
    struct held *h = &e->held[e->count++];
    *h = (struct held){.number = number};
    return h;
}

void exporter_begin(struct exporter *e, const char *job, struct strbuf *out)
{
    struct xml_job known;
    xml_job_open(&known, job);
    e->filename = x_strdup(known.filename);
    xml_job_close(&known);
    for (size_t i = 0; i < e->format_count; i++)
        if (e->formats[i]->begin)
            e->formats[i]->begin(&out[i], job);
}

int exporter_add(struct exporter *e, uint32_t number, struct strbuf *json, struct strbuf *out,
                 struct error *err)
{
    struct page *page;
    if (page_decode(&page, strbuf_str(json), json->len, err) < 0)
        return -1;
    struct held *h = push(e, number);
    h->page = page;
    if (e->decoded)
        strbuf_free(json);
    h->json = *json;
    *json = (struct strbuf){0};
    flow_look(page, &h->margins);
    if (e->count == EXPORTER_WINDOW)
        write_first(e, out);
    return 0;
}

void exporter_add_failed(struct exporter *e, uint32_t number, const struct error *why,
                         struct strbuf *out)
{
    push(e, number)->error = *why;
    if (e->count == EXPORTER_WINDOW)
        write_first(e, out);
}

bool exporter_end(struct exporter *e, struct strbuf *out)
{
    if (e->count) {
        write_first(e, out);
        return true;
    }
    for (size_t i = 0; i < e->format_count; i++)
        if (e->formats[i]->end)
            e->formats[i]->end(&out[i]);
    return false;
}
