/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rewritings of a float32 graph that keep its sums and save passes over memory. Each looks for one
 * shape of PP-OCR's graphs, changes it wherever it is found and says how often.
 */
#ifndef OCR_ONNX_REWRITE_H
#define OCR_ONNX_REWRITE_H

#include "ocr/onnx_graph.h"

unsigned onnx_rewrite_identities(struct onnx_graph *g);       /* dropped */
unsigned onnx_rewrite_scaled_sums(struct onnx_graph *g);      /* x + x·s as x·(s + 1) */
unsigned onnx_rewrite_split_concats(struct onnx_graph *g);    /* conv(a, b) as conv(a) + conv(b) */
unsigned onnx_rewrite_folded_biases(struct onnx_graph *g);    /* the class head's bias as a row */
unsigned onnx_rewrite_upsampling_tails(struct onnx_graph *g); /* DB's two transposed convolutions */
unsigned onnx_rewrite_phases(struct onnx_graph *g);           /* DB's 3x3 over enlarged maps */

#endif
