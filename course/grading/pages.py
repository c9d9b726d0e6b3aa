"""The pages that people read: feedback for each student, the leaderboard, and the class's statistics for the teacher.

Templates escape whatever they are given; the pages also carry a policy that lets no script run, and need no network.
"""

import functools
import json
import os
import re
import statistics
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from course.grading import charts
from course.grading.advice import advice
from course.grading.policy import highest_auc
from course.grading.scores import points

FEEDBACK = "retroalimentacion"
PARTS = {"public": "pública", "private": "privada"}
_DIGITS = 10
_ROWS = {
    "auc": ("AUC (área bajo la curva ROC)", "más es mejor"),
    "log_loss": ("Entropía cruzada (log loss)", "menos es mejor"),
    "brier": ("Puntaje de Brier", "menos es mejor"),
    "ece": ("Error de calibración (ECE)", "menos es mejor"),
    "accuracy": ("Exactitud con umbral 0.5", "más es mejor"),
}


class Writer:
    """Writes each student's feedback as it comes, and keeps of each only what leaderboard and statistics need.

    Parameters
    ----------
    out : path-like
    config : dict
        The challenge's.
    policy : course.grading.policy.Policy
    """

    def __init__(self, out, config, policy):
        self._out, self._config, self._policy = Path(out), config, policy
        self._ranked, self._scores, self._flagged, self._turned_down, self._late = [], [], [], [], 0
        self._alike, self._added = defaultdict(set), set()

    @property
    def students(self):
        """How many students were added."""
        return len(self._added)

    @property
    def rejected(self):
        """How many of them have no valid submission."""
        return len(self._turned_down)

    def stale(self):
        """Return whose pages of an earlier run are there and were not added: another store's, or other labels'."""
        pages = (self._out / FEEDBACK).glob("*.html")
        return sorted({page.stem for page in pages} - self._added)

    def add(self, standing):
        """Write a student's feedback: a page, the same in Markdown, and its picture."""
        self._added.add(standing.student)
        self._note(standing)
        context = self._context(standing)
        target = self._out / FEEDBACK / standing.student
        _write(target, ".html", _html().get_template("feedback.html.j2").render(context))
        _write(target, ".md", _markdown().get_template("feedback.md.j2").render(context))
        if standing.counted:
            _write(target, ".svg", context["picture"])

    def finish(self, strays, present, missing, unlisted):
        """Write the leaderboard and the statistics.

        Parameters
        ----------
        strays : list of str
            Files that are nobody's.
        present : set of str
            Students who have something in the folder; the others keep the grade of an earlier run.
        missing : list of str
            Students of the class list who handed nothing in.
        unlisted : list of str
            Students who handed something in and are not in the class list, where there is one.
        """
        ranked = _places(self._ranked)
        common = {"part": PARTS[self._policy.part], "final": self._policy.final, "config": self._config}
        hidden = len(self._flagged)
        board = _html().get_template("leaderboard.html.j2").render(common, ranked=ranked, hidden=hidden)
        class_ = (
            _html()
            .get_template("statistics.html.j2")
            .render(
                common,
                summary=_summary(self._scores),
                picture=charts.histogram(_histogram(self._scores)),
                counts={"students": self.students, "rejected": self.rejected, "late": self._late},
                flagged=self._flagged,
                alike=sorted(sorted(group) for group in self._alike.values() if len(group) > 1),
                turned_down=self._turned_down,
                strays=strays,
                missing=missing,
                unlisted=unlisted,
                gone=sorted(self._added - present),
            )
        )
        _write(self._out / "clasificacion", ".html", board)
        _write(self._out / "estadisticas", ".html", class_)

    def _note(self, standing):
        for attempt in standing.attempts:
            if measures := attempt.result["measures"]:
                self._alike[hash(_fingerprint(measures))].add(standing.student)
        if standing.counted is None:
            told = standing.attempts[-1].result["problems"]
            self._turned_down.append({"student": standing.student, "problems": told})
            return
        measured, tries = standing.measures(self._policy.part), len(standing.attempts)
        self._scores.append(standing.score)
        self._late += standing.late
        row = {"student": standing.student, "points": standing.raw}
        if seen := standing.flagged:
            self._flagged.append({**row, "auc": highest_auc(seen), "file": seen.file})
        else:
            self._ranked.append({**row, "tries": tries, "auc": measured["auc"], "log_loss": measured["log_loss"]})

    def _context(self, standing):
        parts = ["private", "public"] if self._policy.final else ["public"]
        context = {
            "standing": standing,
            "config": self._config,
            "policy": self._policy,
            "part": PARTS[self._policy.part],
            "parts": [PARTS[part] for part in parts],
            "attempts": [_attempt(attempt, standing, self._config) for attempt in standing.attempts],
        }
        if standing.counted:
            measured = [standing.measures(part) for part in parts]
            context["rows"] = [(*told, [part[name] for part in measured]) for name, told in _ROWS.items()]
            context["picture"] = charts.report(measured[0], PARTS[parts[0]])
            context["advice"] = advice(measured[0], self._config)
            context["calibration"] = measured[0]["calibration"]
        return context


def _fingerprint(measures):
    """Return measures as text: equal predictions have equal ones, though files differ in a name or a line's end.

    The last digits depend on the processor, and a class may be graded on several.
    """
    rounded = {
        part: {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in measured.items()}
        for part, measured in measures.items()
    }
    return json.dumps(rounded, sort_keys=True)


def _attempt(attempt, standing, config):
    """Return what a student sees of an attempt: the points of the private part are no help for the next one."""
    measures = attempt.result["measures"]
    return {
        "when": datetime.fromtimestamp(attempt.received).strftime("%Y-%m-%d %H:%M"),
        "file": attempt.file,
        "counts": attempt is standing.counted,
        "points": points(measures["public"], config) if measures else None,
        "problems": attempt.result["problems"],
        "notebook": _notebook(attempt.result["notebook"]),
    }


def _notebook(facts):
    return f"{facts['run_cells']} de {facts['code_cells']} celdas ejecutadas" if facts else "no"


def _write(target, suffix, text):
    """Write a page unless it is there already, not half and not waiting for the disk: it can be made again any time."""
    path, content = target.with_name(target.name + suffix), text.encode()
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)


def _places(rows):
    """Return the rows from best to worst, each with its place: those with equal measures share it."""
    ranked = sorted(rows, key=lambda row: (-row["points"], -row["auc"], row["log_loss"], row["student"]))
    for place, row in enumerate(ranked, 1):
        above = ranked[place - 2] if place > 1 else None
        tied = above and all(above[name] == row[name] for name in ("points", "auc", "log_loss"))
        row["place"] = above["place"] if tied else place
    return ranked


def _summary(scores):
    """Return mean, standard deviation, and minimum, quartiles and maximum of the scores; None where there are none."""
    if not scores:
        return None
    quartiles = statistics.quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else scores * 3
    return {
        "media": statistics.fmean(scores),
        "desviación estándar": statistics.pstdev(scores),
        **dict(zip(("mínimo", "primer cuartil", "mediana", "tercer cuartil"), (min(scores), *quartiles), strict=True)),
        "máximo": max(scores),
    }


def _histogram(scores):
    counts = [0] * 10
    for score in scores:
        counts[min(int(score), 9)] += 1
    return counts


def _environment(**options):
    return Environment(
        loader=PackageLoader("course.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


@functools.cache
def _html():
    return _environment()


@functools.cache
def _markdown():
    return _environment(finalize=_plain)


def _plain(value):
    """Return a value as Markdown shows it letter by letter: no links, no pictures, no lines of its own."""
    return re.sub(r"([\\`*_\[\]()#!|~{}])", r"\\\1", " ".join(value.split())) if isinstance(value, str) else value
