/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the parts of a sheet share. Only for src/layout/sheet*.c.
 */
#ifndef LAYOUT_SHEET_INTERNAL_H
#define LAYOUT_SHEET_INTERNAL_H

#include "layout/sheet.h"

#include "base/must.h"

/* Rules, pictures and regions, turned, cut to the sheet, without what is empty or there twice. −1
 * without room. */
int sheet_take_hints(struct sheet *s);

#endif
