/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Names of states. Calls nobody.
 */
#include "page/state.h"

#include <string.h>

static const char *const job_names[JOB_STATES] = {"pending", "processing", "completed", "failed",
                                                  "cancelled"};
static const char *const page_names[PAGE_STATES] = {"ready", "running", "done", "failed",
                                                    "cancelled"};

const char *job_state_name(enum job_state state)
{
    return state < JOB_STATES ? job_names[state] : "unknown";
}

int job_state_of(const char *name)
{
    for (int i = 0; i < JOB_STATES; i++)
        if (strcmp(job_names[i], name) == 0)
            return i;
    return -1;
}

int job_state_ended(enum job_state state)
{
    return state >= JOB_COMPLETED;
}

const char *page_state_name(enum page_state state)
{
    return state < PAGE_STATES ? page_names[state] : "unknown";
}
