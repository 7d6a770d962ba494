/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * json: one object, {"job":…,"pages":[…]}. ndjson: one page result a line. Page results come
 * as the exporter gives them: the bytes that are stored, or anew where a neighbour changed them.
 */
#include "export/export_driver.h"

#include "base/json_writer.h"

void export_failed_json(struct strbuf *out, const struct export_page *page)
{
    struct json_writer w = {.out = out};
    json_add_object(&w, NULL);
    json_add_int(&w, "page", page->number);
    json_add_object(&w, "error");
    json_add_string(&w, "code", error_code(page->error->class));
    json_add_string(&w, "message", page->error->text);
    json_end_object(&w);
    json_end_object(&w);
}

static void add_page(struct strbuf *out, const struct export_page *page)
{
    if (page->json)
        strbuf_add(out, page->json, page->len);
    else
        export_failed_json(out, page);
}

static void json_begin(struct strbuf *out, const char *job)
{
    strbuf_adds(out, "{\"job\":");
    strbuf_adds(out, job);
    strbuf_adds(out, ",\"pages\":[");
}

static void json_page(struct strbuf *out, const struct export_page *page, bool first)
{
    strbuf_adds(out, first ? "\n" : ",\n");
    add_page(out, page);
}

static void json_end(struct strbuf *out)
{
    strbuf_adds(out, "\n]}\n");
}

static void ndjson_page(struct strbuf *out, const struct export_page *page, bool first)
{
    (void)first;
    add_page(out, page);
    strbuf_addc(out, '\n');
}

const struct export_format export_json = {.extension = "json",
                                          .content_type = "application/json",
                                          .begin = json_begin,
                                          .page = json_page,
                                          .end = json_end};

const struct export_format export_ndjson = {
    .extension = "ndjson", .content_type = "application/x-ndjson", .page = ndjson_page};
