/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * pagemill-work: the program that sees documents. Started by pagemill with a socket at descriptor
 * 3: loads a stage, closes the sandbox, says READY and answers requests until the other end closes.
 * Refuses to work when the sandbox cannot be closed, unless told --sandbox off. Logs nothing.
 */
#include "base/fd.h"
#include "base/param.h"
#include "work/sandbox.h"
#include "work/stage.h"

#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

#define FIELD(name) offsetof(struct stage_config, name), sizeof((struct stage_config *)0)->name

static const struct param options[] = {
    {"engine", PARAM_TEXT, FIELD(engine), "tesseract", .metavar = "NAME", .doc = "what reads"},
    {"languages", PARAM_TEXT, FIELD(languages), "eng", .metavar = "L", .doc = "joined by '+'"},
    {"tessdata", PARAM_TEXT, FIELD(tessdata), "", .metavar = "DIR", .doc = "language models"},
    {"memory", PARAM_BYTES, FIELD(memory), "2G", 1, INT64_MAX, .metavar = "BYTES",
     .doc = "address space allowed"},
    {"file_size", PARAM_BYTES, FIELD(file_size), "1G", 1, INT64_MAX, .metavar = "BYTES",
     .doc = "largest memory file allowed"},
    {"sandbox", PARAM_BOOL, FIELD(sandbox), "on", .metavar = "on|off",
     .doc = "off: trust documents"},
};

static const struct param_table table = {options, sizeof options / sizeof *options};

static const struct stage *const stages[] = {&stage_decode, &stage_recognise, &stage_bind};
enum { STAGES = sizeof stages / sizeof *stages };

static int usage(void)
{
    fputs("usage: pagemill-work STAGE [--OPTION VALUE]...\n"
          "Started by pagemill, never by hand; `pagemill-work probe` says what it can do.\n",
          stderr);
    return EXIT_USAGE;
}

/* --file-size sets file_size. */
static int set_option(struct stage_config *config, const char *flag, const char *value,
                      struct error *err)
{
    if (strncmp(flag, "--", 2) != 0 || !value)
        return error_set(err, ERROR_INPUT, "'%s' is not an option with a value", flag);
    char name[64];
    snprintf(name, sizeof name, "%s", flag + 2);
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    if (param_find(&recipe_table, name))
        return param_set(&recipe_table, &config->recipe, name, value, err);
    return param_set(&table, config, name, value, err);
}

static int parse(struct stage_config *config, char **args, struct error *err)
{
    param_defaults(&table, config);
    recipe_defaults(&config->recipe);
    for (; *args; args += 2)
        if (set_option(config, args[0], args[1], err) < 0)
            return -1;
    return 0;
}

/* Die with the parent, even in the middle of a page. */
static void follow_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
    /* A library that complains to a closed standard error must not end the page. */
    signal(SIGPIPE, SIG_IGN);
    /* A parent that died before the prctl has closed its end: this holds also where getppid cannot
     * tell, because a living parent may be process 1 of a container. */
    struct pollfd p = {.fd = STAGE_SOCKET, .events = POLLRDHUP};
    if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP)))
        _exit(0);
}

static int send_error(uint64_t ticket, const struct error *why, struct error *err)
{
    struct message m = {.version = MESSAGE_VERSION, .type = MESSAGE_ERROR, .ticket = ticket};
    m.u.error.class = why->class;
    m.u.error.page = why->page > 0 ? (uint32_t)why->page : 0;
    memcpy(m.u.error.text, why->text, sizeof m.u.error.text);
    return message_send(STAGE_SOCKET, &m, -1, err);
}

/* A GPU's driver brings threads, and what shall hold for them must be closed before it is loaded:
 * from here on there are the files that the engine names, and what drivers need. */
static int prepare(const struct stage_config *config, struct error *err)
{
    const struct recipe *r = &config->recipe;
    char program[PATH_MAX] = "", runtime[PATH_MAX + 32];
    if (r->device == DEVICE_AUTO || r->device == DEVICE_CPU)
        return 0;
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        return error_errno(err, "/proc/self/exe");
    const char *beside = dirname(program); /* where ocr/onnx.c looks */
    snprintf(runtime, sizeof runtime, "%s%s", *r->runtime ? r->runtime : beside,
             *r->runtime ? "" : "/../lib/pagemill/.");
    const char *const files[] = {
        beside,
        dirname(runtime), /* it has parts for each vendor beside it */
        r->detection,
        r->recognition,
        r->dictionary,
        r->page_orientation,
        r->line_orientation,
        config->tessdata,
        NULL,
    };
    return sandbox_prepare(files, err);
}

static enum sandbox_profile profile_of(const struct message *ready)
{
    const char *device = ready->u.ready.device;
    return !*device || strcmp(device, device_names[DEVICE_CPU]) == 0 ? SANDBOX_STRICT : SANDBOX_GPU;
}

static int load(const struct stage *stage, const struct stage_config *config, struct error *err)
{
    struct message ready = {.version = MESSAGE_VERSION, .type = MESSAGE_READY};
    if ((config->sandbox && prepare(config, err) < 0) || stage->load(config, &ready, err) < 0)
        return -1;
    if (config->sandbox) {
        const struct sandbox_limits limits = {(uint64_t)config->memory, (uint64_t)config->file_size,
                                              profile_of(&ready)};
        int parts = sandbox_close(&limits, err);
        if (parts < 0)
            return -1;
        ready.u.ready.sandbox = (uint32_t)parts;
    }
    return message_send(STAGE_SOCKET, &ready, -1, err);
}

static int handle(const struct stage *stage, struct exchange *x, struct error *err)
{
    stage_handler *handler = stage->handlers[x->request->type];
    if (handler)
        return handler(x, err);
    return error_set(err, ERROR_BUG, "a %s worker does not answer requests of type %u", stage->name,
                     x->request->type);
}

/* Returns 1 after an answer, 0 when the other end has closed. */
static int answer_next(const struct stage *stage, struct error *err)
{
    struct message request;
    auto_fd fd = -1;
    int rc = message_receive(STAGE_SOCKET, &request, &fd, -1, err);
    if (rc <= 0)
        return rc;
    struct exchange x = {.request = &request, .fd = fd_take(&fd), .answer_fd = -1};
    struct error why;
    if (handle(stage, &x, &why) < 0) {
        rc = send_error(request.ticket, &why, err);
    } else {
        x.answer.version = MESSAGE_VERSION;
        x.answer.ticket = request.ticket;
        rc = message_send(STAGE_SOCKET, &x.answer, x.answer_fd, err);
    }
    fd_close(&x.fd);
    fd_close(&x.answer_fd);
    return rc < 0 ? -1 : 1;
}

static int run(const struct stage *stage, const struct stage_config *config)
{
    struct error err;
    int rc = load(stage, config, &err);
    if (rc == 0)
        while ((rc = answer_next(stage, &err)) > 0)
            ;
    if (rc < 0)
        send_error(0, &err, NULL);
    stage->unload();
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int probe(const struct stage_config *config)
{
    struct error err;
    if (stage_probe(config, &err) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "pagemill-work: %s\n", err.text);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct stage_config config = {0};
    struct error err;
    if (argc < 2)
        return usage();
    if (parse(&config, argv + 2, &err) < 0) {
        fprintf(stderr, "pagemill-work: %s\n", err.text);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "probe") == 0)
        return probe(&config);
    for (int i = 0; i < STAGES; i++)
        if (strcmp(stages[i]->name, argv[1]) == 0) {
            follow_parent();
            return run(stages[i], &config);
        }
    return usage();
}
