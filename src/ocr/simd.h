/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * SIMD before a function: compiled once for every x86-64 processor and once more for those with
 * wider vectors; the loader picks. The code is plain C that compilers vectorise.
 */
#ifndef OCR_SIMD_H
#define OCR_SIMD_H

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define SIMD \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define SIMD
#endif

#endif
