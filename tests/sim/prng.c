/* SPDX-License-Identifier: Apache-2.0 */

/* Pseudo-random numbers (splitmix64: Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", 2014), the same on every machine. */

#include <config.h>

#include "tests/sim/sim.h"

static uint64_t
mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void
prng_seed(struct prng *p, uint64_t seed)
{
    p->state = mix(seed + UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t
prng_next(struct prng *p)
{
    p->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(p->state);
}

uint32_t
prng_below(struct prng *p, uint32_t n)
{
    return (uint64_t) (uint32_t) (prng_next(p) >> 32) * n >> 32;
}

bool
prng_one_in(struct prng *p, uint32_t n)
{
    return !prng_below(p, n);
}

uint64_t
prng_hash(uint64_t a, uint64_t b, uint64_t c)
{
    return mix(mix(mix(a) + b) + c);
}
