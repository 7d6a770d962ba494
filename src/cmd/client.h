/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Asking a running server, for the commands that do: over TCP with a token, or over the control
 * socket of its data directory. Answers are JSON.
 */
#ifndef CMD_CLIENT_H
#define CMD_CLIENT_H

#include "base/error.h"

#include <jansson.h>

struct client {
    char server[1024]; /* URL */
    char token[256];   /* "": none */
    char socket[1100]; /* path of a unix socket; "": none */
    void *curl;        /* private */
};

void client_open(struct client *c); /* the texts are the caller's to fill */
void client_close(struct client *c);

/* body: JSON or NULL. *out may be NULL; else it is the answer (NULL when there is none), the
 * caller's. A refusal is an error of the class that its status means; no answer at all is
 * ERROR_REMOTE. */
int client_ask(struct client *c, const char *method, const char *path, const char *body,
               json_t **out, struct error *err);

const char *client_text(json_t *object, const char *key); /* "-" if it is no text */

#endif
