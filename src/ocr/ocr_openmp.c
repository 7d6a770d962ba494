/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * OpenMP without threads: what Tesseract's parallel regions call, as plain calls, in place of
 * libgomp. Tesseract opens a region for every step of every line, and even a team of one costs
 * libgomp an allocation and a futex call: 100,000 for a page, each through the sandbox's filter.
 * The interface is the one that GCC generates code for since 4.9. With libgomp instead the same
 * text comes out, some 6 % later.
 */
typedef void region(void *data);

void GOMP_parallel(region *run, void *data, unsigned threads, unsigned flags);
void GOMP_parallel_sections(region *run, void *data, unsigned threads, unsigned count,
                            unsigned flags);
unsigned GOMP_sections_next(void);
void GOMP_sections_end_nowait(void);
int omp_get_num_threads(void);
int omp_get_thread_num(void);

static unsigned section, sections; /* of the region being run, from 1 */

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

int omp_get_num_threads(void)
{
    return 1;
}

int omp_get_thread_num(void)
{
    return 0;
}
