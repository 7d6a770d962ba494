/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The neural engine on whatever Vulkan device this machine has, a software one included: it reads
 * what the CPU reads, alone and in batches, and a real worker does so behind the GPU's sandbox.
 * Without a device that ONNX Runtime takes: exit 77. A software device needs some minutes.
 */
#include "ppocr_support.h"

#include "base/fd.h"
#include "ocr/ocr.h"
#include "unit.h"
#include "page/page.h"
#include "work/message.h"
#include "work/sandbox.h"

#include "drawn_page.h"

#include <math.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The part of the drawn page that has text: a software device is slow. */
enum { LEFT = 80, TOP = 100, WIDTH = 512, HEIGHT = 320, WAIT_MS = 600000, WORKER_FD = 3 };

static struct recipe recipe;
static struct raster raster;
static uint8_t *pixels;

static uint8_t *cut_out(struct raster *out)
{
    struct raster whole;
    uint8_t *grey = drawn_page(&whole), *rgb = x_calloc(WIDTH * 3, HEIGHT);
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++)
            memset(rgb + (y * WIDTH + x) * 3, grey[(y + TOP) * whole.stride + x + LEFT], 3);
    free(grey);
    *out = (struct raster){
        .width = WIDTH, .height = HEIGHT, .stride = WIDTH * 3, .channels = 3, .dpi = DRAWN_DPI};
    return rgb;
}

static struct ocr *open_on(enum device device, int64_t batch)
{
    struct error err = {0};
    struct ocr *ocr = NULL;
    struct recipe r = recipe;
    r.device = device;
    r.batch_size = batch;
    const struct ocr_config config = {"ppocr", "eng", "", &r};
    OK(ocr_open(&ocr, &config, &err));
    return ocr;
}

static struct page *read_on(enum device device, int64_t batch)
{
    struct error err = {0};
    struct page *page = NULL;
    struct ocr *ocr = open_on(device, batch);
    OK(ocr_read(ocr, &raster, pixels, &(struct ocr_request){1, 0, PAGE_ROTATE_AUTO}, &page, &err));
    assert_string_equal(ocr_device(ocr), device_names[device]);
    assert_string_equal(ocr_note(ocr), "");
    ocr_close(&ocr);
    return page;
}

static void assert_same_line(const struct line *a, const struct line *b)
{
    assert_string_equal(a->text, b->text);
    assert_near(a->confidence, b->confidence, 0.01);
    for (int i = 0; i < 4; i++) {
        assert_near(a->polygon.corner[i].x, b->polygon.corner[i].x, 1);
        assert_near(a->polygon.corner[i].y, b->polygon.corner[i].y, 1);
    }
}

static size_t assert_same_page(const struct page *a, const struct page *b)
{
    size_t lines = 0;
    assert_int_equal(a->block_count, b->block_count);
    for (size_t i = 0; i < a->block_count; i++) {
        assert_int_equal(a->blocks[i].line_count, b->blocks[i].line_count);
        for (size_t k = 0; k < a->blocks[i].line_count; k++, lines++)
            assert_same_line(&a->blocks[i].lines[k], &b->blocks[i].lines[k]);
    }
    return lines;
}

/* Lines of a batch are padded to one width, which changes what is read a little: so batches are
 * compared with like batches. */
static void reads_as_the_cpu_does(void **state)
{
    (void)state;
    static const int64_t batches[] = {1, 4, 16};
    for (size_t i = 0; i < COUNT(batches); i++) {
        struct page *cpu = read_on(DEVICE_CPU, batches[i]);
        struct page *gpu = read_on(DEVICE_WEBGPU, batches[i]);
        assert_int_equal(assert_same_page(gpu, cpu), DRAWN_LINES);
        page_free(&cpu);
        page_free(&gpu);
    }
}

/* ---- a worker ---- */

static _Noreturn void become_worker(int socket, char *const *flags)
{
    const char *program = getenv("PAGEMILL_WORK");
    const char *args[128] = {"pagemill-work", "recognise",   "--engine",
                             "ppocr",         "--file-size", "64M"};
    size_t n = 6;
    while (*flags && n < COUNT(args) - 1)
        args[n++] = *flags++;
    if (socket == WORKER_FD || dup2(socket, WORKER_FD) < 0)
        _exit(126);
    execv(program, (char *const *)(uintptr_t)args);
    _exit(127);
}

static pid_t start_worker(int *ours)
{
    int pair[2];
    struct recipe r = recipe;
    r.device = DEVICE_WEBGPU;
    char **flags = recipe_args(&r);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_worker(pair[1], flags);
    free(flags);
    close(pair[1]);
    *ours = pair[0];
    return pid;
}

static void receive(int socket, enum message_type expected, struct message *m, int *fd)
{
    struct error err = {0};
    int rc = message_receive(socket, m, fd, WAIT_MS, &err);
    if (rc == 1 && m->type == MESSAGE_ERROR)
        fail_msg("error %u: %s", m->u.error.class, m->u.error.text);
    if (rc != 1)
        fail_msg("no answer: %d %s", rc, err.text);
    assert_int_equal(m->type, expected);
}

static int page_file(void)
{
    struct error err = {0};
    int fd = OK(fd_memory("page", &err));
    OK(fd_write_full(fd, pixels, (size_t)raster.stride * raster.height, &err));
    OK(fd_seal(fd, &err));
    return fd;
}

static void assert_reads(int socket, int page, uint64_t ticket)
{
    struct error err = {0};
    struct message answer, request = {.version = MESSAGE_VERSION, .type = MESSAGE_READ};
    int result = -1;
    request.ticket = ticket;
    request.u.read.page = 1;
    request.u.read.timeout_ms = WAIT_MS;
    request.u.read.sheaf = (struct sheaf){.raster = raster, .layer_score = PAGE_NO_SCORE};
    OK(message_send(socket, &request, page, &err));
    receive(socket, MESSAGE_RESULT, &answer, &result);
    assert_int_equal(answer.ticket, ticket);
    char *text = x_calloc(answer.u.result.size + 1, 1);
    assert_int_equal(fd_read_full(result, text, answer.u.result.size, 0), answer.u.result.size);
    struct page *cpu = read_on(DEVICE_CPU, 16);
    for (size_t i = 0; i < cpu->block_count; i++)
        for (size_t k = 0; k < cpu->blocks[i].line_count; k++)
            assert_non_null(strstr(text, cpu->blocks[i].lines[k].text));
    page_free(&cpu);
    free(text);
    close(result);
}

/* What a strict worker's sandbox would have on this machine. */
static uint32_t parts_here(void)
{
    const struct sandbox_limits limits = {1 << 30, 1 << 26, SANDBOX_STRICT};
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(sandbox_close(&limits, NULL));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (uint32_t)WEXITSTATUS(status);
}

static void reads_behind_its_sandbox(void **state)
{
    (void)state;
    int socket, none = -1, status = 0, page = page_file();
    pid_t pid = start_worker(&socket);
    struct message ready;
    receive(socket, MESSAGE_READY, &ready, &none);
    assert_string_equal(ready.u.ready.device, "webgpu");
    assert_string_equal(ready.u.ready.note, "");
    assert_int_equal(ready.u.ready.sandbox, parts_here());
    assert_reads(socket, page, 1);
    assert_reads(socket, page, 2);
    close(page);
    close(socket);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static bool device_is_there(void)
{
    struct ocr *ocr = open_on(DEVICE_WEBGPU, 0);
    bool there = strcmp(ocr_device(ocr), "webgpu") == 0;
    if (!there)
        printf("%s: skipped\n", ocr_note(ocr));
    ocr_close(&ocr);
    return there;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_the_cpu_does),
        cmocka_unit_test(reads_behind_its_sandbox),
    };
    if (!getenv("PAGEMILL_WORK")) {
        puts("PAGEMILL_WORK does not name the worker program: skipped");
        return 77;
    }
    if (!ppocr_support_recipe(&recipe) || !device_is_there())
        return 77;
    pixels = cut_out(&raster);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(pixels);
    return failed;
}
