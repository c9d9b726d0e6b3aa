"""The size of a batch, which TensorFlow uses if it is told: Keras cannot tell it, because the last batch is smaller.

Where TensorFlow knows how many rows a batch has, the gradients need no operations that find it out, and run sooner:
some 5 % in ``benchmarks/mnist_speed.py``.
"""

from contextlib import contextmanager

from course import adam
from course.environment import import_keras

keras = import_keras()

LONG = 5_000  # steps; in fewer, what is saved may not make up for a second version of the step, which is to be compiled


@contextmanager
def of_known_size(model, rows, batch_size, epochs):
    """While a model trains, have a version of its step for whole batches, and another one for the last.

    That is on TensorFlow without XLA (which makes as many versions as there are sizes), on one device, with Keras's own
    step, for networks of `course.adam.LARGE` weights and trainings of `LONG` steps or more, and unless all batches are
    whole: then Keras tells their size. Any other model trains as ever. The results are the same to the bit.

    Parameters
    ----------
    model : keras.Model
        Compiled, with one input and one output.
    rows : int
        Of the training set.
    batch_size : int
    epochs : int
        How many are to be trained.
    """
    if not _pays(model, rows, batch_size, epochs):
        yield
        return
    model.train_step = _in_two_versions(model.train_step, batch_size)
    try:
        yield
    finally:
        del model.train_step  # the method of its class is back


def _pays(model, rows, batch_size, epochs):
    return (
        rows > batch_size
        and rows % batch_size
        and epochs * (rows // batch_size) >= LONG
        and adam.is_large(model)
        and type(model).train_step is keras.Model.train_step
    )


def _in_two_versions(step, batch_size):
    import tensorflow as tf

    def whole(tensor):
        # `reshape` and `ensure_shape` would say it too, but TensorFlow concludes from them that the other version is
        # never needed, and fails at the last batch.
        return tf.slice(tensor, [0] * len(tensor.shape), [batch_size, *tensor.shape[1:]])

    def train_step(data):
        is_whole = tf.shape(data[0])[0] == batch_size
        return tf.cond(is_whole, lambda: step(tf.nest.map_structure(whole, data)), lambda: step(data))

    return train_step
