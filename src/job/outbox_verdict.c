/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * When an attempt at a webhook is followed by another, and after how long. Called by outbox.c.
 */
#include "job/outbox_internal.h"

#include "base/must.h"

#include <sys/random.h>

int64_t outbox_second_ms = 1000;
int64_t outbox_timeout_ms = 15000;

enum { DAY_S = 86400 };

/* Seconds before attempt 1, 2, …: those of Standard Webhooks. */
static const int64_t schedule[] = {0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, DAY_S};
enum { ATTEMPTS = sizeof schedule / sizeof schedule[0] };

/* ± 10 %, so that what failed together does not come back together. */
static int64_t jittered(int64_t ms)
{
    uint32_t r;
    must(getrandom(&r, sizeof r, 0) == (ssize_t)sizeof r);
    return ms * (900 + r % 201) / 1000;
}

struct verdict outbox_judge(uint32_t attempt, int32_t status, int64_t wait_s, int64_t now)
{
    bool asks = status == 429 || status == 503;
    if (status >= 200 && status < 300)
        return (struct verdict){DELIVERY_DELIVERED, 0};
    if (status == 410 || attempt >= ATTEMPTS)
        return (struct verdict){DELIVERY_FAILED, 0};
    int64_t wait = jittered(schedule[attempt] * outbox_second_ms);
    int64_t asked = asks ? (wait_s < DAY_S ? wait_s : DAY_S) * outbox_second_ms : 0;
    return (struct verdict){DELIVERY_WAITING, now + (asked > wait ? asked : wait)};
}
