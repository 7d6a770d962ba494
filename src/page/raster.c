/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Checks the header of a page's pixels before anyone maps them. Called on both sides of the process
 * wall.
 */
#include "page/raster.h"

#include "page/page.h"

uint64_t raster_bytes(const struct raster *r, uint64_t max_pixels, struct error *err)
{
    uint64_t pixels = (uint64_t)r->width * r->height;
    bool sane = r->width && r->height && (r->channels == 1 || r->channels == 3) &&
                r->stride >= (uint64_t)r->width * r->channels && r->stride <= UINT32_MAX / 2;
    if (sane && pixels <= max_pixels)
        return (uint64_t)r->stride * r->height;
    error_set(err, ERROR_BUG, "impossible raster: %u x %u, %u channels, stride %u", r->width,
              r->height, r->channels, r->stride);
    return 0;
}

uint64_t sheaf_bytes(const struct sheaf *s, uint64_t max_pixels, struct error *err)
{
    uint64_t pixels = raster_bytes(&s->raster, max_pixels, err);
    bool scored = (s->layer_score >= 0 && s->layer_score <= 1) || s->layer_score == PAGE_NO_SCORE;
    if (pixels && s->layer_bytes <= PAGE_MAX_JSON && scored)
        return pixels + s->layer_bytes;
    if (pixels)
        error_set(err, ERROR_BUG, "impossible text layer: %u bytes", s->layer_bytes);
    return 0;
}
