/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * States of jobs and pages. The numbers are stored in databases: append, never renumber.
 */
#ifndef PAGE_STATE_H
#define PAGE_STATE_H

enum job_state {
    JOB_PENDING,    /* accepted; the document has not been opened */
    JOB_PROCESSING, /* pages are known and being read */
    JOB_COMPLETED,  /* at least one page was read; failed pages are listed */
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_STATES
};

enum page_state { PAGE_READY, PAGE_RUNNING, PAGE_DONE, PAGE_FAILED, PAGE_CANCELLED, PAGE_STATES };

const char *job_state_name(enum job_state state);
int job_state_of(const char *name); /* -1 if unknown */
int job_state_ended(enum job_state state);
const char *page_state_name(enum page_state state);

#endif
