/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A document that arrives, by a request's body or fetched from a URL.
 */
#ifndef API_API_UPLOAD_H
#define API_API_UPLOAD_H

#include "api/api_internal.h"
#include "page/media.h"

struct upload {
    char id[ID_SIZE]; /* of the job that it may become */
    char filename[STORE_FILENAME];
    char declared[STORE_TYPE]; /* the type that the client claims */
    char sha256[STORE_SHA256]; /* once finished */
    struct blob_writer *writer;
    struct digest *digest;
    char head[MEDIA_SNIFF];
    size_t head_len;
    int64_t size;
    bool any_type; /* not refused for its first bytes */
};

struct upload *upload_begin(struct api *api, const char *filename, const char *type,
                            struct error *err);
int upload_write(struct upload *u, const void *bytes, size_t len, struct error *err);
int upload_finish(struct upload *u, struct error *err); /* on stable storage, hashed */
void upload_free(void *upload);                         /* what was not finished is gone */

const char *upload_type(const struct upload *u); /* by the first bytes; NULL: nothing we read */
int upload_check_type(const struct upload *u, struct error *err);

#endif
