"""Gradients by Keras in float64, in a process of their own: one Keras backend and one float type per process.

Reads pickled ``(weights, biases, activations, loss, x, y)`` from standard input until it ends, and answers each with
the pickled list of dL/dW and dL/db, layer by layer. ``KERAS_BACKEND`` says who computes.
"""

import os
import pickle
import sys


def gradient_by_tensorflow(model, loss, x, y):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss(y, model(x))
    return tape.gradient(value, [variable.value for variable in model.trainable_variables])


def gradient_by_jax(model, loss, x, y):
    import jax

    def value(trainable):
        return loss(y, model.stateless_call(trainable, [], x)[0])

    return jax.grad(value)([variable.value for variable in model.trainable_variables])


def activations_in_float64():
    """Keras's JAX backend computes `keras.ops.tanh` in float32 whatever the floatx (keras-team/keras#23223)."""
    if os.environ["KERAS_BACKEND"] != "jax":
        return {}
    import jax

    return {"tanh": jax.nn.tanh}


def main():
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the libraries print must not mix with the answers
    if os.environ["KERAS_BACKEND"] == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    gradient = {"tensorflow": gradient_by_tensorflow, "jax": gradient_by_jax}[keras.config.backend()]
    own = activations_in_float64()
    while True:
        try:
            weights, biases, activations, loss, x, y = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        layers = [
            keras.layers.Dense(len(b), activation=own.get(a, a)) for b, a in zip(biases, activations, strict=True)
        ]
        model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
        for layer, w, b in zip(layers, weights, biases, strict=True):
            layer.set_weights([w, b])
        rule = keras.losses.get(loss)
        found = gradient(model, lambda y, output, rule=rule: keras.ops.mean(rule(y, output)), x, y)
        pickle.dump([keras.ops.convert_to_numpy(array) for array in found], answers)
        answers.flush()


if __name__ == "__main__":
    main()
