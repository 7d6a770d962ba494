/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is wished of the reading of one page, as it travels to the workers. Made from the options of
 * a job.
 */
#ifndef PAGE_WISH_H
#define PAGE_WISH_H

#include <stdint.h>

/* What a page's text is taken from: its pixels; its text layer as it is; the layer where it looks
 * good, else the pixels; the pixels, corrected from the layer where that looks good. */
enum layer_policy { TEXT_LAYER_AUTO, TEXT_LAYER_OCR, TEXT_LAYER_TEXT, TEXT_LAYER_VERIFY };

/* With a layout model where one is installed; from places and sizes alone; lines as an engine found
 * them. */
enum layout_mode { LAYOUT_AUTO, LAYOUT_PLAIN, LAYOUT_OFF };

enum { PAGE_ROTATE_AUTO = -1 };

struct page_wish {
    uint32_t text_layer;      /* enum layer_policy */
    uint32_t layout;          /* enum layout_mode */
    uint32_t tables, figures; /* 1: to be found */
    int32_t rotate; /* degrees clockwise that turn the page upright: 0, 90, 180, 270, or auto */
};

#endif
