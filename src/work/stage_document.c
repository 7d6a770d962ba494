/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The one document that a decode or bind process sees in its life. Refuses a second one, and what
 * is asked before the first. Called by those stages; calls decode.
 */
#include "work/stage.h"

#include "base/fd.h"
#include "decode/decode.h"

#include <stdio.h>
#include <string.h>

static struct document *document;
static int document_fd = -1;

int stage_load_document(const struct stage_config *config, struct message *ready, struct error *err)
{
    (void)config;
    if (decode_warm(err) < 0)
        return -1;
    snprintf(ready->u.ready.engine, sizeof ready->u.ready.engine, "%s", "mupdf");
    return 0;
}

void stage_close_document(void)
{
    document_close(&document);
    fd_close(&document_fd);
}

int stage_open_document(struct exchange *x, struct error *err)
{
    char *password = x->request->u.open.password;
    int rc;
    if (document)
        rc = error_set(err, ERROR_BUG, "a process opens one document");
    else if (x->fd < 0)
        rc = error_set(err, ERROR_BUG, "OPEN without a document");
    else
        rc = document_open(&document, x->fd, password, &x->request->u.open.limits, err);
    explicit_bzero(password, sizeof x->request->u.open.password);
    if (rc < 0)
        return -1;
    document_fd = fd_take(&x->fd);
    x->answer.type = MESSAGE_OPENED;
    x->answer.u.opened.pages = document_pages(document);
    return 0;
}

struct document *stage_document(struct error *err)
{
    if (!document)
        error_set(err, ERROR_BUG, "a page was asked for before a document");
    return document;
}
