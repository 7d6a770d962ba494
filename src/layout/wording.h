/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the first and last characters of a line say about it: a list's mark, a section's number, a
 * caption's word, a page number, an open sentence. No word list but the few words that captions and
 * page numbers begin with. Only for src/layout.
 */
#ifndef LAYOUT_WORDING_H
#define LAYOUT_WORDING_H

#include <stdbool.h>
#include <stddef.h>

enum mark_kind {
    MARK_NONE,
    MARK_BULLET,
    MARK_DASH,
    MARK_NUMBER, /* "3." "3)" "(3)" "[3]" */
    MARK_LETTER, /* "c." "c)" "(c)" */
    MARK_ROMAN,  /* "iii." "(iii)" */
};

/* How a line that begins an item of a list begins. */
struct mark {
    enum mark_kind kind;
    char closing;  /* what follows a number or letter: '.', ')' or ']' */
    bool opening;  /* a bracket before it */
    long value;    /* of a number, a letter (from 1) or a Roman number */
    size_t length; /* bytes, with the blanks after it */
};
struct mark wording_mark(const char *text);

/* Is b the item after a? */
bool wording_follows(const struct mark *a, const struct mark *b);

/* "1.2 Title" is 2, "Chapter 4" 1; 0: no section's number, or nothing after it. */
int wording_section(const char *text);

enum caption_kind { CAPTION_NONE, CAPTION_FIGURE, CAPTION_TABLE };
/* "Figure 3", "Abb. 2:", "Table IV". *strong: the number ends as a caption's does, not as in
 * "Figure 3 shows". */
enum caption_kind wording_caption(const char *text, bool *strong);

bool wording_page_number(const char *text); /* and nothing else */
bool wording_note(const char *text);     /* begins as a footnote does, with text after the mark */
bool wording_capitals(const char *text); /* four letters at least, and all of them capitals */
bool wording_ends_sentence(const char *text);
bool wording_ends_hyphen(const char *text);
bool wording_begins_low(const char *text); /* with a small letter */
bool wording_has_letters(const char *text);
bool wording_has_word(const char *text); /* letters in a row, more than an equation has */
bool wording_leaders(const char *text);  /* a row of dots or dashes in it */
size_t wording_length(const char *text); /* in characters */
/* Characters of right-to-left scripts less those of others. */
long wording_rightward(const char *text);

#endif
