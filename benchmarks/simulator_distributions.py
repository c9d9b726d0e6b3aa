"""Are the simulator's runs distributed like the playground's? Two-sample Kolmogorov-Smirnov, layout by layout.

    python benchmarks/simulator_distributions.py

tests/data/playground_samples.csv holds test losses of the playground's own engine on the slide's setting (spiral, noise
25, 60 % training, batches of 10, rate 0.1, ReLU), seeds "1" to "50", after 200, 500 and 1000 epochs. They are compared
with the simulator's for the same seeds and for fifty others. With 24 layouts and three epochs, a p-value of 0.05 is
nothing: below 0.01 counts.
"""

from pathlib import Path

import pandas as pd
from scipy.stats import ks_2samp

from course.simulator import sweep

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "playground_samples.csv"
SLIDE = "#activation=relu&dataset=spiral&noise=25&percTrainData=60&learningRate=0.1"
EPOCHS = (200, 500, 1000)


def p_values(layout, theirs, seeds):
    layers = () if layout == "none" else tuple(map(int, layout.split("-")))
    ours = sweep(SLIDE, seeds=seeds, epochs=1000, record=EPOCHS, layers=[layers])
    return [ks_2samp(ours.loc[ours["epoch"] == epoch, "test_loss"], theirs[f"test_{epoch}"]).pvalue for epoch in EPOCHS]


if __name__ == "__main__":
    print("| layout | p, same seeds: epochs 200 | 500 | 1000 | p, other seeds: 200 | 500 | 1000 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    lowest = 1
    for layout, theirs in pd.read_csv(SAMPLES).groupby("layout", sort=False):
        values = [p for seeds in (range(1, 51), range(51, 101)) for p in p_values(layout, theirs, seeds)]
        lowest = min(lowest, *values)
        print(f"| {layout} | " + " | ".join(f"{p:.2f}" for p in values) + " |")
    print(f"\nLowest p-value: {lowest:.3f}, {'above' if lowest > 0.01 else 'BELOW'} 0.01.")
