/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the characters of a text layer are: blanks, letters, hints that nobody sees, or not known.
 * Called by decode_text.c.
 */
#include "decode/decode_text.h"

bool text_is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Hints to who sets or breaks lines, drawn as nothing. */
static bool is_hint(uint32_t c)
{
    return c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           c == 0x2060 || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_character(uint32_t c)
{
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && (c & 0xFFFE) != 0xFFFE &&
           (c < 0xFDD0 || c > 0xFDEF);
}

bool text_is_private(uint32_t c)
{
    return (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
}

/* What the private codes of Symbol and Wingdings, which MuPDF passes on, are drawn as. */
static uint32_t known_sign(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } signs[] = {{0xF0B7, 0x2022}, {0xF0A7, 0x25AA}, {0xF0D8, 0x27A2}, {0xF0FC, 0x2713}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (c == signs[i].from)
            return signs[i].to;
    return c;
}

enum { SOFT_HYPHEN = 0xAD };

/* A hyphen that is drawn is one, however soft. */
uint32_t text_meaning(uint32_t c, bool wide)
{
    if (is_hint(c) || (!wide && (c == SOFT_HYPHEN || is_control(c))))
        return 0;
    if (c == SOFT_HYPHEN)
        return '-';
    return is_control(c) || !is_character(c) ? TEXT_UNKNOWN : known_sign(c);
}
