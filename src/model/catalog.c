/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The packs this version knows: the official ONNX exports, each pinned by revision, size and
 * SHA-256. docs/models.md says where each value comes from. A second content is another export of
 * the same model that is passed around as much; it is taken where it is met, never asked for.
 * No value here is guessed: a model whose hash is not known is not listed.
 */
#include "model/model_internal.h"

#include <string.h>

const char catalog_origin[] = "https://huggingface.co/PaddlePaddle";

static const char apache[] = "Apache-2.0 (PaddleOCR)";

/* The dictionary as one character a line, each line ended. */
#define DICTIONARY_18708                                                              \
    {                                                                                 \
        {                                                                             \
            "b5f2bfe2bdd9448429e3e82b51c789775d9b42f2403d082b00662eb77e401c5d", 74947 \
        }                                                                             \
    }

const struct catalog_pack catalog[] = {
    {"PP-OCRv6_tiny",
     apache,
     "the fastest; 1.5 M parameters",
     {{.name = "PP-OCRv6_tiny_det",
       .task = MODEL_DET,
       .revision = "2ba1506c0380b8f0b03dd142459aac66d4421f6c",
       .onnx = {{"193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8", 1780590}}},
      {.name = "PP-OCRv6_tiny_rec",
       .task = MODEL_REC,
       .revision = "2612ab37152ae0a677521bae4e1e3d4fb4cf7c30",
       .onnx = {{"9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6", 4462639}},
       .yaml = {"66170210bad538e83fff3c4a3867e547d6bf20b50d64b20347c4b913f3034ea1", 55571},
       /* The second has an empty line where the first has the ideographic space (class 617). */
       .dictionary = {{"c5cbe34ef40c29c4df07ed012bf96569cb69a2d2a01a07027e9f13cb832bd9cd", 27156},
                      {"46e1b34ef45684cb46d75ac76d355341fe7f0a2c38d6ee02e63ae6b3878019fc",
                       27153}}}}},
    {"PP-OCRv6_small",
     apache,
     "between the two; 7.7 M parameters",
     {{.name = "PP-OCRv6_small_det",
       .task = MODEL_DET,
       .revision = "28fe5895c24fd108c19eb3e8479f4ab385fbfc62",
       .onnx = {{"d73e0058b7a8086bbd57f3d10b8bcd4ff95363f67e06e2762b5e814fe9c9410e", 9880512}}},
      {.name = "PP-OCRv6_small_rec",
       .task = MODEL_REC,
       .revision = "b8f84f0b80c529de40b4fbb3544b84fa7233a513",
       .onnx = {{"5435fd747c9e0efe15a96d0b378d5bd157e9492ed8fd80edf08f30d02fa24634", 21159378}},
       .yaml = {"ab078671bb49f06228eadccd34f1bb501e157f7a047095ffb943ba81512c77d1", 150579},
       .dictionary = DICTIONARY_18708}}},
    {"PP-OCRv6_medium",
     apache,
     "the most accurate; 34.5 M parameters",
     {{.name = "PP-OCRv6_medium_det",
       .task = MODEL_DET,
       .revision = "61323801669c338b7891481ec7bac61ce31b576a",
       .onnx = {{"eb13b44b25bb36f89528b68720af8a61d9cf381176107f465db1757b65d086e1", 62032837}}},
      {.name = "PP-OCRv6_medium_rec",
       .task = MODEL_REC,
       .revision = "50c7eacafc52fa7bcf4194e8cd08e46f8558504b",
       .onnx = {{"9c09abf0957f7968c7586464b7397b84ad2387a0497a351af40e9acc71b673ba", 76554979}},
       .yaml = {"991b700facf5b50a7de193468207d5f4255b538dde0d312ae3b7c7a9b6873129", 150580},
       .dictionary = DICTIONARY_18708}}},
    {"PP-LCNet_x1_0_doc_ori",
     apache,
     "tells how a page is turned",
     {{.name = "PP-LCNet_x1_0_doc_ori",
       .task = MODEL_PAGE,
       .revision = "7330ab7039123e46af2dc03154b9969aa412c61d",
       .onnx = {{"af9a0a4f317ff0709ce752067807f819cb15d883f8ecad89f28df1c6ee2d9c92", 6788069}}}}},
    {"PP-LCNet_x0_25_textline_ori",
     apache,
     "tells lines that stand on their head",
     {{.name = "PP-LCNet_x0_25_textline_ori",
       .task = MODEL_LINE,
       .revision = "aea1f18d97338aaf84b463f90192f2820524a00a",
       .onnx = {{"94a6a0a0425f2b5f08b5df72086f2d72abe40f1d22f6d12d2cd83674f11f2ff3", 1019454},
                {"dd8b2b61983d76ab230a58da9e0e0e84956b71c3877f2ce6e438fe22d74d2cf2", 1018940}}}}},
    {"PP-DocLayoutV3",
     apache,
     "sees the parts of a page and their order; 33 M parameters",
     {{.name = "PP-DocLayoutV3",
       .task = MODEL_LAYOUT,
       .revision = "46bbdf188bb0a772c08aed74882ce7e51a8f1ea6",
       .onnx = {{"45bf71750b00739a41fc209f132eb104a4d6b5bb29483c9078164d8b87cf28ba", 130502049}}}}},
    {"PP-DocLayoutV2",
     apache,
     "sees the parts of a page and their order; the one before",
     {{.name = "PP-DocLayoutV2",
       .task = MODEL_LAYOUT,
       .revision = "7d44592493df02e28110d99de8ca4b1fbc7309bd",
       .onnx = {{"cd540dc296ff3115fe78efa65b68501e6a8dc74b198acc9834a725ffaa095aac", 213963712}}}}},
    {"PP-DocLayout_plus-L",
     apache,
     "sees the parts of a page; PP-StructureV3's",
     {{.name = "PP-DocLayout_plus-L",
       .task = MODEL_LAYOUT,
       .revision = "feb74619326f634e0e883218598096a3733ad9f7",
       .onnx = {{"77afb2caa74dd13240d087d2eced91d7fcd2caebd16006a0a66162fc8707ff0e", 129736329}}}}},
    {"SLANet_plus",
     apache,
     "sees the cells of a table",
     {{.name = "SLANet_plus",
       .task = MODEL_TABLE,
       .revision = "7dbe640e127602bf506815e822c09758de73c482",
       .onnx = {{"7790c0c13ce064782c9d22ebeb16b4da8216f83d3ba576da962c106ef58386da", 7782138},
                {"d57a942af6a2f57d6a4a0372573c696a2379bf5857c45e2ac69993f3b334514b", 7758305}}}}},
    {"SLANeXt_wired",
     apache,
     "sees the cells of a ruled table, but badly where they are",
     {{.name = "SLANeXt_wired",
       .task = MODEL_TABLE,
       .revision = "04356de883011f433f83e5098793f3a501a9af6e",
       .onnx = {{"0a6e063b56e35a434eb6669eb2342113c6bd76a6ce5acaa0331f370c9e00732f", 367743373}}}}},
    {"SLANeXt_wireless",
     apache,
     "sees the cells of a table without rules, but badly where they are",
     {{.name = "SLANeXt_wireless",
       .task = MODEL_TABLE,
       .revision = "9207aaed01d1bbb0743af384bac5b0bd35869ba3",
       .onnx = {{"5c79ee87cce6712f8f640394decce72157bd1df13c9bccf86d071bd07a6e9f97", 367743373}}}}},
    {0},
};

const struct catalog_pack *catalog_find(const char *name)
{
    for (const struct catalog_pack *p = catalog; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

const struct catalog_pack *catalog_find_model(const char *model_name)
{
    for (const struct catalog_pack *p = catalog; p->name; p++)
        for (size_t i = 0; i < CATALOG_MODELS && p->models[i].name; i++)
            if (strcmp(p->models[i].name, model_name) == 0)
                return p;
    return NULL;
}

int64_t catalog_bytes(const struct catalog_pack *p)
{
    int64_t sum = 0;
    for (size_t i = 0; i < CATALOG_MODELS && p->models[i].name; i++)
        sum += p->models[i].onnx[0].bytes + p->models[i].yaml.bytes;
    return sum;
}

const struct catalog_content *catalog_match(const struct catalog_content known[CATALOG_EXPORTS],
                                            const char *sha256)
{
    for (size_t i = 0; i < CATALOG_EXPORTS && known[i].sha256; i++)
        if (strcmp(known[i].sha256, sha256) == 0)
            return &known[i];
    return NULL;
}

bool catalog_knows(enum model_task task, const char *sha256)
{
    for (const struct catalog_pack *p = catalog; p->name; p++)
        for (size_t i = 0; i < CATALOG_MODELS && p->models[i].name; i++)
            if (p->models[i].task == task && catalog_match(p->models[i].onnx, sha256))
                return true;
    return false;
}
