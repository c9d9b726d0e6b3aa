"""The public playground's experiment, offline and beyond it.

`Experiment` is one, `sweep` trains many at once, and `Simulator` shows one in a notebook, or two side by side.
"""

import importlib

_HOMES = {"Experiment": "engine", "Settings": "settings", "Simulator": "widget", "sweep": "sweeps"}

__all__ = list(_HOMES)


def __getattr__(name):
    """Import what a public name needs the first time that it is read."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"course.simulator.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'course.simulator' has no attribute {name!r}")
