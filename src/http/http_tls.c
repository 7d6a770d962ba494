/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The certificate and its key: read and checked before a client can come, with the file named that
 * is at fault. libmicrohttpd does the rest, except for the one answer that goes past it. Called by
 * http_server and http_reply.
 */
#include "http/http_internal.h"

#include "base/fd.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MOST = 1 << 20 };

static int read_file(const char *path, char **out, struct error *err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t size;
    if (fd < 0)
        return error_errno(err, "%s", path);
    if (fd_size(fd, &size, err) < 0)
        return error_context(err, "%s", path);
    if (size > PEM_MOST)
        return error_set(err, ERROR_LIMIT, "%s: larger than %d bytes", path, PEM_MOST);
    char *text = x_calloc(1, (size_t)size + 1);
    if (fd_read_full(fd, text, (size_t)size, 0) == (ssize_t)size) {
        *out = text;
        return 0;
    }
    free(text);
    return error_errno(err, "%s", path);
}

static gnutls_datum_t datum(char *pem)
{
    return (gnutls_datum_t){(unsigned char *)pem, (unsigned)strlen(pem)};
}

static int refuse(const char *path, const char *what, int code, struct error *err)
{
    return error_set(err, ERROR_INPUT, "%s: %s: %s", path, what, gnutls_strerror(code));
}

static int check_certificate(const struct http_server *server, struct error *err)
{
    gnutls_x509_crt_t *chain;
    unsigned count = 0;
    gnutls_datum_t pem = datum(server->certificate);
    int code = gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0)
        return refuse(server->config.tls_certificate, "not a certificate in PEM form", code, err);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return 0;
}

static int check_key(const struct http_server *server, struct error *err)
{
    gnutls_privkey_t key;
    gnutls_datum_t pem = datum(server->key);
    int code = gnutls_privkey_init(&key);
    if (code < 0)
        return refuse(server->config.tls_key, "no memory for a key", code, err);
    code = gnutls_privkey_import_x509_raw(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_privkey_deinit(key);
    if (code < 0)
        return refuse(server->config.tls_key, "not a private key in PEM form", code, err);
    return 0;
}

static int check_pair(const struct http_server *server, struct error *err)
{
    gnutls_certificate_credentials_t both;
    gnutls_datum_t certificate = datum(server->certificate), key = datum(server->key);
    int code = gnutls_certificate_allocate_credentials(&both);
    if (code < 0)
        return refuse(server->config.tls_key, "no memory for a key", code, err);
    code = gnutls_certificate_set_x509_key_mem(both, &certificate, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(both);
    if (code < 0)
        return refuse(server->config.tls_key, "does not belong to the certificate", code, err);
    return 0;
}

int http_tls_read(struct http_server *server, struct error *err)
{
    const char *certificate = server->config.tls_certificate, *key = server->config.tls_key;
    bool has_certificate = certificate && *certificate, has_key = key && *key;
    if (has_certificate != has_key)
        return error_set(err, ERROR_INPUT,
                         "TLS needs both: a certificate and its key; only %s is set",
                         has_key ? "the key" : "the certificate");
    if (!has_key)
        return 0;
    if (read_file(certificate, &server->certificate, err) < 0 ||
        check_certificate(server, err) < 0 || read_file(key, &server->key, err) < 0 ||
        check_key(server, err) < 0)
        return -1;
    return check_pair(server, err);
}

void http_tls_forget(struct http_server *server)
{
    if (server->key)
        explicit_bzero(server->key, strlen(server->key));
    free(server->key);
    free(server->certificate);
}

void http_tls_finish(struct MHD_Connection *mhd, const char *bytes, size_t len)
{
    gnutls_session_t session =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    for (ssize_t n; len; bytes += n, len -= (size_t)n)
        if ((n = gnutls_record_send(session, bytes, len)) <= 0)
            return;
    gnutls_bye(session, GNUTLS_SHUT_WR);
}
