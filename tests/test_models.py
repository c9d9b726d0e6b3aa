import keras
import numpy as np
import pytest

from course import byhand, models
from course.errors import CourseError

dense = keras.layers.Dense


def config(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("problem", "classes", "units", "activation", "loss"),
    [
        ("regression", None, 1, "linear", "mean_squared_error"),
        ("binary", None, 1, "sigmoid", "binary_crossentropy"),
        ("multiclass", 10, 10, "softmax", "categorical_crossentropy"),
    ],
)
def test_head_and_loss_follow_the_slides(problem, classes, units, activation, loss):
    model = models.mlp(3, (4,), problem, classes=classes)
    head = model.layers[-1]
    assert (head.units, keras.activations.serialize(head.activation), model.loss) == (units, activation, loss)
    assert model.predict(np.zeros((5, 3)), verbose=0).shape == (5, units)


def test_the_slides_architecture_has_17_parameters():
    assert models.mlp(3, (2, 2), "regression").count_params() == 17


def test_integer_labels_train_like_one_hot_ones():
    x, labels = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    losses = []
    for integer_labels, y in ((True, labels), (False, keras.utils.to_categorical(labels))):
        keras.utils.set_random_seed(0)
        model = models.mlp(4, (8,), "multiclass", classes=3, integer_labels=integer_labels)
        losses.append(model.fit(x, y, verbose=0).history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_dropout_one_rate_or_one_per_layer_and_none_for_zero():
    assert config(models.mlp(2, (4, 4), "binary", dropout=0.5)) == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    model = models.mlp(2, (4, 4), "binary", dropout=[0.0, 0.3])
    assert config(model) == ["Dense", "Dense", "Dropout", "Dense"]
    assert model.layers[2].rate == 0.3


def test_input_dropout_comes_before_the_first_layer():
    model = models.mlp(2, (4,), "binary", dropout=0.5, input_dropout=0.2)
    assert config(model) == ["Dropout", "Dense", "Dropout", "Dense"]
    assert [model.layers[k].rate for k in (0, 2)] == [0.2, 0.5]


def test_label_smoothing_spreads_its_share_over_all_the_classes():
    x, y = np.random.default_rng(0).normal(size=(30, 4)), np.eye(3)[np.arange(30) % 3]
    smoothed = models.mlp(4, (8,), "multiclass", classes=3, label_smoothing=0.3)
    plain = models.mlp(4, (8,), "multiclass", classes=3)
    plain.set_weights(smoothed.get_weights())
    expected = plain.evaluate(x, 0.7 * y + 0.1, verbose=0)[0]
    assert smoothed.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-5)


def test_label_smoothing_needs_one_hot_rows():
    with pytest.raises(CourseError, match=r"label_smoothing=0\.1.*integer_labels=False"):
        models.mlp(3, (4,), "multiclass", classes=3, integer_labels=True, label_smoothing=0.1)


def test_the_penalty_is_added_to_the_loss_on_every_kernel_and_no_bias():
    model = models.mlp(3, (4,), "regression", l1=0.5, l2=0.25)
    kernels = [np.asarray(layer.get_weights()[0]) for layer in model.layers]
    expected = sum(0.5 * np.abs(w).sum() + 0.25 * (w**2).sum() for w in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert all(layer.bias_regularizer is None for layer in model.layers)


@pytest.mark.parametrize(("name", "value"), [("l1", keras.regularizers.L1), ("l2", keras.regularizers.L2)])
def test_one_penalty_alone_is_keras_own(name, value):
    assert isinstance(models.mlp(3, 4, "regression", **{name: 0.1}).layers[0].kernel_regularizer, value)


def test_max_norm_bounds_the_weights_that_enter_each_hidden_unit():
    model = models.mlp(5, (6,), "regression", max_norm=0.5)
    model.fit(np.random.default_rng(0).normal(size=(64, 5)), np.full(64, 9.0), epochs=5, verbose=0)
    assert np.linalg.norm(model.layers[0].get_weights()[0], axis=0).max() <= 0.5 + 1e-6
    assert model.layers[-1].kernel_constraint is None


def test_many_batches_at_once_change_no_bit():
    x, y = np.random.default_rng(0).normal(size=(1000, 4)), np.arange(1000) % 2  # 32 batches: 20, and 12 more
    ends = []
    for steps in (models.STEPS_PER_EXECUTION, 1):
        keras.utils.set_random_seed(0)
        model = models.mlp(4, (8,), "binary", dropout=0.5)
        assert model.steps_per_execution == models.STEPS_PER_EXECUTION
        model.compile("adam", model.loss, metrics=["accuracy"], steps_per_execution=steps)
        history = model.fit(x, y, epochs=2, verbose=0).history
        ends.append((*(weights.tobytes() for weights in model.get_weights()), *history["loss"], *history["accuracy"]))
    assert ends[0] == ends[1]


def test_jit_compile_is_kerass():
    assert models.mlp(2, 4, "binary", jit_compile=True).jit_compile is True
    assert models.mlp(2, 4, "binary", jit_compile=False).jit_compile is False


def test_the_first_layer_can_have_a_penalty_and_a_constraint_of_its_own():
    model = models.mlp(
        *(3, (4, 4), "binary"),
        l2=0.1,
        max_norm=2.0,
        input_regularizer=keras.regularizers.L1(0.5),
        input_constraint=keras.constraints.NonNeg(),
    )
    names = [(type(d.kernel_regularizer).__name__, type(d.kernel_constraint).__name__) for d in model.layers]
    assert names == [("L1", "NonNeg"), ("L2", "MaxNorm"), ("L2", "NoneType")]


def test_the_initializer_follows_the_activation():
    def names(**options):
        return [type(layer.kernel_initializer).__name__ for layer in models.mlp(3, (4,), "binary", **options).layers]

    assert names() == ["HeNormal", "GlorotUniform"]
    assert names(activation="tanh") == ["GlorotUniform", "GlorotUniform"]
    assert names(initializer="zeros") == ["Zeros", "Zeros"]


@pytest.mark.parametrize(
    ("activation", "first"),
    [
        (keras.activations.relu, "HeNormal"),
        (keras.ops.silu, "HeNormal"),
        (keras.layers.LeakyReLU(0.1), "HeNormal"),
        (keras.layers.ELU(), "HeNormal"),
        (keras.layers.Activation("relu"), "HeNormal"),
        (keras.activations.tanh, "GlorotUniform"),
        (keras.layers.Activation("tanh"), "GlorotUniform"),
        (lambda u: u, "GlorotUniform"),
        (None, "GlorotUniform"),
    ],
)
def test_an_activation_that_is_a_function_or_a_layer_has_its_names_initializer(activation, first):
    model = models.mlp(3, (4,), "binary", activation=activation)
    assert type(model.layers[0].kernel_initializer).__name__ == first


def test_one_initializer_object_draws_other_weights_for_each_layer():
    model = models.mlp(4, (4, 4), "regression", initializer=keras.initializers.RandomNormal())
    first, second = (model.layers[k].get_weights()[0] for k in (0, 1))
    assert not np.allclose(first, second)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("inputs", {"inputs": 0}),
        ("inputs", {"inputs": 2.5}),
        ("inputs", {"inputs": True}),
        ("hidden", {"hidden": (4, 0)}),
        ("hidden", {"hidden": "64"}),
        ("hidden", {"hidden": (4.5,)}),
        ("problem", {"problem": "clasificación"}),
        ("problem", {"problem": ["binary"]}),
        ("classes", {"problem": "multiclass"}),
        ("classes", {"problem": "multiclass", "classes": 2}),
        ("classes", {"classes": 3}),
        ("activation", {"activation": "rellu"}),
        ("dropout", {"dropout": 1.0}),
        ("dropout", {"dropout": [0.5]}),
        ("dropout", {"dropout": float("nan")}),
        ("l1", {"l1": -1}),
        ("l2", {"l2": "0.1"}),
        ("max_norm", {"max_norm": 0}),
        ("jit_compile", {"jit_compile": "sí"}),
        ("initializer", {"initializer": "glorot"}),
        ("initializer", {"initializer": 3}),
        ("optimizer", {"optimizer": "adán"}),
        ("optimizer", {"optimizer": None}),
        ("integer_labels", {"integer_labels": True}),
        ("input_dropout", {"input_dropout": 1.0}),
        ("input_dropout", {"input_dropout": (0.2, 0.2)}),
        ("label_smoothing", {"label_smoothing": 0.1}),
        ("input_regularizer", {"input_regularizer": "l3"}),
        ("input_constraint", {"input_constraint": "mínima"}),
        ("label_smoothing", {"label_smoothing": -0.1}),
    ],
)
def test_errors_name_the_argument_and_the_value(argument, options):
    arguments = {"inputs": 3, "hidden": (4, 4), "problem": "binary", **options}
    with pytest.raises(CourseError) as caught:
        models.mlp(**arguments)
    assert f"{argument}={arguments.get(argument)!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "kind"), [("activation", keras.layers.PReLU), ("optimizer", keras.optimizers.Adam)]
)
def test_a_class_where_one_of_its_objects_goes_is_told(argument, kind):
    with pytest.raises(CourseError, match=rf"{argument}={kind.__name__} es una clase.* {kind.__name__}\(\)"):
        models.mlp(3, (4,), "binary", **{argument: kind})


def test_each_hidden_layer_has_the_weights_of_an_activation_for_itself():
    slope = keras.layers.PReLU(alpha_initializer="ones")
    model = models.mlp(3, (4, 5), "binary", activation=slope)
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 1)
    first, second = (layer.activation for layer in model.layers[:2])
    assert [np.shape(part.alpha) for part in (first, second)] == [(4,), (5,)]
    assert first.get_config()["alpha_initializer"] == slope.get_config()["alpha_initializer"]
    assert not slope.built


@pytest.mark.parametrize(
    ("activation", "told"),
    [
        (np.tanh, r"<ufunc 'tanh'> no se puede aplicar a un tensor de Keras\. Escríbela con keras\.ops"),
        (lambda u: u.missing, "no se puede aplicar"),
        (lambda u: keras.ops.mean(u, axis=1), "devuelve otra forma"),
    ],
)
def test_a_function_that_is_no_activation_is_told_before_the_training(activation, told):
    with pytest.raises(CourseError, match=told):
        models.mlp(3, (4, 5), "binary", activation=activation)


def test_an_activation_may_know_how_many_units_there_are():
    slopes = keras.ops.arange(4, dtype="float32")
    model = models.mlp(3, (4,), "binary", activation=lambda u: u * slopes)
    assert model.predict(np.zeros((2, 3)), verbose=0).shape == (2, 1)


def test_an_activation_that_keras_cannot_copy_is_told():
    with pytest.raises(CourseError, match=r"no se puede copiar.*una función"):
        models.mlp(3, (4, 5), "binary", activation=keras.layers.Lambda(lambda u: u))


def test_the_optimizer_of_another_network_is_refused():
    adam = keras.optimizers.Adam(0.01)
    first = models.mlp(4, (4,), "regression", optimizer=adam)
    adam.build(first.trainable_variables)
    with pytest.raises(CourseError, match=r"ya es de otra red.*keras\.optimizers\.Adam\(…\)"):
        models.mlp(4, (4,), "regression", optimizer=adam)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "linear", "softmax"])
@pytest.mark.parametrize(
    ("output", "outputs", "loss"),
    [
        ("linear", 2, "mean_squared_error"),
        ("sigmoid", 1, "binary_crossentropy"),
        ("softmax", 3, "categorical_crossentropy"),
    ],
)
def test_weights_go_to_keras_and_back(activation, output, outputs, loss):
    network = byhand.random_network((4, 6, 5, outputs), activation, output, loss, seed=1)
    x = np.random.default_rng(2).normal(size=(20, 4))
    model = models.from_byhand(network)
    expected = byhand.forward(network, x).output
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6, rtol=1e-6)
    back = models.to_byhand(model)
    assert (back.activations, back.loss, back.units) == (network.activations, network.loss, network.units)
    np.testing.assert_allclose(byhand.forward(back, x).output, expected, atol=1e-6, rtol=1e-6)


def test_the_slides_network_gives_the_slides_output_in_keras():
    example = byhand.SLIDE_EXAMPLE
    assert models.from_byhand(example.network).predict(np.asarray(example.x), verbose=0) == pytest.approx(
        0.3764, abs=1e-6
    )


def test_dropout_and_integer_labels_have_their_counterpart_by_hand():
    model = models.mlp(4, (8,), "multiclass", classes=3, dropout=0.5, integer_labels=True)
    network = models.to_byhand(model)
    x = np.ones((2, 4))
    assert network.loss == "categorical_crossentropy"
    np.testing.assert_allclose(byhand.forward(network, x).output, model.predict(x, verbose=0), atol=1e-6)


def test_a_layer_without_counterpart_is_named():
    model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(name="norma"), dense(1)])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(CourseError, match=r"norma.*BatchNormalization"):
        models.to_byhand(model)


@pytest.mark.parametrize(
    "model", [None, byhand.SLIDE_EXAMPLE.network, keras.Sequential([dense(1)])], ids=["none", "by hand", "no inputs"]
)
def test_what_is_no_model_with_inputs_does_not_go_to_the_network_by_hand(model):
    with pytest.raises(CourseError, match=r"keras\.Input"):
        models.to_byhand(model)


@pytest.mark.parametrize(
    ("network", "learning_rate", "message"),
    [(None, 0.1, "network es de tipo NoneType"), (byhand.SLIDE_EXAMPLE.network, -0.1, r"learning_rate=-0\.1")],
)
def test_what_is_no_network_by_hand_does_not_go_to_keras(network, learning_rate, message):
    with pytest.raises(CourseError, match=message):
        models.from_byhand(network, learning_rate)
