// The layers around the matrix products: embedding, LayerNorm, GELU, dropout, pooling.

static void embed(
    float *out, const int32_t *ids, const float *word, const float *position, const float *type,
    int n, int H) {
  for (int i = 0; i < n; i++) {
    const float *w = word + (size_t)ids[i] * H, *p = position + (size_t)i * H;
    for (int j = 0; j < H; j += VW)
      store(out + (size_t)i * H + j, load(w + j) + load(type + j) + load(p + j));
  }
}

// The sum of f over a row of H (a multiple of 32) values, on enough accumulators to hide latency.
#define ROW_SUM(total, j, H, f)                                              \
  do {                                                                       \
    vf part[PANEL / VW];                                                     \
    UNROLL for (int c = 0; c < PANEL / VW; c++) part[c] = splat(0.0f);       \
    for (int j0 = 0; j0 < H; j0 += PANEL) {                                  \
      UNROLL for (int c = 0; c < PANEL / VW; c++) {                          \
        const int j = j0 + c * VW;                                           \
        part[c] += f;                                                        \
      }                                                                      \
    }                                                                        \
    UNROLL for (int c = 1; c < PANEL / VW; c++) part[0] += part[c];          \
    total = horizontal_sum(part[0]);                                         \
  } while (0)

static void layernorm(
    float *out, float *statistics, const float *x, const float *gamma, const float *beta,
    float epsilon, int T, int H) {
  for (int t = 0; t < T; t++) {
    const float *row = x + (size_t)t * H;
    float *y = out + (size_t)t * H;
    float sum, squares;
    ROW_SUM(sum, j, H, load(row + j));
    const float mean = sum / H;
    const vf m = splat(mean);
    ROW_SUM(squares, j, H, (load(row + j) - m) * (load(row + j) - m));
    const float inverse = 1.0f / __builtin_sqrtf(squares / H + epsilon);
    for (int j = 0; j < H; j += VW)
      store(y + j, (load(row + j) - m) * splat(inverse) * load(gamma + j) + load(beta + j));
    if (statistics) {
      statistics[2 * t] = mean;
      statistics[2 * t + 1] = inverse;
    }
  }
}

// With x̂ = (x - mean) · inverse and g = dy∘gamma: dx = inverse · (g - mean(g) - x̂ · mean(g∘x̂)).
static void layernorm_backward(
    float *dx, const float *dy, const float *x, const float *statistics, const float *gamma, int T,
    int H) {
  for (int t = 0; t < T; t++) {
    const float *row = x + (size_t)t * H, *g = dy + (size_t)t * H;
    float *d = dx + (size_t)t * H;
    const vf m = splat(statistics[2 * t]), inverse = splat(statistics[2 * t + 1]);
    float sum, dot;
    ROW_SUM(sum, j, H, load(g + j) * load(gamma + j));
    ROW_SUM(dot, j, H, load(g + j) * load(gamma + j) * ((load(row + j) - m) * inverse));
    const vf meanG = splat(sum / H), meanGX = splat(dot / H);
    for (int j = 0; j < H; j += VW) {
      const vf xhat = (load(row + j) - m) * inverse;
      store(d + j, inverse * (load(g + j) * load(gamma + j) - meanG - xhat * meanGX));
    }
  }
}

static void layernorm_backward_parameters(
    float *dgamma, float *dbeta, const float *dy, const float *x, const float *statistics,
    int column, int T, int H) {
  vf gamma[PANEL / VW], beta[PANEL / VW];
  UNROLL for (int c = 0; c < PANEL / VW; c++) gamma[c] = beta[c] = splat(0.0f);
  for (int t = 0; t < T; t++) {
    const size_t at = (size_t)t * H + column;
    const vf m = splat(statistics[2 * t]), inverse = splat(statistics[2 * t + 1]);
    UNROLL for (int c = 0; c < PANEL / VW; c++) {
      const vf g = load(dy + at + c * VW);
      gamma[c] += g * ((load(x + at + c * VW) - m) * inverse);
      beta[c] += g;
    }
  }
  UNROLL for (int c = 0; c < PANEL / VW; c++) {
    store(dgamma + c * VW, gamma[c]);
    store(dbeta + c * VW, beta[c]);
  }
}

static void gelu(float *out, const float *x, size_t count) {
  size_t i = 0;
  for (; i + VW <= count; i += VW) store(out + i, vgelu(load(x + i)));
  if (i == count) return;
  float rest[VW] = {0};
  for (size_t j = i; j < count; j++) rest[j - i] = x[j];
  store(rest, vgelu(load(rest)));
  for (size_t j = i; j < count; j++) out[j] = rest[j - i];
}

// gelu'(x) = Φ(x) + x φ(x).
static void gelu_backward(float *dx, const float *dy, const float *x, size_t count) {
  const float inverse = 0.39894228040143268f, half_log2e = 0.72134752044448170f;  // 1 / sqrt 2π
  for (size_t i = 0; i < count; i += VW) {
    const vf v = load(x + i), tail = upper_tail(vabs(v));
    const vf cdf = choose(v > splat(0.0f), splat(1.0f) - tail, tail);
    const vf pdf = splat(inverse) * vexp2(splat(-half_log2e) * (v * v));
    store(dx + i, load(dy + i) * (cdf + v * pdf));
  }
}

static void dropout(
    float *out, const float *x, const float *residual, float rate, uint64_t key, int first_row,
    int T, int H) {
  for (int t = 0; t < T; t++) {
    const Mask mask = mask_of_row(key, (uint64_t)(first_row + t), rate);
    for (int j = 0; j < H; j += VW) {
      const size_t at = (size_t)t * H + j;
      vf y = load(x + at);
      if (rate > 0) y *= mask_at(mask, j);
      if (residual) y += load(residual + at);
      store(out + at, y);
    }
  }
}

static float pool(float *out, const float *x, int cls, int normalize, int n, int H) {
  const int rows = cls ? 1 : n;
  for (int j = 0; j < H; j += VW) {
    vf sum = splat(0.0f);
    for (int i = 0; i < rows; i++) sum += load(x + (size_t)i * H + j);
    store(out + j, sum / splat((float)rows));
  }
  if (!normalize) return 1.0f;
  float squares;
  ROW_SUM(squares, j, H, load(out + j) * load(out + j));
  const float norm = __builtin_sqrtf(squares);
  const float divisor = norm > 1e-12f ? norm : 1e-12f;
  for (int j = 0; j < H; j += VW) store(out + j, load(out + j) / splat(divisor));
  return divisor;
}

// Through x / ‖x‖: dx = (g - y · (y·g)) / ‖x‖, with y the normalised output.
static void pool_backward(
    float *dx, const float *dout, const float *out, float divisor, float *scratch, int cls,
    int normalize, int n, int H) {
  const int rows = cls ? 1 : n;
  float dot = 0;
  if (normalize) ROW_SUM(dot, j, H, load(dout + j) * load(out + j));
  for (int j = 0; j < H; j += VW) {
    vf g = load(dout + j);
    if (normalize) g = (g - load(out + j) * splat(dot)) / splat(divisor);
    store(scratch + j, g / splat((float)rows));
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < H; j += VW)
      store(dx + (size_t)i * H + j, i < rows ? load(scratch + j) : splat(0.0f));
  }
}

static void accumulate(float *sum, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += x[i];
}

static double sum_of_squares(const float *x, size_t count) {
  double sums[16] = {0};  // sixteen chains in every instruction set, so that all of them agree
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    UNROLL for (int c = 0; c < 16; c++) sums[c] += (double)x[i + c] * (double)x[i + c];
  }
  for (; i < count; i++) sums[0] += (double)x[i] * (double)x[i];
  UNROLL for (int w = 8; w > 0; w /= 2) {
    UNROLL for (int c = 0; c < w; c++) sums[c] += sums[c + w];
  }
  return sums[0];
}
