import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import toydata
from course.errors import CourseError
from course.simulator import Experiment, Settings, link

# A link as the playground itself writes it, with every key that it has.
FULL = (
    "https://playground.tensorflow.org/#activation=relu&regularization=L1&batchSize=7&dataset=spiral&regDataset=reg-gauss"
    "&learningRate=0.003&regularizationRate=0.01&noise=25&networkShape=8,8,3&seed=0.42318&showTestData=true"
    "&discretize=true&percTrainData=60&x=true&y=false&xTimesY=true&xSquared=false&ySquared=true&cosX=false&sinX=true"
    "&cosY=false&sinY=false&collectStats=false&problem=classification&initZero=false&hideText=false&playButton_hide=true"
)


def test_every_key_of_a_full_link_is_understood():
    assert Settings(**link.read(FULL)) == Settings(
        dataset="spiral",
        noise=25,
        train_percent=60,
        batch_size=7,
        inputs=("x", "ySquared", "xTimesY", "sinX"),
        layers=(8, 8, 3),
        activation="relu",
        learning_rate=0.003,
        regularization="L1",
        regularization_rate=0.01,
        seed="0.42318",
        show_test=True,
        discretize=True,
    )


def test_what_a_link_leaves_out_is_the_playgrounds_default():
    found = Settings(**link.read("https://playground.tensorflow.org/"))
    assert found == Settings()
    assert (found.dataset, found.noise, found.train_percent, found.batch_size) == ("circle", 0, 50, 10)
    assert (found.learning_rate, found.activation, found.layers, found.inputs) == (0.03, "tanh", (4, 2), ("x", "y"))


@pytest.mark.parametrize(
    ("text", "setting", "value"),
    [
        ("#problem=regression", "dataset", "reg-plane"),
        ("#problem=regression&regDataset=reg-gauss&dataset=xor", "dataset", "reg-gauss"),
        ("#problem=classification&regDataset=reg-gauss&dataset=xor", "dataset", "xor"),
        ("#networkShape=", "layers", ()),
        ("networkShape=4", "layers", (4,)),
        ("#networkShape=4%2C2%2C1", "layers", (4, 2, 1)),
        ("#batchSize=", "batch_size", 10),
        ("#learningRate=1e-5", "learning_rate", 1e-5),
        ("#learningRate=.3&learningRate=3", "learning_rate", 3),
        ("#noise=99", "noise", 50),
        ("#noise=75", "noise", 75),
        ("#noise=-3", "noise", 0),
        ("#x_hide=true", "inputs", ("y",)),
        ("#x=false&sinX=yes", "inputs", ("y", "sinX")),
        ("#seed=a%20b", "seed", "a%20b"),
        ("#seed=1=2", "seed", "1"),
        ("#unknown=3&tutorial=dp", "seed", None),
    ],
)
def test_details_of_reading(text, setting, value):
    assert getattr(Settings(**link.read(text)), setting) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "está vacío"),
        (None, "está vacío"),
        ("https://example.org/", "no parece un enlace del simulador.*example"),
        ("#batchSize=diez", "batchSize='diez' no es un número"),
        ("#batchSize=2.5", "batchSize='2.5' debe ser un número entero"),
        ("#learningRate=nan", "learningRate='nan' no es un número"),
        ("#networkShape=4,dos", "networkShape='dos' no es un número"),
        ("#dataset=luna", "dataset no puede ser «luna».*circle, xor, gauss, spiral"),
        ("#problem=regression&regDataset=circle", "regDataset no puede ser «circle».*reg-plane, reg-gauss"),
        ("#problem=adivinar", "problem no puede ser «adivinar»"),
        ("#activation=gelu", "activation no puede ser «gelu».*relu, tanh, sigmoid, linear"),
        ("#regularization=L3", "regularization no puede ser «L3»"),
        ("#x=false&y=false", "al menos una entrada"),
        ("#networkShape=0", "de 1 a 512 neuronas, y una tiene 0"),
        ("#learningRate=-1", r"learning_rate \(la tasa de aprendizaje\) debe ser un número entre 0"),
        ("#percTrainData=100", r"train_percent \(el porcentaje de entrenamiento\) debe ser un número entre 1 y 99"),
        ("#schedule=zigzag", "schedule='zigzag'"),
    ],
)
def test_malformed_links_are_told_in_spanish(text, message):
    with pytest.raises(CourseError, match=message):
        Experiment.from_url(text)


def test_what_a_link_cannot_say_travels_in_keys_that_the_playground_ignores():
    chosen = Settings(
        seed="1", dropout=0.2, optimizer="adam", activation=("relu", "tanh"), patience=20, target_loss=0.1
    )
    url = link.write(chosen)
    assert "&activation=relu&" in url
    assert url.endswith("&activations=relu,tanh&optimizer=adam&dropout=0.2&targetLoss=0.1&patience=20")
    assert "dropout" not in link.write(Settings(seed="1"))
    assert Settings(**link.read(url)) == chosen


def test_own_points_have_no_link():
    experiment = Experiment([[0, 0, 1], [1, 1, 0], [2, 2, 1], [3, 1, 0]], batch_size=1)
    with pytest.raises(CourseError, match="tus propios puntos"):
        experiment.to_url()


@given(
    st.builds(
        Settings,
        dataset=st.sampled_from(["spiral", "gauss"]),
        noise=st.integers(0, 10).map(lambda n: 5 * n),
        train_percent=st.integers(10, 90),
        batch_size=st.integers(1, 30),
        inputs=st.sets(st.sampled_from(list(toydata.INPUTS)), min_size=1).map(tuple),
        layers=st.lists(st.integers(1, 8), max_size=6).map(tuple),
        activation=st.sampled_from(["relu", "tanh", "sigmoid", "linear"]),
        learning_rate=st.sampled_from([1e-5, 0.001, 0.03, 1, 10]),
        regularization=st.sampled_from(["none", "L1", "L2"]),
        regularization_rate=st.sampled_from([0, 0.001, 3]),
        seed=st.floats(0, 1).map(lambda x: f"{x:.5f}"),
        init_zero=st.booleans(),
        show_test=st.booleans(),
        discretize=st.booleans(),
        classes=st.integers(2, 5),
        loss=st.sampled_from(["half_mse", "cross_entropy"]),
        initializer=st.sampled_from(["uniform", "he", "glorot"]),
        optimizer=st.sampled_from(["sgd", "momentum", "adam"]),
        momentum=st.sampled_from([0.5, 0.9]),
        dropout=st.sampled_from([0, 0.25]),
        schedule=st.sampled_from(["constant", "step:100,0.5", "exponential:0.99", "cosine:1000"]),
    )
)
@settings(deadline=None, max_examples=60)
def test_a_link_gives_back_the_settings_it_was_written_from(chosen):
    assert Settings(**link.read(link.write(chosen))) == chosen
