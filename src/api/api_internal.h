/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the files of this folder share.
 */
#ifndef API_API_INTERNAL_H
#define API_API_INTERNAL_H

#include "api/api.h"
#include "api/api_table.h"
#include "base/json_writer.h"
#include "job/forecast.h"
#include "page/options.h"

#include <pthread.h>
#include <stdatomic.h>

enum { API_STATUS_CLASSES = 6 }; /* of HTTP statuses, by their hundreds */

struct api {
    struct api_rooms rooms;
    struct forecast *forecast;
    _Atomic(struct http_server *) server; /* read by api_changed on any thread */
    atomic_bool draining;
    int64_t started; /* Unix ms */

    struct http_route *routes; /* those of the surfaces that are on */
    size_t route_count;
    bool limited;
    struct cache_rate rate; /* of clients without one of their own */

    /* api_watch.c */
    pthread_t watch;
    bool watching;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended;
    _Atomic int64_t free_bytes; /* where documents go; INT64_MAX: unknown */
    _Atomic int64_t submitted;  /* since the last picture of the queue */
    struct store_stats stats;   /* under lock */
    bool stats_ok;

    _Atomic uint64_t answered[API_STATUS_CLASSES];
    _Atomic uint64_t limited_requests;
};

/* Of one request (http_context). */
struct api_request {
    struct caller caller;
    int64_t revision;  /* that a long poll saw first; 0: none yet */
    char job[ID_SIZE]; /* that a submission became; "": not yet */
    bool joined;       /* it stood there before */
};

static inline struct store *api_store(const struct api *api)
{
    return job_store(api->rooms.service);
}

const struct api_route *api_route_of(const struct http_request *req); /* NULL: of no route */
struct api_request *api_request(struct http_request *req);

/* api_admit.c */
int api_admit(void *api, struct http_request *req);
void api_done(void *api, struct http_request *req); /* log and count */
int api_admit_setup(struct api *api, struct error *err);

/* api_watch.c: once a second: a picture of the queue, free space, last uses of tokens */
int api_watch_start(struct api *api, struct error *err);
void api_watch_stop(struct api *api);
/* Is there room for more work? ERROR_BUSY and why not. */
int api_room(struct api *api, struct error *err);
bool api_stats(struct api *api, struct store_stats *out); /* as of the last look */

/* api_query.c */
const struct api_param *api_query_row(const struct api_route *route,
                                      const char *name); /* NULL: not of the table */
int api_query_check(const struct api_route *route, struct http_request *req, const char **field,
                    struct error *err);
bool api_among(const char *words, const char *value); /* "one/two/three" */
int64_t api_int(const struct http_request *req, const char *name);
double api_real(const struct http_request *req, const char *name);
bool api_bool(const struct http_request *req, const char *name);
const char *api_text(const struct http_request *req, const char *name); /* NULL: left out */
int64_t api_time(const struct http_request *req, const char *name);     /* Unix ms; 0: left out */
int64_t api_wait_ms(const struct http_request *req);                    /* ?wait; 0: none */

/* api_object.c */
/* whole: with what takes further queries (failed_pages, queue_position); never from within a store
 * visit. */
void api_job_write(struct api *api, const struct job *job, bool whole, struct json_writer *w);
void api_job_write_failed(struct api *api, const struct job *job, struct json_writer *w);
/* Why an ended job has no result; of one that completed, ERROR_NONE. */
void api_job_failure(const struct job *job, struct error *out);
void api_job_body(struct api *api, const struct job *job, bool text, struct strbuf *body);
void api_job_reply(struct api *api, struct http_request *req, int status, const struct job *job);

/* api_job.c */
/* The job named by the path parameter, if it is the caller's to see; or an answer sent and −1. */
int api_job_find(struct api *api, struct http_request *req, const char *param, struct job *job);
void api_problems(const struct api_route *route, struct strbuf *out); /* "404 409 …", ascending */

/* The same without an answer: ERROR_NOT_FOUND, also for another owner's. */
int api_job_look(struct api *api, const struct caller *caller, const char *id, struct job *job,
                 struct error *err);
void api_page_write(const struct page_row *row, struct json_writer *w);
void api_attachment(struct http_request *req, const char *filename);  /* Content-Disposition */
void api_filter(struct http_request *req, struct job_filter *filter); /* of PARAM_LISTED */

/* api_result.c */
struct api_reader; /* the pages of a job through a format, piece by piece */
struct export_format;
enum page_unit api_unit(const struct http_request *req); /* ?unit */
/* Takes the job's members. pages: "1-3,7" or NULL. ERROR_INPUT. */
int api_reader_new(struct api_reader **out, struct api *api, struct job *job,
                   const struct export_format *format, enum page_unit unit, const char *pages,
                   struct error *err);
/* Through several formats at once, each page decoded once: api_reader_next takes an array of
 * buffers then, one for each. */
int api_reader_new_many(struct api_reader **out, struct api *api, struct job *job,
                        const struct export_format *const *formats, size_t count,
                        enum page_unit unit, const char *pages, struct error *err);
/* 1, perhaps with nothing yet; 0 end; −1 */
int api_reader_next(struct api_reader *r, struct strbuf *out, struct error *err);
void api_reader_free(struct api_reader **r);
static inline bool api_page_ended(const struct page_row *row)
{
    return row->state != PAGE_READY && row->state != PAGE_RUNNING;
}
/* All of it up to cap bytes; *cut if there was more. */
int api_read_all(struct api *api, const struct job *job, const struct export_format *format,
                 size_t cap, struct strbuf *out, bool *cut, struct error *err);
/* The stream of a format as it is, or inside JSON, between head and tail (copied): as a string that
 * head opened, or as the elements of a list. */
enum api_framing { API_QUOTED, API_LISTED };
void api_reply_reader(struct http_request *req, struct api_reader *r, const char *content_type);
void api_reply_framed(struct http_request *req, struct api_reader *r, enum api_framing framing,
                      const char *head, const char *tail);
/* "pdf" or "layouts.pdf", kept for the job's revision: a descriptor, *size bytes. Blocks. */
int api_bound(struct api *api, const struct job *job, const char *extension, uint64_t *size,
              struct error *err);
/* The same with a plan that is there already: sealed memory, plan_size bytes. */
int api_bound_by(struct api *api, const struct job *job, const char *extension, int plan,
                 uint64_t plan_size, uint64_t *size, struct error *err);
int api_unnamed_file(const struct api *api, struct error *err); /* where the data is */

/* Outputs that are made whole and kept with the job, of all its pages. */
struct api_kept {
    const char *extension, *content_type;
    /* A descriptor, *size bytes. Blocks. */
    int (*open)(struct api *api, const struct job *job, const char *extension, uint64_t *size,
                struct error *err);
};
extern const struct api_kept api_kept[]; /* ends with an extension NULL */

/* api_zip.c */
int api_zip(struct api *api, const struct job *job, const char *extension, uint64_t *size,
            struct error *err);

/* api_image.c */
/* The names of a job's figures; status: a member more, or NULL. Blocks. */
void api_figures_reply(struct api *api, struct http_request *req, const struct job *job,
                       const char *status);
/* One of them as JPEG, kept for the job's revision. ERROR_NOT_FOUND: no such name. Blocks. */
int api_figure(struct api *api, const struct job *job, const char *name, uint64_t *size,
               struct error *err);

/* All that names (lines of export_figures; cut up) lists, by one process, in order: visit has each
 * as sealed memory and returns 0 to go on. What cannot be cut, or not within ten minutes, is left
 * out; only a machine in trouble makes this fail. Blocks. */
int api_figures_cut(struct api *api, const struct job *job, char *names,
                    int (*visit)(void *arg, const char *name, int fd, uint64_t size,
                                 struct error *err),
                    void *arg, struct error *err);
bool api_is_of_machine(enum error_class class); /* nothing that the document could bring about */

/* api_submit.c */
extern const struct http_sink api_upload_sink, api_any_upload_sink; /* any: of every type */
struct api_intake {      /* how a surface takes documents */
    const char *surface; /* of struct job */
    bool plain;          /* no options but the defaults */
    bool apart;          /* joined only by its like: the job may be cancelled again */
    bool any_type;       /* what cannot be read fails later, as a job */
    bool pdf_only;       /* ERROR_UNSUPPORTED for others */
    bool pixels;         /* text layers are never taken */
    int64_t ttl, dpi;    /* s, and of a PDF's pages; 0: the setting's */
};
/* The uploaded document becomes a job, or joins one: its id is in api_request(req)->job. −2: there
 * is no document in the request. */
int api_take(struct api *api, struct http_request *req, const struct api_intake *intake,
             struct error *err);
void api_reply_missing_file(struct http_request *req); /* as FastAPI says it */
bool api_has_form(const struct http_request *req);

/* The surface's own words for a refusal. */
void api_reply_detail(struct http_request *req, int status, const char *detail);

#define API_HANDLER(name) void name(void *api, struct http_request *req)
API_HANDLER(api_submit);
API_HANDLER(api_ocr);
API_HANDLER(api_job_list);
API_HANDLER(api_job_show);
API_HANDLER(api_job_delete);
API_HANDLER(api_job_cancel);
API_HANDLER(api_job_retry);
API_HANDLER(api_events);
API_HANDLER(api_page_list);
API_HANDLER(api_page_show);
API_HANDLER(api_page_image);
API_HANDLER(api_result);
API_HANDLER(api_image_list);
API_HANDLER(api_image_show);
API_HANDLER(api_delivery_list);
API_HANDLER(api_delivery_resend);
API_HANDLER(api_document_show);
API_HANDLER(api_document_content);
API_HANDLER(api_usage);
API_HANDLER(api_token_list);
API_HANDLER(api_token_create);
API_HANDLER(api_token_rotate);
API_HANDLER(api_token_revoke);
API_HANDLER(api_task_process);
API_HANDLER(api_task_result);
API_HANDLER(api_pdf_process);
API_HANDLER(api_pdf_status);
API_HANDLER(api_pdf_markdown);
API_HANDLER(api_pdf_markdown_det);
API_HANDLER(api_pdf_layout);
API_HANDLER(api_pdf_images);
API_HANDLER(api_pdf_image);
API_HANDLER(api_pdf_tasks);
API_HANDLER(api_pdf_queue);
API_HANDLER(api_pdf_delete);
API_HANDLER(api_library_upload);
API_HANDLER(api_library_list);
API_HANDLER(api_live);
API_HANDLER(api_ready);
API_HANDLER(api_health);
API_HANDLER(api_metrics);
API_HANDLER(api_openapi);
API_HANDLER(api_docs);
API_HANDLER(api_docs_file);
API_HANDLER(api_ui);
API_HANDLER(api_ui_file);

#endif
