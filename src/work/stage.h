/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill-work can be: a stage loads what it needs, the sandbox closes, and then requests are
 * answered one at a time. A new stage is one file and one row in work_main.c.
 */
#ifndef WORK_STAGE_H
#define WORK_STAGE_H

#include "base/error.h"
#include "model/recipe.h"
#include "work/message.h"

#include <stdbool.h>
#include <stdint.h>

enum { STAGE_SOCKET = 3 }; /* the descriptor that the parent leaves */

struct stage_config {
    char engine[WORK_ENGINE_NAME];
    char languages[WORK_LANGUAGES];
    char tessdata[1024];
    struct recipe recipe;      /* of the neural engine */
    int64_t memory, file_size; /* bytes */
    bool sandbox;
};

/* One request and its answer. Both descriptors are −1 or closed by the caller: a stage that keeps
 * `fd` takes it. */
struct exchange {
    struct message *request;
    int fd;
    struct message answer; /* version and ticket are filled in by the caller */
    int answer_fd;
};

typedef int stage_handler(struct exchange *x, struct error *err);

/* A process is one stage for its life, so a stage's state is static in its file. */
struct stage {
    const char *name;
    /* Before the sandbox closes; fills ready->u.ready but for the sandbox. */
    int (*load)(const struct stage_config *config, struct message *ready, struct error *err);
    void (*unload)(void);
    stage_handler *handlers[MESSAGE_TYPES];
};

extern const struct stage stage_decode, stage_recognise, stage_bind;

/* One JSON object on standard output: what this build and this machine can do. */
int stage_probe(const struct stage_config *config, struct error *err);

/* The page result as JSON in sealed memory: its descriptor in x->answer_fd. */
struct page;
int stage_answer_page(struct exchange *x, const struct page *page, struct error *err);
/* Its lines to blocks, as is wished. The wish says whether tables and figures are kept, whatever
 * the hints say. */
struct layout_hints;
int stage_layout(struct page *page, const struct layout_hints *hints, const struct page_wish *wish,
                 struct error *err);
uint64_t stage_rss_kib(void); /* the most this process has held */

/* For stages that hold one document: MESSAGE_OPEN's handler, the document (NULL and ERROR_BUG
 * before it is open), and its end. */
struct document;
int stage_load_document(const struct stage_config *config, struct message *ready,
                        struct error *err);
stage_handler stage_open_document;
struct document *stage_document(struct error *err);
void stage_close_document(void);

#endif
