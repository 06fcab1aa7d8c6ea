// What every processor of its kind has: SSE2 on x86-64 (16 registers of 4 floats, no fused
// multiply-add), NEON on arm64 (32 registers of 4 floats).
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define TABLE kernels_baseline
#define VW 4
#define MR 6
#if defined(__aarch64__)
#define NAME "neon"
#define NV 4
#else
#define NAME "baseline"
#define NV 2
#endif
#include "table.h"
