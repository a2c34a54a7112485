/* The rounds as FIPS 180-4, 6.2.2, has them. The constants are the first 32 bits of the fractional
 * parts of the cube roots (k) and square roots (start) of the first primes. */
#include "base/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static inline uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void schedule(const uint8_t *block, uint32_t w[64])
{
    for (int t = 0; t < 16; t++)
        w[t] = big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        uint32_t s0 = right(a, 7) ^ right(a, 18) ^ a >> 3;
        uint32_t s1 = right(b, 17) ^ right(b, 19) ^ b >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

/* One round. The eight words move down one place each time; here their names do, eight rounds to
 * a turn, which is twice as fast as moving them. */
static inline void step(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                        uint32_t g, uint32_t *h, uint32_t kw)
{
    uint32_t s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    uint32_t t1 = *h + s1 + ((e & f) ^ (~e & g)) + kw;
    uint32_t s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    *d += t1;
    *h = t1 + s0 + ((a & b) ^ (a & c) ^ (b & c));
}

static void mix(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    schedule(block, w);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t += 8) {
        step(a, b, c, &d, e, f, g, &h, k[t] + w[t]);
        step(h, a, b, &c, d, e, f, &g, k[t + 1] + w[t + 1]);
        step(g, h, a, &b, c, d, e, &f, k[t + 2] + w[t + 2]);
        step(f, g, h, &a, b, c, d, &e, k[t + 3] + w[t + 3]);
        step(e, f, g, &h, a, b, c, &d, k[t + 4] + w[t + 4]);
        step(d, e, f, &g, h, a, b, &c, k[t + 5] + w[t + 5]);
        step(c, d, e, &f, g, h, a, &b, k[t + 6] + w[t + 6]);
        step(b, c, d, &e, f, g, h, &a, k[t + 7] + w[t + 7]);
    }
    const uint32_t add[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += add[i];
}

/* What is left over, a one bit, zeros, and the length in bits: one block or two. */
static void finish(uint32_t h[8], const uint8_t *rest, size_t left, uint64_t total)
{
    uint8_t tail[2 * BLOCK] = {0};
    if (left)
        memcpy(tail, rest, left);
    tail[left] = 0x80;
    size_t end = left + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    for (int i = 0; i < 8; i++)
        tail[end - 1 - i] = (uint8_t)(total * 8 >> 8 * i);
    for (size_t at = 0; at < end; at += BLOCK)
        mix(h, tail + at);
}

void its_sha256_hex(const void *data, size_t bytes, char out[ITS_SHA256_CHARS])
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const uint8_t *p = data;
    size_t left = bytes;
    for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
        mix(h, p);
    finish(h, p, left, bytes);
    for (int i = 0; i < 8; i++)
        snprintf(out + 8 * i, 9, "%08x", h[i]);
}
