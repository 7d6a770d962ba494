/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the files of this folder share in the service: models as they lie in a directory (a shelf),
 * the catalogue, and the small readers. The worker sees none of it, only recipe.h.
 */
#ifndef MODEL_MODEL_INTERNAL_H
#define MODEL_MODEL_INTERNAL_H

#include "base/digest.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "model/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum model_task {
    MODEL_DET,
    MODEL_REC,
    MODEL_LINE,
    MODEL_PAGE,
    MODEL_LAYOUT, /* a page's regions */
    MODEL_TABLE,  /* a table's cells */
    MODEL_TASKS
};
extern const char *const model_task_words[]; /* of a manifest: "det", …; NULL-terminated */
extern const char *const model_task_names[MODEL_TASKS]; /* for people: "detection", … */

enum {
    MODEL_NAME = 96,
    MODEL_LICENCE = 160,
    MODEL_NUMBER = 24,
    MODEL_MAX_TEXT = 4 << 20, /* bytes of a manifest, an inference.yml or a dictionary */
    MODEL_MAX_FILES = 1000,   /* models on one shelf */
};

/* Numbers that travel with a model, as text that the recipe's table reads; "": not said. The names
 * are the recipe's. */
enum model_number {
    NUMBER_LIMIT_SIDE_LEN,
    NUMBER_LIMIT_TYPE,
    NUMBER_MAX_SIDE_LIMIT,
    NUMBER_THRESH,
    NUMBER_BOX_THRESH,
    NUMBER_UNCLIP_RATIO,
    NUMBER_MAX_CANDIDATES,
    NUMBER_REC_HEIGHT,
    NUMBER_REC_SQUEEZE,
    NUMBER_SCORE_THRESH,
    NUMBER_LAYOUT_SIZE,
    NUMBER_LAYOUT_MEAN,
    NUMBER_LAYOUT_STD,
    NUMBER_LAYOUT_THRESHOLDS, /* one for all classes */
    NUMBER_TABLE_SIZE,
    NUMBER_TABLE_EXTENT,
    MODEL_NUMBERS
};
extern const char *const model_number_names[MODEL_NUMBERS];

struct model_numbers {
    char text[MODEL_NUMBERS][MODEL_NUMBER];
};

/* One model as a manifest or an inference.yml tells it. File names are below root and not believed
 * until model_check. */
struct model_file {
    char name[MODEL_NAME]; /* "PP-OCRv6_tiny_det" */
    char pack[MODEL_NAME]; /* "PP-OCRv6_tiny" */
    char licence[MODEL_LICENCE];
    enum model_task task;
    char root[RECIPE_PATH];
    char file[RECIPE_PATH];
    int64_t bytes;                                                  /* -1: not said */
    char sha256[RECIPE_SHA256];                                     /* "": not said */
    char dictionary[RECIPE_PATH], dictionary_sha256[RECIPE_SHA256]; /* as above */
    bool dictionary_in_yaml;  /* it is the character_dict of that file, to be taken out */
    char labels[RECIPE_LIST]; /* of a layout model, by class, separated by commas; "": not said */
    struct model_numbers numbers;
};

struct model_shelf {
    struct model_file *files;
    size_t count, space;
};

/* names.c: what a model's name says. */
int model_generation(const char *name);      /* PP-OCRv6: 6; 0: it does not say */
const char *model_tier(const char *name);    /* "tiny", "small", …; "" */
int model_tier_rank(const char *name);       /* 0: the most accurate */
int model_structure_rank(const char *name);  /* of layout and table models; 0: the best */
int model_precision_rank(const char *name);  /* 0: single or not said, then half, then 8 bits */
bool model_for_one_script(const char *name); /* en_…, latin_…: before the PP */
void model_base(const char *name, char out[MODEL_NAME]); /* without _onnx, _infer, _fp16, … */
void model_stem(const char *name, char out[MODEL_NAME]); /* base without its task: the pack */
bool model_name_valid(const char *name); /* can be a directory's: letters, digits, . _ - */
/* What was published for such a model where nobody says otherwise; "" where the recipe's own
 * default is right. */
void model_numbers_standard(const char *name, enum model_task task, struct model_numbers *out);

/* numbers.c */
int model_numbers_set(struct model_numbers *n, enum model_number which, const char *value,
                      struct error *err); /* checked against the recipe's bounds */
void model_numbers_merge(struct model_numbers *below, const struct model_numbers *above);
void model_numbers_apply(const struct model_numbers *n, struct recipe *r);

/* files.c: paths that stay where they belong, and their hashes. */
bool model_path_inside(const char *name); /* relative, without "..", printable */
int model_path(const char *root, const char *name, char out[RECIPE_PATH], struct error *err);
int model_read_text(const char *path, struct strbuf *out, struct error *err); /* capped */
int model_hash_fd(int fd, const char *path, char sha256[RECIPE_SHA256], int64_t *bytes,
                  struct error *err);
/* The file is there, inside its root, with the size and hash that were said. Gives its real path
 * and its hash. ERROR_INPUT naming the file and why not. */
int model_check(const struct model_file *f, char path[RECIPE_PATH], char sha256[RECIPE_SHA256],
                struct error *err);
/* As UTF-8 text, a class a line, and the hash; not for a dictionary in a YAML file. */
int model_check_dictionary(const struct model_file *f, char path[RECIPE_PATH],
                           char sha256[RECIPE_SHA256], struct strbuf *text, struct error *err);
int model_open_directory(const char *path, mode_t mode, struct error *err); /* made if absent */
int model_write_file(int dir, const char *name, const char *bytes, size_t len, struct error *err);

/* shelf.c */
struct model_file *model_shelf_add(struct model_shelf *s); /* NULL over MODEL_MAX_FILES */
void model_shelf_free(struct model_shelf *s);
/* Every model that the directory names. An absent directory is an empty shelf. */
int model_shelf_read(const char *dir, struct model_shelf *out, struct error *err);
#define auto_shelf __attribute__((cleanup(model_shelf_free))) struct model_shelf

/* manifest.c: a plain list of models, or a pack. */
int manifest_read(const char *dir, struct model_shelf *out, struct error *err);
int manifest_write(int dir, const struct model_file *files, size_t count, struct error *err);

/* yaml_walk.c: every scalar of a YAML document with its path (parts joined by a slash, an asterisk
 * for a list), without building a tree. Refuses a second document and more than 32 levels. */
struct yaml_scalar {
    const char *path, *value; /* value NULL: an alias, which is never followed */
    bool plain;               /* unquoted, so null and true are no texts */
    size_t line;              /* from 1 */
};
typedef int yaml_visit(void *arg, const struct yaml_scalar *s, struct error *err);
int yaml_walk(const char *file, yaml_visit *visit, void *arg, struct error *err);
bool yaml_null(const struct yaml_scalar *s);

/* paddle.c: a model directory as PaddleX writes it: inference.onnx and inference.yml. */
int paddle_read(const char *dir, struct model_shelf *out, struct error *err);
int paddle_dictionary(const char *yaml, struct strbuf *out, struct error *err);

/* pick.c: the best model for a task; NULL if there is none. like (may be NULL): a model whose tier
 * is preferred. pack (may be NULL): only from that one. */
const struct model_file *model_pick(const struct model_shelf *s, enum model_task task,
                                    const char *pack, const struct model_file *like);
const struct model_file *model_pick_named(const struct model_shelf *s, enum model_task task,
                                          const char *official_name);
bool model_in_pack(const struct model_file *f, const char *pack);

/* languages.c: the codes of all languages whose letters are all in the dictionary. */
void model_languages(const char *dictionary, size_t len, char out[RECIPE_LANGUAGES]);

/* What a pipeline file says of layout detection, by class. */
struct pipeline_layout {
    struct layout_class {
        bool threshold_said, merge_said;
        float threshold;
        enum layout_merge merge;
    } classes[RECIPE_CLASSES];
    bool nms_said, nms, unclip_said;
    int unclip_numbers;
    float unclip[2]; /* width, height */
};

/* layouts.c */
bool model_layout_published(const char *name); /* its thresholds are known */
/* The recipe's lists by class; its layout_thresholds may hold one number for all before. */
int model_layout_write(const struct model_file *f, const struct pipeline_layout *said,
                       struct recipe *r, struct error *err);

/* pipeline.c */
struct pipeline_model {
    char name[MODEL_NAME]; /* "": not said */
    char dir[RECIPE_PATH]; /* "": not said */
    bool off;
};
struct pipeline {
    struct pipeline_model models[MODEL_TASKS];
    struct model_numbers numbers;
    struct pipeline_layout layout;
    int64_t batch_size; /* 0: not said */
};
int pipeline_read(const char *path, struct pipeline *out, struct error *err);

/* catalog.c: the packs this version knows. */
struct catalog_content { /* "": end of the list */
    const char *sha256;
    int64_t bytes;
};
enum { CATALOG_EXPORTS = 2, CATALOG_MODELS = 2 };
struct catalog_model {
    const char *name; /* NULL: end of the list */
    enum model_task task;
    const char *revision;
    struct catalog_content onnx[CATALOG_EXPORTS]; /* the first is what the revision holds */
    /* Of a recognition model: the file that holds its dictionary, and that dictionary as text. */
    struct catalog_content yaml, dictionary[CATALOG_EXPORTS];
};
struct catalog_pack {
    const char *name, *licence, *what;
    struct catalog_model models[CATALOG_MODELS];
};
extern const struct catalog_pack catalog[]; /* ends with a NULL name */
extern const char catalog_origin[];         /* the start of every address */
const struct catalog_pack *catalog_find(const char *name);
const struct catalog_pack *catalog_find_model(const char *model_name);
int64_t catalog_bytes(const struct catalog_pack *p);
const struct catalog_content *catalog_match(const struct catalog_content known[CATALOG_EXPORTS],
                                            const char *sha256);

bool catalog_knows(enum model_task task, const char *sha256); /* of some model */

/* download.c: one file into a directory, resumed, tried again, hashed while it comes. */
struct download {
    const char *url;
    int dir;
    const char *name; /* in dir; NAME.part until it is whole and right */
    const struct catalog_content *known;
    size_t known_count;
    void (*progress)(void *arg, const char *name, int64_t done, int64_t total); /* may be NULL */
    void *arg;
};
int download_file(const struct download *d, struct error *err);

struct install;
int install_from_catalog(const struct install *how, const struct catalog_pack *pack,
                         struct error *err);

#endif
