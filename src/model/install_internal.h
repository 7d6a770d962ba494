/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A pack while it is being gathered. Used by install.c and the sources of its files.
 */
#ifndef MODEL_INSTALL_INTERNAL_H
#define MODEL_INSTALL_INTERNAL_H

#include "model/install.h"
#include "model/model_internal.h"

struct staging {
    const struct install *how;
    const char *name; /* of the pack */
    char part[MODEL_NAME + 16];
    int models, dir; /* descriptors: the models directory, and .NAME.part in it */
    struct model_file files[MODEL_TASKS];
    size_t count;
    struct error *err;
};

/* Fill s->dir and s->files. Every file is verified before it gets its name. */
int stage_downloads(struct staging *s, const struct catalog_pack *pack);
int stage_copies(struct staging *s, const struct catalog_pack *pack);
int stage_found(struct staging *s); /* no catalogue: the best of what `from` holds */

#endif
