"""Adam's step as one operation, which is what large networks on TensorFlow wait for.

Keras writes Adam's formula as a dozen operations, so that it runs on any backend; on a CPU each of them reads and
writes as many numbers as the network has weights. TensorFlow has the same formula as one operation, which passes over
them once. ``benchmarks/mnist_speed.py`` measures what that is worth.
"""

import math
from contextlib import contextmanager

from course.environment import import_keras

keras = import_keras()

LARGE = 100_000  # weights; below, what is saved cannot be measured, and the results had better be Keras's to the bit


@contextmanager
def in_one_operation(model):
    """While a model trains, take Adam's steps in one operation where that is faster and gives the same results.

    That is on TensorFlow, on one device, without XLA (which merges operations by itself), for `keras.optimizers.Adam`
    without ``amsgrad`` or accumulated gradients, and with float32 or float64 weights, from `LARGE` of them on. Any
    other model trains as ever. Only the rounding of the last digits differs. The optimizer remains Keras's, with its
    state: it can be saved and loaded, and training can go on with ``model.fit``.

    Parameters
    ----------
    model : keras.Model
        Compiled.

    Notes
    -----
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), with the order of the operations given
    at the end of its section 2, which is Keras's too.
    """
    if not _pays(model):
        yield
        return
    optimizer = model.optimizer
    optimizer.update_step = _fused_step(optimizer, model.trainable_variables)
    try:
        yield
    finally:
        del optimizer.update_step  # the method of its class is back


def _pays(model):
    weights, optimizer = model.trainable_variables, model.optimizer
    return (
        keras.backend.backend() == "tensorflow"
        and not model.jit_compile
        and model.distribute_strategy.num_replicas_in_sync == 1
        and type(optimizer) is keras.optimizers.Adam
        and not optimizer.amsgrad
        and not optimizer.gradient_accumulation_steps
        and sum(math.prod(weight.shape) for weight in weights) >= LARGE
        and all(weight.dtype in ("float32", "float64") for weight in weights)
    )


def _fused_step(optimizer, weights):
    """Return what can take the place of `keras.optimizers.Adam.update_step`."""
    import tensorflow as tf

    optimizer.build(weights)
    means, squares = (
        [variable for variable in optimizer.variables if variable.path.endswith(name)]
        for name in ("momentum", "velocity")
    )
    # As many of the same shapes, or some were frozen since the optimizer was built: Keras knows whose state is whose.
    all_known = [mean.shape for mean in means] == [weight.shape for weight in weights]
    slots = {w.value.ref(): (m, v) for w, m, v in zip(weights, means, squares, strict=True)} if all_known else {}
    keras_step = optimizer.update_step

    def update_step(gradient, variable, learning_rate):
        if variable.ref() not in slots or isinstance(gradient, tf.IndexedSlices):  # the latter is an Embedding's
            keras_step(gradient, variable, learning_rate)
            return
        mean, square = slots[variable.ref()]
        step, beta_1, beta_2, rate = (
            tf.cast(number, variable.dtype)
            for number in (optimizer.iterations.value + 1, optimizer.beta_1, optimizer.beta_2, learning_rate)
        )
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=mean.value.handle,
            v=square.value.handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=rate,
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )

    return update_step
