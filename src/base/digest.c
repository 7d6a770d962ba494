/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * SHA-256 by OpenSSL, and files that are read only as what they are said to be. Called by
 * the model room, the engines that load models, and uploads.
 */
#include "base/digest.h"

#include "base/fd.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Not a structure of ours: OpenSSL's, under the name of this folder. */
static EVP_MD_CTX *context(struct digest *d)
{
    return (EVP_MD_CTX *)d;
}

struct digest *digest_new(void)
{
    struct digest *d = (struct digest *)EVP_MD_CTX_new();
    if (d && EVP_DigestInit_ex(context(d), EVP_sha256(), NULL) != 1)
        digest_free(&d);
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
    must(EVP_DigestUpdate(context(d), bytes, len) == 1);
}

void digest_finish(struct digest **d, char out[DIGEST_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(EVP_DigestFinal_ex(context(*d), digest, &size) == 1 && size * 2 + 1 == DIGEST_TEXT);
    for (unsigned i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    digest_free(d);
}

void digest_free(struct digest **d)
{
    EVP_MD_CTX_free(context(*d));
    *d = NULL;
}

void digest_bytes(const void *bytes, size_t len, char out[DIGEST_TEXT])
{
    struct digest *d = digest_new();
    must(d);
    digest_add(d, bytes, len);
    digest_finish(&d, out);
}

bool digest_equal(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static int read_all(int fd, const char *path, struct strbuf *out, struct error *err)
{
    char part[65536];
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0)
            strbuf_add(out, part, (size_t)n);
        if (out->overflowed)
            return error_set(err, ERROR_INPUT, "%s is larger than it may be", path);
    }
    return n < 0 ? error_errno(err, "reading %s", path) : 0;
}

int digest_read_file(const char *path, const char *sha256, struct strbuf *out, struct error *err)
{
    char found[DIGEST_TEXT];
    size_t before = out->len;
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (read_all(fd, path, out, err) < 0)
        return -1;
    digest_bytes(strbuf_str(out) + before, out->len - before, found);
    if (!digest_equal(found, sha256))
        return error_set(err, ERROR_INPUT, "%s is not the file it should be: its SHA-256 is %s",
                         path, found);
    return 0;
}
