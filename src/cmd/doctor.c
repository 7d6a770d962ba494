/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill doctor: what is installed, what the sandbox holds, the limits in force, and one page
 * read from end to end by the same workers a job gets.
 */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "page/media.h"
#include "page/options.h"
#include "work/sandbox.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SELF_TEST_MS = 30000, STEP_US = 20000 };

static const char self_test_words[] = "pagemill reads this page";
/* No cross-reference table: a viewer, and MuPDF, rebuilds it. */
static const char self_test_pdf[] =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 120]/Contents 4 0 R"
    "/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 60>>stream\nBT /F 24 Tf 30 50 Td (pagemill reads this page) Tj ET       "
    "\nendstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF\n";

static void row(const char *name, const char *value)
{
    printf("%-16s %s\n", name, value);
}

static void show_engine(const json_t *engine)
{
    auto_strbuf line = {0};
    size_t i;
    json_t *language;
    json_array_foreach(json_object_get(engine, "languages"), i, language)
    {
        const char *name = json_string_value(language);
        strbuf_addf(&line, " %s", name ? name : "?");
    }
    const char *name = json_string_value(json_object_get(engine, "name"));
    const char *missing = json_string_value(json_object_get(engine, "missing"));
    printf("%-16s %s; %s%s\n", "engine", name ? name : "?",
           missing ? "" : "languages:", missing ? missing : strbuf_str(&line));
}

static void show_installed(const struct capabilities *c)
{
    json_t *root = json_loads(capabilities_json(c), 0, NULL), *engine;
    size_t i;
    json_array_foreach(json_object_get(root, "engines"), i, engine) show_engine(engine);
    const char *decoder = json_string_value(json_object_get(root, "decoder"));
    row("decoder", decoder ? decoder : "?");
    row("reads", media_supported());
    json_decref(root);
}

static void show_models(const struct recipe *r)
{
    if (!recipe_complete(r)) {
        row("models", "none; `pagemill models list` shows what there is");
        return;
    }
    printf("%-16s %s: %s, %s\n", "models", r->name, r->detection, r->recognition);
}

static void show_structure(const struct recipe *r)
{
    if (*r->layout)
        row("layout model", r->layout);
    if (*r->table)
        row("table model", r->table);
}

static void show_limits(const struct settings *s)
{
    printf(
        "%-16s %lld lanes, %lld pages ahead of each; a worker has %lld MiB and %lld s for a page\n",
        "work", (long long)s->lanes, (long long)s->ahead, (long long)(s->worker_memory >> 20),
        (long long)s->page_timeout);
    printf("%-16s %lld MiB a document, %lld pages, %lld megapixels a page\n", "limits",
           (long long)(s->max_upload >> 20), (long long)s->max_pages,
           (long long)(s->max_pixels / 1000000));
}

static void show_data(const struct settings *s)
{
    struct statvfs v;
    bool there = statvfs(s->data, &v) == 0;
    if (there)
        printf("%-16s %s, %s, %llu MiB free\n", "data", s->data,
               access(s->data, W_OK) == 0 ? "writable" : "NOT WRITABLE",
               (unsigned long long)v.f_bavail * v.f_frsize >> 20);
    else
        printf("%-16s %s is made by the first `pagemill serve`\n", "data", s->data);
}

static void show_sandbox(const struct rooms *rooms, const struct settings *s)
{
    struct scheduler_status status;
    auto_strbuf parts = {0};
    scheduler_status(rooms->scheduler, &status);
    sandbox_describe(status.sandbox, &parts);
    row("sandbox",
        s->sandbox ? strbuf_str(&parts) : "OFF: a hostile document can do what this user can");
    if (s->sandbox && !(status.sandbox & SANDBOX_NAMESPACES))
        row("", "no namespaces: the kernel or the container forbids them; seccomp alone keeps the "
                "network away");
    if (s->sandbox && !(status.sandbox & SANDBOX_LANDLOCK))
        row("", "no Landlock: the kernel has none; seccomp alone keeps the files away");
}

static void show_reader(const struct rooms *rooms)
{
    struct scheduler_status status;
    scheduler_status(rooms->scheduler, &status);
    if (*status.engine)
        printf("%-16s %s on %s%s%s\n", "reads with", status.engine, status.device,
               *status.note ? "; " : "", status.note);
}

static int submit_test_page(struct rooms *rooms, char id[ID_SIZE], struct error *err)
{
    struct options options;
    char key[BLOB_KEY];
    param_defaults(&options_table, &options);
    id_new(id);
    job_document_key(id, key);
    if (blob_put(rooms->blobs, key, self_test_pdf, sizeof self_test_pdf - 1, err) < 0)
        return -1;
    struct job_request request = {.owner = "doctor",
                                  .filename = "self-test.pdf",
                                  .content_type = "application/pdf",
                                  .sha256 = "",
                                  .size = sizeof self_test_pdf - 1,
                                  .options = &options};
    memcpy(request.id, id, sizeof request.id);
    return job_submit(rooms->service, &request, NULL, NULL, err);
}

static int await_end(struct rooms *rooms, const char *id, struct error *err)
{
    int64_t end = clock_steady() + SELF_TEST_MS;
    while (clock_steady() < end) {
        auto_job job = {0};
        if (store_find_job(rooms->store, id, &job, err) < 0)
            return -1;
        if (job.state == JOB_FAILED) {
            *err = job.error;
            return -1;
        }
        if (job.state == JOB_COMPLETED)
            return 0;
        usleep(STEP_US);
    }
    return error_set(err, ERROR_TIMEOUT, "no result after %d s", SELF_TEST_MS / 1000);
}

static int read_test_page(struct rooms *rooms, struct error *err)
{
    char id[ID_SIZE];
    struct page_row page;
    auto_strbuf json = {0};
    if (submit_test_page(rooms, id, err) < 0 || await_end(rooms, id, err) < 0 ||
        store_find_page(rooms->store, id, 1, &page, err) < 0 ||
        job_page_json(rooms->service, id, &page, &json, err) < 0)
        return -1;
    if (!strstr(strbuf_str(&json), self_test_words))
        return error_set(err, ERROR_BUG, "the page was read, but not as '%s'", self_test_words);
    return 0;
}

static int examine(const struct settings *s, struct error *err)
{
    struct rooms rooms;
    row("pagemill", PAGEMILL_VERSION);
    row("workers", s->work_program);
    if (rooms_open(&rooms, s, "sqlite::memory:", "memory:", NULL, NULL, err) < 0)
        return -1;
    show_installed(rooms.capabilities);
    show_models(&rooms.recipe);
    show_structure(&rooms.recipe);
    show_limits(s);
    show_data(s);
    int64_t start = clock_steady();
    int rc = capabilities_check(rooms.capabilities, s->engine, s->languages, err);
    rc = rc < 0 ? rc : read_test_page(&rooms, err);
    show_reader(&rooms);
    show_sandbox(&rooms, s);
    if (rc == 0)
        printf("%-16s read in %lld ms, workers' start included\n", "self-test",
               (long long)(clock_steady() - start));
    rooms_close(&rooms);
    return rc;
}

int cmd_doctor(int argc, char **argv)
{
    struct settings settings;
    struct error err;
    if (args_settings(argc, argv, &settings, NULL, 0, &err) < 0)
        return cmd_fail("doctor", &err);
    log_setup("doctor", LOG_WARNING, LOG_TEXT);
    settings.lanes = 1;
    return examine(&settings, &err) < 0 ? cmd_fail("doctor", &err) : 0;
}
