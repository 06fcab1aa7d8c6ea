// SIMD kernels for a BERT-family sentence encoder, forward and backward, in fp32, and its matrix
// products in bf16 and int8.
//
// Every kernel exists once, written with clang's vector extensions (simd.h, matmul.h, compact.h,
// attention.h, layers.h, adamw.h), and is compiled once per instruction set (avx512.c, avx2.c,
// baseline.c; avx512_dot.c and neon_dot.c add the dot product instructions that later processors
// have). The table below is that set of compiled kernels; `kernels_best()` chooses one at run time.
//
// Conventions
// - T tokens (a packed run of texts, no padding), H hidden size, K inputs and N outputs of a matrix,
//   n tokens of one text, d the size of a head. Matrices are row-major; K, N and H are multiples of
//   32, d is a multiple of 32.
// - Weights are kept in panels of 32 output columns: panels[N/32][K][32], so that the inner loop
//   reads them front to back. `pack_panels` and `unpack_panels` go between that and the [N][K] of a
//   weight file.
// - A kernel allocates nothing, keeps no state, and may run on many threads at once on disjoint
//   outputs. What a row yields depends on that row alone, never on its neighbours or on how a batch
//   was cut, so results are bit-identical for any batching and any number of threads.
// - Dropout takes its random bits from (key, row, column) and from nothing else; see `dropout`.
#pragma once
#include <stdint.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Columns of a weight panel.
#define KERNELS_PANEL 32

// One step of AdamW with decoupled weight decay, as torch.optim.AdamW computes it:
//   w *= decay;  m += (1 - beta1)(g - m);  v = beta2 v + (1 - beta2) g²
//   w -= step_size · m / (sqrt(v) / bias2 + epsilon)
typedef struct {
  float decay;           // 1 - rate · weight_decay; 1 where a parameter is not decayed
  float step_size;       // rate / (1 - beta1^t)
  float bias2;           // sqrt(1 - beta2^t)
  float beta1, beta2, epsilon;
  float gradient_scale;  // g is multiplied by this first (global-norm clipping)
} AdamWStep;

// A matrix product on compact panels: out[T][N] = x[T][K] · W + bias[N] + residual[T][N], with x
// rounded to the weights' precision row by row. Parameters as for `matmul`; out may not be x.
// scratch: kernels_compact_scratch(K) bytes.
typedef void CompactMatmul(
    float *_Nonnull out, float *_Nullable activated, const float *_Nonnull x,
    const void *_Nonnull panels, const float *_Nullable bias, const float *_Nullable residual,
    void *_Nonnull scratch, int T, int K, int N, int ld);

// Self-attention of one text beside compact weights: as `attention`, without what only training wants. On
// processors with bf16 instructions the products of queries and keys and of probabilities and values are in bf16,
// elsewhere in fp32. scratch: kernels_attention_scratch(n, d) floats.
typedef void CompactAttention(
    float *_Nonnull context, const float *_Nonnull qkv, float *_Nonnull scratch, int n, int heads,
    int d, int H);

// What `burn` multiplies.
typedef enum { BURN_FP32, BURN_BF16, BURN_INT8 } BurnKind;

typedef struct {
  // "avx512bf16", "avx512vnni", "avx512", "avx2", "baseline", "neon-dot" or "neon".
  const char *_Nonnull name;
  // Floats in a vector.
  int width;

  // MARK: matmul.h

  // out[T][N] = x[T][K] · W + bias[N] + residual[T][N]; bias and residual may be null, and residual
  // may be out. When activated[T][N] is not null it receives gelu(out); it may be out itself.
  // Rows of out, residual and activated are `ld` floats apart, so that N may be a part of them.
  void (*_Nonnull matmul)(
      float *_Nonnull out, float *_Nullable activated, const float *_Nonnull x,
      const float *_Nonnull panels, const float *_Nullable bias, const float *_Nullable residual,
      int T, int K, int N, int ld);
  // The gradient of one panel of weights, and of its 32 biases, over all T tokens:
  // panel[K][32] = x[T][K]ᵀ · dy[T][column ..< column + 32], bias[32] = Σ_t dy.
  // scratch: 256 · 32 floats.
  void (*_Nonnull matmul_backward_panel)(
      float *_Nonnull panel, float *_Nonnull bias, const float *_Nonnull x,
      const float *_Nonnull dy, float *_Nonnull scratch, int column, int T, int K, int N);

  // MARK: compact.h

  // Panels from `pack_panels_bf16`; sums in fp32. Processors' bf16 instructions round otherwise than
  // the portable kernels, so results differ between them by a few units of the last place of fp32.
  CompactMatmul *_Nonnull matmul_bf16;
  // Panels from `pack_panels_int8`; each row of x is quantised to 0 ... 255 between its least and
  // its greatest value (and zero), sums are exact.
  CompactMatmul *_Nonnull matmul_int8;
  // Keeps the multipliers of one core as busy as they can be, on registers alone. Returns how many
  // operations (an addition and a multiplication are two) it took: the divisor is the peak.
  double (*_Nonnull burn)(BurnKind kind, long iterations);

  // MARK: attention.h

  // Self-attention of one text. qkv[n][3H] holds queries, keys, values; context[n][H]. `heads` may be
  // fewer than fill H: those that qkv and context point to.
  // probabilities[heads][n][n rounded up to 32] receives the softmax (before dropout) when it is
  // not null. scratch: kernels_attention_scratch(n, d) floats.
  void (*_Nonnull attention)(
      float *_Nonnull context, float *_Nullable probabilities, const float *_Nonnull qkv,
      float *_Nonnull scratch, int n, int heads, int d, int H, float rate, uint64_t key);
  CompactAttention *_Nonnull attention_compact;
  // dqkv[n][3H] from dcontext[n][H] and what `attention` read and wrote.
  // scratch: kernels_attention_backward_scratch(n, d) floats.
  void (*_Nonnull attention_backward)(
      float *_Nonnull dqkv, const float *_Nonnull dcontext, const float *_Nonnull qkv,
      const float *_Nonnull probabilities, float *_Nonnull scratch, int n, int heads, int d,
      float rate, uint64_t key);

  // MARK: layers.h

  // out[n][H] = word[ids[i]] + type + position[i] for one text.
  void (*_Nonnull embed)(
      float *_Nonnull out, const int32_t *_Nonnull ids, const float *_Nonnull word,
      const float *_Nonnull position, const float *_Nonnull type, int n, int H);
  // out[T][H] = LayerNorm(x) · gamma + beta; out may be x. statistics[T][2] receives the mean and
  // 1/sqrt(variance + epsilon) when it is not null.
  void (*_Nonnull layernorm)(
      float *_Nonnull out, float *_Nullable statistics, const float *_Nonnull x,
      const float *_Nonnull gamma, const float *_Nonnull beta, float epsilon, int T, int H);
  // dx[T][H] from dy[T][H]; x is LayerNorm's input. dx may be dy.
  void (*_Nonnull layernorm_backward)(
      float *_Nonnull dx, const float *_Nonnull dy, const float *_Nonnull x,
      const float *_Nonnull statistics, const float *_Nonnull gamma, int T, int H);
  // dgamma[32], dbeta[32]: columns column ..< column + 32, over all T tokens.
  void (*_Nonnull layernorm_backward_parameters)(
      float *_Nonnull dgamma, float *_Nonnull dbeta, const float *_Nonnull dy,
      const float *_Nonnull x, const float *_Nonnull statistics, int column, int T, int H);
  // out[i] = gelu(x[i]), the exact one: x · (1 + erf(x / sqrt 2)) / 2.
  void (*_Nonnull gelu)(float *_Nonnull out, const float *_Nonnull x, size_t count);
  // dx[i] = dy[i] · gelu'(x[i]); dx may be dy. count is a multiple of 32.
  void (*_Nonnull gelu_backward)(
      float *_Nonnull dx, const float *_Nonnull dy, const float *_Nonnull x, size_t count);
  // out[T][H] = residual + x · mask / (1 - rate), with mask[t][j] drawn from (key, first_row + t, j).
  // residual may be null; out may be x. The same call on a gradient is the backward pass.
  void (*_Nonnull dropout)(
      float *_Nonnull out, const float *_Nonnull x, const float *_Nullable residual, float rate,
      uint64_t key, int first_row, int T, int H);
  // out[H] = the mean of x[n][H], or x[0] when cls; divided by max(‖out‖, 1e-12) when normalize.
  // Returns that divisor (1 when not normalize).
  float (*_Nonnull pool)(
      float *_Nonnull out, const float *_Nonnull x, int cls, int normalize, int n, int H);
  // dx[n][H] from dout[H], out[H] and the divisor that `pool` returned. scratch: H floats.
  void (*_Nonnull pool_backward)(
      float *_Nonnull dx, const float *_Nonnull dout, const float *_Nonnull out, float divisor,
      float *_Nonnull scratch, int cls, int normalize, int n, int H);
  // sum[i] += x[i].
  void (*_Nonnull accumulate)(float *_Nonnull sum, const float *_Nonnull x, size_t count);
  // Σ x², in double.
  double (*_Nonnull sum_of_squares)(const float *_Nonnull x, size_t count);

  // MARK: adamw.h. count is a multiple of 32.

  void (*_Nonnull adamw)(
      float *_Nonnull w, float *_Nonnull m, float *_Nonnull v, const float *_Nonnull g,
      const AdamWStep *_Nonnull step, size_t count);
  // What `steps` steps with a gradient of zero would have done, in one pass over memory.
  void (*_Nonnull adamw_catch_up)(
      float *_Nonnull w, float *_Nonnull m, float *_Nonnull v, const AdamWStep *_Nonnull steps,
      size_t step_count, size_t count);
} Kernels;

// The kernels of this name, or null when the name is unknown or this processor cannot run them.
const Kernels *_Nullable kernels_named(const char *_Nonnull name);
// The widest kernels this processor runs, or those that the environment variable LAUTER_ISA names.
// Ends the process with a sentence when LAUTER_ISA asks for what is not there.
const Kernels *_Nonnull kernels_best(void);
// The names known to this build, widest first, ended by null; `kernels_named` says which of them
// the processor runs.
const char *_Nullable const *_Nonnull kernels_names(void);

// panels[N/32][K][32] from weight[N][K], and back.
void pack_panels(float *_Nonnull panels, const float *_Nonnull weight, int N, int K);
void unpack_panels(float *_Nonnull weight, const float *_Nonnull panels, int N, int K);
// Panels of the transposed matrix, transposed[K/32][N][32], for dx = dy · W: the rows that come from
// panel `panel` of panels[N/32][K][32].
void transpose_panel(
    float *_Nonnull transposed, const float *_Nonnull panels, int panel, int N, int K);

// Panels of a weight matrix [N][K] in two bytes a value, rounded to nearest even:
// [N/32][K/2][32][2].
void pack_panels_bf16(void *_Nonnull panels, const float *_Nonnull weight, int N, int K);
// Panels in one byte a value, symmetric, with a scale for each output that keeps each value within -127 ... 127
// and the sum of two values of one sign, at k = 2i and 2i + 1, within -128 ... 128. Instructions that add two
// products of bytes in 16 bits then cannot overflow (255 · 128 < 2^15), and every instruction set gets the same
// exact sums. It costs a fifth of the resolution where it costs anything; seven bits would cost half.
// [N/32] of {int8[K/4][32][4], float scale[32], int32 sum[32]}; sum is that of the column's bytes.
void pack_panels_int8(void *_Nonnull panels, const float *_Nonnull weight, int N, int K);
// Bytes of one panel.
size_t kernels_panel_bytes_bf16(int K);
size_t kernels_panel_bytes_int8(int K);
size_t kernels_compact_scratch(int K);

size_t kernels_attention_scratch(int n, int d);
size_t kernels_attention_backward_scratch(int n, int d);

// Zeroed memory, 64-byte aligned, on 2 MiB pages where it is large and the system has them; free it
// with kernels_free. Pages nobody writes cost nothing. Ends the process when there is no memory.
void *_Nonnull kernels_allocate(size_t bytes);
void kernels_free(void *_Nullable memory, size_t bytes);

// Cores this process may use: the affinity mask, and the cgroup's quota rounded up.
int kernels_usable_cores(void);

// For a thread that waits for another one to finish something very soon: a pause on the first tries, then
// the core goes to whoever else wants it.
void kernels_wait(int tries);

// A well-mixed 64-bit hash of (seed, a, b): the key of one dropout site.
uint64_t kernels_mix(uint64_t seed, uint64_t a, uint64_t b);

#ifdef __cplusplus
}
#endif
