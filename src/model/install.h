/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Packs of models in the models directory: installed whole or not at all, verified, removed,
 * listed. For `pagemill models`; the service itself only reads (model/pack.h).
 */
#ifndef MODEL_INSTALL_H
#define MODEL_INSTALL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* bad NULL: the file is as it should be. known: its hash is one that this version knows. */
struct install_report {
    const char *pack, *file, *sha256;
    bool known;
    const struct error *bad;
};
typedef void install_tell(void *arg, const struct install_report *report);

struct install {
    const char *models; /* directory; made if absent */
    const char *from;   /* directory to copy from; "": download */
    const char *mirror; /* address instead of the catalogue's origin; "": none */
    void (*progress)(void *arg, const char *file, int64_t done, int64_t total); /* may be NULL */
    install_tell *tell; /* each file that was installed; may be NULL */
    void *arg;
};

/* A pack of the catalogue; or, with `from`, a pack of that name made of the best models there, with
 * their hashes as found. 1: it was there already, and is as it should be. */
int install_pack(const struct install *how, const char *name, struct error *err);

/* Hash every file of a pack, or of all there are (name NULL). How many are bad. */
int install_verify(const char *models, const char *name, install_tell *tell, void *arg,
                   struct error *err);

/* Gone at once for everyone who looks, then deleted. Only what install_pack made. */
int install_remove(const char *models, const char *name, struct error *err);

struct install_row {
    const char *name, *what; /* what: "" for a pack that is not in the catalogue */
    int64_t bytes;           /* to download; of a pack not in the catalogue: on the disk, -1 if its
                                list does not say */
    bool installed;
};
int install_list(const char *models, void (*visit)(void *arg, const struct install_row *row),
                 void *arg, struct error *err);

#endif
