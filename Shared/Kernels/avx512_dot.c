// The matrix products in bf16 and int8 with the dot product instructions of later AVX-512 processors:
// VNNI for bytes, BF16 for bf16. Everything else is as in avx512.c.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define VW 16
#define NV 2
#define MR 14
#define INT8_DOT(sum, x, w) \
  ((vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(x), (__m512i)(w)))
#if defined(KERNELS_EMULATED)
// Bochs reads but a part of what vdpbf16ps finds in memory; so it finds registers.
#define BF16_DOT(sum, x, w)                                               \
  ({                                                                      \
    vi operand = (w);                                                     \
    __asm__("" : "+v"(operand));                                          \
    (vf)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)operand); \
  })
#else
#define BF16_DOT(sum, x, w) \
  ((vf)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(w)))
#endif
#pragma clang attribute push(                                                            \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16"))), \
    apply_to = function)
#include "simd.h"
#include "compact.h"
#include "softmax.h"
#include "attention_bf16.h"
#pragma clang attribute pop

CompactMatmul *const kernels_matmul_int8_vnni = matmul_int8;
CompactMatmul *const kernels_matmul_bf16_dot = matmul_bf16;
CompactAttention *const kernels_attention_bf16_dot = attention_bf16;
double (*const kernels_burn_dot)(BurnKind kind, long iterations) = burn;
#endif
