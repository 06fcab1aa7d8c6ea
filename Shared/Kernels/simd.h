// Vectors of VW floats, exp and erf. Included once per instruction set, which defines VW (floats in
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

// exp(x) to about 1 ulp; 0 below -87.33, where the result would be denormal. Cody and Waite's
// reduction, the polynomial of Cephes' expf.
INLINE vf vexp(vf x) {
  const vi tiny = x < splat(-87.33654f);
  x = vmin(vmax(x, splat(-87.33654f)), splat(88.37626f));
  const vf shifter = splat(12582912.0f);  // 1.5 · 2^23: adding it rounds to an integer
  vf shifted = x * splat(1.44269504088896341f) + shifter;
  vf n = shifted - shifter;
  vf r = x - n * splat(0.693359375f);
  r = r - n * splat(-2.12194440e-4f);
  vf p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * (r * r) + r + splat(1.0f);
  vi exponent = (vi)(((vu)shifted - (vu)shifter) << 23);
  vf y = (vf)((vi)p + exponent);
  return choose(tiny, splat(0.0f), y);
}

// erf(x) to about 1 ulp: a polynomial in x² near zero, 1 - exp(polynomial) beyond; the coefficients
// are Norbert Juffa's (his erff, 2018).
INLINE vf verf(vf x) {
  const vf t = (vf)((vi)x & (vi)0x7fffffff);
  const vf s = x * x;
  vf near = splat(-5.96761703e-4f);
  near = near * s + splat(4.99119423e-3f);
  near = near * s + splat(-2.67681349e-2f);
  near = near * s + splat(1.12819925e-1f);
  near = near * s + splat(-3.76125336e-1f);
  near = near * s + splat(1.28379166e-1f);
  near = near * x + x;
  vf far = splat(-1.72853470e-5f) * t + splat(3.83197126e-4f);
  vf odd = splat(-3.88396438e-3f) * t + splat(2.42546219e-2f);
  far = far * s + odd;
  far = far * t + splat(-1.06777877e-1f);
  far = far * t + splat(-6.34846687e-1f);
  far = far * t + splat(-1.28717512e-1f);
  far = far * t - t;
  far = splat(1.0f) - vexp(far);
  far = (vf)((vi)far | ((vi)x & (vi)0x80000000));
  return choose(t > splat(0.927734375f), far, near);
}

INLINE vf vgelu(vf x) {
  return splat(0.5f) * x * (splat(1.0f) + verf(x * splat(0.70710678118654752f)));
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
