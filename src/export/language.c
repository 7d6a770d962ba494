/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From Tesseract's names of languages (ISO 639-2 with its own additions) to BCP 47, which wants the
 * two letters of ISO 639-1 where there are two. Called by the formats that say a page's language.
 */
#include "export/export_driver.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *own, *tag;
} languages[] = {
    {"afr", "af"},          {"ara", "ar"}, {"bel", "be"}, {"ben", "bn"},
    {"bul", "bg"},          {"cat", "ca"}, {"ces", "cs"}, {"chi_sim", "zh-Hans"},
    {"chi_tra", "zh-Hant"}, {"cym", "cy"}, {"dan", "da"}, {"deu", "de"},
    {"ell", "el"},          {"eng", "en"}, {"est", "et"}, {"eus", "eu"},
    {"fas", "fa"},          {"fin", "fi"}, {"fra", "fr"}, {"frk", "de-Latf"},
    {"gle", "ga"},          {"glg", "gl"}, {"heb", "he"}, {"hin", "hi"},
    {"hrv", "hr"},          {"hun", "hu"}, {"ind", "id"}, {"isl", "is"},
    {"ita", "it"},          {"jpn", "ja"}, {"kor", "ko"}, {"lat", "la"},
    {"lav", "lv"},          {"lit", "lt"}, {"mar", "mr"}, {"mlt", "mt"},
    {"msa", "ms"},          {"nep", "ne"}, {"nld", "nl"}, {"nor", "no"},
    {"pol", "pl"},          {"por", "pt"}, {"ron", "ro"}, {"rus", "ru"},
    {"san", "sa"},          {"slk", "sk"}, {"slv", "sl"}, {"spa", "es"},
    {"sqi", "sq"},          {"srp", "sr"}, {"swa", "sw"}, {"swe", "sv"},
    {"tam", "ta"},          {"tel", "te"}, {"tha", "th"}, {"tur", "tr"},
    {"ukr", "uk"},          {"urd", "ur"}, {"vie", "vi"},
};

const char *export_language(const char *language)
{
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (strcmp(languages[i].own, language) == 0 || strcmp(languages[i].tag, language) == 0)
            return languages[i].tag;
    return NULL;
}
