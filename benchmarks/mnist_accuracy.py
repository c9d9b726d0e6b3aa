"""What the recipes for MNIST reach on the test set, and what each ingredient of the best one gives on validation.

Each network is trained on the 60,000 training images and evaluated once on the 10,000 test images. The ablation never
sees those: it trains on the first 50,000 and validates on the other 10,000, as all choices in `course.recipes` were
made. What is done is kept in the folder ``--out``, one file per network, and not done again: stop with Ctrl-C and go
on later. ``KERAS_BACKEND=jax`` is the faster backend here.
"""

import argparse
import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from course import datasets, recipes
from course.paths import atomic_write

# Errors in %: recipe, what was known, target of one network, target of the five together (probabilities averaged).
CLAIMS = [
    ("buscada", "1.67, the search's best trial on validation", None, None),
    ("clasica", "1.60, the Keras example", 1.55, None),
    ("record", "1.06, 3×1024 with dropout and max-norm", 1.00, None),
    ("record", "0.95, 2×8192 with dropout and max-norm", 0.90, 0.80),
]
VALIDATION = 10_000


def ablation(epochs):
    """Return the best recipe, in so many epochs, then without each ingredient and with those left out."""
    base = recipes.MNIST["record"]
    base = replace(base, epochs=epochs or base.epochs)
    return {
        "all": base,
        "without windows": replace(base, window=None),
        "without smoothness": replace(base, smoothness=0.0),
        "without max-norm": replace(base, max_norm=None),
        "without dropout of the inputs": replace(base, input_dropout=0.0),
        "without dropout in the hidden layers": replace(base, dropout=0.0),
        "with label smoothing 0.1": replace(base, label_smoothing=0.1),
        "with the average of the weights": replace(base, ema_momentum=0.99),
    }


def load():
    (x, y), (x_test, y_test) = datasets.mnist()
    x, x_test = (images.reshape(len(images), -1).astype("float32") / 255 for images in (x, x_test))
    return (x, y), (x_test, y_test)


def run(recipe, seed, train, test, folder):
    """Train and evaluate, or read what was done before: probabilities, wall and CPU seconds, cores; None if stopped."""
    values = replace(recipe, description="", source="")  # rewording is no reason to train again
    digest = hashlib.sha256(repr((values, seed, len(train[0]))).encode()).hexdigest()[:16]
    path = Path(folder) / f"{digest}.npz"
    if not path.is_file():
        wall, cpu = time.perf_counter(), time.process_time()
        model, history = recipe.train(*train, seed=seed)
        if history.attrs["interrupted"]:
            raise KeyboardInterrupt
        seconds = time.perf_counter() - wall, time.process_time() - cpu
        with atomic_write(path) as stream:
            probabilities = model.predict(test[0], batch_size=1000, verbose=0)
            np.savez(stream, probabilities=probabilities, seconds=seconds, cores=len(os.sched_getaffinity(0)))
    with np.load(path) as kept:
        return {name: kept[name] for name in kept}


def error(probabilities, y):
    return 100 * np.mean(probabilities.argmax(axis=1) != y)


def spread(values):
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def report_accuracy(seeds, folder):
    train, test = load()
    results = {
        name: [run(recipes.MNIST[name], seed, train, test, folder) for seed in seeds]
        for name in dict.fromkeys(name for name, *_ in CLAIMS)
    }
    print("| recipe | reference, error % | target | test error %, mean ± sd | ensemble | s per seed | CPU s | cores |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, reference, target, target_together in CLAIMS:
        runs = results[name]
        errors = [error(kept["probabilities"], test[1]) for kept in runs]
        together = f"{error(np.mean([kept['probabilities'] for kept in runs], axis=0), test[1]):.2f}"
        if target_together is not None:
            together += f" (target ≤ {target_together:.2f})"
        wall, cpu = np.mean([kept["seconds"] for kept in runs], axis=0)
        cells = [f"`{name}`", reference, "" if target is None else f"≤ {target:.2f}", spread(errors), together]
        print(f"| {' | '.join(cells)} | {wall:.0f} | {cpu:.0f} | {runs[0]['cores']} |", flush=True)


def report_ablation(seeds, folder, epochs):
    (x, y), _ = load()
    train, held_out = (x[:-VALIDATION], y[:-VALIDATION]), (x[-VALIDATION:], y[-VALIDATION:])
    print("| ingredients | validation error %, mean ± sd | cross-entropy |\n| --- | ---: | ---: |")
    for name, recipe in ablation(epochs).items():
        runs = [run(recipe, seed, train, held_out, folder)["probabilities"] for seed in seeds]
        errors = [error(probabilities, held_out[1]) for probabilities in runs]
        losses = [-np.mean(np.log(p[np.arange(len(p)), held_out[1]] + 1e-9)) for p in runs]
        print(f"| {name} | {spread(errors)} | {np.mean(losses):.4f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", default="build/mnist_accuracy", help="folder of what is done (%(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5), help="seeds to train with (0 to 4)")
    parser.add_argument("--ablation", action="store_true", help="measure the ingredients, on validation")
    parser.add_argument("--epochs", type=int, help="of the ablation; by default, those of the recipe")
    options = parser.parse_args()
    try:
        if options.ablation:
            report_ablation(options.seeds, options.out, options.epochs)
        else:
            report_accuracy(options.seeds, options.out)
    except KeyboardInterrupt:
        raise SystemExit(f"Stopped. What is done is in {options.out}: the same command goes on from there.") from None


if __name__ == "__main__":
    main()
