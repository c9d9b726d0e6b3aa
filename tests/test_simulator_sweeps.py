from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from course.errors import CourseError
from course.simulator import Experiment, Settings, sweep

# Test losses of the playground's own engine on the slide's setting, 50 seeds per layout.
SAMPLES = pd.read_csv(Path(__file__).parent / "data" / "playground_samples.csv")
SLIDE = "#activation=relu&dataset=spiral&noise=25&percTrainData=60&learningRate=0.1"


@pytest.mark.parametrize("layout", SAMPLES["layout"].unique())
def test_the_distribution_of_each_layout_is_the_playgrounds(layout):
    # Seeds 51 to 100, where the sample has 1 to 50: nothing in common but the rules. Epochs 500 and 1000 are in
    # benchmarks/simulator_distributions.py.
    layers = () if layout == "none" else tuple(map(int, layout.split("-")))
    ours = sweep(SLIDE, seeds=range(51, 101), epochs=200, layers=[layers])
    theirs = SAMPLES[SAMPLES["layout"] == layout]
    assert len(ours) == len(theirs) == 50
    assert ks_2samp(ours["test_loss"], theirs["test_200"]).pvalue > 0.01


@pytest.mark.parametrize("count", [1, 3, 11])
def test_a_sweep_is_the_runs_of_its_experiments_to_the_last_bit(count):
    settings = Settings(dataset="xor", noise=20, layers=(5,), dropout=0.1, optimizer="adam", schedule="step:3,0.5")
    found = sweep(settings, seeds=count, epochs=7, record=(0, 3, 7))
    assert len(found) == 3 * count
    for seed in range(1, count + 1):
        history = Experiment(**vars(settings) | {"seed": seed}).run(7).set_index("epoch")
        rows = found[found["seed"] == str(seed)].set_index("epoch")
        np.testing.assert_array_equal(rows[["train_loss", "test_loss"]], history.loc[[0, 3, 7]])


def test_a_grid_gives_every_combination_once():
    found = sweep(seeds=["0.42", "b"], epochs=2, layers=[(2,), []], learning_rate=[0.01, 0.1, 1])
    assert list(found.columns) == ["layers", "learning_rate", "seed", "epoch", "train_loss", "test_loss"]
    assert len(found) == 2 * 3 * 2 == len(found.drop_duplicates(["layers", "learning_rate", "seed"]))
    assert set(found["layers"]) == {(2,), ()}
    assert (found["epoch"] == 2).all()
    one = Experiment(layers=(2,), learning_rate=0.1, seed="0.42").run(2)["test_loss"].iloc[-1]
    row = (found["layers"] == (2,)) & (found["learning_rate"] == 0.1) & (found["seed"] == "0.42")
    assert found.loc[row, "test_loss"].tolist() == [one]


def test_own_points_are_split_anew_by_each_seed():
    points = np.column_stack([np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 3])
    found = sweep(points=points, seeds=4, epochs=3)
    assert found["test_loss"].nunique() == 4
    assert found["test_loss"].iloc[1] == Experiment(points, seed=2).run(3)["test_loss"].iloc[-1]


def test_no_seeds_no_epochs():
    assert sweep(seeds=2, epochs=0)["epoch"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": 0}, "cuántas semillas"),
        ({"seeds": 2.5}, "cuántas semillas"),
        ({"seeds": "0.42"}, "cuántas semillas"),
        ({"seed": [1, 2]}, "di cuáles con seeds"),
        ({"epochs": 10, "record": 11}, "de 0 a epochs.*una es 11"),
        ({"epochs": -1}, "record deben ser enteros"),
        ({"epochs": 10, "record": [5, 11]}, "de 0 a epochs.*una es 11"),
        ({"capas": [1]}, "«capas» no es un ajuste"),
        ({"learning_rate": 0.1}, r"lista de valores para learning_rate, por ejemplo learning_rate=\[0.1\]"),
        ({"optimizer": "adam"}, "lista de valores para optimizer"),
        ({"noise": [5, "x"]}, r"noise \(el ruido\) debe ser un número"),
        ({"base": 3}, "base debe ser un enlace"),
        ({"base": "#dataset=luna"}, "«luna»"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(CourseError, match=message):
        sweep(**arguments)
