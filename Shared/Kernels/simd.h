// Vectors of VW floats, powers of two and GELU. Included once per instruction set, which defines VW (floats in
// a vector), NV (vectors in a tile's row) and MR (rows of a tile).
#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define PANEL KERNELS_PANEL
// Rows of x that a matrix product takes together: few enough that they and one panel stay in the L2
// cache.
enum { rowsPerBlock = 126 };

typedef float vf __attribute__((ext_vector_type(VW)));
typedef int32_t vi __attribute__((ext_vector_type(VW)));
typedef uint32_t vu __attribute__((ext_vector_type(VW)));
typedef float vf_unaligned __attribute__((ext_vector_type(VW), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf v) { *(vf_unaligned *)p = v; }
INLINE vf splat(float x) { return (vf)x; }
INLINE vf choose(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
INLINE vf vmax(vf a, vf b) { return choose(a > b, a, b); }
INLINE vf vmin(vf a, vf b) { return choose(a < b, a, b); }

// Always the same tree, so that a sum does not depend on what stands around it.
INLINE float horizontal_sum(vf v) {
  union { vf v; float f[VW]; } u = {v};
  UNROLL for (int w = VW / 2; w > 0; w /= 2) {
    UNROLL for (int i = 0; i < w; i++) u.f[i] += u.f[i + w];
  }
  return u.f[0];
}
INLINE float horizontal_max(vf v) {
  union { vf v; float f[VW]; } u = {v};
  UNROLL for (int w = VW / 2; w > 0; w /= 2) {
    UNROLL for (int i = 0; i < w; i++) u.f[i] = u.f[i] > u.f[i + w] ? u.f[i] : u.f[i + w];
  }
  return u.f[0];
}

// 2^x to about 1 ulp for x up to 127; below -126 what is left is of no account, but not always 0. A minimax
// polynomial for the fraction, the integer added to the exponent.
INLINE vf vexp2(vf x) {
  x = vmax(x, splat(-126.0f));
  const vf shifter = splat(12582912.0f);  // 1.5 · 2^23: adding it rounds to an integer
  const vf shifted = x + shifter;
  const vf f = x - (shifted - shifter);
  vf p = splat(1.5353362e-4f);
  p = p * f + splat(1.33988750e-3f);
  p = p * f + splat(9.61843692e-3f);
  p = p * f + splat(5.55033237e-2f);
  p = p * f + splat(2.40226477e-1f);
  p = p * f + splat(6.93147182e-1f);
  p = p * f + splat(1.0f);
  return (vf)((vi)p + ((vi)shifted << 23));  // the shifter's own bits are all shifted out
}

// The probability that a normal variable exceeds t >= 0, to 5e-8 absolutely: the fourth power of a minimax
// quotient. GELU by it needs no exponential and, for x below zero, no difference of numbers that are almost equal.
INLINE vf upper_tail(vf t) {
  t = vmin(t, splat(1e7f));  // where it is 0; further out the quotient overflows
  vf p = splat(1.49041682e-3f);
  p = p * t + splat(2.44245603e-4f);
  p = p * t + splat(-1.87304571e-1f);
  p = p * t + splat(8.40896368e-1f);
  vf q = splat(3.67362431e-4f);
  q = q * t + splat(-6.31032026e-6f);
  q = q * t + splat(5.91982715e-3f);
  q = q * t + splat(5.53444102e-2f);
  q = q * t + splat(-2.32745167e-2f);
  q = q * t + splat(1.0f);
  const vf root = p / q;
  return (root * root) * (root * root);
}

INLINE vf vabs(vf x) { return (vf)((vi)x & (vi)0x7fffffff); }

// x · Φ(x).
INLINE vf vgelu(vf x) {
  const vf t = vabs(x);
  return vmax(x, splat(0.0f)) - t * upper_tail(t);
}

// GELU of columns column ..< column + 32 of some rows.
static void activate(float *activated, const float *out, int first, int rows, int column, int ld) {
  for (int r = 0; r < rows; r++) {
    UNROLL for (int c = 0; c < PANEL; c += VW) {
      const size_t i = (size_t)(first + r) * ld + column + c;
      store(activated + i, vgelu(load(out + i)));
    }
  }
}

// The random bits of dropout: a hash of the row's key and the column. Two rounds of a 32-bit mixer
// (Wellons' lowbias32), each with half of the row's 64-bit key.
INLINE vu mix32(vu x) {
  x ^= x >> 16;
  x *= (vu)0x7feb352du;
  x ^= x >> 15;
  x *= (vu)0x846ca68bu;
  x ^= x >> 16;
  return x;
}
typedef struct {
  vu low, high, threshold;
  vf scale;
} Mask;
INLINE Mask mask_of_row(uint64_t key, uint64_t row, float rate) {
  const uint64_t k = kernels_mix(key, row, 0);
  return (Mask){
      (vu)(uint32_t)k, (vu)(uint32_t)(k >> 32), (vu)(uint32_t)((double)rate * 4294967296.0),
      splat(1.0f / (1.0f - rate))};
}
// What columns column ..< column + VW are multiplied by: 0, or 1 / (1 - rate).
INLINE vf mask_at(Mask mask, int column) {
  vu lane;
  UNROLL for (int i = 0; i < VW; i++) lane[i] = (uint32_t)i;
  vu bits = mix32(mix32((lane + (vu)(uint32_t)column) ^ mask.low) + mask.high);
  return (vf)((vi)(bits >= mask.threshold) & (vi)mask.scale);
}
