/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines to running text: a blank between them, none in scripts without blanks, hyphenated words
 * joined. Plain text in and out; escaping comes after. Time grows with the text. Used by the
 * formats that print paragraphs.
 */
#ifndef EXPORT_PROSE_H
#define EXPORT_PROSE_H

#include "base/strbuf.h"
#include "page/page.h"

/* Makes the end of text ready for the line that follows: a blank, or a hyphen less. */
void prose_glue(struct strbuf *text, const char *next);

/* The same, and the line itself, without soft hyphens. Starts a text that is empty. */
void prose_add(struct strbuf *text, const char *line);
void prose_add_block(struct strbuf *text, const struct block *block);

/* A block's lines as they stand, each with its end, indented as on the page. */
void prose_add_code(struct strbuf *out, const struct block *block);

/* Of a fixed pitch font. */
int prose_columns(const char *text);

/* Is it what a formula model writes? Then it holds no dollar sign. */
bool prose_is_latex(const char *text);

#endif
