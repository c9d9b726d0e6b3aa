"""A control changes one setting; those that would then contradict it change along with it."""


def fitting(settings, changes):
    """Return `changes` with what must change along with them.

    Parameters
    ----------
    settings : course.simulator.settings.Settings
        Those of before.
    changes : dict
        Settings by name.

    Returns
    -------
    dict
        With half_mse and no classes for a regression, two classes for a data set that has no more, and one activation
        per layer where each layer has its own: a new layer takes the last one's.
    """
    after = vars(settings) | changes
    regression = str(after["dataset"]).startswith("reg-")
    if regression:
        changes = {**changes, "loss": "half_mse", "classes": 2}
    elif "dataset" in changes and after["dataset"] not in ("spiral", "gauss", "own"):
        changes = {**changes, "classes": 2}
    activation, layers = after["activation"], after["layers"]
    if not isinstance(activation, str) and len(activation) != len(layers):
        padded = (*activation, *[activation[-1] if activation else "tanh"] * len(layers))
        changes = {**changes, "activation": tuple(padded[: len(layers)])}
    return changes
