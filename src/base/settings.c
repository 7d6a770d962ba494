/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The settings table. A new setting is one field and one row. Called by cmd; calls param.
 */
#include "base/settings.h"

#include "base/must.h"

#include <ctype.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD(f) offsetof(struct settings, f), sizeof(((struct settings *)0)->f)
#define TEXT(f, std, meta, doc)                                       \
    {                                                                 \
#f, PARAM_TEXT, FIELD(f), std, 0, 0, NULL, meta, doc, NULL, 0 \
    }
#define INT(f, std, lo, hi, meta, doc)                                 \
    {                                                                  \
#f, PARAM_INT, FIELD(f), std, lo, hi, NULL, meta, doc, NULL, 0 \
    }
#define BYTES(f, std, lo, hi, doc)                                          \
    {                                                                       \
#f, PARAM_BYTES, FIELD(f), std, lo, hi, NULL, "BYTES", doc, NULL, 0 \
    }
#define BOOL(f, std, doc)                                                 \
    {                                                                     \
#f, PARAM_BOOL, FIELD(f), std, 0, 0, NULL, "on|off", doc, NULL, 0 \
    }
#define CHOICE(f, std, list, meta, doc)                                 \
    {                                                                   \
#f, PARAM_CHOICE, FIELD(f), std, 0, 0, list, meta, doc, NULL, 0 \
    }
#define MIB (1LL << 20)
#define GIB (1LL << 30)

const char *const device_names[] = {"auto", "cpu", "webgpu", "cuda", "tensorrt", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const log_formats[] = {"auto", "text", "json", NULL};

static const struct param rows[] = {
    TEXT(listen, "127.0.0.1:8000", "HOST:PORT",
         "Addresses of the HTTP server, HOST:PORT or unix:PATH, separated by commas; other than "
         "loopback only once there is a token."),
    TEXT(tls_certificate, "", "FILE",
         "Certificate chain (PEM): HOST:PORT addresses then speak HTTPS."),
    TEXT(tls_key, "", "FILE", "Private key of tls_certificate (PEM)."),
    TEXT(proxies, "", "CIDR[,CIDR]",
         "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."),
    TEXT(cors_origins, "", "ORIGIN[,ORIGIN]",
         "Web sites whose scripts may call the API (https://app.example); * for any."),
    TEXT(surfaces, "a,b,c", "LIST",
         "Compatible surfaces beside /v1: a (/api/v1/ocr), b (/process_pdf), c (/v1/documents)."),
    TEXT(open_surfaces, "", "LIST", "Compatible surfaces that need no token (a, c)."),
    TEXT(data, "", "DIR",
         "Where the database and the documents live (default ~/.local/share/pagemill, as root "
         "/var/lib/pagemill)."),
    {"database", PARAM_TEXT, FIELD(database), "", 0, 0, NULL, "URL",
     "Store of jobs and pages: sqlite:PATH (default: pagemill.db in the data directory).",
     "DATABASE_URL", 0},
    TEXT(blobs, "", "URL",
         "Store of documents and page results: dir:PATH (default: blobs in the data directory)."),
    {"auth_token", PARAM_TEXT, FIELD(auth_token), "", 0, 0, NULL, "TOKEN",
     "Bearer token that guards every route but the health checks; empty: open, on loopback only.",
     "AUTH_TOKEN", PARAM_SECRET},
    TEXT(hosts, "", "NAME[,NAME]",
         "Without auth_token: names, beside localhost, by which the server may be addressed "
         "(behind a proxy); * for "
         "any."),
    TEXT(rate_limit, "", "N/PERIOD",
         "Requests allowed to each client that has no rate of its own: 600/min, 10/s, 5000/hour; "
         "empty: no limit."),
    TEXT(private_hosts, "", "NAME|CIDR[,…]",
         "Private names and addresses that webhooks and file_url may reach all the same."),
    BOOL(url_input, "off", "Accept file_url: the server fetches the document itself."),
    INT(lanes, "0", 0, 1024, "N", "Pages read at once, one process each; 0: one for each core."),
    INT(ahead, "2", 0, 64, "N", "Pages rendered ahead of the lanes, for each lane."),
    TEXT(engine, "auto", "NAME",
         "Engine for jobs that name none: tesseract, ppocr, or auto (ppocr where its models are "
         "installed and know the languages, else tesseract)."),
    TEXT(languages, "eng", "LANG[+LANG]", "Languages for jobs that name none."),
    {"tessdata", PARAM_TEXT, FIELD(tessdata), "", 0, 0, NULL, "DIR",
     "Tesseract's language files (default: where Tesseract was built to look).", "TESSDATA_PREFIX",
     0},
    TEXT(models, "", "DIR",
         "Neural models: a list of them (manifest.json), or a directory of packs or of "
         "PaddleX models (default: models in the data directory)."),
    TEXT(pack, "", "NAME", "Model pack to read with; empty: the best there is."),
    TEXT(pipeline, "", "FILE",
         "A PaddleX pipeline file (PP-StructureV3.yaml) whose models and numbers are taken over."),
    TEXT(
        layout_model, "auto", "NAME",
        "Model that sees the parts of a page: auto (the best that is installed, if any), off, or a "
        "model's name."),
    TEXT(table_model, "auto", "NAME",
         "Model that sees the cells of a table: auto (the best that is installed, if any), off, or "
         "a model's name."),
    CHOICE(device, "auto", device_names, "NAME",
           "Where neural models run: auto, cpu, webgpu, cuda, tensorrt."),
    TEXT(onnxruntime, "", "FILE", "The ONNX Runtime library (default: where the system keeps it)."),
    INT(batch_size, "0", 0, 1024, "N",
        "Lines that a neural model reads at once; 0: what suits the device."),
    INT(dpi, "144", 36, 1200, "N",
        "Resolution at which PDF pages are rendered, for jobs that name none."),
    BYTES(max_upload, "1G", 1, INT64_MAX, "Largest document accepted, in bytes."),
    INT(max_queue, "100000", 1, 100000000, "JOBS",
        "Jobs waiting or being read at which new ones are refused (503)."),
    BYTES(min_free, "256M", 0, INT64_MAX,
          "Free space of the data directory below which new documents are refused (503)."),
    BYTES(cache_size, "32M", 0, 1024 * GIB, "Memory for job states and page results read often."),
    INT(sync_pages, "50", 1, 100000, "N", "Most pages of a document sent to /v1/ocr."),
    INT(sync_timeout, "60", 1, 3600, "SECONDS",
        "Time after which /v1/ocr refers to the job, which goes on."),
    INT(idempotency_ttl, "86400", 60, 31536000, "SECONDS",
        "Time for which an Idempotency-Key is remembered."),
    INT(ocr_result_ttl, "3600", 1, 315360000, "SECONDS",
        "Age after its end at which a job of /api/v1/ocr is deleted."),
    INT(max_pages, "10000", 1, 1000000, "N", "Most pages accepted in one document."),
    INT(max_pixels, "100000000", 10000, 2000000000, "N",
        "Most pixels in one page; a PDF page that would be larger is rendered smaller, an image is "
        "refused before it is decoded."),
    INT(open_timeout, "60", 1, 3600, "SECONDS",
        "Time allowed to open a document and count its pages."),
    INT(render_timeout, "60", 1, 3600, "SECONDS", "Time allowed to render one page."),
    INT(page_timeout, "120", 1, 3600, "SECONDS", "Time allowed to read one page."),
    BYTES(worker_memory, "2G", 128 * MIB, 1024 * GIB, "Address space of one worker process."),
    INT(worker_pages, "1000", 1, 1000000, "N", "Pages after which a worker process is replaced."),
    TEXT(work_program, "", "PATH", "The pagemill-work program (default: beside pagemill)."),
    BOOL(sandbox, "on",
         "Close the sandbox around workers, and refuse to start one where it cannot be closed."),
    INT(result_ttl, "604800", 1, 315360000, "SECONDS",
        "Age after its end at which a job, its document and results are deleted."),
    INT(drain_timeout, "30", 0, 3600, "SECONDS",
        "On SIGTERM, time for pages being read to finish."),
    INT(http_threads, "2", 1, 64, "N", "Threads of the HTTP server."),
    INT(connections, "4096", 8, 1000000, "N", "Most HTTP connections at once."),
    BOOL(access_log, "on", "Log a line for each request."),
    CHOICE(log_level, "info", log_levels, "LEVEL",
           "Least level logged: debug, info, warning, error."),
    CHOICE(log_format, "auto", log_formats, "FORMAT",
           "Log as text or json; auto: text on a terminal, else json."),
};

const struct param_table settings_table = {rows, sizeof rows / sizeof rows[0]};

void settings_defaults(struct settings *s)
{
    memset(s, 0, sizeof *s);
    param_defaults(&settings_table, s);
}

static const char *environment_of(const struct param *row)
{
    char name[64] = "PAGEMILL_";
    size_t n = strlen(name);
    for (const char *p = row->name; *p && n < sizeof name - 1; p++)
        name[n++] = (char)toupper((unsigned char)*p);
    name[n] = '\0';
    const char *value = getenv(name);
    return value || !row->alias_env ? value : getenv(row->alias_env);
}

int settings_environment(struct settings *s, struct error *err)
{
    for (size_t i = 0; i < settings_table.count; i++) {
        const char *value = environment_of(&rows[i]);
        if (value && param_set(&settings_table, s, rows[i].name, value, err) < 0)
            return error_context(err, "environment");
    }
    return 0;
}

static int fill_path(char *out, size_t size, const char *dir, const char *rest, struct error *err)
{
    int n = snprintf(out, size, "%s%s", dir, rest);
    return n < 0 || (size_t)n >= size ? error_set(err, ERROR_INPUT, "path too long: %s", dir) : 0;
}

static int fill_data(struct settings *s, struct error *err)
{
    const char *home = getenv("HOME");
    if (geteuid() == 0 || !home || !*home)
        return fill_path(s->data, sizeof s->data, "/var/lib", "/pagemill", err);
    const char *xdg = getenv("XDG_DATA_HOME");
    return xdg && *xdg == '/'
               ? fill_path(s->data, sizeof s->data, xdg, "/pagemill", err)
               : fill_path(s->data, sizeof s->data, home, "/.local/share/pagemill", err);
}

static int fill_work_program(struct settings *s, struct error *err)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return error_errno(err, "/proc/self/exe");
    self[n] = '\0';
    return fill_path(s->work_program, sizeof s->work_program, self, "-work", err);
}

/* Those this process may run on, which in a container can be fewer than there are. */
static int64_t usable_cores(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

int settings_complete(struct settings *s, struct error *err)
{
    char path[sizeof s->data + 32];
    if (!*s->data && fill_data(s, err) < 0)
        return -1;
    snprintf(path, sizeof path, "sqlite:%s", s->data);
    if (!*s->database && fill_path(s->database, sizeof s->database, path, "/pagemill.db", err) < 0)
        return -1;
    snprintf(path, sizeof path, "dir:%s", s->data);
    if (!*s->blobs && fill_path(s->blobs, sizeof s->blobs, path, "/blobs", err) < 0)
        return -1;
    if (!*s->models && fill_path(s->models, sizeof s->models, s->data, "/models", err) < 0)
        return -1;
    if (!*s->work_program && fill_work_program(s, err) < 0)
        return -1;
    if (!s->lanes)
        s->lanes = usable_cores();
    return 0;
}
