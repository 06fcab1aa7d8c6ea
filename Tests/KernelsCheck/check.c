// Every kernel of every instruction set that this processor runs, against the same thing written plainly in
// double precision. In C and on its own, so that sanitizers, and an emulator of another processor, can run
// it: scripts/check-kernels.sh. Buffers have exactly the sizes that kernels.h asks for, each an allocation of
// its own, so that a step outside is a step into forbidden memory.
#include "kernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Kernels *k;
static int failures, comparisons;

static uint64_t state;
static float uniform(void) {  // [-1, 1)
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(state >> 32) / 2147483648.0f;
}

// Freed all at once when a check is done.
static void *blocks[256];
static int blockCount;
static void *bytes(size_t count) {
  void *block = malloc(count ? count : 1);
  if (!block || blockCount == 256) abort();
  memset(block, 0xff, count);  // NaN
  return blocks[blockCount++] = block;
}
static float *empty(size_t count) { return bytes(count * sizeof(float)); }
static float *random_floats(size_t count) {
  float *x = empty(count);
  for (size_t i = 0; i < count; i++) x[i] = uniform();
  return x;
}
static void done(void) {
  while (blockCount) free(blocks[--blockCount]);
}

static void expect(const char *what, int T, double found, double wanted, double tolerance) {
  comparisons++;
  const double size = fabs(wanted) > 1 ? fabs(wanted) : 1;
  if (fabs(found - wanted) <= tolerance * size) return;
  if (failures++ < 20)
    printf("%s: %s (%d): %.9g instead of %.9g\n", k->name, what, T, found, wanted);
}

static double gelu(double x) { return 0.5 * x * (1 + erf(x / sqrt(2))); }
static double rounded_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  bits = (bits + ((bits >> 16) & 1) + 0x7fff) & 0xffff0000u;
  memcpy(&x, &bits, 4);
  return x;
}

// MARK: Matrix products

// y[T][N] of the numbers that a precision rounds x and w to.
static void check_product(BurnKind kind, int T, int K, int N, int ld) {
  const float *x = random_floats((size_t)T * K), *w = random_floats((size_t)N * K);
  const float *bias = random_floats(N);
  float *residual = random_floats((size_t)(T - 1) * ld + N);
  float *out = empty((size_t)(T - 1) * ld + N), *activated = empty((size_t)(T - 1) * ld + N);
  double tolerance = 1e-5;
  const char *name = "matmul";
  double *wx = bytes(sizeof(double) * T * K), *ww = bytes(sizeof(double) * N * K);
  for (int i = 0; i < T * K; i++) wx[i] = x[i];
  for (int i = 0; i < N * K; i++) ww[i] = w[i];
  if (kind == BURN_FP32) {
    float *panels = empty((size_t)N * K), *back = empty((size_t)N * K);
    pack_panels(panels, w, N, K);
    unpack_panels(back, panels, N, K);
    expect("unpack_panels", N, memcmp(back, w, sizeof(float) * N * K), 0, 0);
    k->matmul(out, activated, x, panels, bias, residual, T, K, N, ld);
  } else {
    void *scratch = bytes(kernels_compact_scratch(K));
    if (kind == BURN_BF16) {
      name = "matmul_bf16";
      void *panels = bytes((size_t)N / 32 * kernels_panel_bytes_bf16(K));
      pack_panels_bf16(panels, w, N, K);
      for (int i = 0; i < T * K; i++) wx[i] = rounded_bf16(x[i]);
      for (int i = 0; i < N * K; i++) ww[i] = rounded_bf16(w[i]);
      k->matmul_bf16(out, activated, x, panels, bias, residual, scratch, T, K, N, ld);
    } else {
      name = "matmul_int8";
      tolerance = 1e-2;  // a value halfway between two steps may go either way
      void *panels = bytes((size_t)N / 32 * kernels_panel_bytes_int8(K));
      pack_panels_int8(panels, w, N, K);
      for (int t = 0; t < T; t++) {
        double low = 0, high = 0;
        for (int i = 0; i < K; i++) {
          low = fmin(low, x[t * K + i]);
          high = fmax(high, x[t * K + i]);
        }
        const double step = (high - low) / 255, zero = floor(-low / step + 0.5);
        for (int i = 0; i < K; i++)
          wx[t * K + i] = (fmin(255, fmax(0, rint(x[t * K + i] / step) + zero)) - zero) * step;
      }
      for (int n = 0; n < N; n++) {
        double most = 0;
        for (int i = 0; i < K; i += 2) {
          const double a = w[n * K + i], b = w[n * K + i + 1];
          most = fmax(most, fmax(fmax(a, 0) + fmax(b, 0), -fmin(a, 0) - fmin(b, 0)));
        }
        for (int i = 0; i < K; i++) ww[n * K + i] = rint(w[n * K + i] / most * 127) * most / 127;
      }
      k->matmul_int8(out, activated, x, panels, bias, residual, scratch, T, K, N, ld);
    }
  }
  for (int t = 0; t < T; t++) {
    for (int n = 0; n < N; n++) {
      double y = bias[n] + (double)residual[(size_t)t * ld + n];
      for (int i = 0; i < K; i++) y += wx[t * K + i] * ww[n * K + i];
      expect(name, T, out[(size_t)t * ld + n], y, tolerance);
      expect("gelu of it", T, activated[(size_t)t * ld + n], gelu(y), tolerance);
    }
  }
  done();
}

// Sums of bytes are exact also where two products take all of sixteen bits: -64 · 255 each.
static void check_extremes(void) {
  const int T = 3, K = 1536, N = 32;
  float *x = empty((size_t)T * K), *w = empty((size_t)N * K), *out = empty((size_t)T * N);
  for (int i = 0; i < T * K; i++) x[i] = 1;
  for (int i = 0; i < N * K; i++) w[i] = -1;
  void *panels = bytes(kernels_panel_bytes_int8(K)), *scratch = bytes(kernels_compact_scratch(K));
  pack_panels_int8(panels, w, N, K);
  k->matmul_int8(out, 0, x, panels, 0, 0, scratch, T, K, N, N);
  for (int i = 0; i < T * N; i++) expect("int8 extremes", T, out[i], -K * 64 * 2 / 127.0, 1e-5);
  done();
}

static void check_matmul_backward(int T, int K, int N, int column) {
  const float *x = random_floats((size_t)T * K), *dy = random_floats((size_t)T * N);
  float *panel = empty((size_t)K * 32), *bias = empty(32), *scratch = empty(256 * 32);
  k->matmul_backward_panel(panel, bias, x, dy, scratch, column, T, K, N);
  for (int c = 0; c < 32; c++) {
    double b = 0;
    for (int t = 0; t < T; t++) b += dy[t * N + column + c];
    expect("bias gradient", T, bias[c], b, 1e-4);
    for (int i = 0; i < K; i++) {
      double g = 0;
      for (int t = 0; t < T; t++) g += (double)x[t * K + i] * dy[t * N + column + c];
      expect("weight gradient", T, panel[i * 32 + c], g, 1e-4);
    }
  }
  done();
}

// MARK: Attention

static void check_attention(int n, int heads, int all, int d) {
  const int H = all * d, width = (n + 31) / 32 * 32;
  float *qkv = random_floats((size_t)n * 3 * H), *context = empty((size_t)n * H);
  float *p = empty((size_t)heads * n * width);
  float *scratch = empty(kernels_attention_scratch(n, d));
  k->attention(context, p, qkv, scratch, n, heads, d, H, 0, 0);
  double *P = bytes(sizeof(double) * heads * n * n);
#define AT(part, h, i, c) ((double)qkv[(size_t)(i) * 3 * H + (part) * H + (h) * d + (c)])
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < n; i++) {
      double *row = P + ((size_t)h * n + i) * n, most = -1e300, sum = 0;
      for (int j = 0; j < n; j++) {
        row[j] = 0;
        for (int c = 0; c < d; c++) row[j] += AT(0, h, i, c) * AT(1, h, j, c);
        most = fmax(most, row[j] /= sqrt(d));
      }
      for (int j = 0; j < n; j++) sum += row[j] = exp(row[j] - most);
      for (int j = 0; j < n; j++) {
        row[j] /= sum;
        expect("probability", n, p[((size_t)h * n + i) * width + j], row[j], 1e-6);
      }
      for (int c = 0; c < d; c++) {
        double y = 0;
        for (int j = 0; j < n; j++) y += row[j] * AT(2, h, j, c);
        expect("context", n, context[(size_t)i * H + h * d + c], y, 1e-5);
      }
    }
  }
  // bf16 keeps eight bits of what it multiplies.
  const double tolerance = strcmp(k->name, "avx512bf16") ? 1e-5 : 8e-3;
  float *compact = empty((size_t)n * H);
  k->attention_compact(compact, qkv, scratch, n, heads, d, H);
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < d; c++) {
        const size_t at = (size_t)i * H + h * d + c;
        double y = 0;
        for (int j = 0; j < n; j++) y += P[((size_t)h * n + i) * n + j] * AT(2, h, j, c);
        expect("context beside compact weights", n, compact[at], y, tolerance);
      }
    }
  }
  if (heads == all) {
    const float *g = random_floats((size_t)n * H);
    float *dqkv = empty((size_t)n * 3 * H), *room = empty(kernels_attention_backward_scratch(n, d));
    k->attention_backward(dqkv, g, qkv, p, room, n, heads, d, 0, 0);
    double *dS = bytes(sizeof(double) * n * n);
    for (int h = 0; h < heads; h++) {
      const double *row = P + (size_t)h * n * n;
      for (int i = 0; i < n; i++) {
        double total = 0;
        for (int j = 0; j < n; j++) {
          double dp = 0;
          for (int c = 0; c < d; c++) dp += g[(size_t)i * H + h * d + c] * AT(2, h, j, c);
          dS[i * n + j] = dp;
          total += dp * row[i * n + j];
        }
        for (int j = 0; j < n; j++) dS[i * n + j] = row[i * n + j] * (dS[i * n + j] - total) / sqrt(d);
      }
      for (int i = 0; i < n; i++) {
        for (int c = 0; c < d; c++) {
          double dq = 0, dk = 0, dv = 0;
          for (int j = 0; j < n; j++) {
            dq += dS[i * n + j] * AT(1, h, j, c);
            dk += dS[j * n + i] * AT(0, h, j, c);
            dv += row[j * n + i] * g[(size_t)j * H + h * d + c];
          }
          const float *found = dqkv + (size_t)i * 3 * H + h * d + c;
          expect("dq", n, found[0], dq, 1e-5);
          expect("dk", n, found[H], dk, 1e-5);
          expect("dv", n, found[2 * H], dv, 1e-5);
        }
      }
    }
  }
  done();
}

// MARK: Layers

static void check_layers(int T, int H) {
  const float *x = random_floats((size_t)T * H), *gamma = random_floats(H), *beta = random_floats(H);
  const float *dy = random_floats((size_t)T * H);
  float *y = empty((size_t)T * H), *statistics = empty(2 * (size_t)T), *dx = empty((size_t)T * H);
  k->layernorm(y, statistics, x, gamma, beta, 1e-5f, T, H);
  k->layernorm_backward(dx, dy, x, statistics, gamma, T, H);
  for (int t = 0; t < T; t++) {
    double mean = 0, variance = 0, g = 0, gx = 0;
    for (int j = 0; j < H; j++) mean += x[t * H + j] / (double)H;
    for (int j = 0; j < H; j++) variance += pow(x[t * H + j] - mean, 2) / H;
    const double inverse = 1 / sqrt(variance + 1e-5);
    for (int j = 0; j < H; j++) {
      const double hat = (x[t * H + j] - mean) * inverse, e = (double)dy[t * H + j] * gamma[j];
      expect("layernorm", T, y[t * H + j], hat * gamma[j] + beta[j], 1e-5);
      g += e / H;
      gx += e * hat / H;
    }
    for (int j = 0; j < H; j++) {
      const double hat = (x[t * H + j] - mean) * inverse, e = (double)dy[t * H + j] * gamma[j];
      expect("layernorm gradient", T, dx[t * H + j], inverse * (e - g - hat * gx), 2e-5);
    }
  }
  float *dgamma = empty(32), *dbeta = empty(32);
  k->layernorm_backward_parameters(dgamma, dbeta, dy, x, statistics, H - 32, T, H);
  for (int c = 0; c < 32; c++) {
    double a = 0, b = 0;
    for (int t = 0; t < T; t++) {
      const int at = t * H + H - 32 + c;
      a += dy[at] * ((double)x[at] - statistics[2 * t]) * statistics[2 * t + 1];
      b += dy[at];
    }
    expect("gamma's gradient", T, dgamma[c], a, 1e-4);
    expect("beta's gradient", T, dbeta[c], b, 1e-4);
  }

  const int word = 7;
  const float *words = random_floats((size_t)word * H), *positions = random_floats((size_t)T * H);
  int32_t *ids = bytes(sizeof(int32_t) * T);
  for (int t = 0; t < T; t++) ids[t] = (t * 5 + 6) % word;
  k->embed(y, ids, words, positions, gamma, T, H);
  for (int i = 0; i < T * H; i++)
    expect("embed", T, y[i], (double)words[ids[i / H] * H + i % H] + positions[i] + gamma[i % H], 1e-6);

  for (int cls = 0; cls < 2; cls++) {
    for (int normalize = 0; normalize < 2; normalize++) {
      float *out = empty(H), *scratch = empty(H);
      const float divisor = k->pool(out, x, cls, normalize, T, H);
      double *mean = bytes(sizeof(double) * H), norm = 0, dot = 0;
      for (int j = 0; j < H; j++) {
        mean[j] = 0;
        for (int t = 0; t < (cls ? 1 : T); t++) mean[j] += x[t * H + j] / (double)(cls ? 1 : T);
        norm += mean[j] * mean[j];
      }
      norm = normalize ? sqrt(norm) : 1;
      for (int j = 0; j < H; j++) {
        expect("pool", T, out[j], mean[j] / norm, 1e-5);
        dot += dy[j] * mean[j] / norm;
      }
      k->pool_backward(dx, dy, out, divisor, scratch, cls, normalize, T, H);
      for (int i = 0; i < T * H; i++) {
        const int j = i % H;
        double g = dy[j];
        if (normalize) g = (g - mean[j] / norm * dot) / norm;
        if (cls) g = i < H ? g : 0;
        expect("pool's gradient", T, dx[i], cls ? g : g / T, 1e-5);
      }
    }
  }

  const size_t count = (size_t)T * H;
  k->dropout(y, x, dy, 0.25f, 99, 3, T, H);
  float *again = empty(H);
  k->dropout(again, x + (size_t)(T - 1) * H, dy + (size_t)(T - 1) * H, 0.25f, 99, 3 + T - 1, 1, H);
  expect("dropout by row", T, memcmp(again, y + (size_t)(T - 1) * H, sizeof(float) * H), 0, 0);
  for (size_t i = 0; i < count; i++) {
    const double kept = x[i] / 0.75 + dy[i], found = y[i];
    expect("dropout", T, fmin(fabs(found - kept), fabs(found - dy[i])), 0, 1e-6);
  }
  memcpy(y, x, sizeof(float) * count);
  k->accumulate(y, dy, count);
  double squares = 0;
  for (size_t i = 0; i < count; i++) {
    expect("accumulate", T, y[i], (double)x[i] + dy[i], 1e-6);
    squares += (double)x[i] * x[i];
  }
  expect("sum of squares", T, k->sum_of_squares(x, count), squares, 1e-12);
  done();
}

static void check_gelu(int count) {
  float *x = random_floats(count), *y = empty(count);
  for (int i = 0; i < count; i++) x[i] *= 8;
  k->gelu(y, x, count);
  for (int i = 0; i < count; i++) expect("gelu", count, y[i], gelu(x[i]), 1e-6);
  if (count % 32 == 0) {
    const float *dy = random_floats(count);
    k->gelu_backward(y, dy, x, count);
    for (int i = 0; i < count; i++) {
      const double v = x[i], slope = 0.5 * (1 + erf(v / sqrt(2))) + v * exp(-v * v / 2) / sqrt(2 * M_PI);
      expect("gelu's gradient", count, y[i], dy[i] * slope, 2e-6);
    }
  }
  done();
}

static void check_adamw(size_t count) {
  float *w = random_floats(count), *m = random_floats(count), *v = random_floats(count);
  const float *g = random_floats(count);
  for (size_t i = 0; i < count; i++) v[i] = fabsf(v[i]);
  const AdamWStep step = {0.999f, 1e-2f, 0.7f, 0.9f, 0.999f, 1e-8f, 0.5f};
  double *wanted = bytes(sizeof(double) * count);
  for (size_t i = 0; i < count; i++) {
    const double s = 0.5 * g[i], mi = m[i] + 0.1 * (s - m[i]), vi = 0.999 * v[i] + 0.001 * s * s;
    wanted[i] = w[i] * 0.999 - 1e-2 * mi / (sqrt(vi) / 0.7 + 1e-8);
  }
  k->adamw(w, m, v, g, &step, count);
  for (size_t i = 0; i < count; i++) expect("adamw", (int)count, w[i], wanted[i], 1e-5);
  // Two steps at once are two steps without a gradient.
  float *zero = empty(count), *w2 = empty(count), *m2 = empty(count), *v2 = empty(count);
  for (size_t i = 0; i < count; i++) zero[i] = 0;
  memcpy(w2, w, sizeof(float) * count);
  memcpy(m2, m, sizeof(float) * count);
  memcpy(v2, v, sizeof(float) * count);
  const AdamWStep steps[] = {step, {0.998f, 2e-2f, 0.8f, 0.9f, 0.999f, 1e-8f, 1}};
  k->adamw(w2, m2, v2, zero, &steps[0], count);
  k->adamw(w2, m2, v2, zero, &steps[1], count);
  k->adamw_catch_up(w, m, v, steps, 2, count);
  for (size_t i = 0; i < count; i++) expect("adamw_catch_up", (int)count, w[i], w2[i], 1e-6);
  done();
}

static int check(const char *name) {
  k = kernels_named(name);
  if (!k) {
    printf("%s: not on this processor\n", name);
    return 0;
  }
  failures = comparisons = 0;
  state = 42;
  const int rows[] = {1, 2, 5, 6, 7, 12, 13, 14, 15, 16, 29, 126, 127, 131};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (BurnKind kind = BURN_FP32; kind <= BURN_INT8; kind++) {
      check_product(kind, rows[i], 96, 64, 64);
      if (rows[i] < 16) check_product(kind, rows[i], 32, 32, 96);
    }
  }
  check_extremes();
  const int tokens[] = {1, 9, 255, 257};
  for (int i = 0; i < 4; i++) check_matmul_backward(tokens[i], 64, 96, 32);
  const int lengths[] = {1, 2, 14, 15, 31, 32, 33, 70};
  for (int i = 0; i < 8; i++) {
    check_attention(lengths[i], 2, 2, 32);
    check_attention(lengths[i], 1, 1, 64);
    check_attention(lengths[i], 1, 3, 32);
  }
  check_layers(1, 32);
  check_layers(5, 96);
  for (int count = 1; count < 40; count += 3) check_gelu(count);
  check_gelu(64);
  check_adamw(32);
  check_adamw(96);
  expect("burn", 0, k->burn(BURN_FP32, 10) > 0 && k->burn(BURN_INT8, 10) > 0, 1, 0);
  printf("%s: %d comparisons, %d failures\n", name, comparisons, failures);
  return failures;
}

int main(void) {
  int failed = 0, checked = 0;
  for (const char *const *name = kernels_names(); *name; name++) {
    failed += check(*name) != 0;
    checked += kernels_named(*name) != 0;
  }
  void *memory = kernels_allocate(5 << 20);
  memset(memory, 1, 5 << 20);
  kernels_free(memory, 5 << 20);
  if (kernels_usable_cores() < 1 || !kernels_best()) failed++;
  kernels_wait(0);
  kernels_wait(100000);
  return failed || !checked;
}
