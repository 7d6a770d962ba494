/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Document text inside Markdown: what a reader of CommonMark or GitHub's dialect would take for
 * markup gets a backslash before it, and nothing else does. For markdown.c.
 */
#ifndef EXPORT_MARKDOWN_ESCAPE_H
#define EXPORT_MARKDOWN_ESCAPE_H

#include "base/strbuf.h"

#include <stddef.h>

enum markdown_place {
    MARKDOWN_START = 1, /* begins a block: no number or dash there begins a list */
    MARKDOWN_ITEM = 2,  /* begins an item: no box is to be ticked there */
    MARKDOWN_PIECE = 4, /* of text whose other pieces may end what begins here */
    MARKDOWN_HEADING = 8,
    MARKDOWN_CELL = 16,
    MARKDOWN_LABEL = 32, /* of a link or picture */
};

/* place: enum markdown_place bits. */
void markdown_escape(struct strbuf *out, const char *text, size_t len, unsigned place);

/* The length of the number with its delimiter that the text begins with, as an item of a list does;
 * 0: it begins otherwise. */
size_t markdown_number(const char *text);

#endif
