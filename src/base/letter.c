/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Ranges of characters, from the Unicode Character Database 15.0 (general category, East Asian
 * width), cut to what documents hold. Called by layout and export.
 */
#include "base/letter.h"

#include "base/utf8.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

#define IN(table, c) in_ranges(table, sizeof(table) / sizeof(table)[0], c)

static bool in_ranges(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && c >= ranges[i].first; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

static const struct range lower[] = {
    {'a', 'z'},     {0xDF, 0xF6},     {0xF8, 0xFF},     {0x3AC, 0x3CE},   {0x430, 0x45F},
    {0x561, 0x587}, {0x1F00, 0x1F07}, {0x1F70, 0x1F7D}, {0xFB00, 0xFB06}, {0xFF41, 0xFF5A},
};
static const struct range upper[] = {
    {'A', 'Z'},     {0xC0, 0xD6},   {0xD8, 0xDE},   {0x386, 0x386},   {0x388, 0x38F},
    {0x391, 0x3AB}, {0x400, 0x42F}, {0x531, 0x556}, {0x1F08, 0x1F0F}, {0xFF21, 0xFF3A},
};

/* Blocks where capitals and small letters take turns, the capitals first or second. */
static const struct range even_upper[] = {
    {0x100, 0x137}, {0x14A, 0x177}, {0x1F8, 0x21F}, {0x222, 0x233},
    {0x460, 0x481}, {0x48A, 0x4BF}, {0x4D0, 0x52F}, {0x1E00, 0x1EFF},
};
static const struct range odd_upper[] = {{0x139, 0x148}, {0x179, 0x17E}, {0x4C1, 0x4CE}};

bool letter_is_lower(uint32_t c)
{
    return IN(lower, c) || c == 0x17F || (IN(even_upper, c) && c % 2) ||
           (IN(odd_upper, c) && c % 2 == 0);
}

bool letter_is_upper(uint32_t c)
{
    return IN(upper, c) || (IN(even_upper, c) && c % 2 == 0) || (IN(odd_upper, c) && c % 2);
}

bool letter_is_digit(uint32_t c)
{
    static const struct range digits[] = {
        {'0', '9'}, {0x660, 0x669}, {0x6F0, 0x6F9}, {0x966, 0x96F}, {0xFF10, 0xFF19}};
    return IN(digits, c);
}

bool letter_is_dense(uint32_t c)
{
    static const struct range dense[] = {
        {0xE00, 0xEFF},     {0x1000, 0x109F}, {0x1780, 0x17FF}, {0x2E80, 0x2FDF},
        {0x3000, 0x30FF},   {0x3100, 0x312F}, {0x31A0, 0x31FF}, {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},   {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}, {0xFF01, 0xFF0F},
        {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40}, {0xFF5B, 0xFF9F}, {0x1B000, 0x1B16F},
        {0x20000, 0x3FFFF},
    };
    return IN(dense, c);
}

bool letter_is_leftward(uint32_t c)
{
    static const struct range leftward[] = {
        {0x590, 0x8FF}, {0x200F, 0x200F}, {0xFB1D, 0xFDFF}, {0xFE70, 0xFEFC}, {0x10800, 0x10FFF}};
    return IN(leftward, c);
}

int letter_width(uint32_t c)
{
    static const struct range none[] = {
        {0xAD, 0xAD},     {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},
        {0x610, 0x61A},   {0x64B, 0x65F},   {0x93C, 0x93C},   {0x941, 0x948},
        {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},   {0x200B, 0x200F},
        {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F},
    };
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF}, {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
        {0xFE30, 0xFE4F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
        {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    return IN(none, c) ? 0 : IN(wide, c) ? 2 : 1;
}

uint32_t letter_first(const char *s)
{
    uint32_t c = 0;
    size_t len = strnlen(s, 4);
    return len && utf8_decode(s, len, &c) ? c : 0;
}

uint32_t letter_last(const char *s, size_t len)
{
    uint32_t c = 0;
    size_t back = 1;
    while (back < 4 && back < len && ((unsigned char)s[len - back] & 0xC0) == 0x80)
        back++;
    return len && utf8_decode(s + len - back, back, &c) ? c : 0;
}
