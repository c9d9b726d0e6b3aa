"""Redes Neuronales, Parte II: a class on multilayer feed-forward networks.

The submodules are imported on first use (PEP 562), so that ``import course`` costs nothing: Keras, pandas and
matplotlib are loaded only by the parts that need them.
"""

import importlib

from course.errors import CourseError

__version__ = "0.1.0"

_SUBMODULES = (
    "bookings",
    "byhand",
    "canvas",
    "checks",
    "datasets",
    "environment",
    "graph",
    "handwriting",
    "models",
    "notebooks",
    "plots",
    "recipes",
    "simulator",
    "toydata",
    "training",
    "tuning",
)

__all__ = ["CourseError", "__version__", *_SUBMODULES]


def __getattr__(name):
    """Import a submodule the first time that ``course.<name>`` is read."""
    if name in _SUBMODULES:
        return importlib.import_module(f"course.{name}")
    raise AttributeError(f"module 'course' has no attribute {name!r}")


def __dir__():
    """List the public names, whether already imported or not."""
    return sorted({*globals(), *__all__})
