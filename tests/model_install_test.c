/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Installing packs from a real HTTP server on loopback that misbehaves in every way: cuts, wrong
 * bytes, no ranges, redirects, errors. Nothing is ever half-installed. Then verify, list, remove.
 */
#include "model_support.h"

#include "model/install.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>

/* --- a server --- */

enum mode { PLAIN, CUT, NO_RANGES, WRONG, SHORT, LONG, ABSENT, MOVED, AILING, BROKEN, WRONG_RANGE };

static struct {
    int fd, port, requests, ranges; /* ranges: requests that asked for one */
    enum mode mode;
    const char *victim; /* part of the path that mode is about; others are PLAIN */
    char path[512];     /* of the last request */
    pthread_t thread;
    pthread_mutex_t lock;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum { BIG = 300000, CUT_AT = 70000 };
static char big[BIG + 1];
static const char det[] = "the detector";
static const char yaml[] = "Global: {model_name: T_rec}\nPostProcess: {name: CTCLabelDecode, "
                           "character_dict: [a, b, c]}\n";
static const char dictionary[] = "a\nb\nc\n";

static const char *content_of(const char *path, size_t *len)
{
    const char *text = strstr(path, "T_det")           ? det
                       : strstr(path, "inference.yml") ? yaml
                       : strstr(path, "T_rec")         ? big
                                                       : NULL;
    *len = text ? strlen(text) : 0;
    return text;
}

static void reply(int fd, const char *head)
{
    fd_write_full(fd, head, strlen(head), NULL);
}

/* The file from `from` on, as the mode wants it. */
static void send_file(int fd, const char *path, size_t from, enum mode mode)
{
    char head[512];
    size_t len, said;
    const char *text = content_of(path, &len);
    bool partial = from > 0 && mode != NO_RANGES;
    if (!partial)
        from = 0;
    size_t rest = from < len ? len - from : 0, sent = rest;
    said = mode == LONG ? rest + 5 : mode == SHORT ? rest - 5 : rest;
    int n =
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n",
                 partial ? "206 Partial Content" : "200 OK", said);
    if (partial)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %zu-%zu/%zu\r\n",
                      from + (mode == WRONG_RANGE), len - 1, len);
    snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    reply(fd, head);
    char *copy = malloc(rest + 8);
    memset(copy, 'x', rest + 8);
    memcpy(copy, text + from, rest);
    if (mode == WRONG)
        copy[rest / 2] ^= 1;
    sent = mode == CUT && rest > CUT_AT ? CUT_AT : said;
    fd_write_full(fd, copy, sent, NULL);
    free(copy);
}

static void answer(int fd, const char *path, size_t from, enum mode mode, int request)
{
    size_t len;
    char head[1024];
    if (mode == ABSENT || !content_of(path, &len)) {
        reply(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (mode == BROKEN || (mode == AILING && request <= 2)) {
        reply(fd, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (mode == MOVED && !strstr(path, "moved")) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 302 Found\r\nLocation: /moved%s\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n",
                 path);
        reply(fd, head);
    } else if (from >= len && from) {
        reply(fd, "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else {
        send_file(fd, path, from, mode);
    }
}

static void serve_one(int fd)
{
    char head[4096] = "", path[512] = "";
    size_t n = 0;
    while (n < sizeof head - 1 && !strstr(head, "\r\n\r\n")) {
        ssize_t got = recv(fd, head + n, sizeof head - 1 - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
        head[n] = '\0';
    }
    sscanf(head, "GET %511s", path);
    const char *range = strstr(head, "Range: bytes=");
    size_t from = range ? (size_t)strtoul(range + 13, NULL, 10) : 0;
    pthread_mutex_lock(&server.lock);
    int request = ++server.requests;
    server.ranges += range != NULL;
    enum mode mode = server.victim && !strstr(path, server.victim) ? PLAIN : server.mode;
    snprintf(server.path, sizeof server.path, "%s", path);
    pthread_mutex_unlock(&server.lock);
    answer(fd, path, from, mode, request);
    shutdown(fd, SHUT_WR);
    while (recv(fd, head, sizeof head, 0) > 0) /* a reset could overtake what was sent */
        ;
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        auto_fd fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        serve_one(fd);
    }
}

static int start_server(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)('!' + i * 7 % 90);
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server.fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(server.fd, 16) < 0 ||
        getsockname(server.fd, (struct sockaddr *)&a, &size) < 0)
        return -1;
    server.port = ntohs(a.sin_port);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
    (void)state;
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    curl_global_cleanup();
    return 0;
}

/* --- a pack that only this test knows --- */

static struct catalog_pack pack;

static int make_pack(void **state)
{
    static char hashes[4][RECIPE_SHA256];
    int rc = make_top(state);
    const char *texts[] = {det, big, yaml, dictionary};
    for (size_t i = 0; i < COUNT(texts); i++)
        digest_bytes(texts[i], strlen(texts[i]), hashes[i]);
    pack = (struct catalog_pack){.name = "T",
                                 .licence = "none",
                                 .what = "for tests",
                                 .models = {{.name = "T_det",
                                             .task = MODEL_DET,
                                             .revision = "r1",
                                             .onnx = {{hashes[0], strlen(det)}}},
                                            {.name = "T_rec",
                                             .task = MODEL_REC,
                                             .revision = "r2",
                                             .onnx = {{hashes[1], BIG}},
                                             .yaml = {hashes[2], strlen(yaml)},
                                             .dictionary = {{hashes[3], strlen(dictionary)}}}}};
    server.mode = PLAIN;
    server.victim = NULL;
    server.requests = server.ranges = 0;
    return rc;
}

static void set_mode(enum mode mode, const char *victim)
{
    pthread_mutex_lock(&server.lock);
    server.mode = mode;
    server.victim = victim;
    server.requests = server.ranges = 0;
    pthread_mutex_unlock(&server.lock);
}

static int install_with(const char *from, struct error *err)
{
    char mirror[128];
    snprintf(mirror, sizeof mirror, "http://127.0.0.1:%d/hub", server.port);
    struct install how = {.models = in_top("models"), .from = from, .mirror = mirror};
    return install_from_catalog(&how, &pack, err);
}

static int fetch(struct error *err)
{
    return install_with("", err);
}

static void assert_sound(void)
{
    struct error err;
    auto_shelf shelf = {0};
    assert_int_equal(OK(install_verify(in_top("models"), "T", NULL, NULL, &err)), 0);
    OK(model_shelf_read(in_top("models"), &shelf, &err));
    assert_int_equal(shelf.count, 2);
    assert_string_equal(shelf.files[1].name, "T_rec");
    assert_string_equal(shelf.files[1].sha256, pack.models[1].onnx[0].sha256);
    assert_string_equal(shelf.files[1].dictionary_sha256, pack.models[1].dictionary[0].sha256);
    assert_false(exists("models/.T.part"));
    assert_false(exists("models/T/inference.yml"));
}

/* --- downloads --- */

static void a_pack_is_downloaded(void **state)
{
    struct error err;
    (void)state;
    int before = unit_descriptors();
    assert_int_equal(OK(fetch(&err)), 0);
    assert_sound();
    assert_int_equal(server.requests, 3);
    assert_int_equal(server.ranges, 0);
    assert_string_equal(server.path, "/hub/T_rec_onnx/resolve/r2/inference.yml");
    assert_int_equal(OK(fetch(&err)), 1); /* there already */
    assert_int_equal(server.requests, 3);
    assert_int_equal(unit_descriptors(), before);
}

static void a_server_that_cuts_is_asked_for_the_rest(void **state)
{
    struct error err;
    (void)state;
    set_mode(CUT, "T_rec_onnx/resolve/r2/inference.onnx");
    OK(fetch(&err));
    assert_sound();
    assert_int_equal(server.ranges, BIG / CUT_AT); /* 70, 140, 210, 280 thousand */
}

static void a_server_without_ranges_is_asked_from_the_start(void **state)
{
    struct error err;
    (void)state;
    put_bytes("models/.T.part/rec.onnx.part", big, CUT_AT);
    set_mode(NO_RANGES, NULL);
    OK(fetch(&err));
    assert_sound();
    set_mode(WRONG_RANGE, NULL);
    OK(install_remove(in_top("models"), "T", &err));
    put_bytes("models/.T.part/rec.onnx.part", big, CUT_AT);
    OK(fetch(&err));
    assert_sound();
}

static void an_interrupted_install_goes_on(void **state)
{
    struct error err;
    (void)state;
    put("models/.T.part/det.onnx", det);
    put_bytes("models/.T.part/rec.onnx.part", big, CUT_AT);
    put("models/.T.part/foreign", "left by another pack of this name");
    OK(fetch(&err));
    assert_sound();
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.ranges, 1);
    assert_false(exists("models/T/foreign"));
}

static void rubbish_from_before_is_thrown_away(void **state)
{
    struct error err;
    (void)state;
    put("models/.T.part/det.onnx", "not the detector");
    put("models/.T.part/rec.onnx.part", "rubbish of an earlier life");
    put("models/.T.part/inference.yml.part", yaml); /* whole, but not renamed */
    OK(fetch(&err));
    assert_sound();
    put_bytes("long", big, BIG);
    OK(install_remove(in_top("models"), "T", &err));
    put_bytes("models/.T.part/det.onnx.part", big, BIG); /* longer than it can be */
    OK(fetch(&err));
    assert_sound();
}

static void redirects_are_followed_and_errors_waited_out(void **state)
{
    struct error err;
    (void)state;
    set_mode(MOVED, NULL);
    OK(fetch(&err));
    assert_sound();
    OK(install_remove(in_top("models"), "T", &err));
    set_mode(AILING, "T_det");
    OK(fetch(&err));
    assert_sound();
}

static void wrong_answers_install_nothing(void **state)
{
    static const struct {
        enum mode mode;
        const char *says;
    } cases[] = {
        {WRONG, "wrong content"}, {SHORT, "wrong content"}, {LONG, "more than the"},
        {ABSENT, "HTTP 404"},     {BROKEN, "given up"},
    };
    static const char *const victims[] = {"T_det", "T_rec_onnx/resolve/r2/inference.onnx",
                                          "inference.yml"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < (cases[i].mode == BROKEN ? 1 : COUNT(victims)); k++) {
            struct error err = {0};
            set_mode(cases[i].mode, victims[k]);
            assert_int_equal(fetch(&err), -1);
            if (!strstr(err.text, cases[i].says) || !strstr(err.text, "http://127.0.0.1"))
                fail_msg("%s: \"%s\" does not say %s", victims[k], err.text, cases[i].says);
            assert_int_equal(err.class, ERROR_REMOTE);
            assert_false(exists("models/T"));
            if (cases[i].mode != BROKEN)
                install_remove(in_top("models"), "T", NULL); /* what did come */
        }
    struct error err;
    set_mode(PLAIN, NULL);
    OK(fetch(&err)); /* and what they left does no harm */
    assert_sound();
}

static void nobody_there(void **state)
{
    struct error err;
    struct install how = {.models = in_top("models"), .from = "", .mirror = "http://127.0.0.1:1/x"};
    (void)state;
    REFUSED_SAYING(ERROR_REMOTE, "http://127.0.0.1:1/x", install_from_catalog(&how, &pack, &err));
    how.mirror = "file:///etc";
    REFUSED(ERROR_REMOTE, install_from_catalog(&how, &pack, &err));
    assert_false(exists("models/T"));
    assert_false(exists("models/.T.part")); /* nothing came, nothing stays */
}

static void another_dictionary_is_refused(void **state)
{
    struct error err;
    static char zeros[RECIPE_SHA256];
    (void)state;
    memset(zeros, '0', sizeof zeros - 1);
    pack.models[1].dictionary[0].sha256 = zeros;
    REFUSED_SAYING(ERROR_INPUT, "its dictionary has SHA-256", fetch(&err));
    assert_false(exists("models/T"));
}

static void two_at_a_time_are_refused(void **state)
{
    struct error err;
    (void)state;
    put("models/.T.part/det.onnx", det);
    auto_fd held = open(in_top("models/.T.part"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_EX), 0);
    REFUSED_SAYING(ERROR_BUSY, "being installed", fetch(&err));
    REFUSED_SAYING(ERROR_BUSY, "under way", install_remove(in_top("models"), "T", &err));
    assert_true(exists("models/.T.part/det.onnx"));
    fd_close(&held);
    OK(fetch(&err));
    assert_sound();
}

/* --- from a directory --- */

static void put_official(void)
{
    put("from/T_det_onnx/inference.onnx", det);
    put_bytes("from/T_rec_onnx/inference.onnx", big, BIG);
    put("from/T_rec_onnx/inference.yml", yaml);
}

static void a_pack_comes_from_a_directory(void **state)
{
    struct error err;
    (void)state;
    put_official();
    OK(install_with(in_top("from"), &err));
    assert_sound();
    assert_int_equal(server.requests, 0);
    OK(install_remove(in_top("models"), "T", &err));
    assert_int_equal(rename(in_top("from"), in_top("old")), 0);
    put("from/T_det.onnx", det); /* bare files */
    put_bytes("from/T_rec.onnx", big, BIG);
    put("from/T_rec.yml", yaml);
    OK(install_with(in_top("from"), &err));
    assert_sound();
    OK(install_remove(in_top("models"), "T", &err));
    unlink(in_top("from/T_rec.yml"));
    put("from/words.txt", dictionary); /* a list */
    put("from/manifest.json", "[{\"file\":\"T_det.onnx\",\"task\":\"det\"},"
                              "{\"file\":\"T_rec.onnx\",\"task\":\"rec\",\"dict\":\"words.txt\"}]");
    OK(install_with(in_top("from"), &err));
    assert_sound();
}

static void other_files_are_refused_under_a_known_name(void **state)
{
    struct error err;
    (void)state;
    put_official();
    put("from/T_det_onnx/inference.onnx", "another detector");
    REFUSED_SAYING(ERROR_INPUT, "give the pack another name", install_with(in_top("from"), &err));
    put("from/T_det_onnx/inference.onnx", det);
    put("from/T_rec_onnx/inference.yml",
        "Global: {model_name: T_rec}\n"
        "PostProcess: {name: CTCLabelDecode, character_dict: [a]}\n");
    REFUSED_SAYING(ERROR_INPUT, "dictionary", install_with(in_top("from"), &err));
    unlink(in_top("from/T_rec_onnx/inference.onnx"));
    REFUSED_SAYING(ERROR_NOT_FOUND, "no T_rec there", install_with(in_top("from"), &err));
    REFUSED_SAYING(ERROR_INPUT, "nowhere", install_with(in_top("nowhere"), &err));
    assert_false(exists("models/T"));
    assert_false(exists("models/.T.part"));
}

static void count_reports(void *arg, const struct install_report *r)
{
    int *counts = arg;
    counts[r->bad != NULL]++;
}

static void a_pack_of_ones_own(void **state)
{
    struct error err;
    int counts[2] = {0};
    (void)state;
    put_official();
    put("from/T_det_onnx/inference.yml",
        "Global: {model_name: T_det}\nPostProcess: {name: DBPostProcess}\n");
    struct install how = {.models = in_top("models"),
                          .from = in_top("from"),
                          .mirror = "",
                          .tell = count_reports,
                          .arg = counts};
    OK(install_pack(&how, "mine", &err));
    assert_int_equal(counts[0], 2);
    assert_true(exists("models/mine/dictionary.txt"));
    counts[0] = 0;
    OK(install_verify(in_top("models"), NULL, count_reports, counts, &err));
    assert_int_equal(counts[0], 3);
    how.from = "";
    REFUSED_SAYING(ERROR_NOT_FOUND, "--from", install_pack(&how, "other", &err));
    static const char *const names[] = {"", "..", ".hidden", "a/b", "a b", "a\nb"};
    how.from = in_top("from");
    for (size_t i = 0; i < COUNT(names); i++) {
        REFUSED(ERROR_INPUT, install_pack(&how, names[i], &err));
        REFUSED(ERROR_INPUT, install_remove(in_top("models"), names[i], &err));
    }
    put("empty/x", "x");
    how.from = in_top("empty");
    REFUSED_SAYING(ERROR_NOT_FOUND, "no models there", install_pack(&how, "other", &err));
    put("models/manifest.json", "[]");
    how.from = in_top("from");
    REFUSED_SAYING(ERROR_CONFLICT, "one list", install_pack(&how, "other", &err));
}

/* --- what is installed --- */

static void damage_is_found(void **state)
{
    struct error err;
    int counts[2] = {0};
    (void)state;
    OK(fetch(&err));
    put("models/T/det.onnx", "The detector");
    put("models/T/dictionary.txt", "a\nb\nd\n");
    assert_int_equal(OK(install_verify(in_top("models"), "T", count_reports, counts, &err)), 2);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 2);
    REFUSED_SAYING(ERROR_CONFLICT, "models remove T", fetch(&err));
    REFUSED(ERROR_NOT_FOUND, install_verify(in_top("models"), "U", NULL, NULL, &err));
    unlink(in_top("models/T/rec.onnx"));
    assert_int_equal(OK(install_verify(in_top("models"), NULL, NULL, NULL, &err)), 3);
}

static void a_pack_is_removed_with_its_remains(void **state)
{
    struct error err;
    (void)state;
    OK(fetch(&err));
    put("models/T/sub/x", "somebody's");
    put("models/.T.removed/x", "of a removal that was cut short");
    put("models/.T.part/x", "of an install");
    put("models/U/inference.yml", "not made here");
    OK(install_remove(in_top("models"), "T", &err));
    assert_false(exists("models/T"));
    assert_false(exists("models/.T.removed"));
    assert_false(exists("models/.T.part"));
    REFUSED(ERROR_NOT_FOUND, install_remove(in_top("models"), "T", &err));
    REFUSED(ERROR_NOT_FOUND, install_remove(in_top("models"), "U", &err));
    assert_true(exists("models/U/inference.yml"));
}

static void note_row(void *arg, const struct install_row *row)
{
    struct strbuf *out = arg;
    if (row->installed)
        strbuf_addf(out, "%s %lld;", row->name, (long long)row->bytes);
}

static void the_list_shows_both(void **state)
{
    struct error err;
    auto_strbuf out = {0};
    (void)state;
    OK(install_list(in_top("models"), note_row, &out, &err));
    assert_string_equal(strbuf_str(&out), "");
    OK(fetch(&err));
    OK(install_list(in_top("models"), note_row, &out, &err));
    assert_string_equal(strbuf_str(&out), "T 300012;");
}

static void the_catalogue_is_sound(void **state)
{
    (void)state;
    for (const struct catalog_pack *p = catalog; p->name; p++) {
        assert_true(model_name_valid(p->name));
        for (size_t i = 0; i < CATALOG_MODELS && p->models[i].name; i++) {
            const struct catalog_model *m = &p->models[i];
            assert_ptr_equal(catalog_find_model(m->name), p);
            assert_int_equal(strlen(m->revision), 40);
            assert_true(strlen(m->onnx[0].sha256) == 64 && m->onnx[0].bytes > 0);
            assert_int_equal(m->task == MODEL_REC, m->yaml.sha256 && m->dictionary[0].sha256);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_pack, remove_top)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pack_is_downloaded),
        TEST(a_server_that_cuts_is_asked_for_the_rest),
        TEST(a_server_without_ranges_is_asked_from_the_start),
        TEST(an_interrupted_install_goes_on),
        TEST(rubbish_from_before_is_thrown_away),
        TEST(redirects_are_followed_and_errors_waited_out),
        TEST(wrong_answers_install_nothing),
        TEST(nobody_there),
        TEST(another_dictionary_is_refused),
        TEST(two_at_a_time_are_refused),
        TEST(a_pack_comes_from_a_directory),
        TEST(other_files_are_refused_under_a_known_name),
        TEST(a_pack_of_ones_own),
        TEST(damage_is_found),
        TEST(a_pack_is_removed_with_its_remains),
        TEST(the_list_shows_both),
        TEST(the_catalogue_is_sound),
    };
    log_setup("test", LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("model install", tests, start_server, stop_server);
}
