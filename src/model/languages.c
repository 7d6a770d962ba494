/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which languages a dictionary can write: those all of whose letters it has, capitals included. For
 * scripts with thousands of characters a sample stands for the whole. It says what can be written,
 * not how well it is read. Codes are Tesseract's (ISO 639-2). Called by pack.c.
 */
#include "model/model_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define RUSSIAN "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
#define ARABIC "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"

static const struct {
    const char *code, *letters, *more;
} languages[] = {
    {"afr", LATIN, "êëïôûÊËÏÔÛ"},
    {"ara", ARABIC, "ءآأؤإئةى"},
    {"bel", "абвгдежзйклмнопрстуфхцчшыьэюя", "ёіўЁІЎ"},
    {"ben", "অআইউএওকখগঘচছজঝটঠডঢণতথদধনপফবভমযরলশষসহ", "ািীুূেো্ং"},
    {"bul", "абвгдежзийклмнопрстуфхцчшщъьюя", "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЮЯ"},
    {"cat", LATIN, "àçèéíïòóúü·ÀÇÈÉÍÏÒÓÚÜ"},
    {"ces", LATIN, "áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ"},
    {"chi_sim", "们这个国时会为对过还问题开关见车东学书", ""},
    {"chi_tra", "們這個國時會為對過還問題開關見車東學書", ""},
    {"cym", LATIN, "âêîôûŵŷÂÊÎÔÛŴŶ"},
    {"dan", LATIN, "æøåÆØÅ"},
    {"deu", LATIN, "äöüßÄÖÜ"},
    {"ell", "αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώ", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"},
    {"eng", LATIN, ""},
    {"est", LATIN, "äõöüšžÄÕÖÜŠŽ"},
    {"eus", LATIN, "ñÑ"},
    {"fas", ARABIC, "پچژگکی"},
    {"fin", LATIN, "äöåÄÖÅ"},
    {"fra", LATIN, "àâæçèéêëîïôœùûüÀÂÆÇÈÉÊËÎÏÔŒÙÛÜ"},
    {"gle", LATIN, "áéíóúÁÉÍÓÚ"},
    {"glg", LATIN, "áéíóúüñÁÉÍÓÚÜÑ"},
    {"heb", "אבגדהוזחטיכךלמםנןסעפףצץקרשת", ""},
    {"hin", "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "ािीुूेैोौ्ंँ"},
    {"hrv", LATIN, "čćđšžČĆĐŠŽ"},
    {"hun", LATIN, "áéíóöőúüűÁÉÍÓÖŐÚÜŰ"},
    {"ind", LATIN, ""},
    {"isl", LATIN, "áðéíóúýþæöÁÐÉÍÓÚÝÞÆÖ"},
    {"ita", LATIN, "àèéìòùÀÈÉÌÒÙ"},
    {"jpn",
     "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
     "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
     "ー"},
    {"kor", "가나다라마바사아자차카타파하", "는은이고의에을한그것있습니다"},
    {"lat", LATIN, ""},
    {"lav", LATIN, "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ"},
    {"lit", LATIN, "ąčęėįšųūžĄČĘĖĮŠŲŪŽ"},
    {"mar", "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहळ", "ािीुूेैोौ्ं"},
    {"mlt", LATIN, "ċġħżàĊĠĦŻÀ"},
    {"msa", LATIN, ""},
    {"nld", LATIN, "éëïóöüÉËÏÓÖÜ"},
    {"nor", LATIN, "æøåÆØÅ"},
    {"oci", LATIN, "àáçèéíïòóúÀÁÇÈÉÍÏÒÓÚ"},
    {"pol", LATIN, "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"},
    {"por", LATIN, "àáâãçéêíóôõúÀÁÂÃÇÉÊÍÓÔÕÚ"},
    {"que", LATIN, "ñÑ"},
    {"ron", LATIN, "ăâîșțĂÂÎȘȚ"},
    {"rus", RUSSIAN, "ёЁ"},
    {"slk", LATIN, "áäčďéíľĺňóôŕšťúýžÁÄČĎÉÍĽĹŇÓÔŔŠŤÚÝŽ"},
    {"slv", LATIN, "čšžČŠŽ"},
    {"spa", LATIN, "áéíñóúüÁÉÍÑÓÚÜ"},
    {"sqi", LATIN, "çëÇË"},
    {"srp", "абвгдђежзијклљмнњопрстћуфхцчџш", "АБВГДЂЕЖЗИЈКЛЉМНЊОПРСТЋУФХЦЧЏШ"},
    {"srp_latn", LATIN, "čćđšžČĆĐŠŽ"},
    {"swa", LATIN, ""},
    {"swe", LATIN, "äöåÄÖÅ"},
    {"tam", "அஆஇஈஉஊஎஏஐஒஓகஙசஜஞடணதநனபமயரறலளழவஷஸஹ", "ாிீுூெேைொோௌ்"},
    {"tel", "అఆఇఈఉఊఎఏఐఒఓకఖగఘచఛజఝటఠడఢణతథదధనపఫబభమయరలవశషసహ", "ాిీుూెేైొో్ం"},
    {"tgl", LATIN, "ñÑ"},
    {"tha", "กขคฆงจฉชซญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ", "ะาิีึืุูเแโใไ่้์"},
    {"tur", LATIN, "çğıöşüÇĞİÖŞÜ"},
    {"ukr", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ"},
    {"vie", LATIN, "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵĐ"},
};

enum { CODE_POINTS = 0x110000 };

static void note_letters(const char *dictionary, size_t len, bool *seen)
{
    size_t at = 0, n;
    uint32_t cp;
    while (at < len && (n = utf8_decode(dictionary + at, len - at, &cp))) {
        seen[cp] = true;
        at += n;
    }
}

static bool has_all(const bool *seen, const char *letters)
{
    uint32_t cp;
    for (size_t n; *letters && (n = utf8_decode(letters, strlen(letters), &cp)); letters += n)
        if (!seen[cp])
            return false;
    return true;
}

void model_languages(const char *dictionary, size_t len, char out[RECIPE_LANGUAGES])
{
    bool *seen = x_calloc(CODE_POINTS, sizeof *seen);
    size_t used = 0;
    note_letters(dictionary, len, seen);
    out[0] = '\0';
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (has_all(seen, languages[i].letters) && has_all(seen, languages[i].more) &&
            used + strlen(languages[i].code) + 1 < RECIPE_LANGUAGES)
            used += (size_t)snprintf(out + used, RECIPE_LANGUAGES - used, "%s%s", used ? " " : "",
                                     languages[i].code);
    free(seen);
}
