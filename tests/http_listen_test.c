/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where the server listens: several addresses, Unix sockets and their files, the control socket,
 * TLS. The certificates are made here, by GnuTLS.
 */
#include "http/http_internal.h"

#include "http_client.h"
#include "unit.h"

#include "base/must.h"

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { LARGE = 3 << 20 };

static char top[] = "/tmp/pagemill-listen-XXXXXX";

static const char *in_top(const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", top, name);
    return out;
}

/* ---- the application ---- */

static void handle_who(void *arg, struct http_request *req)
{
    auto_strbuf text = {0};
    (void)arg;
    strbuf_addf(&text, "%s%s%s", http_client(req), http_secure(req) ? " secure" : "",
                http_trusted(req) ? " trusted" : "");
    http_reply(req, 200, "text/plain", text.data, text.len);
}

static void handle_echo(void *arg, struct http_request *req)
{
    (void)arg;
    const struct strbuf *body = http_body(req);
    http_reply(req, 200, "text/plain", strbuf_str(body), body->len);
}

static int large_next(void *context, struct strbuf *chunk)
{
    int *left = context;
    for (int i = 0; i < 65536; i++)
        strbuf_addc(chunk, 'x');
    *left -= 65536;
    return *left > 0;
}

static void handle_large(void *arg, struct http_request *req)
{
    static const struct http_stream stream = {.next = large_next, .close = free};
    (void)arg;
    int *left = calloc(1, sizeof *left);
    *left = LARGE;
    http_reply_stream(req, "text/plain", &stream, left);
}

static void handle_wait(void *arg, struct http_request *req)
{
    if (http_wait_over(req))
        handle_who(arg, req);
    else
        http_wait(req, "never", 50);
}

static const struct http_route routes[] = {
    {"GET", "/", handle_who, NULL, 0, NULL},
    {"POST", "/", handle_echo, NULL, HTTP_BLOCKING, NULL},
    {"GET", "/large", handle_large, NULL, 0, NULL},
    {"GET", "/wait", handle_wait, NULL, HTTP_BLOCKING, NULL},
};

static struct http_config config = {
    .max_body = 1 << 20,
    .threads = 2,
    .pool_threads = 1,
    .connections = 50,
    .routes = routes,
    .route_count = COUNT(routes),
};

static struct http_server *server;

static void start(const char *listen)
{
    struct error err;
    config.listen = listen;
    OK(http_open(&server, &config, &err));
    OK(http_serve(server, &err));
}

static int connect_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(strlen(path) < sizeof a.sun_path);
    memcpy(a.sun_path, path, strlen(path) + 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static void expect_unix(const char *path, const char *headers, const char *body)
{
    auto_answer a = {0};
    auto_strbuf request = {0};
    strbuf_addf(&request, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
    int fd = connect_unix(path);
    assert_true(fd >= 0);
    client_sends(fd, request.data);
    client_read(fd, false, &a);
    assert_string_equal(strbuf_str(&a.body), body);
    close(fd);
}

/* ---- addresses ---- */

static void several(void **state)
{
    (void)state;
    char path[128], control[128], list[256];
    auto_strbuf addresses = {0};
    auto_answer a = {0};
    struct stat st;
    snprintf(list, sizeof list, "127.0.0.1:0, unix:%s,localhost:0", in_top("s", path));
    config.control = in_top("control", control);
    int before = unit_descriptors();
    start(list);
    config.control = NULL;
    http_addresses(server, &addresses);
    int first, second;
    char found[128];
    assert_int_equal(sscanf(addresses.data,
                            "http://127.0.0.1:%d\nunix:%127s\nhttp://localhost:%d\n", &first, found,
                            &second),
                     3);
    assert_string_equal(found, path);
    assert_int_equal(first, http_port(server));
    int ports[] = {first, second};
    for (int i = 0; i < 2; i++) {
        client_ask(ports[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n", &a);
        assert_string_equal(a.body.data, "127.0.0.1");
    }
    expect_unix(path, "", "unix");
    expect_unix(path, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
                "192.0.2.1 secure");
    expect_unix(control, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
                "unix trusted");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(stat(control, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    http_stop(&server, 2000);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(control, F_OK), -1);
    assert_int_equal(unit_descriptors(), before);
}

static void only_unix(void **state)
{
    (void)state;
    char path[128], list[256];
    snprintf(list, sizeof list, "unix:%s", in_top("only", path));
    start(list);
    assert_int_equal(http_port(server), 0);
    expect_unix(path, "", "unix");
    http_stop(&server, 2000);
}

static void stale_socket(void **state)
{
    (void)state;
    char path[128], list[256];
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(list, sizeof list, "unix:%s", in_top("stale", path));
    must(strlen(path) < sizeof a.sun_path);
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* its server died */
    start(list);
    expect_unix(path, "", "unix");
    struct http_server *other = NULL;
    struct error err;
    REFUSED_SAYING(ERROR_CONFLICT, "another server", http_open(&other, &config, &err));
    expect_unix(path, "", "unix");
    /* Another took the name meanwhile: its file is not ours to remove. */
    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    http_stop(&server, 2000);
    assert_int_equal(access(path, F_OK), 0);
    REFUSED_SAYING(ERROR_CONFLICT, "no socket", http_open(&other, &config, &err));
    assert_int_equal(access(path, F_OK), 0);
}

/* An address holds 107 bytes of a path. */
static void a_path_longer_than_an_address(void **state)
{
    (void)state;
    char path[512], deep[512], list[600], beside[64];
    snprintf(path, sizeof path, "%s", in_top("deep", deep));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%.60s",
                 "a-directory-with-a-name-of-its-own-that-is-rather-long-again");
    }
    assert_int_equal(mkdir(path, 0700), 0);
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(list, sizeof list, "unix:%s/s", path);
    snprintf(beside, sizeof beside, "/proc/self/fd/%d/s", directory);
    start(list);
    expect_unix(beside, "", "unix");
    http_stop(&server, 2000);
    assert_int_equal(access(beside, F_OK), -1);
    close(directory);
}

static void wrong_lists(void **state)
{
    (void)state;
    char path[128], list[512], longer[200] = {0};
    struct error err;
    int before = unit_descriptors();
    memset(longer, 'a', sizeof longer - 1);
    snprintf(list, sizeof list, "unix:/%s", longer);
    const char *const input[] = {"", ",", "127.0.0.1:0,", "127.0.0.1:0,8000", "unix:", list};
    for (size_t i = 0; i < COUNT(input); i++) {
        config.listen = input[i];
        REFUSED(ERROR_INPUT, http_open(&server, &config, &err));
    }
    /* What was opened before the one that fails is closed again. */
    snprintf(list, sizeof list, "unix:%s,unix:/nonexistent/s", in_top("first", path));
    config.listen = list;
    REFUSED(ERROR_IO, http_open(&server, &config, &err));
    assert_int_equal(access(path, F_OK), -1);
    auto_strbuf many = {0};
    for (int i = 0; i < 17; i++)
        strbuf_addf(&many, "%s127.0.0.1:0", i ? "," : "");
    config.listen = many.data;
    REFUSED(ERROR_LIMIT, http_open(&server, &config, &err));
    assert_null(server);
    assert_int_equal(unit_descriptors(), before);
}

/* ---- TLS ---- */

static void write_file(const char *name, const gnutls_datum_t *bytes)
{
    char path[128];
    FILE *f = fopen(in_top(name, path), "w");
    assert_non_null(f);
    fwrite(bytes->data, 1, bytes->size, f);
    fclose(f);
}

/* NAME.key and NAME.crt. */
static void make_certificate(const char *name)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t pem;
    char file[64];
    gnutls_x509_privkey_init(&key);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_EC,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\x01", 1);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_key(crt, key);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
    snprintf(file, sizeof file, "%s.crt", name);
    write_file(file, &pem);
    gnutls_free(pem.data);
    assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
    snprintf(file, sizeof file, "%s.key", name);
    write_file(file, &pem);
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

struct tls {
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

static int tls_connect(struct tls *t, int port, const char *versions)
{
    t->fd = client_connect(port);
    gnutls_certificate_allocate_credentials(&t->credentials);
    gnutls_init(&t->session, GNUTLS_CLIENT);
    gnutls_priority_set_direct(t->session, versions, NULL);
    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->credentials);
    gnutls_transport_set_int(t->session, t->fd);
    int rc;
    do
        rc = gnutls_handshake(t->session);
    while (rc < 0 && !gnutls_error_is_fatal(rc));
    return rc;
}

static void tls_end(struct tls *t)
{
    gnutls_deinit(t->session);
    gnutls_certificate_free_credentials(t->credentials);
    close(t->fd);
}

static void tls_send(struct tls *t, const char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = gnutls_record_send(t->session, bytes + done, len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

/* Everything up to the end; true if that was said, not a break of the connection. */
static bool tls_read(struct tls *t, struct strbuf *out)
{
    char buffer[16384];
    ssize_t n;
    while ((n = gnutls_record_recv(t->session, buffer, sizeof buffer)) > 0 || n == GNUTLS_E_AGAIN)
        if (n > 0)
            strbuf_add(out, buffer, (size_t)n);
    return n == 0;
}

static void start_tls(void)
{
    char certificate[128], key[128];
    config.tls_certificate = in_top("a.crt", certificate);
    config.tls_key = in_top("a.key", key);
    start("127.0.0.1:0");
    config.tls_certificate = config.tls_key = NULL;
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n"

static void tls_requests(void **state)
{
    (void)state;
    static const struct {
        const char *request, *says;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" CLOSE "\r\n", "\r\n\r\n127.0.0.1 secure"},
        {"GET / HTTP/1.1\r\n" CLOSE "\r\n", "Strict-Transport-Security: max-age=31536000"},
        {"POST / HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\n\r\nhello", "\r\n\r\nhello"},
        {"GET /wait HTTP/1.1\r\n" CLOSE "\r\n", "\r\n\r\n127.0.0.1 secure"},
        {"GET /nothing HTTP/1.1\r\n" CLOSE "\r\n", "404 Not Found"},
    };
    start_tls();
    auto_strbuf addresses = {0};
    http_addresses(server, &addresses);
    assert_memory_equal(addresses.data, "https://127.0.0.1:", 18);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls t;
        auto_strbuf answer = {0};
        assert_int_equal(tls_connect(&t, http_port(server), "NORMAL"), 0);
        tls_send(&t, rows[i].request, strlen(rows[i].request));
        tls_read(&t, &answer);
        if (!strstr(strbuf_str(&answer), rows[i].says))
            fail_msg("%s: %s", rows[i].request, strbuf_str(&answer));
        tls_end(&t);
    }
    http_stop(&server, 2000);
}

static void tls_large_answer(void **state)
{
    (void)state;
    struct tls t;
    auto_strbuf answer = {0};
    static const char request[] = "GET /large HTTP/1.1\r\n" CLOSE "\r\n";
    start_tls();
    assert_int_equal(tls_connect(&t, http_port(server), "NORMAL"), 0);
    tls_send(&t, request, sizeof request - 1);
    tls_read(&t, &answer);
    assert_true(answer.len > LARGE);
    assert_memory_equal(answer.data + answer.len - 5, "0\r\n\r\n", 5);
    tls_end(&t);
    http_stop(&server, 2000);
}

/* The answer that goes past libmicrohttpd, while the client is sending its body. */
static void tls_cut(void **state)
{
    (void)state;
    struct tls t;
    auto_strbuf answer = {0};
    static const char request[] = "POST /nothing HTTP/1.1\r\nHost: localhost\r\n"
                                  "Content-Length: 1000000\r\n\r\nbegin";
    start_tls();
    assert_int_equal(tls_connect(&t, http_port(server), "NORMAL"), 0);
    tls_send(&t, request, sizeof request - 1);
    assert_true(tls_read(&t, &answer));
    assert_memory_equal(answer.data, "HTTP/1.1 404", 12);
    assert_non_null(strstr(answer.data, "\"code\":\"not_found\""));
    tls_end(&t);
    http_stop(&server, 2000);
}

static void tls_versions(void **state)
{
    (void)state;
    static const struct {
        const char *versions;
        bool accepted;
    } rows[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2", true},
        {"LEGACY:-VERS-ALL:+VERS-TLS1.1", false},
    };
    start_tls();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls t;
        assert_int_equal(tls_connect(&t, http_port(server), rows[i].versions) == 0,
                         rows[i].accepted);
        tls_end(&t);
    }
    int fd = client_connect(http_port(server));
    client_sends(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    auto_answer a = {0};
    client_read(fd, false, &a);
    assert_int_equal(a.status, 0);
    close(fd);
    http_stop(&server, 2000);
}

/* The time for the headers runs from the connection on, so it covers the handshake, too. */
static void tls_silence(void **state)
{
    (void)state;
    int64_t usual = http_timing.header;
    http_timing.header = 100;
    start_tls();
    int fd = client_connect(http_port(server));
    assert_true(client_sees_end(fd));
    close(fd);
    http_stop(&server, 2000);
    http_timing.header = usual;
}

static void refuse_pair(const char *certificate, const char *key, enum error_class class,
                        const char *named)
{
    char first[128], second[128];
    struct error err = {0};
    config.listen = "127.0.0.1:0";
    config.tls_certificate = *certificate ? in_top(certificate, first) : "";
    config.tls_key = *key ? in_top(key, second) : "";
    assert_int_equal(http_open(&server, &config, &err), -1);
    config.tls_certificate = config.tls_key = NULL;
    assert_int_equal(err.class, class);
    if (!strstr(err.text, named))
        fail_msg("\"%s\" does not name %s", err.text, named);
}

static void tls_files(void **state)
{
    (void)state;
    static const gnutls_datum_t junk = {(unsigned char *)(uintptr_t) "junk\n", 5};
    make_certificate("b");
    write_file("junk.pem", &junk);
    refuse_pair("none.crt", "a.key", ERROR_IO, "none.crt");
    refuse_pair("a.crt", "none.key", ERROR_IO, "none.key");
    refuse_pair("junk.pem", "a.key", ERROR_INPUT, "junk.pem");
    refuse_pair("a.crt", "junk.pem", ERROR_INPUT, "junk.pem");
    refuse_pair("a.crt", "a.crt", ERROR_INPUT, "a.crt: not a private key");
    refuse_pair("a.crt", "b.key", ERROR_INPUT, "b.key: does not belong");
    refuse_pair("a.crt", "", ERROR_INPUT, "only the certificate");
    refuse_pair("", "a.key", ERROR_INPUT, "only the key");
}

static void tls_leaves_unix_plain(void **state)
{
    (void)state;
    char path[128], list[256], certificate[128], key[128];
    snprintf(list, sizeof list, "unix:%s,127.0.0.1:0", in_top("plain", path));
    config.tls_certificate = in_top("a.crt", certificate);
    config.tls_key = in_top("a.key", key);
    start(list);
    config.tls_certificate = config.tls_key = NULL;
    expect_unix(path, "", "unix");
    http_stop(&server, 2000);
}

static int make_top(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    make_certificate("a");
    return 0;
}

static int remove_top(void **state)
{
    char command[160];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", top);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several),          cmocka_unit_test(only_unix),
        cmocka_unit_test(stale_socket),     cmocka_unit_test(a_path_longer_than_an_address),
        cmocka_unit_test(wrong_lists),      cmocka_unit_test(tls_requests),
        cmocka_unit_test(tls_large_answer), cmocka_unit_test(tls_cut),
        cmocka_unit_test(tls_versions),     cmocka_unit_test(tls_silence),
        cmocka_unit_test(tls_files),        cmocka_unit_test(tls_leaves_unix_plain),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, make_top, remove_top);
}
