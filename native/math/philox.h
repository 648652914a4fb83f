// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
// A counter of four 32-bit words and a key of two give four words that depend on nothing else.
//
// U is a type with 64-bit lanes: uint64_t, or a vector of it. A word lives in the low half of its lane; the
// high half may hold rubbish, which the 32×32 multiplication ignores.
#pragma once
#include "portable.h"

MYELIN_BEGIN

struct PhiloxKey {
  uint32_t low, high;
};

// Replaces the counter words c[0…3] by the random words.
template <class U>
HD void philox(U* c, PhiloxKey key) {
  const U zero = U();
  for (int round = 0; round < 10; round++) {
    const U p0 = Words<U>::multiply(c[0], zero + uint64_t(0xD2511F53u));
    const U p1 = Words<U>::multiply(c[2], zero + uint64_t(0xCD9E8D57u));
    c[0] = (p1 >> 32) ^ c[1] ^ uint64_t(key.low);
    c[2] = (p0 >> 32) ^ c[3] ^ uint64_t(key.high);
    c[1] = p1;
    c[3] = p0;
    key.low += 0x9E3779B9u;
    key.high += 0xBB67AE85u;
  }
}

MYELIN_END
