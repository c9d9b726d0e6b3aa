"""The simulator inside a notebook: JupyterLab, Notebook 7, VS Code and Colab, by way of anywidget.

Where no widget can show (on GitHub, in an HTML export, in a run without browser), the same output holds the experiment
as a static figure with its alt text.
"""

import anywidget
import pandas as pd

from course import validation
from course.errors import CourseError
from course.simulator import static
from course.simulator.engine import Experiment
from course.simulator.session import Session


class Simulator(anywidget.AnyWidget):
    """The simulator as a widget: the last line of a cell shows it.

    Parameters
    ----------
    experiment : Experiment or str, optional
        What to show: an experiment, whose training goes on from where it is; or a link of the playground or of this
        simulator. By default the playground's own first experiment, with a random seed.
    compare : Experiment or str, optional
        A second one, to show beside it. Both train at the same pace.
    pace : int
        Epochs per picture, of which there are up to 25 a second; 0 for as many as there is time for.

    Raises
    ------
    CourseError
        Where an argument is neither an experiment nor a link, or `pace` is not an integer from 0 on.

    Examples
    --------
    >>> simulator = Simulator("#dataset=spiral&noise=25&networkShape=8,8&activation=relu&seed=0.42")
    >>> simulator
    Simulador: spiral, ruido 25, red 2 → 8 → 8 → 1, relu; época 0, pérdida de prueba 0.52
    """

    _esm = static.script()
    _css = static.style()

    def __init__(self, experiment=None, compare=None, pace=5):
        """Set up the experiments; nothing trains yet."""
        super().__init__()
        experiments = [_experiment("experiment", experiment)]
        if compare is not None:
            experiments.append(_experiment("compare", compare))
        self._session = Session(experiments, self._deliver)
        self._session.pace = validation.count("pace", pace, least=0)
        self.on_msg(lambda widget, message, buffers: self._session.handle(message))

    @property
    def experiment(self):
        """The experiment on the screen, as it is now. It is another one after its data or its layers were changed."""
        return self._session.experiments[0]

    @property
    def experiments(self):
        """The experiments on the screen: one, or two side by side."""
        return list(self._session.experiments)

    @property
    def runs(self):
        """The runs that ended so far: a DataFrame with one row each, its settings and its last losses."""
        rows = [{**run, **run["settings"]} for run in self._session.runs]
        return pd.DataFrame(rows).drop(columns="settings", errors="ignore")

    def play(self):
        """Start training, in the background."""
        self._session.play()

    def pause(self):
        """Stop training."""
        self._session.pause()

    def close(self):
        """Stop training and take the widget from the screen."""
        if hasattr(self, "_session"):
            self._session.playing = False
        super().close()

    def __repr__(self):
        """Say the same in every run of the same experiment."""
        return "\n".join(map(_line, self._session.experiments))

    def _deliver(self, content, buffer=b""):
        self.send(content, [buffer] if buffer else None)

    def _repr_mimebundle_(self, **options):
        from course import plots

        data, metadata = super()._repr_mimebundle_(**options)
        image, about = plots.png(plots.experiment(*self._session.experiments))
        data |= {"image/png": image, "text/plain": repr(self)}
        return data, metadata | {"image/png": about}


def _experiment(name, value):
    if value is None:
        return Experiment()
    if isinstance(value, str):
        return Experiment.from_url(value)
    if not isinstance(value, Experiment):
        raise CourseError(f"{name} debe ser un experimento o un enlace del simulador, y es {value!r}.")
    return value


def _line(experiment):
    settings = experiment.settings
    hidden = ", ".join(dict.fromkeys(settings.activations[:-1])) or "sin capas ocultas"
    units = " → ".join(map(str, settings.units))
    return (
        f"Simulador: {settings.dataset}, ruido {settings.noise:g}, red {units}, {hidden}; "
        f"época {experiment.epoch}, pérdida de prueba {experiment.losses[1]:.2f}"
    )
