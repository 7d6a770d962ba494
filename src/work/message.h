/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What pagemill and its workers say to each other: fixed-size records over a SOCK_SEQPACKET pair,
 * at most one descriptor with each. Both ends are the same build, so the layout is the struct's
 * own; the parent still treats every record from a worker as hostile (message_receive checks size,
 * version, type, strings).
 *
 *   parent → decode      OPEN (fd: document)   PAGE, PICTURE
 *   decode → parent      READY, OPENED, RASTER (fd), RESULT (fd), IMAGE (fd), ERROR
 *   parent → recognise   READ (fd: raster)
 *   recognise → parent   READY, RESULT (fd), ERROR
 *   parent → bind        OPEN (fd: document)   BIND (fd: plan)
 *   bind → parent        READY, OPENED, BOUND (fd), ERROR
 *
 * One request at a time on a channel; its answer carries the same ticket.
 */
#ifndef WORK_MESSAGE_H
#define WORK_MESSAGE_H

#include "base/error.h"
#include "decode/limits.h"
#include "page/raster.h"
#include "page/wish.h"

#include <stdint.h>

enum message_type {
    MESSAGE_READY = 1, /* loaded and sandbox closed */
    MESSAGE_OPEN,
    MESSAGE_OPENED,
    MESSAGE_PAGE, /* the page as is wished → RESULT of its text layer, or RASTER to be read */
    MESSAGE_RASTER,
    MESSAGE_PICTURE, /* render for people, all or a part → IMAGE */
    MESSAGE_IMAGE,
    MESSAGE_READ,   /* recognise a raster → RESULT */
    MESSAGE_RESULT, /* a page result as JSON in sealed memory */
    MESSAGE_BIND,   /* the document with a plan's drawings on its pages → BOUND */
    MESSAGE_BOUND,  /* a PDF in sealed memory */
    MESSAGE_ERROR,
    MESSAGE_TYPES
};

enum {
    WORK_ENGINE_NAME = 64,
    WORK_LANGUAGES = 128,
    WORK_PASSWORD = 128,
    WORK_DEVICE = 16,
    WORK_NOTE = 200
};

struct message {
    uint32_t version; /* MESSAGE_VERSION */
    uint32_t type;
    uint64_t ticket;
    union {
        struct {
            char engine[WORK_ENGINE_NAME]; /* "tesseract/5.3.0"; decode: "mupdf/1.21.1" */
            char device[WORK_DEVICE];      /* what the engine computes on: "cpu", "webgpu" */
            char note[WORK_NOTE];          /* why not on what was asked for; "" */
            uint32_t sandbox;              /* enum sandbox_part bits that hold */
        } ready;
        struct {
            char password[WORK_PASSWORD];
            struct decode_limits limits;
        } open;
        struct {
            uint32_t pages;
        } opened;
        struct {
            uint32_t page; /* from 1 */
            struct render how;
            struct page_wish wish; /* PAGE */
            struct view view;      /* PICTURE */
        } page;
        struct {
            uint32_t page;
            uint32_t timeout_ms;
            struct page_wish wish;
            struct sheaf sheaf;
        } read;
        struct sheaf sheaf; /* RASTER */
        struct {
            uint64_t plan_size; /* bytes of the sealed plan */
            uint64_t max_size;  /* of the PDF */
            uint32_t page_ms;   /* for one page */
        } bind;
        struct {
            uint64_t size; /* bytes of the sealed file */
            uint64_t rss_kib;
        } result; /* RESULT, IMAGE, BOUND */
        struct {
            uint32_t class; /* enum error_class */
            uint32_t last;  /* 1: the worker ends after this answer */
            uint32_t page;  /* 0: the document, or none */
            char text[ERROR_TEXT];
        } error;
    } u;
};

enum { MESSAGE_VERSION = 1 };

/* fd −1: none; otherwise the kernel sends a copy and the caller keeps its own. */
int message_send(int socket, const struct message *m, int fd, struct error *err);

/* Wait at most timeout_ms (−1: for ever). Returns 1 with a message and in *fd its descriptor or −1
 * (owned by the caller), 0 when the other end has closed. ERROR_TIMEOUT, or ERROR_BUG for a record
 * that makes no sense. */
int message_receive(int socket, struct message *m, int *fd, int timeout_ms, struct error *err);

/* The error that an ERROR message carries, as hostile input. Returns −1. */
int message_error(const struct message *m, struct error *err);

#endif
