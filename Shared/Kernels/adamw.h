// AdamW (Loshchilov and Hutter, 2019), element by element, in whatever layout the weights have.

INLINE vf vsqrt(vf x) { return __builtin_elementwise_sqrt(x); }

INLINE vf adamw_update(vf w, vf m, vf v, AdamWStep step) {
  const vf denominator = vsqrt(v) / splat(step.bias2) + splat(step.epsilon);
  return w * splat(step.decay) - splat(step.step_size) * (m / denominator);
}

static void adamw(
    float *w, float *m, float *v, const float *g, const AdamWStep *pointer, size_t count) {
  const AdamWStep step = *pointer;
  for (size_t i = 0; i < count; i += VW) {
    const vf gradient = load(g + i) * splat(step.gradient_scale);
    const vf m1 = load(m + i) + splat(1.0f - step.beta1) * (gradient - load(m + i));
    const vf v1 = load(v + i) * splat(step.beta2) + splat(1.0f - step.beta2) * gradient * gradient;
    store(m + i, m1);
    store(v + i, v1);
    store(w + i, adamw_update(load(w + i), m1, v1, step));
  }
}

static void adamw_catch_up(
    float *w, float *m, float *v, const AdamWStep *steps, size_t step_count, size_t count) {
  for (size_t i = 0; i < count; i += VW) {
    vf w1 = load(w + i), m1 = load(m + i), v1 = load(v + i);
    for (size_t s = 0; s < step_count; s++) {
      m1 = m1 + splat(1.0f - steps[s].beta1) * (splat(0.0f) - m1);
      v1 = v1 * splat(steps[s].beta2);
      w1 = adamw_update(w1, m1, v1, steps[s]);
    }
    store(w + i, w1);
    store(m + i, m1);
    store(v + i, v1);
  }
}
