/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * When is it my turn, and when is it done? Answered from a picture of the queue taken about once a
 * second, so that a client's question costs no query.
 *
 * The picture follows the order of claims (store.h): owners share the lanes evenly; within an owner
 * higher priority goes first; among jobs of one priority as many as there are places in flight
 * share evenly, the oldest, and the next one comes when one of them ends. That order is played
 * through once for each picture. If A pages of its owner are read until a job has its last, every
 * other owner has had min(its whole work, A) read meanwhile. The pace is that of the pages that
 * ended lately, whatever engine read them.
 */
#ifndef JOB_FORECAST_H
#define JOB_FORECAST_H

#include "job/job.h"

struct forecast;

enum { FORECAST_WIDTH = 256 }; /* places at most: beyond, the answer is a little late */

/* width: jobs of one owner and priority that are read side by side. */
struct forecast *forecast_new(struct job_service *service, size_t width);
void forecast_free(struct forecast **forecast);

/* Take a new picture. One thread, about once a second. */
int forecast_refresh(struct forecast *forecast, struct error *err);

struct forecast_answer {
    int64_t position;   /* jobs started before this one, and itself; 0: it has started */
    double eta_seconds; /* until its end; < 0: no pace is known yet */
};

/* Of an unfinished job. Any thread. */
void forecast_of(struct forecast *forecast, const struct job *job, struct forecast_answer *out);

struct forecast_totals {
    int64_t waiting, unfinished; /* jobs */
    int64_t pages;               /* of unfinished jobs, as far as they are known */
    double pace;                 /* pages a second; 0 while unknown */
};
void forecast_totals(struct forecast *forecast, struct forecast_totals *out);

#endif
