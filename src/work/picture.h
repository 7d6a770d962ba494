/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The picture of one page as PNG, for people. Blocks: a decode process of its own is started, asked
 * and ended.
 */
#ifndef WORK_PICTURE_H
#define WORK_PICTURE_H

#include "base/error.h"
#include "base/settings.h"

#include <stdint.h>

/* document: a descriptor that stays the caller's. Returns a sealed memory file with the PNG, *size
 * its bytes. */
int picture_render(const struct settings *settings, int document, const char *password,
                   uint32_t page, uint32_t dpi, uint64_t *size, struct error *err);

#endif
