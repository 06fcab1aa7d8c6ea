// AVX2 with FMA: 16 registers of 8 floats; a tile of 6 x 16 keeps 12 of them as accumulators.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define TABLE kernels_avx2
#define NAME "avx2"
#define VW 8
#define NV 2
#define MR 6
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop
#endif
