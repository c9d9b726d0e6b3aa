"""Every figure of the class: colour-blind safe, readable in grey, in Spanish, with its own alt text.

Each function draws one figure with pyplot and returns it, so that ``plt.show()`` shows it once. The user's own
matplotlib settings are left as they were; `install` gives the other figures of a notebook the same style, where the
user has not set one.
"""

from course.plots.curves import activations, loss_curve, operation_counts
from course.plots.diagram import network
from course.plots.distributions import distributions
from course.plots.experiment import experiment
from course.plots.expression import graph
from course.plots.leakage import leakage
from course.plots.learning import descent, gradients
from course.plots.output import alt_text, describe, install, png
from course.plots.pictures import images
from course.plots.probabilities import calibration, thresholds
from course.plots.search import parallel, race, slices, trial_curves

__all__ = [
    "activations",
    "alt_text",
    "calibration",
    "descent",
    "describe",
    "distributions",
    "experiment",
    "gradients",
    "graph",
    "images",
    "install",
    "leakage",
    "loss_curve",
    "network",
    "operation_counts",
    "parallel",
    "png",
    "race",
    "slices",
    "thresholds",
    "trial_curves",
]
