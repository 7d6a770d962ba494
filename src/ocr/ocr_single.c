/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * OpenMP without threads. Tesseract opens a parallel region for every step of every line, and even
 * a team of one costs libgomp an allocation and a futex call: 100,000 for a page, each through the
 * sandbox's filter. A program's own definitions come before a library's, so these four, which are
 * all that Tesseract calls, run its regions as plain calls. The interface is the one that GCC
 * generates code for since 4.9. Without this file the same text comes out, some 6 % later.
 */
#include "ocr/ocr_driver.h"

#define EXPORTED __attribute__((visibility("default")))

typedef void region(void *data);

EXPORTED void GOMP_parallel(region *run, void *data, unsigned threads, unsigned flags);
EXPORTED void GOMP_parallel_sections(region *run, void *data, unsigned threads, unsigned count,
                                     unsigned flags);
EXPORTED unsigned GOMP_sections_next(void);
EXPORTED void GOMP_sections_end_nowait(void);

static unsigned section, sections; /* of the region being run, from 1 */

void ocr_stay_single(void)
{
    section = sections = 0;
}

void GOMP_parallel(region *run, void *data, unsigned threads, unsigned flags)
{
    (void)threads;
    (void)flags;
    run(data);
}

void GOMP_parallel_sections(region *run, void *data, unsigned threads, unsigned count,
                            unsigned flags)
{
    (void)threads;
    (void)flags;
    const unsigned outer_section = section, outer_sections = sections;
    section = 0;
    sections = count;
    run(data);
    section = outer_section;
    sections = outer_sections;
}

unsigned GOMP_sections_next(void)
{
    return section < sections ? ++section : 0;
}

void GOMP_sections_end_nowait(void)
{
}
