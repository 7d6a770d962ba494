/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The clock of the page in hand: a real-time alarm that sets a flag, and one int that a library
 * watches. Code that watches nothing is ended by the parent, which has a clock of its own. Called
 * by decode.c and the PDF driver.
 */
#include "decode/decode_driver.h"

#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t expired;
static int *volatile watched;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    expired = 1;
    if (watched)
        *(volatile int *)watched = 1;
}

int decode_timer_install(struct error *err)
{
    static bool installed;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    if (!installed && sigaction(SIGALRM, &action, NULL) < 0)
        return error_errno(err, "sigaction");
    installed = true;
    return 0;
}

static void arm(uint32_t ms)
{
    struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void decode_timer_start(uint32_t ms)
{
    expired = 0;
    if (ms)
        arm(ms);
}

void decode_timer_stop(void)
{
    arm(0);
    watched = NULL;
}

void decode_timer_watch(int *flag)
{
    watched = flag;
    if (flag && expired)
        *flag = 1;
}

bool decode_timer_expired(void)
{
    return expired;
}
