/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill ocr: the same pipeline without a server, its store and blobs in memory. Pages are
 * given to an exporter in order as they come, and forgotten here, so memory does not grow with the
 * document (the plan of a PDF does, by some bytes a word).
 */
#include "cmd/ocr_products.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/memory.h"
#include "page/media.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ocr_flags {
    char output[1024], format[256];
    int64_t jobs, unit;
    bool quiet;
};

#define FIELD(f) offsetof(struct ocr_flags, f), sizeof(((struct ocr_flags *)0)->f)
static const struct param ocr_rows[] = {
    {"output", PARAM_TEXT, FIELD(output), "", 0, 0, NULL, "FILE|DIR|-",
     "Where to write (-o): a file for all, a directory for files of each document (NAME.EXT), "
     "FILE.zip for an archive of one, - or nothing for standard output. The figures that md, html, "
     "mmd and det.mmd link to lie beside the file as NAME_images/*.jpg, in an archive as "
     "images/*.jpg; with standard output there are none, nor with --figures off. A file appears "
     "when it is whole.",
     NULL, 0},
    {"format", PARAM_TEXT, FIELD(format), "", 0, 0, NULL, "EXT,...",
     "One or more (-f), by default the output file's extension, else txt. pdf is the document with "
     "its text put in so that it can be searched, layouts.pdf with its blocks outlined; zip is an "
     "archive of the others named, or of all. Of: ",
     NULL, 0, products_extensions},
    {"unit", PARAM_CHOICE, FIELD(unit), "px", 0, 0, page_unit_names, "px|pt",
     "Of lengths and places in json and ndjson: pixels at the page's dpi, or points.", NULL, 0},
    {"jobs", PARAM_INT, FIELD(jobs), "0", 0, 1024, NULL, "N",
     "Pages read at once (-j); the same as --lanes.", NULL, 0},
    {"quiet", PARAM_BOOL, FIELD(quiet), "false", 0, 0, NULL, "on|off",
     "No progress, even on a terminal.", NULL, 0},
};
const struct param_table ocr_table = {ocr_rows, sizeof ocr_rows / sizeof ocr_rows[0]};

enum { ROW_BATCH = 64, TICK_MS = 200, EXIT_SOME_PAGES = 1 };

struct input {
    const char *path; /* "-": standard input */
    char id[ID_SIZE];
    struct error error; /* it could not even be submitted */
    int64_t submitted;
};

struct run {
    struct rooms rooms;
    struct settings settings;
    struct options options;
    struct ocr_flags flags;
    struct products products;
    struct input *inputs;
    size_t input_count, next_input;
    struct progress progress;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    uint64_t changes;
    int exit_code;
};

static void on_change(void *context, const char *id)
{
    struct run *run = context;
    (void)id;
    pthread_mutex_lock(&run->mutex);
    run->changes++;
    pthread_cond_signal(&run->cond);
    pthread_mutex_unlock(&run->mutex);
}

static uint64_t wait_for_change(struct run *run, uint64_t seen)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&run->mutex);
    if (run->changes == seen)
        pthread_cond_timedwait(&run->cond, &run->mutex, &until);
    seen = run->changes;
    pthread_mutex_unlock(&run->mutex);
    return seen;
}

static int copy_stdin(struct error *err)
{
    char part[65536];
    ssize_t n;
    auto_fd fd = fd_memory("stdin", err);
    if (fd < 0)
        return -1;
    while ((n = read(STDIN_FILENO, part, sizeof part)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "standard input");
        if (fd_write_full(fd, part, (size_t)n, err) < 0)
            return -1;
    }
    return fd_take(&fd);
}

static int open_input(const char *path, struct error *err)
{
    if (strcmp(path, "-") == 0)
        return copy_stdin(err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0
               ? error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "%s", strerror(errno))
               : fd;
}

static const struct media *examine(int fd, uint64_t *size, struct error *err)
{
    char head[MEDIA_SNIFF];
    if (fd_size(fd, size, err) < 0)
        return NULL;
    ssize_t n = fd_read_full(fd, head, sizeof head, 0);
    if (n < 0) {
        error_errno(err, "read");
        return NULL;
    }
    const struct media *media = media_sniff(head, (size_t)n);
    if (n == 0)
        error_set(err, ERROR_INPUT, "the document is empty");
    else if (!media)
        error_set(err, ERROR_UNSUPPORTED, "the document is none of %s", media_supported());
    return media;
}

static int submit(struct run *run, struct input *in, struct error *err)
{
    char key[BLOB_KEY];
    uint64_t size;
    auto_fd fd = open_input(in->path, err);
    if (fd < 0)
        return -1;
    const struct media *media = examine(fd, &size, err);
    if (!media)
        return -1;
    id_new(in->id);
    job_document_key(in->id, key);
    if (blob_adopt(run->rooms.blobs, key, fd, err) < 0)
        return -1;
    struct job_request request = {.owner = "local",
                                  .filename = output_basename(in->path),
                                  .content_type = media->type,
                                  .sha256 = "",
                                  .size = (int64_t)size,
                                  .options = &run->options};
    memcpy(request.id, in->id, sizeof request.id);
    in->submitted = clock_steady();
    return job_submit(run->rooms.service, &request, NULL, NULL, err);
}

/* A few documents ahead, so that lanes do not idle between two of them, and no more: each holds a
 * descriptor. */
static void submit_ahead(struct run *run, size_t current)
{
    size_t window = (size_t)run->settings.lanes + 2;
    while (run->next_input < run->input_count && run->next_input < current + window) {
        struct input *in = &run->inputs[run->next_input++];
        submit(run, in, &in->error);
    }
}

static void complain(struct run *run, const struct input *in, int page, const struct error *e)
{
    progress_clear(&run->progress);
    if (page)
        fprintf(stderr, "pagemill ocr: %s: page %d: %s: %s\n", in->path, page, error_code(e->class),
                e->text);
    else
        fprintf(stderr, "pagemill ocr: %s: %s: %s\n", in->path, error_code(e->class), e->text);
}

static int write_page(struct run *run, struct input *in, struct page_row *row, struct error *err)
{
    auto_strbuf json = {0};
    if (row->state != PAGE_DONE) {
        complain(run, in, (int)row->number, &row->error);
        if (!run->exit_code)
            run->exit_code = EXIT_SOME_PAGES;
        return products_add_failed(&run->products, row->number, &row->error, err);
    }
    if (job_page_json(run->rooms.service, in->id, row, &json, err) < 0 ||
        products_add(&run->products, row->number, &json, err) < 0)
        return -1;
    job_page_forget(run->rooms.service, in->id, row);
    return 0;
}

/* Writes every page that is next in order and has ended; *next moves on. */
static int write_ready_pages(struct run *run, struct input *in, uint32_t *next, struct error *err)
{
    struct page_row rows[ROW_BATCH];
    int n;
    while ((n = store_list_pages(run->rooms.store, in->id, *next, false, rows, ROW_BATCH, err)) > 0)
        for (int i = 0; i < n; i++) {
            if (rows[i].state != PAGE_DONE && rows[i].state != PAGE_FAILED)
                return 0;
            if (write_page(run, in, &rows[i], err) < 0)
                return -1;
            *next = rows[i].number + 1;
        }
    return n;
}

/* Until the document is open there is nothing to write; if it cannot be opened, there never is. */
static int await_pages(struct run *run, const struct input *in, struct job *job, struct error *err)
{
    uint64_t seen = 0;
    for (;;) {
        job_free_members(job);
        if (store_find_job(run->rooms.store, in->id, job, err) < 0)
            return -1;
        if (job->pages.total)
            return 0;
        if (job_state_ended(job->state)) {
            *err = job->error;
            return -1;
        }
        seen = wait_for_change(run, seen);
    }
}

static int follow(struct run *run, struct input *in, struct job *job, struct error *err)
{
    uint32_t next = 1;
    uint64_t seen = 0;
    for (;;) {
        job_free_members(job);
        if (store_find_job(run->rooms.store, in->id, job, err) < 0 ||
            write_ready_pages(run, in, &next, err) < 0)
            return -1;
        progress_show(&run->progress, in->path, &job->pages);
        if (job_state_ended(job->state))
            return 0;
        seen = wait_for_change(run, seen);
    }
}

static int open_document(struct run *run, const struct input *in, struct error *err)
{
    char key[BLOB_KEY];
    uint64_t size;
    job_document_key(in->id, key);
    return blob_open(run->rooms.blobs, key, &size, err);
}

static int write_products(struct run *run, struct input *in, int document, struct job *job,
                          struct error *err)
{
    if (products_begin(&run->products, in->path, document, job, err) < 0 ||
        follow(run, in, job, err) < 0)
        return -1;
    int rc = products_end(&run->products, err);
    if (job->state != JOB_FAILED)
        return rc;
    *err = job->error;
    return -1;
}

static int read_input(struct run *run, struct input *in, struct error *err)
{
    auto_job job = {0};
    if (in->error.class != ERROR_NONE) {
        *err = in->error;
        return -1;
    }
    progress_begin(&run->progress);
    if (await_pages(run, in, &job, err) < 0)
        return -1;
    auto_fd document = open_document(run, in, err);
    int rc = document < 0 ? -1 : write_products(run, in, document, &job, err);
    products_abort(&run->products);
    return rc;
}

static void read_all(struct run *run)
{
    struct error err;
    for (size_t i = 0; i < run->input_count; i++) {
        struct input *in = &run->inputs[i];
        submit_ahead(run, i);
        if (read_input(run, in, &err) < 0) {
            complain(run, in, 0, &err);
            run->exit_code = error_exit_code(err.class);
        }
        progress_clear(&run->progress);
        if (*in->id && job_delete(run->rooms.service, in->id, &err) == 0)
            job_sweep(run->rooms.service, false, &err);
    }
    if (products_publish(&run->products, &err) < 0)
        run->exit_code = cmd_fail("ocr", &err);
}

/* Names as given; a pattern that the shell left alone is expanded here. */
static void add_inputs(struct run *run, int argc, char **argv, glob_t *found)
{
    for (int i = 0; i < argc; i++) {
        int flags = GLOB_NOCHECK | (i ? GLOB_APPEND : 0);
        bool literal = access(argv[i], F_OK) == 0 || strcmp(argv[i], "-") == 0;
        glob(argv[i], literal ? flags | GLOB_NOESCAPE : flags, NULL, found);
    }
    run->input_count = argc ? found->gl_pathc : 1;
    run->inputs = x_calloc(run->input_count, sizeof *run->inputs);
    for (size_t i = 0; i < run->input_count; i++)
        run->inputs[i].path = argc ? found->gl_pathv[i] : "-";
}

static int prepare(struct run *run, int *argc, char **argv, struct error *err)
{
    const struct args_target targets[] = {{&ocr_table, &run->flags},
                                          {&options_table, &run->options}};
    param_defaults(&ocr_table, &run->flags);
    param_defaults(&options_table, &run->options);
    run->options.dpi = 0;
    *argc = args_settings(*argc, argv, &run->settings, targets, 2, err);
    if (*argc < 0)
        return -1;
    if (!run->options.dpi)
        run->options.dpi = run->settings.dpi;
    if (run->flags.jobs)
        run->settings.lanes = run->flags.jobs;
    if (!*argc && isatty(STDIN_FILENO))
        return error_set(err, ERROR_INPUT, "no file given");
    if (options_settle(&run->options, &run->settings, err) < 0 ||
        products_choose(&run->products, run->flags.format, run->flags.output, err) < 0)
        return -1;
    run->products.unit = (enum page_unit)run->flags.unit;
    run->products.settings = &run->settings;
    run->products.password = run->options.password;
    /* The lanes start with what will be asked of them. */
    snprintf(run->settings.engine, sizeof run->settings.engine, "%s", run->options.engine);
    snprintf(run->settings.languages, sizeof run->settings.languages, "%s", run->options.languages);
    return 0;
}

int cmd_ocr(int argc, char **argv)
{
    struct run run = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    struct error err;
    glob_t found = {0};
    if (prepare(&run, &argc, argv, &err) < 0)
        return cmd_fail("ocr", &err);
    log_setup("ocr",
              run.settings.log_level > LOG_INFO ? (enum log_level)run.settings.log_level
                                                : LOG_ERROR,
              LOG_TEXT);
    run.progress.on = !run.flags.quiet && isatty(STDERR_FILENO);
    unfinished_watch();
    if (rooms_open(&run.rooms, &run.settings, "sqlite::memory:", "memory:", on_change, &run, &err) <
        0)
        return cmd_fail("ocr", &err);
    if (capabilities_check(run.rooms.capabilities, run.settings.engine, run.settings.languages,
                           &err) < 0) {
        run.exit_code = cmd_fail("ocr", &err);
    } else {
        add_inputs(&run, argc, argv, &found);
        read_all(&run);
        free(run.inputs);
        globfree(&found);
    }
    rooms_close(&run.rooms);
    return run.exit_code;
}
