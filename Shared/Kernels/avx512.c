// AVX-512: 32 registers of 16 floats; a tile of 14 x 32 keeps 28 of them as accumulators.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define TABLE kernels_avx512
#define NAME "avx512"
#define VW 16
#define NV 2
#define MR 14
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop
#endif
