/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From settings to a recipe: which model files are read with, where, and with which numbers.
 */
#ifndef MODEL_PACK_H
#define MODEL_PACK_H

#include "base/settings.h"
#include "model/recipe.h"

/* Reads what `models` names, the pipeline file if there is one, chooses, and hashes every file it
 * chose. Without models the recipe is incomplete and that is no error, unless `pack` or the engine
 * ppocr was asked for. Says in the log what it took. ERROR_INPUT names the file and the reason. */
int pack_resolve(const struct settings *settings, struct recipe *out, struct error *err);

#endif
