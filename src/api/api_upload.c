/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A document on its way in: the body goes to the blobs while it is hashed, never whole in memory.
 * What is to become of it is api_take's matter.
 */
#include "api/api_upload.h"

#include "base/digest.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void upload_free(void *context)
{
    struct upload *u = context;
    blob_abort(&u->writer);
    digest_free(&u->digest);
    free(u);
}

struct upload *upload_begin(struct api *api, const char *filename, const char *type,
                            struct error *err)
{
    char key[BLOB_KEY];
    struct upload *u = x_calloc(1, sizeof *u);
    id_new(u->id);
    snprintf(u->filename, sizeof u->filename, "%s", filename);
    snprintf(u->declared, sizeof u->declared, "%s",
             type && *type ? type : "application/octet-stream");
    u->digest = digest_new();
    job_document_key(u->id, key);
    if (!u->digest)
        error_set(err, ERROR_BUG, "SHA-256 is not available");
    else if (blob_create(job_blobs(api->rooms.service), key, &u->writer, err) == 0)
        return u;
    upload_free(u);
    return NULL;
}

const char *upload_type(const struct upload *u)
{
    const struct media *media = media_sniff(u->head, u->head_len);
    return media ? media->type : NULL;
}

int upload_check_type(const struct upload *u, struct error *err)
{
    if (upload_type(u))
        return 0;
    return error_set(err, ERROR_UNSUPPORTED, "the document is none of %s", media_supported());
}

int upload_write(struct upload *u, const void *bytes, size_t len, struct error *err)
{
    bool sniffed = u->head_len == sizeof u->head;
    size_t more = sizeof u->head - u->head_len < len ? sizeof u->head - u->head_len : len;
    memcpy(u->head + u->head_len, bytes, more);
    u->head_len += more;
    if (!u->any_type && !sniffed && u->head_len == sizeof u->head && upload_check_type(u, err) < 0)
        return -1;
    u->size += (int64_t)len;
    digest_add(u->digest, bytes, len);
    return blob_write(u->writer, bytes, len, err);
}

int upload_finish(struct upload *u, struct error *err)
{
    if (blob_commit(&u->writer, err) < 0)
        return -1;
    digest_finish(&u->digest, u->sha256);
    return 0;
}

/* ---- as http calls ---- */

static void *begin(void *api, const char *filename, const char *type, struct error *err)
{
    return upload_begin(api, filename, type, err);
}

static void *begin_any(void *api, const char *filename, const char *type, struct error *err)
{
    struct upload *u = upload_begin(api, filename, type, err);
    if (u)
        u->any_type = true;
    return u;
}

static int write_piece(void *upload, const void *bytes, size_t len, struct error *err)
{
    return upload_write(upload, bytes, len, err);
}

const struct http_sink api_upload_sink = {begin, write_piece, upload_free};
const struct http_sink api_any_upload_sink = {begin_any, write_piece, upload_free};
