/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The settings of a pagemill process: one table gives every one its name, type, default, bounds and
 * sentence. Order of precedence: default < file < environment (PAGEMILL_NAME) < flag (--name).
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/param.h"

#include <stdbool.h>

/* Where neural models run. */
enum device { DEVICE_AUTO, DEVICE_CPU, DEVICE_WEBGPU, DEVICE_CUDA, DEVICE_TENSORRT, DEVICES };
extern const char *const device_names[]; /* NULL-terminated, in that order */

struct settings {
    char listen[512]; /* HOST:PORT or unix:PATH, separated by commas */
    char tls_certificate[1024];
    char tls_key[1024];
    char proxies[512];
    char cors_origins[1024];
    char surfaces[16];
    char open_surfaces[16];
    char rate_limit[64];
    char data[1024];
    char database[1024]; /* "": sqlite in data */
    char blobs[1024];    /* "": directory in data */
    char auth_token[256];
    char hosts[512];
    char private_hosts[512];
    char engine[64];
    char languages[128];
    char tessdata[1024];
    char models[1024];       /* "": models in data */
    char pack[96];           /* "": the best there is */
    char pipeline[1024];     /* "": none */
    char layout_model[96];   /* "auto", "off" or a name */
    char table_model[96];    /* the same */
    char onnxruntime[1024];  /* "": where the system keeps it */
    char work_program[1024]; /* "": beside this program */
    int64_t lanes;           /* 0: one for each core */
    int64_t ahead;
    int64_t device;     /* enum device */
    int64_t batch_size; /* 0: what suits the device */
    int64_t dpi;
    int64_t max_upload;
    int64_t max_queue;
    int64_t min_free;
    int64_t cache_size;
    int64_t sync_pages;
    int64_t sync_timeout;    /* s */
    int64_t idempotency_ttl; /* s */
    int64_t ocr_result_ttl;  /* s */
    int64_t max_pages;
    int64_t max_pixels;
    int64_t open_timeout;   /* s */
    int64_t render_timeout; /* s */
    int64_t page_timeout;   /* s */
    int64_t worker_memory;
    int64_t worker_pages;
    int64_t result_ttl;    /* s */
    int64_t drain_timeout; /* s */
    int64_t http_threads;
    int64_t connections;
    int64_t log_level;  /* enum log_level */
    int64_t log_format; /* enum log_format */
    bool sandbox;
    bool url_input;
    bool access_log;
};

extern const struct param_table settings_table;

void settings_defaults(struct settings *s);
/* PAGEMILL_NAME and the alias of each row. */
int settings_environment(struct settings *s, struct error *err);
/* What is still empty after all sources: data, database, blobs, models, lanes,
 * work_program. */
int settings_complete(struct settings *s, struct error *err);

#endif
