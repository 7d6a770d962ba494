/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the neural engine is loaded from and how it is set: the model files of one pack with their
 * hashes, and the numbers that go with them. The service resolves packs, manifests and settings to
 * this one flat table (model/pack.h) and hands it to its workers as flags; a worker reads no
 * manifest, and loads no file whose SHA-256 is not the one said here.
 */
#ifndef MODEL_RECIPE_H
#define MODEL_RECIPE_H

#include "base/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* What limit_side_len means (PaddleOCR's words): a longest side of at most, or a shortest side of
 * at least so many pixels. */
enum side_rule { SIDE_MAX, SIDE_MIN };

/* What becomes of regions inside a region of a class (PaddleX's words): both stay, the inner one
 * goes, the outer one goes. */
enum layout_merge { MERGE_UNION, MERGE_LARGE, MERGE_SMALL };
extern const char *const layout_merge_names[]; /* NULL-terminated */

/* What a table model's places are parts of: of the square that its input was padded to, or of the
 * table's own width and height. */
enum table_extent { TABLE_OF_SQUARE, TABLE_OF_CROP };

enum {
    RECIPE_PATH = 1024,
    RECIPE_SHA256 = 65,
    RECIPE_LANGUAGES = 512,
    RECIPE_LIST = 1024,
    RECIPE_CLASSES = 64, /* of a layout model: the published ones have up to 25 */
};

struct recipe {
    char name[96];                 /* of the pack, for people: "PP-OCRv6_tiny" */
    char covers[RECIPE_LANGUAGES]; /* languages that the dictionary can write: "deu eng fra" */
    char runtime[RECIPE_PATH];     /* libonnxruntime.so; "": where the system keeps it */
    int64_t device;                /* enum device */
    int64_t batch_size;            /* lines in one Run; 0: what suits the device */

    /* Files; "" for none. Each file has the SHA-256 that it must have, in 64 hexadecimal digits. */
    char detection[RECIPE_PATH], detection_sha256[RECIPE_SHA256];
    char recognition[RECIPE_PATH], recognition_sha256[RECIPE_SHA256];
    char dictionary[RECIPE_PATH], dictionary_sha256[RECIPE_SHA256]; /* a class a line, UTF-8 */
    char page_orientation[RECIPE_PATH], page_orientation_sha256[RECIPE_SHA256];
    char line_orientation[RECIPE_PATH], line_orientation_sha256[RECIPE_SHA256];

    /* Detection (DB), by PaddleOCR's names. */
    int64_t limit_side_len; /* pixels */
    int64_t limit_type;     /* enum side_rule */
    int64_t max_side_limit; /* pixels: of the longest side, whatever the rule */
    double thresh;          /* of the probability map */
    double box_thresh;      /* least mean probability of a box */
    double unclip_ratio;
    int64_t max_candidates; /* boxes looked at */

    /* Recognition (CTC). */
    int64_t rec_height;  /* pixels of a line image */
    double rec_squeeze;  /* width of a line image, as a part of what its proportions would give */
    double score_thresh; /* lines with less confidence are dropped */

    /* A layout model and a table model, with or without the above; "" for none. Their names are for
     * people. */
    char layout_name[64], table_name[64];
    char layout[RECIPE_PATH], layout_sha256[RECIPE_SHA256];
    char table[RECIPE_PATH], table_sha256[RECIPE_SHA256];
    char table_dictionary[RECIPE_PATH],
        table_dictionary_sha256[RECIPE_SHA256]; /* "": the usual one */

    /* Layout, by class and separated by commas: labels, least confidences, enum layout_merge. */
    char layout_labels[RECIPE_LIST], layout_thresholds[RECIPE_LIST], layout_merges[RECIPE_LIST];
    char layout_mean[64], layout_std[64]; /* of red, green, blue, as parts of 255 */
    int64_t layout_size;                  /* pixels of the input's sides, where it takes any */
    bool layout_nms;
    double layout_unclip_width, layout_unclip_height; /* by which regions are stretched */

    int64_t table_size;   /* pixels of the input's sides, where it takes any */
    int64_t table_extent; /* enum table_extent */
};

extern const struct param_table recipe_table;

void recipe_defaults(struct recipe *r);

/* Whether there is enough to read with: detection, recognition and a dictionary. */
bool recipe_complete(const struct recipe *r);

/* The numbers of such a list: how many, or 0 where it holds something else or more than `space`. */
size_t recipe_numbers(const char *list, float *out, size_t space);
/* The word at *at, which moves behind it and its comma; its length, 0 at the end. */
size_t recipe_next_word(const char **at, const char **word);

/* What is not the default as flags of pagemill-work: "--name", "value", …, NULL. One allocation:
 * free() it. */
char **recipe_args(const struct recipe *r);

#endif
