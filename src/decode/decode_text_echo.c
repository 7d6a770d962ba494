/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Letters painted twice at almost the same place. A table of places by a hash of letter and place;
 * no place is searched longer than a few steps, so no page is slow. Called by decode_text.c.
 */
#include "decode/decode_text.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_LETTERS = 1 << 19, /* 12 MB; later ones are not remembered */
    PATIENCE = 32,         /* letters compared at one place */
};

static const float near =
    0.1F; /* of the em: shadows are nearer, and no two letters of a word are */

struct letter {
    float x, y;
    int32_t code;
    uint32_t next; /* index plus 1; 0: none */
};

struct echo {
    struct letter *letters;
    uint32_t count, space, buckets;
    uint32_t *heads;
};

struct echo *echo_new(size_t characters)
{
    struct echo *e = x_calloc(1, sizeof *e);
    e->space = characters < MAX_LETTERS ? (uint32_t)characters : MAX_LETTERS;
    for (e->buckets = 16; e->buckets < e->space; e->buckets *= 2)
        ;
    e->letters = x_calloc((size_t)e->space + 1, sizeof *e->letters);
    e->heads = x_calloc(e->buckets, sizeof *e->heads);
    return e;
}

void echo_free(struct echo **e)
{
    if (!*e)
        return;
    free((*e)->letters);
    free((*e)->heads);
    free(*e);
    *e = NULL;
}

static uint32_t bucket(const struct echo *e, int32_t code, int64_t column, int64_t row)
{
    uint64_t h = (uint64_t)(uint32_t)code * 0x9E3779B97F4A7C15U;
    h = (h ^ (uint64_t)column) * 0xC2B2AE3D27D4EB4FU;
    h = (h ^ (h >> 29) ^ (uint64_t)row) * 0x165667B19E3779F9U;
    return (uint32_t)(h >> 32) & (e->buckets - 1);
}

static bool is_at(const struct echo *e, uint32_t head, const fz_stext_char *c, float reach)
{
    for (int steps = 0; head && steps < PATIENCE; steps++) {
        const struct letter *l = &e->letters[head - 1];
        if (l->code == c->c && fabsf(l->x - c->origin.x) <= reach &&
            fabsf(l->y - c->origin.y) <= reach)
            return true;
        head = l->next;
    }
    return false;
}

static void remember(struct echo *e, const fz_stext_char *c, uint32_t in)
{
    if (e->count == e->space)
        return;
    e->letters[e->count] = (struct letter){c->origin.x, c->origin.y, c->c, e->heads[in]};
    e->heads[in] = ++e->count;
}

/* Places are squares of a fixed size of some letters' reach; a letter near the edge of its square
 * is looked for in the next one too. */
bool echo_heard(struct echo *e, const fz_stext_char *c)
{
    float reach = near * c->size, x = c->origin.x, y = c->origin.y;
    if (!(reach > 0 && reach < 1000) || !(fabsf(x) < 1e6F && fabsf(y) < 1e6F))
        return false;
    int power;
    frexpf(2 * reach, &power);
    float square = ldexpf(1, power);
    int64_t left = (int64_t)floorf((x - reach) / square);
    int64_t right = (int64_t)floorf((x + reach) / square);
    int64_t top = (int64_t)floorf((y - reach) / square);
    int64_t bottom = (int64_t)floorf((y + reach) / square);
    for (int64_t row = top; row <= bottom; row++)
        for (int64_t column = left; column <= right; column++)
            if (is_at(e, e->heads[bucket(e, c->c, column, row)], c, reach))
                return true;
    remember(e, c, bucket(e, c->c, (int64_t)floorf(x / square), (int64_t)floorf(y / square)));
    return false;
}
