/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A worker process as its parent sees it: pagemill-work at the other end of a socket pair. Started
 * by fork + exec with an almost empty environment; ended by SIGKILL, which is always safe.
 */
#ifndef WORK_PROCESS_H
#define WORK_PROCESS_H

#include "base/error.h"
#include "base/settings.h"
#include "model/recipe.h"
#include "work/message.h"

#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid;  /* 0: none */
    int socket; /* −1: none */
};

#define PROCESS_NONE ((struct process){.pid = 0, .socket = -1})

enum process_end {
    PROCESS_KILLED,  /* by SIGKILL or SIGTERM from outside: nobody's fault here */
    PROCESS_CRASHED, /* a signal of its own making, the sandbox, or a silent exit */
};

/* The command line of pagemill-work: the stage, the flags that come from the settings, the stage's
 * own, which win over those, and the recipe's where the stage needs one (else NULL). What is passed
 * must outlive it. */
enum { PROCESS_ARGS = 128 };
struct process_args {
    const char *argv[PROCESS_ARGS]; /* NULL-terminated */
    size_t count;
    char memory[32], file_size[32];
    char **recipe;
};
void process_args_make(struct process_args *a, const struct settings *settings,
                       const struct recipe *recipe, const char *const *stage);
void process_args_free(struct process_args *a);

int process_start(struct process *p, const struct settings *settings, const struct recipe *recipe,
                  const char *const *stage, struct error *err);
void process_kill(struct process *p); /* SIGKILL, reap, close; accepts one that is gone */

/* The other end has closed: reap it, and say in *why (class and text) how it ended. */
enum process_end process_reap(struct process *p, struct error *why);

/* One request and its answer, blocking at most timeout_ms. An ERROR answer becomes *err. Takes no
 * ownership of fd; *answer_fd is the caller's. The process is killed when it does not answer. */
int process_call(struct process *p, const struct message *request, int fd,
                 enum message_type expected, struct message *answer, int *answer_fd, int timeout_ms,
                 struct error *err);

/* Map a sealed memory file of exactly `size` bytes that a worker passed; munmap by process_unmap.
 */
const char *process_map(int fd, uint64_t size, uint64_t cap, struct error *err);
void process_unmap(const char *bytes, uint64_t size);

/* What opens a document in a decode process: the caps of the settings, and the password ("" for
 * none). */
void process_open_message(struct message *m, const struct settings *settings, const char *password);
/* Of a process just started: waits until it is ready and has opened the document, whose pages it
 * counts. Blocks. */
int process_open_document(struct process *p, const struct settings *settings, int document,
                          const char *password, uint32_t *pages, struct error *err);

#endif
