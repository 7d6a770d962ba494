/* SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a hash whose collisions nobody finds who does not
 * know the seed. Called by the memory backend.
 */
#include "cache/cache_memory.h"

#include <endian.h>
#include <string.h>

static uint64_t turn(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

static void take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

uint64_t cache_hash(const struct cache_seed *seed, const char *key, size_t len)
{
    uint64_t v[4] = {
        seed->words[0] ^ UINT64_C(0x736f6d6570736575), /* "somepseudorandomlygeneratedbytes" */
        seed->words[1] ^ UINT64_C(0x646f72616e646f6d),
        seed->words[0] ^ UINT64_C(0x6c7967656e657261),
        seed->words[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t word;
    size_t left = len;
    for (; left >= sizeof word; left -= sizeof word, key += sizeof word) {
        memcpy(&word, key, sizeof word);
        take(v, le64toh(word));
    }
    word = 0;
    memcpy(&word, key, left);
    take(v, le64toh(word) | (uint64_t)len << 56);
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
