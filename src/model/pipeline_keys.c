/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Every key of PaddleX's PP-StructureV3.yaml, and of the older ones that still go about. A new key
 * is one row. Read by pipeline.c.
 */
#include "model/pipeline_keys.h"

#define IGNORED(path, type, same)             \
    {                                         \
        path, type, PIPELINE_NOTHING, 0, same \
    }
#define LABEL(path)                                  \
    {                                                \
        path, PIPELINE_TEXT, PIPELINE_LABEL, 0, NULL \
    }
#define SWITCH(path, task)                               \
    {                                                    \
        path, PIPELINE_BOOL, PIPELINE_SWITCH, task, NULL \
    }
#define NUMBER(path, type, which)             \
    {                                         \
        path, type, PIPELINE_SET, which, NULL \
    }
/* A model that pagemill runs, and one that it does not. */
#define MODEL(path, task)                                                                       \
    LABEL(path "/module_name"), {path "/model_name", PIPELINE_TEXT, PIPELINE_NAME, task, NULL}, \
    {                                                                                           \
        path "/model_dir", PIPELINE_TEXT, PIPELINE_DIR, task, NULL                              \
    }
#define NO_MODEL(path)                                     \
    IGNORED(path "/module_name", PIPELINE_TEXT, NULL),     \
        IGNORED(path "/model_name", PIPELINE_TEXT, NULL),  \
        IGNORED(path "/model_dir", PIPELINE_TEXT, "null"), \
        IGNORED(path "/batch_size", PIPELINE_NUMBER, NULL)
#define LAYOUT_MODEL(path)                                                                   \
    MODEL(path, MODEL_LAYOUT), IGNORED(path "/batch_size", PIPELINE_NUMBER, NULL),           \
        {path "/threshold", PIPELINE_TREE, PIPELINE_LAYOUT, LAYOUT_THRESHOLD, NULL},         \
        {path "/layout_nms", PIPELINE_BOOL, PIPELINE_NMS, 0, NULL},                          \
        {path "/layout_unclip_ratio", PIPELINE_TREE, PIPELINE_LAYOUT, LAYOUT_UNCLIP, NULL},  \
    {                                                                                        \
        path "/layout_merge_bboxes_mode", PIPELINE_TREE, PIPELINE_LAYOUT, LAYOUT_MERGE, NULL \
    }
#define NO_LAYOUT(path)                                              \
    NO_MODEL(path), IGNORED(path "/threshold", PIPELINE_TREE, NULL), \
        IGNORED(path "/layout_nms", PIPELINE_BOOL, NULL),            \
        IGNORED(path "/layout_unclip_ratio", PIPELINE_TREE, NULL),   \
        IGNORED(path "/layout_merge_bboxes_mode", PIPELINE_TREE, NULL)
#define NO_DETECTION(path)                                                  \
    NO_MODEL(path), IGNORED(path "/limit_side_len", PIPELINE_NUMBER, NULL), \
        IGNORED(path "/limit_type", PIPELINE_TEXT, NULL),                   \
        IGNORED(path "/max_side_limit", PIPELINE_NUMBER, NULL),             \
        IGNORED(path "/thresh", PIPELINE_NUMBER, NULL),                     \
        IGNORED(path "/box_thresh", PIPELINE_NUMBER, NULL),                 \
        IGNORED(path "/unclip_ratio", PIPELINE_NUMBER, NULL)
#define NO_PIPELINE(path)                                              \
    IGNORED(path "/pipeline_name", PIPELINE_TEXT, NULL),               \
        IGNORED(path "/batch_size", PIPELINE_NUMBER, NULL),            \
        IGNORED(path "/use_layout_detection", PIPELINE_BOOL, "false"), \
        IGNORED(path "/use_doc_preprocessor", PIPELINE_BOOL, "false")
/* score_thresh: also where PaddleX ships it, by an indentation that went wrong. */
#define NO_OCR(path)                                                                     \
    NO_PIPELINE(path), IGNORED(path "/text_type", PIPELINE_TEXT, NULL),                  \
        IGNORED(path "/use_textline_orientation", PIPELINE_BOOL, "false"),               \
        NO_DETECTION(path "/SubModules/TextDetection"),                                  \
        NO_MODEL(path "/SubModules/TextLineOrientation"),                                \
        NO_MODEL(path "/SubModules/TextRecognition"),                                    \
        IGNORED(path "/SubModules/TextRecognition/score_thresh", PIPELINE_NUMBER, NULL), \
        IGNORED(path "/score_thresh", PIPELINE_NUMBER, NULL)

#define LAYOUT "SubModules/LayoutDetection"
#define REGION "SubModules/RegionDetection"
#define PREPARE "SubPipelines/DocPreprocessor"
#define OCR "SubPipelines/GeneralOCR"
#define DETECT OCR "/SubModules/TextDetection"
#define LINES OCR "/SubModules/TextLineOrientation"
#define READ OCR "/SubModules/TextRecognition"
#define TABLES "SubPipelines/TableRecognition"
#define SEALS "SubPipelines/SealRecognition"
#define FORMULAS "SubPipelines/FormulaRecognition"

const struct pipeline_key pipeline_keys[] = {
    LABEL("pipeline_name"),
    IGNORED("batch_size", PIPELINE_NUMBER, NULL),
    SWITCH("use_doc_preprocessor", MODEL_PAGE),
    IGNORED("use_general_ocr", PIPELINE_BOOL, "true"),
    IGNORED("use_seal_recognition", PIPELINE_BOOL, "false"),
    SWITCH("use_table_recognition", MODEL_TABLE),
    IGNORED("use_formula_recognition", PIPELINE_BOOL, "false"),
    IGNORED("use_chart_recognition", PIPELINE_BOOL, "false"),
    IGNORED("use_region_detection", PIPELINE_BOOL, "false"),
    IGNORED("format_block_content", PIPELINE_BOOL, "false"),
    LAYOUT_MODEL(LAYOUT),
    NO_MODEL("SubModules/ChartRecognition"),
    NO_LAYOUT(REGION),

    LABEL(PREPARE "/pipeline_name"),
    IGNORED(PREPARE "/batch_size", PIPELINE_NUMBER, NULL),
    SWITCH(PREPARE "/use_doc_orientation_classify", MODEL_PAGE),
    IGNORED(PREPARE "/use_doc_unwarping", PIPELINE_BOOL, "false"),
    MODEL(PREPARE "/SubModules/DocOrientationClassify", MODEL_PAGE),
    IGNORED(PREPARE "/SubModules/DocOrientationClassify/batch_size", PIPELINE_NUMBER, "1"),
    NO_MODEL(PREPARE "/SubModules/DocUnwarping"),

    LABEL(OCR "/pipeline_name"),
    IGNORED(OCR "/batch_size", PIPELINE_NUMBER, NULL),
    IGNORED(OCR "/text_type", PIPELINE_TEXT, "general"),
    IGNORED(OCR "/use_doc_preprocessor", PIPELINE_BOOL, "false"),
    SWITCH(OCR "/use_textline_orientation", MODEL_LINE),
    MODEL(DETECT, MODEL_DET),
    IGNORED(DETECT "/batch_size", PIPELINE_NUMBER, "1"),
    NUMBER(DETECT "/limit_side_len", PIPELINE_NUMBER, NUMBER_LIMIT_SIDE_LEN),
    NUMBER(DETECT "/limit_type", PIPELINE_TEXT, NUMBER_LIMIT_TYPE),
    NUMBER(DETECT "/max_side_limit", PIPELINE_NUMBER, NUMBER_MAX_SIDE_LIMIT),
    NUMBER(DETECT "/thresh", PIPELINE_NUMBER, NUMBER_THRESH),
    NUMBER(DETECT "/box_thresh", PIPELINE_NUMBER, NUMBER_BOX_THRESH),
    NUMBER(DETECT "/unclip_ratio", PIPELINE_NUMBER, NUMBER_UNCLIP_RATIO),
    MODEL(LINES, MODEL_LINE),
    IGNORED(LINES "/batch_size", PIPELINE_NUMBER, NULL),
    MODEL(READ, MODEL_REC),
    {READ "/batch_size", PIPELINE_NUMBER, PIPELINE_BATCH, 0, NULL},
    NUMBER(READ "/score_thresh", PIPELINE_NUMBER, NUMBER_SCORE_THRESH),

    NO_PIPELINE(TABLES),
    IGNORED(TABLES "/use_ocr_model", PIPELINE_BOOL, "false"),
    NO_MODEL(TABLES "/SubModules/TableClassification"),
    NO_MODEL(TABLES "/SubModules/WiredTableStructureRecognition"),
    MODEL(TABLES "/SubModules/WirelessTableStructureRecognition", MODEL_TABLE),
    IGNORED(TABLES "/SubModules/WirelessTableStructureRecognition/batch_size", PIPELINE_NUMBER,
            NULL),
    NO_MODEL(TABLES "/SubModules/WiredTableCellsDetection"),
    NO_MODEL(TABLES "/SubModules/WirelessTableCellsDetection"),
    NO_MODEL(TABLES "/SubModules/TableOrientationClassify"),
    NO_OCR(TABLES "/SubPipelines/GeneralOCR"),

    NO_PIPELINE(SEALS),
    NO_LAYOUT(SEALS "/SubModules/LayoutDetection"),
    NO_OCR(SEALS "/SubPipelines/SealOCR"),

    NO_PIPELINE(FORMULAS),
    NO_LAYOUT(FORMULAS "/SubModules/LayoutDetection"),
    NO_MODEL(FORMULAS "/SubModules/FormulaRecognition"),
};

const size_t pipeline_key_count = sizeof pipeline_keys / sizeof pipeline_keys[0];
