"""How well an experiment classifies: counts and share of right answers."""

import numpy as np

from course.errors import CourseError


def confusion(experiment, test=True):
    """Return how the test points (or the training ones) were classified.

    Returns
    -------
    pandas.DataFrame
        Counts; one row per true label, one column per label given.

    Raises
    ------
    CourseError
        In a regression, which has no classes.
    """
    import pandas as pd

    settings = experiment.settings
    if settings.problem == "regression":
        raise CourseError("En una regresión no hay clases que contar: mira las pérdidas.")
    points = experiment.test_points if test else experiment.train_points
    labels = range(settings.classes) if settings.classes > 2 else (-1, 1)
    given = pd.Categorical(experiment.classify(points), categories=labels)
    true = pd.Categorical(points[:, 2].astype(int), categories=labels)
    return pd.crosstab(true, given, rownames=["clase"], colnames=["respuesta"], dropna=False)


def accuracy(experiment, test=True):
    """Return the share of points classified rightly; arguments and errors as in `confusion`."""
    table = confusion(experiment, test)
    return float(np.trace(table) / table.to_numpy().sum())
