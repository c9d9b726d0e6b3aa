import dataclasses
import functools
import json
import math
import shlex
import signal
import sqlite3
import string
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import fail_stale_trials
from optuna.trial import TrialState
from tuning_problems import PARABOLA, SPACE, parabola

from course import cli, tuning
from course.errors import CourseError
from course.tuning import budget, dashboard, loop, networks, problems, rdb, space, storage, strategy, trials
from course.tuning import study as studies

search = functools.partial(tuning.search, progress=False)


def tried(study):
    return [(trial.params, trial.value) for trial in study.trials]


# --- the space ---------------------------------------------------------------------------------------------------


def test_ranges_are_written_short():
    made = space.distributions(
        {"units": (16, 64, "log"), "rate": (1e-4, 0.1, "log"), "drop": (0.0, 1), "act": ["relu", None], "fixed": 3}
    )
    assert list(made.items()) == [
        ("act", CategoricalDistribution(["relu", None])),
        ("drop", FloatDistribution(0.0, 1)),
        ("fixed", CategoricalDistribution([3])),
        ("rate", FloatDistribution(1e-4, 0.1, log=True)),
        ("units", IntDistribution(16, 64, log=True)),
    ]
    own = FloatDistribution(0, 1, step=0.25)
    assert space.distributions({"x": own}) == {"x": own}


@pytest.mark.parametrize(
    "values",
    [(3, 1), (0, 1, "log"), (1, 2, "lin"), (1,), (1, 2, 3), [], [[1]], ("a", "b"), (0.0, math.inf), (True, 2), {}, abs],
)
def test_what_is_no_range_is_told(values):
    with pytest.raises(CourseError, match=r"Los valores de units, .* no son un rango"):
        space.distributions({"units": values})


@pytest.mark.parametrize("wrong", [{}, None, [1], {1: (1, 2), "x": (1, 2)}, {("x", "y"): (1, 2)}])
def test_what_is_no_space_is_told(wrong):
    with pytest.raises(CourseError, match="no es un espacio"):
        space.distributions(wrong)


def test_unknown_hyperparameters_are_named_with_those_that_there_are():
    with pytest.raises(CourseError, match=r"no conoce: capas, unidades\. Los que hay: layers, units"):
        search("circle", {"capas": (1, 2), "unidades": (1, 2)})


# --- the search --------------------------------------------------------------------------------------------------


def test_a_search_finds_the_minimum_and_is_the_same_each_time():
    first, second = search(PARABOLA, trials=60), search(PARABOLA, trials=60)
    assert len(first.trials) == 60
    assert first.best_value < 1.05
    assert tried(first) == tried(second)
    assert tried(first) != tried(search(PARABOLA, trials=60, seed=1))


def test_the_order_of_the_space_changes_nothing():
    assert tried(search(PARABOLA, dict(reversed(SPACE.items())), 8)) == tried(search(PARABOLA, SPACE, 8))


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_one_that_was_interrupted_goes_on_as_if_it_never_had_been(tmp_path, sampler):
    calls = []

    def stubborn(params, seed, report):
        calls.append(seed)
        if len(calls) in (3, 17):
            raise KeyboardInterrupt
        return parabola(params, seed, report)

    problem = tuning.Problem("parábola", stubborn, SPACE)
    again = functools.partial(search, problem, trials=25, storage=tmp_path / "s.sqlite", sampler=sampler)
    done = [budget.closed(again().trials, 25) for _ in range(3)]
    assert done == [2, 15, 25]
    assert calls[2] == calls[3], "the trial that was cut is repeated with its own seed"
    calm = search(PARABOLA, trials=25, sampler=sampler)
    kept = [trial for trial in again().trials if budget.ended(trial)]
    if sampler == "random":  # TPE sees the trials in another order from the first one that was cut
        best = {trial.params["x"] for trial in kept}
        assert len(best & {trial.params["x"] for trial in calm.trials}) >= 23
    assert len(kept) == 25
    assert kept[0].params == calm.trials[0].params


def test_more_trials_go_on_with_the_same_study(tmp_path):
    place = tmp_path / "s.sqlite"
    search(PARABOLA, trials=5, storage=place)
    longer = search(PARABOLA, trials=12, storage=place)
    assert tried(longer) == tried(search(PARABOLA, trials=12))
    assert len(search(PARABOLA, trials=12, storage=place).trials) == 12
    assert len(search(PARABOLA, trials=4, storage=place).trials) == 12


def test_a_grid_is_walked_once():
    study = search(PARABOLA, {"x": [0.0, 1.0], "n": [1, 2, 3]}, 6, sampler="grid")
    assert len({tuple(trial.params.items()) for trial in study.trials}) == 6
    with pytest.raises(CourseError, match="La rejilla tiene 6 combinaciones y pediste 7"):
        search(PARABOLA, {"x": [0.0, 1.0], "n": [1, 2, 3]}, 7, sampler="grid")
    with pytest.raises(CourseError, match="tienen un rango: n, x"):
        search(PARABOLA, trials=3, sampler="grid")


def test_a_large_grid_takes_little_memory_and_one_too_large_is_told():
    tracemalloc.start()
    study = search(PARABOLA, {"n": list(range(1000)), "x": list(range(1000))}, 3, sampler="grid")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pairs = [(n, x) for n in range(1000) for x in range(1000)]
    order = np.random.default_rng(0).permutation(len(pairs))
    assert [(trial.params["n"], trial.params["x"]) for trial in study.trials] == [pairs[k] for k in order[:3]]
    assert peak < 50e6
    with pytest.raises(CourseError, match=r"La rejilla tiene 100000000000000000000 combinaciones y se admiten"):
        search(PARABOLA, {letter: list(range(10)) for letter in string.ascii_letters[:20]}, 3, sampler="grid")


def test_a_grid_that_is_extended_goes_on_with_what_is_missing(tmp_path):
    """A trial that nobody asked for, as several processes make, takes no combination from the others."""
    walk = functools.partial(search, PARABOLA, {"x": [0.0, 1.0], "n": [1, 2, 3]}, sampler="grid")
    place = tmp_path / "s.sqlite"
    study = walk(3, storage=place)
    surplus = study.ask()
    surplus.suggest_categorical("x", [0.0, 1.0])
    surplus.set_user_attr(budget.SURPLUS, True)
    study.tell(surplus, state=TrialState.FAIL)
    whole = [trial.params for trial in walk(6, storage=place).trials if budget.ended(trial)]
    assert whole == [trial.params for trial in walk(6).trials]
    assert len({tuple(params.items()) for params in whole}) == 6


def test_each_trial_has_a_seed_of_its_own_that_depends_on_its_number():
    seeds = []
    problem = tuning.Problem("semillas", lambda params, seed, report: seeds.append(seed) or 0.0, SPACE)
    search(problem, trials=5, seed=3)
    assert seeds == [strategy.seed_of(3, number) for number in range(5)]
    assert len({*seeds}) == 5


def learner(params, seed, report):
    for epoch in range(1, 11):
        report(epoch, params["x"] * epoch)
    return params["x"] * 10


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_bad_trials_are_pruned(pruner):
    problem = tuning.Problem("aprende", learner, {"x": (0.0, 1.0)}, direction="maximize", epochs=10)
    study = search(problem, trials=40, pruner=pruner)
    pruned = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert len(pruned) >= 8
    assert max(trial.params["x"] for trial in pruned) < study.best_params["x"]
    assert all(len(trial.intermediate_values) < 10 for trial in pruned)
    whole = search(problem, trials=40, pruner="none")
    assert {trial.state for trial in whole.trials} == {TrialState.COMPLETE}


MIXED = {"act": ["relu", "tanh"], "fixed": 3, "rate": (1e-4, 1.0, "log"), "units": (4, 64)}


def uneven(params, seed, report):
    """A course of training whose order at the first epochs is not yet that of the end."""
    for epoch in range(1, 7):
        report(
            epoch, (params["units"] - 20) ** 2 * epoch + 40 * math.log10(params["rate"]) ** (params["act"] == "relu")
        )
    return (params["units"] - 20) ** 2 + params["rate"]


def test_what_is_tried_and_what_is_pruned_are_as_with_optunas_own(kept, monkeypatch):
    problem = tuning.Problem("desigual", uneven, MIXED, epochs=6)
    search(problem, trials=30, storage=kept)
    spared = search(problem, trials=60, storage=kept)
    own = strategy.Numbered(lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True), 0)
    whole = {"sampler": own, "pruner": optuna.pruners.MedianPruner(n_warmup_steps=1)}
    monkeypatch.setattr(loop.Job, "strategy", lambda *_: whole)
    assert tried(spared) == tried(search(problem, trials=60))
    assert {trial.state for trial in spared.trials[10:]} == {TrialState.COMPLETE, TrialState.PRUNED}


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_trials_that_others_end_meanwhile_prune_too_though_a_second_later(sampler, kept, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(trials.time, "monotonic", lambda: now[0])
    kind = strategy.sampler(sampler, 0, space.distributions(SPACE), opened := storage.connect(kept))
    name, pruner = f"ajenos-{sampler}", strategy.pruner("median", 10, opened)
    study = optuna.create_study(storage=opened, study_name=name, sampler=kind, pruner=pruner)
    others = optuna.load_study(storage=storage.connect(kept), study_name=name)
    better = [optuna.trial.create_trial(value=0, intermediate_values=dict.fromkeys(range(1, 10), 0.0))] * 5
    trial = study.ask()
    pruned = []
    for epoch in range(1, 7):
        if epoch == 3:
            others.add_trials(better)
        if epoch == 5:
            now[0] += 1.1
        trial.report(1.0, epoch)
        pruned.append(trial.should_prune())
    assert pruned == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("begun_by_others", "looks"),
    [((0, 0, 0), [False, False, False]), ((0, 1, 0), [False, True, True]), ((1, 0, 0), [True] * 3)],
)
def test_tpe_looks_at_the_trials_of_others_once_there_are_any(begun_by_others, looks):
    sampler = strategy.sampler("tpe", 0, space.distributions(SPACE))
    study, looked = optuna.create_study(sampler=sampler), []
    for others in begun_by_others:
        study.add_trials([optuna.trial.create_trial(state=TrialState.RUNNING)] * others)
        study.ask()
        looked.append(sampler._sampler._constant_liar)
    assert looked == looks


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trials": 0}, "trials=0 no es válido"),
        ({"trials": 2.5}, "trials=2.5"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**32}, "seed=4294967296 no es válido: usa un entero entre 0 y 4294967295"),
        ({"workers": 0}, "workers=0"),
        ({"grace": 1}, "grace=1"),
        ({"workers": 2}, "da storage="),
        ({"sampler": "bayes"}, r"sampler='bayes' no existe\. Elige uno de estos: tpe, random, grid"),
        ({"pruner": "x"}, "pruner='x' no existe"),
        ({"name": "x" * 600}, "tiene 600 caracteres, y caben 512"),
        ({"problem": abs}, r"<built-in function abs> no es un problema.*tuning\.Problem"),
        ({"problem": "hotel"}, r"No conozco el problema 'hotel'\. Los que hay: .*circle"),
    ],
)
def test_wrong_arguments_are_told(wrong, message):
    with pytest.raises(CourseError, match=message):
        search(**{"problem": PARABOLA, **wrong})


def test_a_grace_longer_than_any_date_takes_no_trial_for_dead(tmp_path):
    kept = storage.connect(tmp_path / "s.sqlite", grace=10**15)
    study = optuna.create_study(storage=kept)
    study.add_trial(optuna.trial.create_trial(state=TrialState.RUNNING))
    with loop.quiet():
        fail_stale_trials(study)
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING]


def test_a_direction_that_is_none_is_told():
    with pytest.raises(CourseError, match=r"direction='max' no existe\. Elige uno de estos: minimize, maximize"):
        tuning.Problem("p", abs, SPACE, direction="max")


# --- trials that go wrong ----------------------------------------------------------------------------------------


def moody(params, seed, report):
    kind = params["kind"]
    if kind == "raises":
        return 1 / 0
    if kind == "reports":
        report(1, math.nan)
    if kind == "leaves":
        sys.exit(3)
    if kind == "repeats":
        report(1, 0.5)
        report(1, 0.5)
    if kind == "early":
        report(-1, 0.5)
    return {"nan": math.nan, "inf": math.inf, "none": None, "text": "mucho", "numpy": np.float32(2)}.get(kind, 1.0)


KINDS = ["raises", "leaves", "reports", "repeats", "early", "nan", "inf", "none", "text", "numpy", "good"]


def test_trials_that_fail_count_are_told_and_stop_nothing(tmp_path):
    problem = tuning.Problem("voluble", moody, {"kind": KINDS})
    study = search(problem, trials=len(KINDS), sampler="grid", storage=tmp_path / "s.sqlite")
    errors = {trial.params["kind"]: trial.user_attrs.get(budget.ERROR, "") for trial in study.trials}
    assert "ZeroDivisionError: division by zero" in errors.pop("raises")
    assert errors.pop("good") == errors.pop("numpy") == ""
    assert errors.pop("leaves") == "SystemExit: 3"
    assert "en la época 1 informó nan" in errors.pop("reports")
    assert "informó dos veces de la época 1" in errors.pop("repeats")
    assert "época=-1 no es válido" in errors.pop("early")
    assert all("no es un número" in text for text in errors.values())
    assert {kind for kind, text in errors.items() if "tasa de aprendizaje" in text} == {"nan", "inf"}
    assert study.best_value == 1.0
    assert budget.step(study.trials, len(KINDS)) == "done"
    again = search(problem, trials=len(KINDS), sampler="grid", storage=tmp_path / "s.sqlite")
    assert len(again.trials) == len(KINDS)


def test_a_search_without_one_good_trial_says_why():
    problem = tuning.Problem("voluble", moody, {"kind": ["raises"]})
    with pytest.raises(CourseError, match=r"Ninguno de los 3 intentos .* terminó bien.*: ZeroDivisionError: [^.]*$"):
        search(problem, trials=3)


def test_a_trial_may_search_by_itself():
    inner = functools.partial(search, PARABOLA, trials=2)
    study = search(tuning.Problem("fuera", lambda params, seed, report: inner(seed=seed).best_value, SPACE), trials=2)
    assert [trial.value for trial in study.trials] == [inner(seed=strategy.seed_of(0, k)).best_value for k in range(2)]


def test_the_error_of_a_file_that_is_not_the_storage_is_left_as_it_is():
    lost = functools.partial(Path("no_existe.npz").read_bytes)
    with pytest.raises(FileNotFoundError, match=r"no_existe\.npz"):
        search(dataclasses.replace(tiny_network(), data=lost), trials=1)


def test_optuna_says_nothing_and_its_log_is_as_before(capfd):
    before = optuna.logging.get_verbosity()
    search(tuning.Problem("voluble", moody, {"kind": KINDS}), trials=len(KINDS), sampler="grid")
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


# --- the storage -------------------------------------------------------------------------------------------------


def test_two_searches_under_one_name_are_kept_apart(tmp_path):
    place = tmp_path / "s.sqlite"
    search(PARABOLA, trials=3, storage=place)
    for other in ({"seed": 1}, {"sampler": "random"}, {"space": {"x": (0.0, 1.0), "n": 1}}):
        with pytest.raises(CourseError, match=r"ya hay otra búsqueda con el nombre 'parábola'.*--name"):
            search(PARABOLA, trials=3, storage=place, **other)
    assert len(search(PARABOLA, trials=4, storage=place).trials) == 4, "the first one is as usable as before"
    assert len(search(PARABOLA, trials=2, storage=place, seed=1, name="otra").trials) == 2
    with pytest.raises(CourseError, match=r"no hay ninguna búsqueda 'x'\. Las que hay: parábola, otra"):
        tuning.load(place, "x")
    assert len(tuning.load(place, "otra").trials) == 2


@pytest.mark.parametrize("look", [lambda place: tuning.load(place, "x"), dashboard.serve], ids=["load", "dashboard"])
def test_to_look_at_a_file_that_is_not_there_is_told_and_makes_none(look, tmp_path):
    place = tmp_path / "otra" / "s.sqlite"
    with pytest.raises(CourseError, match=r"No existe .*s\.sqlite: .*Revisa la ruta"):
        look(place)
    assert not list(tmp_path.iterdir())


def test_a_study_whose_maker_died_before_it_said_what_it_is_about_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "_PATIENCE", 0.2)
    place = tmp_path / "s.sqlite"
    optuna.create_study(storage=storage.connect(place), study_name="alta", direction="minimize")
    high = tuning.Problem("alta", lambda params, seed, report: params["x"], SPACE, direction="maximize")
    study = search(high, trials=5, storage=place, seed=np.int64(0))
    assert study.direction.name == "MAXIMIZE"
    assert study.best_value == max(trial.value for trial in study.trials)


def test_a_space_that_was_refused_leaves_no_study(tmp_path):
    place = tmp_path / "s.sqlite"
    with pytest.raises(CourseError, match="units=0"):
        search(tiny_network(), {"units": (0, 4)}, trials=1, storage=place)
    with pytest.raises(CourseError, match="No hay ninguna"):
        tuning.load(place, "mínima")


def test_two_searches_that_begin_together_under_one_name_are_kept_apart(tmp_path):
    """Both find no study, and one is slow to make it: it then finds the other's."""
    place = tmp_path / "s.sqlite"

    class Slow(tuning.Problem):
        def check(self, space):
            search(PARABOLA, trials=2, storage=place, seed=1)

    with pytest.raises(CourseError, match=r"ya hay otra búsqueda .*no coincide en semilla"):
        search(Slow(PARABOLA.name, PARABOLA.evaluate, SPACE), trials=2, storage=place)
    assert len(search(PARABOLA, trials=2, storage=place, seed=1).trials) == 2


def test_a_study_of_another_version_is_not_mixed_with_this_one(tmp_path, monkeypatch):
    network = tiny_network()
    search(network, trials=1, storage=tmp_path / "s.sqlite")
    with pytest.raises(CourseError, match=r"no coincide en épocas\."):
        search(dataclasses.replace(network, epochs=4), trials=2, storage=tmp_path / "s.sqlite")
    monkeypatch.setattr(problems.Network, "version", "otra")
    with pytest.raises(CourseError, match=r"no coincide en versión\. La hizo otra versión del curso .*ahora, otra"):
        search(network, trials=2, storage=tmp_path / "s.sqlite")


def test_only_trials_that_last_give_signs_of_life(tmp_path):
    place, naps = tmp_path / "s.sqlite", iter([0, 1.5, 0])
    search(tuning.Problem("siestas", lambda *_: time.sleep(next(naps)) or 0.0, SPACE), trials=3, storage=place)
    with sqlite3.connect(place) as database:
        beaten = database.execute("SELECT number FROM trials NATURAL JOIN trial_heartbeats").fetchall()
    assert beaten == [(1,)]


def test_what_is_written_in_one_statement_is_what_optuna_writes(kept, monkeypatch):
    space = {**SPACE, "n": (1, 9), "kind": ["a", "b"], "rate": (1e-4, 0.1, "log")}
    problem = tuning.Problem("filas", lambda params, seed, report: report(1, params["x"]) or report(3, 0.5) or 1, space)
    both = {}
    for name in ("una orden", "de Optuna"):
        study = search(problem, trials=3, storage=kept, name=name, sampler="random")
        both[name] = [(trial.params, trial.distributions, trial.intermediate_values) for trial in study.trials]
        monkeypatch.setattr(rdb.Database, "_insert", lambda *_: False)
    assert both["una orden"] == both["de Optuna"]
    engine = storage.connect(kept).database.engine
    for table, columns, each in (
        ("trial_params", "param_name, param_value, distribution_json", len(space)),
        ("trial_intermediate_values", "step, intermediate_value, intermediate_value_type", 2),
    ):
        with engine.connect() as connection:
            rows = [
                connection.exec_driver_sql(
                    f"SELECT number, {columns} FROM {table} NATURAL JOIN trials NATURAL JOIN studies "
                    f"WHERE study_name = '{name}' ORDER BY 1, 2"
                ).all()
                for name in both
            ]
        assert rows[0] == rows[1]
        assert len(rows[0]) == 3 * each


def test_most_of_what_a_trial_writes_takes_one_statement(kept, monkeypatch):
    insert, done = rdb.Database._insert, []
    monkeypatch.setattr(rdb.Database, "_insert", lambda *told: done.append(insert(*told)) or done[-1])
    problem = tuning.Problem("cuenta", lambda params, seed, report: report(1, 0.5) or report(2, 0.4) or 1, SPACE)
    search(problem, trials=3, storage=kept, name="cuenta")
    # In each trial two reports; in all but the first, where the hyperparameters are new, those too.
    assert done == [True] * (3 * 2 + 2 * len(SPACE))


@pytest.mark.parametrize(("others", "reads"), [(0, [1, 1, 1]), (1, [3, 3, 3])])
def test_tpe_reads_the_trials_once_for_each_of_its_own_while_it_is_alone(others, reads, kept, monkeypatch):
    sampler = strategy.sampler("tpe", 0, space.distributions(SPACE), opened := storage.connect(kept))
    study = optuna.create_study(storage=opened, sampler=sampler, study_name=f"lecturas-{others}")
    study.add_trials([optuna.trial.create_trial(value=0.5)] * 10)
    study.add_trials([optuna.trial.create_trial(state=TrialState.RUNNING)] * others)
    read, get_trials = [], optuna.storages.RDBStorage._get_trials
    monkeypatch.setattr(
        optuna.storages.RDBStorage,
        "_get_trials",
        lambda *told, **options: read.append(1) or get_trials(*told, **options),
    )
    counted = []
    for _ in range(4):
        trial = study.ask()
        space.suggest(trial, space.distributions(SPACE))
        study.tell(trial, 0.5)
        counted.append(len(read))
    assert np.diff(counted).tolist() == reads  # at its first trial it looks for others


def test_a_trial_is_the_same_for_the_process_that_began_it_and_for_others(kept):
    opened, others = (storage.connect(kept) for _ in range(2))
    study = optuna.create_study(storage=opened, study_name="propio")

    def expect_same(trial):
        own, theirs = (place.get_trial(trial._trial_id) for place in (opened, others))
        assert repr(own) == repr(theirs)  # NaN is unlike itself

    for fixed in ({}, {"units": 5}):
        if fixed:
            study.enqueue_trial(fixed, user_attrs={"por": "otros"})
        trial = study.ask()
        expect_same(trial)
        for name, kind in space.distributions({**MIXED, "layers": 2}).items():
            space.suggest(trial, {name: kind})
            expect_same(trial)
        for step, value in enumerate((0.1, math.nan, math.inf, -math.inf)):
            trial.report(value, step)
            expect_same(trial)
        trial.set_user_attr("nota", "parada")
        expect_same(trial)
        opened.set_trial_system_attr(trial._trial_id, "orden", 1)
        expect_same(trial)
        study.tell(trial, 0.5)
        expect_same(trial)


def test_the_trials_of_each_state_are_those_that_the_database_has(kept):
    opened, others = (storage.connect(kept) for _ in range(2))
    name, chance = f"estados-{time.time_ns()}", np.random.default_rng(0)
    studies = [optuna.create_study(storage=opened, study_name=f"{name}-{k}") for k in range(2)]
    guests = [optuna.load_study(storage=others, study_name=study.study_name) for study in studies]
    ends = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]
    running = []
    for _ in range(60):
        study = (studies + guests)[chance.integers(4)]
        if chance.random() < 0.3:
            study.enqueue_trial({})
        elif chance.random() < 0.6 or not running:
            running.append(study.ask())
        else:
            state = ends[chance.integers(3)]
            trial = running.pop(chance.integers(len(running)))
            trial.study.tell(trial, 0.5 if state == TrialState.COMPLETE else None, state)
        for mine in studies:
            for states in (None, *([state] for state in TrialState), {*ends}):
                found, there = (
                    place.get_all_trials(mine._study_id, states=states) for place in (opened, opened.database)
                )
                assert found == there
        assert [trial.number for trial in study.trials] == [*range(len(study.trials))]
    assert {trial.state for trial in studies[0].trials} == {*TrialState}
    optuna.delete_study(storage=opened, study_name=f"{name}-1")  # the last one: SQLite gives its number out again
    again = optuna.create_study(storage=opened, study_name=f"{name}-1")
    assert again.trials == []


def test_a_trial_that_others_ended_cannot_be_ended_again(kept):
    study = optuna.create_study(storage=storage.connect(kept), study_name="ajeno")
    trial = study.ask()
    storage.connect(kept).set_trial_state_values(trial._trial_id, TrialState.FAIL)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        study.tell(trial, 0.5)
    assert study.get_trials()[0].state == TrialState.FAIL


def test_what_one_statement_cannot_write_is_left_to_optuna(kept):
    opened = storage.connect(kept)
    study = optuna.create_study(storage=opened, study_name="casos")
    trial = study.ask()
    opened.set_trial_intermediate_value(trial._trial_id, 1, math.nan)
    opened.set_trial_intermediate_value(trial._trial_id, 2, 0.5)
    opened.set_trial_intermediate_value(trial._trial_id, 2, 0.25)
    values = study.get_trials()[0].intermediate_values
    assert math.isnan(values.pop(1))
    assert values == {2: 0.25}
    trial.suggest_float("x", 0, 1)
    second = study.ask()
    with pytest.raises(ValueError, match="different distribution kind"):
        second.suggest_categorical("x", [1, 2])
    study.tell(trial, 1.0)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        trial.report(1.0, 5)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        trial.suggest_float("y", 0, 1)


def test_a_server_that_was_restarted_while_a_trial_trained_is_spoken_to_again(postgres, monkeypatch):
    opened = storage.connect(postgres)
    asked, ping = [], opened.database.engine.dialect.do_ping
    opened.database.engine.dialect.do_ping = lambda connection: asked.append(connection) or ping(connection)
    monkeypatch.setattr(rdb, "_REST", 60)
    study = optuna.create_study(storage=opened, study_name="descanso")
    trial = study.ask()
    assert asked == []
    with storage.connect(postgres).database.engine.connect() as other:
        other.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    monkeypatch.setattr(rdb, "_REST", 0)
    trial.report(0.5, 1)
    study.tell(trial, 0.5)
    assert asked[0].closed
    assert study.best_value == 0.5


def test_a_storage_of_another_optuna_is_told(tmp_path):
    place = tmp_path / "s.sqlite"
    search(PARABOLA, trials=1, storage=place)
    with sqlite3.connect(place) as database:
        database.execute("UPDATE alembic_version SET version_num = 'v9.9.9'")
    with pytest.raises(CourseError, match=r"lo hizo otra versión de Optuna.*--storage"):
        search(PARABOLA, trials=2, storage=place)


def test_what_is_no_storage_is_told_and_left_as_it_was(tmp_path):
    place = tmp_path / "notas.txt"
    place.write_text("apuntes de la clase " * 100)
    with pytest.raises(CourseError, match=r"No se pudo usar el registro .*txt: es un archivo de otra cosa\. .*otro"):
        search(PARABOLA, trials=1, storage=place)
    assert place.read_text().startswith("apuntes")
    with pytest.raises(CourseError, match=r"es una carpeta\. .*busquedas\.sqlite"):
        search(PARABOLA, trials=1, storage=tmp_path)
    with pytest.raises(CourseError, match=r"No entiendo la dirección.*postgresql://usuario"):
        search(PARABOLA, trials=1, storage="postgresql://ana:secreta@servidor:puerto/x")
    with pytest.raises(CourseError, match="No se pudo usar el registro"):
        search(PARABOLA, trials=1, storage="nada://aquí")


def test_what_cannot_be_written_is_told(tmp_path, monkeypatch):
    place = tmp_path / "s.sqlite"
    search(PARABOLA, trials=1, storage=place)
    connected = sqlite3.connect  # root may write anywhere: here SQLite itself refuses
    monkeypatch.setattr(
        storage.sqlite3, "connect", lambda path, **options: connected(f"{path.as_uri()}?mode=ro", uri=True, **options)
    )
    with pytest.raises(CourseError, match=r"s\.sqlite: no se puede escribir en él\. Corrígelo"):
        search(PARABOLA, trials=2, storage=place)


def test_a_database_that_goes_away_while_a_trial_is_closed_is_told(tmp_path, monkeypatch):
    def gone(*arguments, **options):
        raise optuna.exceptions.StorageInternalError("server closed the connection")

    def leaves(params, seed, report):
        for name in ("set_trial_state_values", "get_trial"):
            monkeypatch.setattr(trials.Storage, name, gone)
        return 1.0

    with pytest.raises(CourseError, match=r"No se pudo usar el registro .*: server closed .*repite la misma orden"):
        search(tuning.Problem("sin base", leaves, SPACE), trials=2, storage=tmp_path / "s.sqlite")


@pytest.mark.filterwarnings("error")
def test_a_path_may_have_any_character_that_a_file_may(tmp_path):
    place = tmp_path / "Año 1 ¿qué" / ("{s} %20 #1.sqlite" if sys.platform == "win32" else "{s} %20 #1?mode=a.sqlite")
    search(PARABOLA, trials=2, storage=place)
    assert place.is_file()
    assert len(tuning.load(place, "parábola").trials) == 2


def test_an_unreachable_database_is_told_without_its_password():
    pytest.importorskip("psycopg", reason="sin el extra [cluster]")
    with pytest.raises(CourseError, match=r"postgresql://ana:\*\*\*@127\.0\.0\.1:1/x.*repite la misma orden") as error:
        search(PARABOLA, trials=1, storage="postgresql://ana:secreta@127.0.0.1:1/x")
    assert "secreta" not in str(error.value)


def test_a_missing_driver_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in ("postgresql", "postgres"):  # the second is PostgreSQL's own too, but SQLAlchemy does not know it
        with pytest.raises(CourseError, match=r"falta el paquete.*\[cluster\]"):
            search(PARABOLA, trials=1, storage=f"{name}://ana@127.0.0.1/x")


def test_no_trial_of_a_file_is_taken_twice(tmp_path):
    """Optuna's storage alone lets it happen in SQLite: with these four, to about one trial in eight."""
    place, taken, together = tmp_path / "s.sqlite", [], threading.Barrier(4)
    queue = optuna.create_study(storage=storage.connect(place), study_name="cola")
    for _ in range(40):
        queue.enqueue_trial({})

    def take():
        study = tuning.load(place, "cola")
        together.wait()
        while (number := study.ask().number) < 40:
            taken.append(number)

    threads = [threading.Thread(target=take) for _ in range(4)]
    with loop.quiet(), pytest.warns(UserWarning, match="Heartbeat"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(taken) == list(range(40))


# --- the budget --------------------------------------------------------------------------------------------------


def fresh():
    return optuna.create_study(direction="minimize")


def test_a_trial_that_died_is_repeated_in_its_slot_and_no_other_takes_its_place():
    study = fresh()
    first = study.ask({"x": FloatDistribution(0, 1)})
    study.tell(first, state=TrialState.FAIL)
    assert budget.step(study.trials, 1) == "wait"
    loop.queue_again(study, study.trials, 1)
    assert budget.step(study.trials, 1) == "go"
    loop.queue_again(study, study.trials, 1)
    assert len(study.trials) == 2, "it is queued already"
    again = study.ask({"x": FloatDistribution(0, 1)})
    assert again.params == first.params
    assert (again.number, budget.slot(again)) == (1, 0)
    assert budget.is_owed(again, study.trials, 1)
    study.tell(again, 0.5)
    assert budget.closed(study.trials, 1) == 1
    assert budget.step(study.trials, 1) == "done"


def test_a_trial_that_took_three_processes_with_it_is_given_up_but_not_one_that_was_stopped():
    study, stopped = fresh(), fresh()
    for _ in range(budget.DEATHS):
        assert budget.deadly(study.trials, 1) == []
        for each, marks in ((study, {}), (stopped, {budget.STOPPED: True})):
            trial = each.ask()
            for name, value in marks.items():
                trial.set_user_attr(name, value)
            each.tell(trial, state=TrialState.FAIL)
            loop.queue_again(each, each.trials, 1)
    assert (budget.deadly(study.trials, 1), len(study.trials)) == ([0], budget.DEATHS)
    assert (budget.step(study.trials, 1), budget.closed(study.trials, 1)) == ("done", 1)
    assert (budget.deadly(stopped.trials, 1), budget.step(stopped.trials, 1)) == ([], "go")


def test_what_nobody_asked_for_is_not_owed():
    study = fresh()
    trials = [study.ask() for _ in range(3)]
    assert [budget.is_owed(trial, study.trials, 2) for trial in trials] == [True, True, False]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["ask", "end", "prune", "err", "die", "queue", "twice"]), max_size=40), st.data())
def test_whatever_dies_in_whatever_order_the_asked_number_ends_once_each(events, data):
    """Processes take trials, end them or die at any moment; others may queue a dead one twice at the same time."""
    asked, study, running = 4, fresh(), []

    def take():
        trial = study.ask()
        if budget.is_owed(trial, study.trials, asked):
            running.append(trial)
        else:
            trial.set_user_attr(budget.SURPLUS, True)
            study.tell(trial, state=TrialState.FAIL)

    def event(kind):
        if kind == "ask":
            take()
        elif kind in ("queue", "twice"):
            seen = study.trials  # as two processes that look at the same time
            for _ in range(1 + (kind == "twice")):
                loop.queue_again(study, seen, asked)
        elif running:
            trial = running.pop(data.draw(st.integers(0, len(running) - 1)))
            if kind == "end":
                study.tell(trial, 1.0)
            elif kind == "err":
                trial.set_user_attr(budget.ERROR, "x")
                study.tell(trial, state=TrialState.FAIL)
            else:
                study.tell(trial, state=TrialState.PRUNED if kind == "prune" else TrialState.FAIL)

    for kind in events:
        event(kind)
    for _ in range(100):
        if budget.step(study.trials, asked) == "done":
            break
        for kind in ("queue", "ask", "end"):
            event(kind)
    slots = budget.slots(study.trials, asked)
    given_up = budget.deadly(study.trials, asked)
    for held in slots:
        assert sum(map(budget.ended, held)) == (budget.slot(held[0]) not in given_up)
        assert sum(map(budget.dead, held)) <= budget.DEATHS
    assert (len(slots), budget.closed(study.trials, asked)) == (asked, asked)
    assert sum(map(budget.ended, study.trials)) == asked - len(given_up)


@pytest.mark.parametrize("reports", [True, False])
def test_a_process_that_slept_gives_its_trial_up(tmp_path, reports):
    """Taken for dead while it slept, a trial ends too late: it is repeated, and counts once."""
    place, calls = tmp_path / "s.sqlite", []

    def sleepy(params, seed, report):
        calls.append(seed)
        if len(calls) == 1:
            other = studies.load(place, "dormida")
            other.tell(0, state=TrialState.FAIL)
            budget.Retry()(other, other.trials[0])
            if reports:
                report(1, 0.0)
        return 1.0

    study = search(tuning.Problem("dormida", sleepy, SPACE), trials=3, storage=place)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert calls[0] == calls[1]
    assert budget.closed(study.trials, 3) == 3


def test_ctrl_c_in_a_trial_that_others_took_for_dead_still_ends_the_search(tmp_path):
    place, calls = tmp_path / "s.sqlite", []

    def interrupted(params, seed, report):
        calls.append(seed)
        studies.load(place, "cortada").tell(0, state=TrialState.FAIL)
        raise KeyboardInterrupt

    study = search(tuning.Problem("cortada", interrupted, SPACE), trials=3, storage=place)
    assert len(calls) == len(study.trials) == 1


# --- networks ----------------------------------------------------------------------------------------------------


@functools.cache
def tiny_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2)).astype("float32")
    y = (x[:, :1] * x[:, 1:] > 0).astype("float32")
    return problems.Data((x[:60], y[:60]), (x[60:90], y[60:90]), (x[90:], y[90:]))


def tiny_network(**options):
    searched = {"units": (2, 8), "learning_rate": (1e-3, 1e-1, "log"), "dropout": (0.0, 0.4)}
    return tuning.Network("mínima", tiny_data, "binary", "val_log_loss", **{"epochs": 3, "space": searched, **options})


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    place = tmp_path_factory.mktemp("tuning") / "s.sqlite"
    return tiny_network(), search(tiny_network(), trials=4, storage=place, pruner="none")


def test_any_trial_is_trained_again_from_its_number(searched):
    network, study = searched
    for number in (1, None):
        model, history = tuning.retrain(study, network, number)
        trial = tuning.best(study) if number is None else study.trials[number]
        assert history.val_log_loss.min() == trial.value
        assert model.layers[0].units == trial.params["units"]
    with pytest.raises(CourseError, match="No hay un intento 9"):
        tuning.retrain(study, network, 9)


def test_the_test_split_is_touched_once(searched, monkeypatch):
    network, study = searched
    first = tuning.test_once(study, network)
    assert first["intento"] == study.best_trial.number
    assert set(first["prueba"]) == {"accuracy", "log_loss", "roc_auc"}
    monkeypatch.setattr(problems.Network, "measure", lambda *arguments: pytest.fail("the test split again"))
    assert tuning.test_once(study, network) == first


def test_of_two_who_touch_the_test_split_at_once_both_get_the_first_scores(monkeypatch):
    study, first = search(tiny_network(), trials=1), {"intento": 0, "validación": 0.5, "prueba": {"accuracy": 0.9}}

    def slow(network, model):
        study.set_user_attr("prueba", first)  # as another process does meanwhile
        return {"accuracy": 0.8}

    monkeypatch.setattr(problems.Network, "measure", slow)
    assert tuning.test_once(study, tiny_network()) == tuning.test_once(study, tiny_network()) == first


@pytest.mark.parametrize("again", [tuning.retrain, tuning.test_once])
def test_only_the_network_that_was_searched_is_trained_again(again):
    study = search(PARABOLA, trials=1)
    with pytest.raises(CourseError, match="'parábola' es una función, no una red"):
        again(study, PARABOLA)
    with pytest.raises(CourseError, match="es del problema 'parábola', no de 'circle'"):
        again(study, "circle")


def test_a_summary_has_what_is_needed_to_repeat_the_search(searched):
    network, study = searched
    facts = json.loads(json.dumps(tuning.summary(study)))
    assert facts["intentos"] == {"completo": 4}
    assert facts["hiperparámetros"] == study.best_params
    _, history = tuning.retrain(study, network)
    assert facts["mejor época"] == history.attrs["best_epoch"]
    assert facts["épocas"] == network.epochs
    assert facts["semilla"] == 0
    assert sum(facts["importancia"].values()) == pytest.approx(1, abs=0.01)
    table = tuning.table(study)
    assert list(table.index) == [0, 1, 2, 3]
    assert (table["épocas"] == 3).all()


def test_the_order_in_a_summary_is_that_of_the_search(tmp_path, monkeypatch):
    monkeypatch.setattr(problems, "known", lambda: {"parábola": PARABOLA})
    monkeypatch.chdir(tmp_path)
    assert cli.main(["tune", "parábola", "--trials", "2", "--name", "mi búsqueda", "--summary", "r.json"]) == 0
    order = shlex.split(json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["orden"])
    assert cli.main(order[1:]) == 0
    assert optuna.get_all_study_names(storage.connect("busquedas.sqlite")) == ["mi búsqueda"]


def test_a_summary_of_one_trial_goes_without_the_importance():
    facts = tuning.summary(search(PARABOLA, trials=1))
    assert facts["mejor intento"] == 0
    assert "importancia" not in facts


def test_what_the_trials_do_not_tell_apart_has_no_importance():
    problem = tuning.Problem("sola", lambda params, seed, report: seed, {"x": [1.0, 2.0]})
    with pytest.raises(CourseError, match="no difieren en sus hiperparámetros"):
        tuning.importance(search(problem, trials=2, seed=2))


def test_the_table_keeps_its_columns_and_the_time_of_the_dead_out_of_them():
    study = search(tuning.Problem("x", lambda params, seed, report: 1.0, {"valor": [5], "x": (0.0, 1.0)}), trials=1)
    study.tell(study.ask(), state=TrialState.FAIL)
    table = tuning.table(study)
    assert table["valor"][0] == 1.0
    assert table["segundos"].notna().tolist() == [True, False]


def test_a_trial_that_was_cut_before_it_had_hyperparameters_cannot_be_trained_again():
    study = search(tiny_network(), trials=1)
    study.tell(study.ask(), state=TrialState.FAIL)
    with pytest.raises(CourseError, match=r"El intento 1 .* se cortó antes"):
        tuning.retrain(study, tiny_network(), 1)


def test_other_targets_are_other_data():
    x, y = np.ones((4, 2)), np.array([0.0, 1.0, 1.0, 1.0])
    prints = {networks._fingerprint(lambda y=y: ((x, y), (x, y))) for y in (y, 1 - y, y[::-1])}
    assert len(prints) == 3


def test_a_penalty_does_not_make_a_trial_look_worse():
    """The value is the log loss of the data: with a huge penalty on weights that hardly move, it stays near ln 2."""
    plain = tiny_network(epochs=1)
    params = {"units": 4, "learning_rate": 1e-6, "l2": 10.0}
    assert plain.evaluate(params, 0, lambda *report: None) < 1.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dropout": (0.0, 1.5)}, "dropout=1.5 no es válido: se esperaba un número desde 0 y menor que 1"),
        ({"units": (0, 4)}, "units=0"),
        ({"units": "64"}, "units='64' no es válido: se esperaba un entero mayor que 0, sin comillas"),
        ({"layers": (1, 1000)}, "layers=1000"),
        ({"learning_rate": (-1.0, 0.1)}, r"learning_rate=-1.0"),
        ({"learning_rate": True}, "learning_rate=True"),
        ({"batch_size": [32, 0]}, "batch_size=0"),
        ({"activation": ["relu", "rélu"]}, "activation='rélu' no existe en Keras"),
        ({"initializer": ["he"]}, "initializer='he' no existe en Keras"),
        ({"l2": (-1.0, 0.0)}, "l2=-1.0"),
    ],
)
def test_a_space_that_cannot_be_is_told_before_the_first_trial(wrong, message):
    with pytest.raises(CourseError, match=message):
        search(tiny_network(), wrong, trials=2)


def test_a_learning_rate_may_be_a_whole_number():
    optimizer = tiny_network().build({"learning_rate": 50}, inputs=2).optimizer
    assert float(optimizer.learning_rate.numpy()) == 50


def test_ctrl_c_in_the_middle_of_an_epoch_ends_the_search_cleanly(tmp_path, monkeypatch):
    from course import training

    network, place = tiny_network(), tmp_path / "s.sqlite"
    real, calls = training.fit, []

    def interrupted(*arguments, **options):
        calls.append(options["seed"])
        history = real(*arguments, **options)
        history.attrs["interrupted"] = len(calls) == 2
        return history

    monkeypatch.setattr(training, "fit", interrupted)
    assert budget.closed(search(network, trials=3, storage=place).trials, 3) == 1
    assert budget.closed(search(network, trials=3, storage=place).trials, 3) == 3
    assert calls[1] == calls[2]


@pytest.mark.parametrize(
    ("owner", "moment", "left"),
    [
        (optuna.Study, "ask", ["COMPLETE", "FAIL"]),
        (trials.Storage, "set_trial_state_values", ["COMPLETE", "COMPLETE"]),
    ],
)
def test_ctrl_c_while_a_trial_is_made_or_closed_leaves_none_open(tmp_path, monkeypatch, owner, moment, left):
    real, called, before = getattr(owner, moment), [], signal.default_int_handler
    outside = signal.signal(signal.SIGINT, before)  # a shell has its background jobs ignore it

    def interrupted(*arguments, **options):
        called.append(moment)
        if len(called) == 2:
            signal.raise_signal(signal.SIGINT)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, moment, interrupted)
    try:
        study = search(PARABOLA, trials=3, storage=tmp_path / "s.sqlite")
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, outside)
    assert [trial.state.name for trial in study.trials] == left
    assert budget.closed(search(PARABOLA, trials=3, storage=tmp_path / "s.sqlite").trials, 3) == 3


@pytest.mark.parametrize("name", ["circle", "reg-plane", "mnist-clase"])
def test_the_problems_of_the_class_are_ready_to_be_searched(name):
    problem = problems.find(name)
    data = problem.data()
    assert data is problem.data(), "read once"
    sizes = [len(x) for x, _ in data]
    assert all(len(x) == len(y) for x, y in data)
    assert min(sizes) >= 100
    model = problem.build({}, data.train[0].shape[1])
    scores = problem.measure(model)
    assert set(scores) == (
        {"squared_error"}
        if name == "reg-plane"
        else {"accuracy", "log_loss"} | (set() if name == "mnist-clase" else {"roc_auc"})
    )
    assert problem.direction == ("maximize" if name == "mnist-clase" else "minimize")


# --- the dashboard -----------------------------------------------------------------------------------------------


def test_the_dashboard_answers_to_its_own_page_only(tmp_path):
    search(PARABOLA, trials=2, storage=tmp_path / "s.sqlite")
    app = dashboard.application(storage.connect(tmp_path / "s.sqlite"), {"127.0.0.1:80"})

    def status(host, origin=None):
        environ = {}
        from wsgiref.util import setup_testing_defaults

        setup_testing_defaults(environ)
        environ |= {"HTTP_HOST": host, "PATH_INFO": "/api/studies"} | ({"HTTP_ORIGIN": origin} if origin else {})
        said = []
        body = b"".join(app(environ, lambda line, *headers: said.append(line)))
        return said[0][:3], body

    code, body = status("127.0.0.1:80")
    assert code == "200"
    assert json.loads(body)["study_summaries"][0]["study_name"] == "parábola"
    assert status("evil.example:80")[0] == "403"
    assert status("127.0.0.1:80", "http://evil.example")[0] == "403"
    assert status("127.0.0.1:80", "http://127.0.0.1:80")[0] == "200"
