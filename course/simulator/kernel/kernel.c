/* The simulator's inner loop: one feed-forward network trained sample by sample, in the public playground's order of
 * operations, so that losses agree with it to the last bits. network.h is compiled three times: for one network (_1)
 * and for four or eight at a time (_4, _8), each value then being as many numbers, one per seed. Built by build.py; see __init__.py for why. */
#include <stdint.h>

enum { RELU, TANH, SIGMOID, LINEAR, SOFTMAX }; /* activations */
enum { HALF_MSE, CROSS_ENTROPY };              /* losses */
enum { NONE, L1, L2 };                         /* penalties */
enum { SGD, MOMENTUM, ADAM };                  /* optimizers */

#define JOIN_(name, lanes) name##_##lanes
#define JOIN(name, lanes) JOIN_(name, lanes)
#define NAME(name) JOIN(name, LANES)
#define EXPORT __attribute__((visibility("default")))

typedef double f64_1;
typedef int64_t i64_1;
typedef double f64_4 __attribute__((ext_vector_type(4)));
typedef int64_t i64_4 __attribute__((ext_vector_type(4)));
typedef double f64_8 __attribute__((ext_vector_type(8)));
typedef int64_t i64_8 __attribute__((ext_vector_type(8)));

#define LANES 1
#include "network.h"
#undef LANES
#define LANES 4
#include "network.h"
#undef LANES
#define LANES 8
#include "network.h"

/* The next bytes of ARC4. The state is its box of 256 and its two places in it. */
EXPORT void arc4(uint8_t *state, uint8_t *out, int32_t count) {
  uint8_t *box = state, i = state[256], j = state[257];
  while (count--) {
    uint8_t t = box[++i];
    j += t;
    box[i] = box[j];
    box[j] = t;
    *out++ = box[(uint8_t)(box[i] + t)];
  }
  state[256] = i, state[257] = j;
}
