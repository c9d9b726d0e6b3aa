/* T is what one value of the network is: a number, or LANES of them. Included by kernel.c with LANES set. */
#define T NAME(f64)
#define BITS NAME(i64)
#define NET NAME(net)

typedef struct {
  double lambda, momentum, beta1_power, beta2_power; /* the powers: Adam's, so far */
  int64_t dropped;                                   /* a unit whose 53 random bits are below this is dropped */
  int32_t layers, inputs, weights, biases, outputs, batch, train_size, test_size, epochs, every, carried;
  int32_t loss, penalty, optimizer;
  const int32_t *units, *activation; /* units[0] are the inputs; activation[k] belongs to units[k + 1] */
  const double *rates;               /* the learning rate of each epoch */
  const T *x, *y;                    /* (points, inputs) and (points, outputs), the training points first */
  T *theta, *gradient, *first, *second, *alive; /* weights (layer, unit, input order), then biases */
  BITS *random;                      /* xorshift state */
  T *h, *slope, *delta;              /* one value per unit */
  T *result;                         /* losses: (epochs, 2); outputs: (units, points) */
} NET;

static inline BITS NAME(bits)(T x) { BITS b; __builtin_memcpy(&b, &x, sizeof b); return b; }
static inline T NAME(value)(BITS b) { T x; __builtin_memcpy(&x, &b, sizeof x); return x; }

/* exp(x) - 1 to the last bits: x = k ln 2 + r with |r| < 0.35, a Taylor polynomial in r, scaled by 2^k. */
static inline T NAME(expm1)(T x) {
  const double round = 0x1.8p52; /* adding and subtracting it rounds to an integer, and leaves that in the low bits */
  x = x > 708 ? (T)(708.0) : x;
  x = x < -708 ? (T)(-708.0) : x;
  T k = (x * 0x1.71547652b82fep0 + round) - round;
  T r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  T p = r * (1.0 / 6227020800) + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = r + r * r * p;
  T power = NAME(value)(NAME(bits)(k + (round + 1023)) << 52);
  return power * p + (power - 1);
}

static inline T NAME(exp)(T x) { return NAME(expm1)(x) + 1; }

static inline T NAME(tanh)(T x) {
  T e = NAME(expm1)(2 * x);
  return e / (e + 2);
}

/* log(x) of a normal positive number: x = 2^k m with m within a factor √2 of 1, and the series of atanh. */
static inline T NAME(log)(T x) {
  const double round = 0x1.8p52;
  BITS k = (NAME(bits)(x) - 0x3fe6a09e667f3bcd) >> 52;
  T m = NAME(value)(NAME(bits)(x) - (k << 52));
  T s = (m - 1) / (m + 1), z = s * s, p = z * 0 + 1.0 / 21;
  for (int n = 19; n > 0; n -= 2) p = p * z + 1.0 / n;
  return (NAME(value)(k + 0x4338000000000000) - round) * 0x1.62e42fefa39efp-1 + 2 * s * p;
}

static inline void NAME(softmax)(T *h, int units) {
  T top = h[0], sum = top * 0;
  for (int i = 1; i < units; i++) top = h[i] > top ? h[i] : top;
  for (int i = 0; i < units; i++) sum += h[i] = NAME(exp)(h[i] - top);
  for (int i = 0; i < units; i++) h[i] /= sum;
}

/* Zero some units of a layer and scale the rest, outputs and slopes alike, drawn anew for each sample. */
static inline void NAME(drop)(NET *n, T *h, T *slope, int units) {
  double scale = 1 / (1 - n->dropped * 0x1p-53);
  for (int i = 0; i < units; i++) {
    BITS r = *n->random;
    r ^= r << 13;
    r ^= (r >> 7) & 0x01ffffffffffffff;
    r ^= r << 17;
    *n->random = r;
    T keep = ((r >> 11) & 0x001fffffffffffff) < n->dropped ? (T)(0.0) : (T)(scale);
    h[i] *= keep;
    slope[i] *= keep;
  }
}

/* Fill h and the activations' slopes for one point. A sum starts at the bias and adds the inputs in order. */
static inline void NAME(forward)(NET *n, const T *in, int training) {
  const T *w = n->theta, *b = n->theta + n->weights;
  T *h = n->h, *slope = n->slope;
  for (int k = 0; k < n->layers; k++) {
    int inputs = n->units[k], units = n->units[k + 1], activation = n->activation[k];
    for (int i = 0; i < units; i++) {
      T u = b[i];
      for (int j = 0; j < inputs; j++) u += w[i * inputs + j] * in[j];
      h[i] = u;
      slope[i] = (T)(1.0);
      if (activation == RELU) {
        h[i] = u <= 0 ? (T)(0.0) : u;
        slope[i] = u <= 0 ? (T)(0.0) : (T)(1.0);
      } else if (activation == TANH) {
        T t = h[i] = NAME(tanh)(u);
        slope[i] = 1 - t * t;
      } else if (activation == SIGMOID) {
        T t = h[i] = 1 / (1 + NAME(exp)(-u));
        slope[i] = t * (1 - t);
      }
    }
    if (activation == SOFTMAX) NAME(softmax)(h, units);
    if (training && n->dropped && k < n->layers - 1) NAME(drop)(n, h, slope, units);
    in = h;
    w += units * inputs, b += units, h += units, slope += units;
  }
}

/* Add one point's gradient to what the batch has so far. */
static inline void NAME(backward)(NET *n, const T *x, const T *y) {
  T *w = n->theta + n->weights, *gw = n->gradient + n->weights, *gb = gw + n->biases;
  T *h = n->h + n->biases, *slope = n->slope + n->biases, *delta = n->delta + n->biases;
  for (int i = -n->outputs; i < 0; i++) {
    delta[i] = h[i] - y[n->outputs + i];
    if (n->loss == CROSS_ENTROPY) slope[i] = (T)(1.0); /* its own slope cancels that of tanh or softmax */
  }
  for (int k = n->layers - 1; k >= 0; k--) {
    int inputs = n->units[k], units = n->units[k + 1];
    w -= units * inputs, gw -= units * inputs, gb -= units, h -= units, slope -= units, delta -= units;
    const T *in = k ? h - inputs : x;
    for (int i = 0; i < units; i++) {
      T d = delta[i] *= slope[i];
      gb[i] += d;
      for (int j = 0; j < inputs; j++) gw[i * inputs + j] += d * in[j];
    }
    for (int j = 0; k && j < inputs; j++) {
      T d = (T)(0.0);
      for (int i = 0; i < units; i++) d += w[i * inputs + j] * delta[i];
      delta[j - inputs] = d;
    }
  }
}

static inline T NAME(sign)(T w) { return w > 0 ? (T)(1.0) : w < 0 ? (T)(-1.0) : (T)(0.0); }

/* The playground's step: first the loss, then the penalty. Where L1 takes a weight through 0, its link is dead: the
 * weight is 0 and no step moves it any more. */
static inline void NAME(descend)(NET *n, double rate) {
  double share = rate / n->carried, shrink = rate * n->lambda;
  for (int i = 0; i < n->weights; i++) {
    T w = n->theta[i], step = w - share * n->gradient[i], next = step, crossing = (T)(0.0);
    if (n->penalty == L2) next = step - shrink * w;
    if (n->penalty == L1) {
      next = step - shrink * NAME(sign)(w);
      crossing = step * next;
      next = crossing < 0 ? (T)(0.0) : next;
    }
    n->theta[i] = n->alive[i] > 0 ? next : w;
    n->alive[i] = crossing < 0 ? (T)(0.0) : n->alive[i];
  }
  for (int i = n->weights; i < n->weights + n->biases; i++) n->theta[i] -= rate * n->gradient[i] / n->carried;
}

/* Momentum and Adam as Keras has them; the penalty is part of the gradient and no link dies. */
static inline void NAME(accelerate)(NET *n, double rate) {
  n->beta1_power *= 0.9, n->beta2_power *= 0.999;
  double adam = rate * __builtin_sqrt(1 - n->beta2_power) / (1 - n->beta1_power);
  for (int i = 0; i < n->weights + n->biases; i++) {
    T w = n->theta[i], g = n->gradient[i] / n->carried;
    if (i < n->weights && n->penalty == L2) g += n->lambda * w;
    if (i < n->weights && n->penalty == L1) g += n->lambda * NAME(sign)(w);
    if (n->optimizer == MOMENTUM) {
      n->theta[i] += n->first[i] = n->momentum * n->first[i] - rate * g;
    } else {
      n->first[i] += (g - n->first[i]) * 0.1;
      n->second[i] += (g * g - n->second[i]) * 0.001;
      n->theta[i] -= n->first[i] * adam / (__builtin_elementwise_sqrt(n->second[i]) + 1e-7);
    }
  }
}

static inline void NAME(update)(NET *n, double rate) {
  if (n->optimizer == SGD) NAME(descend)(n, rate);
  else NAME(accelerate)(n, rate);
  for (int i = 0; i < n->weights + n->biases; i++) n->gradient[i] = (T)(0.0);
  n->carried = 0;
}

/* The mean loss of `count` points from `first` on. */
static inline T NAME(mean_loss)(NET *n, int first, int count) {
  T sum = (T)(0.0);
  for (int p = first; p < first + count; p++) {
    const T *y = n->y + p * n->outputs, *out = n->h + n->biases - n->outputs;
    NAME(forward)(n, n->x + p * n->inputs, 0);
    T chance = (T)(0.0);
    for (int i = 0; i < n->outputs; i++) {
      T error = out[i] - y[i];
      if (n->loss == HALF_MSE) sum += 0.5 * (error * error);
      else chance += out[i] * y[i];
    }
    if (n->loss == CROSS_ENTROPY) {
      if (n->outputs == 1) chance = (chance + 1) / 2; /* tanh: from -1..1 to 0..1 */
      chance = chance < 1e-7 ? (T)(1e-7) : chance;    /* Keras's bounds */
      sum -= NAME(log)(chance > 1 - 1e-7 ? (T)(1 - 1e-7) : chance);
    }
  }
  return sum / count;
}

EXPORT void NAME(evaluate)(NET *n) {
  n->result[0] = NAME(mean_loss)(n, 0, n->train_size);
  n->result[1] = NAME(mean_loss)(n, n->train_size, n->test_size);
}

/* Train; where `every` is set, both losses follow each epoch. A batch that an epoch leaves incomplete is carried on. */
EXPORT void NAME(train)(NET *n) {
  for (int epoch = 0; epoch < n->epochs; epoch++) {
    for (int p = 0; p < n->train_size; p++) {
      const T *x = n->x + p * n->inputs;
      NAME(forward)(n, x, 1);
      NAME(backward)(n, x, n->y + p * n->outputs);
      n->carried++;
      if ((p + 1) % n->batch == 0) NAME(update)(n, n->rates[epoch]);
    }
    if (n->every) {
      NAME(evaluate)(n);
      n->result += 2;
    }
  }
}

/* The outputs of every unit at `train_size` points. */
EXPORT void NAME(outputs)(NET *n) {
  for (int p = 0; p < n->train_size; p++) {
    NAME(forward)(n, n->x + p * n->inputs, 0);
    for (int i = 0; i < n->biases; i++) n->result[i * n->train_size + p] = n->h[i];
  }
}

#undef T
#undef BITS
#undef NET
