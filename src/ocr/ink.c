/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rules and pictures of a page: makes its pixels a sheet of bits (ink_paper.c), puts its words on
 * it (ink_words.c), and takes off what it finds: rules (ink_rules.c), then pictures
 * (ink_pictures.c). Refuses nothing but running out of memory. Called by the recognise stage.
 */
#include "ocr/ink_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static int compare_tops(struct rect a, struct rect b)
{
    if (a.y1 != b.y1)
        return a.y1 < b.y1 ? -1 : 1;
    return a.x1 < b.x1 ? -1 : a.x1 > b.x1;
}

static int compare_rules(const void *a, const void *b)
{
    const struct layout_rule *x = a, *y = b;
    return compare_tops(x->at, y->at);
}

static int compare_pictures(const void *a, const void *b)
{
    const struct rect *x = a, *y = b;
    return compare_tops(*x, *y);
}

static int look(struct ink_sheet *s, const struct raster *raster, const uint8_t *pixels,
                struct ink *found, struct error *err)
{
    float height;
    if (ink_word_height(s->page, &height, err) < 0 ||
        ink_paper(s, raster, pixels, ink_dpi(raster, height), err) < 0)
        return -1;
    const float usual = 10.0F / 72; /* inches: ordinary type */
    s->word_height = fminf(height > 0 ? height / (float)s->by : usual * s->dpi, s->dpi);
    return ink_words(s, err) < 0 || ink_rules(s, found, err) < 0 || ink_pictures(s, found, err) < 0
               ? -1
               : 0;
}

int ink_find(const struct raster *raster, const uint8_t *pixels, const struct page *page,
             struct ink *out, struct error *err)
{
    struct ink_sheet sheet = {.page = page};
    struct ink found = {.rules = x_calloc(INK_MAX_RULES, sizeof *found.rules),
                        .pictures = x_calloc(INK_MAX_PICTURES, sizeof *found.pictures)};
    setMsgSeverity(L_SEVERITY_NONE); /* Leptonica's remarks on empty sheets */
    int rc = look(&sheet, raster, pixels, &found, err);
    pixDestroy(&sheet.rows);
    pixDestroy(&sheet.columns);
    free(sheet.words);
    free(sheet.marks);
    if (rc < 0) {
        ink_done(&found);
        return -1;
    }
    qsort(found.rules, found.rule_count, sizeof *found.rules, compare_rules);
    qsort(found.pictures, found.picture_count, sizeof *found.pictures, compare_pictures);
    *out = found;
    return 0;
}

void ink_done(struct ink *ink)
{
    free(ink->rules);
    free(ink->pictures);
    *ink = (struct ink){0};
}
