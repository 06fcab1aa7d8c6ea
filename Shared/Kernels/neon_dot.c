// The matrix products in int8 with the dot product instructions of later arm64 processors. Everything else is
// as in baseline.c.
#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#define VW 4
#define NV 4
#define MR 6
// It multiplies signed bytes by signed bytes.
#define INT8_SIGNED 1
#define INT8_DOT(sum, x, w) \
  ((vi)vdotq_s32((int32x4_t)(sum), (int8x16_t)(x), (int8x16_t)(w)))
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "simd.h"
#include "compact.h"
#pragma clang attribute pop

CompactMatmul *const kernels_matmul_int8_neon_dot = matmul_int8;
double (*const kernels_burn_neon_dot)(BurnKind kind, long iterations) = burn;
#endif
