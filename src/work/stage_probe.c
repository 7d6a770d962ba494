/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The probe: one JSON object that says what this build and this machine can do. Reads no document.
 * The sandbox is tried in a child, because it cannot be opened again. Called by work_main.
 */
#include "work/stage.h"

#include "base/fd.h"
#include "base/json_writer.h"
#include "ocr/ocr.h"
#include "ocr/structure.h"
#include "page/media.h"
#include "work/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_FAILED = 255 }; /* no set of parts is that many: they fit in five bits */

static uint32_t try_sandbox(const struct stage_config *config)
{
    const struct sandbox_limits limits = {(uint64_t)config->memory, (uint64_t)config->file_size};
    pid_t child = fork();
    if (child == 0) {
        int parts = sandbox_close(&limits, NULL);
        _exit(parts < 0 ? CHILD_FAILED : parts);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    bool said = child > 0 && WIFEXITED(status) && WEXITSTATUS(status) != CHILD_FAILED;
    return said ? (uint32_t)WEXITSTATUS(status) : 0;
}

static void write_words(struct json_writer *w, const char *key, const char *words)
{
    json_add_array(w, key);
    while (*words) {
        size_t len = strcspn(words, " ");
        json_add_string_n(w, NULL, words, len);
        words += len;
        words += strspn(words, " ");
    }
    json_end_array(w);
}

/* An engine that is not there is an answer, not a failure. */
static void write_engine(struct json_writer *w, const struct stage_config *config,
                         const char *engine)
{
    struct error missing;
    const struct ocr_config wanted = {engine, config->languages, config->tessdata, &config->recipe};
    auto_strbuf languages = {0}, version = {0};
    int rc = ocr_languages(&wanted, &languages, &missing);
    json_add_object(w, NULL);
    json_add_string(w, "name", engine);
    ocr_describe(&wanted, &version);
    structure_describe(&config->recipe, &version);
    json_add_string(w, "version", strbuf_str(&version));
    json_add_int(w, "channels", ocr_engine_channels(&wanted));
    if (rc < 0)
        json_add_string(w, "missing", missing.text);
    write_words(w, "languages", strbuf_str(&languages));
    json_end_object(w);
}

int stage_probe(const struct stage_config *config, struct error *err)
{
    auto_strbuf out = {0}, parts = {0};
    struct json_writer w = {.out = &out};
    uint32_t holds = config->sandbox ? try_sandbox(config) : 0;
    if (holds)
        sandbox_describe(holds, &parts);
    json_add_object(&w, NULL);
    json_add_string(&w, "version", PAGEMILL_VERSION);
    json_add_array(&w, "engines");
    for (size_t i = 0; ocr_engine(i); i++)
        write_engine(&w, config, ocr_engine(i));
    json_end_array(&w);
    json_add_string(&w, "formats", media_supported());
    json_add_string(&w, "decoder", "mupdf");
    write_words(&w, "sandbox", strbuf_str(&parts));
    json_end_object(&w);
    strbuf_addc(&out, '\n');
    return fd_write_full(STDOUT_FILENO, out.data, out.len, err);
}
