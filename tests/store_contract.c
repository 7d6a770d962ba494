/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The backends that the store's contract is tested on.
 */
#include "store_contract.h"

#include "base/memory.h"
#include "store_fail.h"

#include <stdio.h>
#include <stdlib.h>

struct backend {
    const char *name;
    bool file; /* its URL is sqlite: and a fresh path */
    bool wrapped;
};

static const struct backend backends[] = {
    {"sqlite file", .file = true},
    {"sqlite memory"},
    {"behind the failing driver", .wrapped = true},
};
enum { BACKENDS = sizeof backends / sizeof backends[0], NAME = 128 };

struct setting {
    const struct backend *backend;
    struct store *store;
};

static int set_up(void **state)
{
    static int serial;
    struct setting *s = *state;
    struct error err;
    char url[320] = "sqlite::memory:";
    if (s->backend->file)
        snprintf(url, sizeof url, "sqlite:%s/contract%d.db", support_scratch(), serial++);
    OK(store_open(&s->store, url, &err));
    if (s->backend->wrapped)
        s->store = store_fail_wrap(s->store);
    return 0;
}

static int tear_down(void **state)
{
    struct setting *s = *state;
    store_close(&s->store);
    assert_null(s->store);
    return 0;
}

struct store *contract_store(void **state)
{
    return ((struct setting *)*state)->store;
}

int contract_run(const char *name, const struct CMUnitTest *contract, size_t n)
{
    struct CMUnitTest *tests = x_calloc(n * BACKENDS, sizeof *tests);
    char(*names)[NAME] = x_calloc(n * BACKENDS, sizeof *names);
    struct setting settings[BACKENDS];
    for (size_t i = 0; i < n * BACKENDS; i++) {
        size_t b = i / n;
        settings[b] = (struct setting){.backend = &backends[b]};
        snprintf(names[i], NAME, "%s: %s", backends[b].name, contract[i % n].name);
        tests[i] = (struct CMUnitTest){.name = names[i],
                                       .test_func = contract[i % n].test_func,
                                       .setup_func = set_up,
                                       .teardown_func = tear_down,
                                       .initial_state = &settings[b]};
    }
    int failed = _cmocka_run_group_tests(name, tests, n * BACKENDS, NULL, NULL);
    support_clean();
    free(names);
    free(tests);
    return failed;
}
