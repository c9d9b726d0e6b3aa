"""Searches by several processes, some of them killed: nothing that ended is lost or counts twice."""

import functools
import os
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest
from processes import LOCAL, running, wait_until
from tuning_problems import DIES, PARABOLA, SLOW, THREADS, UNREADABLE

from course import tuning
from course.errors import CourseError
from course.tuning import budget, cluster, local

search = functools.partial(tuning.search, progress=False, pruner="none")

ASKED = 14
MANY = 40  # where the middle of a search must be hit on a busy machine too

posix = pytest.mark.skipif(os.name == "nt", reason="con señales de POSIX")

SEARCH = """
import signal, sys
from course import cli
from course.tuning import problems
import tuning_problems
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
problems.known = lambda: {"lenta": tuning_problems.SLOW}
if __name__ == "__main__":
    sys.exit(cli.main(["tune", "lenta", *sys.argv[1:]]))
"""


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Name the file where each evaluation that begins notes its process, its seed and what it tries."""
    monkeypatch.setenv("TUNING_LOG", str(tmp_path / "log"))
    monkeypatch.setitem(LOCAL, "TUNING_LOG", str(tmp_path / "log"))
    return lambda: [line.split() for line in (tmp_path / "log").read_text().splitlines()]


opened = functools.cache(tuning.load)  # who asks again and again needs one connection, not one for each time


def trials_of(place, name="lenta"):
    try:
        return opened(place, name).trials
    except CourseError:  # not there yet
        return []


def ended(place):
    return budget.closed(trials_of(place), MANY)


def expect_whole(study, notes, killed, asked=ASKED):
    """All slots were closed once; what was repeated, was repeated as it was; nothing that ended was run again."""
    slots = budget.slots(study.trials, asked)
    assert [sum(map(budget.ended, held)) for held in slots] == [1] * asked
    repeated = [held for held in slots if len(held) > 1]
    assert len(repeated) >= killed
    for held in repeated:
        assert len({trial.params["x"] for trial in held if "x" in trial.params}) == 1
        assert all(map(budget.dead, held[:-1]))
    begun = Counter(seed for _, seed, _ in notes)
    assert len(begun) == asked
    assert sum(begun.values()) <= asked + sum(len(held) - 1 for held in repeated)


def test_two_processes_share_a_search(tmp_path, log):
    study = search(SLOW, trials=ASKED, storage=tmp_path / "s.sqlite", workers=2)
    expect_whole(study, log(), killed=0)
    assert len(log()) == ASKED
    assert len({process for process, *_ in log()}) == 2
    assert not [trial for trial in study.trials if trial.state.name == "RUNNING"]


def test_the_processes_share_out_the_cores_before_they_import_anything(tmp_path, monkeypatch):
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "PJRT_NPROC", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    monkeypatch.setattr(local, "_cores", lambda: 6)
    study = search(THREADS, trials=2, storage=tmp_path / "s.sqlite", workers=2)
    assert [trial.value for trial in study.trials if budget.ended(trial)] == [3, 3]
    assert dict(os.environ) == before
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "5")
    with local._threads(1):
        assert (os.environ["TF_NUM_INTRAOP_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("5", "1")
    assert "OMP_NUM_THREADS" not in os.environ


@posix
def test_a_process_that_is_killed_is_made_up_for_by_the_others(tmp_path, log):
    place = tmp_path / "s.sqlite"
    order = [sys.executable, "-c", SEARCH, "--workers", "2", "--trials", str(ASKED), "--grace", "2", "--pruner", "none"]
    with running([*order, "--storage", place], env=LOCAL, stdout=subprocess.PIPE, text=True) as command:
        wait_until(lambda: ended(place) >= 2)
        os.kill(int(log()[-1][0]), signal.SIGKILL)
        said, _ = command.communicate(timeout=300)
    assert command.returncode == 0
    assert f"✔ lenta: {ASKED} completos" in said
    expect_whole(tuning.load(place, "lenta"), log(), killed=1)


@posix
def test_a_process_that_is_killed_before_its_trials_first_sign_of_life_is_not_waited_for(kept, log):
    unborn = "import os; from course.tuning import rdb; beat = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
    script = SEARCH.replace("if __name__", f"{unborn}; rdb.Database.record_heartbeat = beat\nif __name__")
    order = [sys.executable, "-c", script, "--name", "muerta", "--trials", "3", "--pruner", "none"]
    assert subprocess.run([*order, "--storage", kept], env=LOCAL, timeout=300).returncode == -signal.SIGKILL
    assert [trial.state.name for trial in tuning.load(kept, "muerta").trials] == ["RUNNING"]
    study = search(SLOW, trials=3, storage=kept, name="muerta", grace=2)
    assert [trial.state.name for trial in study.trials] == ["FAIL", *["COMPLETE"] * 3]
    expect_whole(study, log(), killed=1, asked=3)


@posix
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_cleanly_and_the_same_order_goes_on(tmp_path, log, workers):
    place = tmp_path / "s.sqlite"
    order = [sys.executable, "-c", SEARCH, "--workers", workers, "--trials", str(MANY), "--pruner", "none"]
    start = functools.partial(
        running,
        [*order, "--storage", place],
        env=LOCAL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with start() as command:
        wait_until(lambda: ended(place) >= 3)
        os.killpg(command.pid, signal.SIGINT)  # as a terminal does
        said = command.communicate(timeout=60)
    assert command.returncode == 130
    done = ended(place)
    assert said == (f"Interrumpido: {done} de {MANY} intentos hechos. La misma orden sigue donde quedó.\n", "")
    assert not [trial for trial in trials_of(place) if trial.state.name == "RUNNING"]
    with start() as command:
        command.communicate(timeout=300)
    assert command.returncode == 0
    expect_whole(tuning.load(place, "lenta"), log(), killed=1, asked=MANY)


def fails(params, seed, report):
    raise RuntimeError("siempre")


def test_a_search_by_several_without_one_good_trial_says_why(tmp_path):
    with pytest.raises(CourseError, match=r"Ninguno de los 3 intentos .* terminó bien.*RuntimeError: siempre"):
        search(tuning.Problem("mala", fails, {"x": (0.0, 1.0)}), trials=3, storage=tmp_path / "s.sqlite", workers=2)


def test_what_no_other_process_can_import_is_told(tmp_path):
    alone = tuning.Problem("mía", lambda params, seed, report: 1.0, {"x": (0.0, 1.0)})
    with pytest.raises(CourseError, match=r"todos puedan importar.*workers=1"):
        search(alone, trials=2, storage=tmp_path / "s.sqlite", workers=2)
    code = f"""
from course import tuning
def f(params, seed, report):
    return 1.0
tuning.search(tuning.Problem("f", f, {{"x": (0.0, 1.0)}}), trials=2, storage={str(tmp_path / "f")!r}, workers=2)
"""
    done = subprocess.run([sys.executable, "-c", code], env=LOCAL, capture_output=True, text=True, timeout=300)
    assert "CourseError: Varios procesos solo pueden buscar con una función que todos puedan importar" in done.stderr


def test_a_trial_that_kills_its_processes_is_given_up_and_the_others_are_run(tmp_path):
    script = SEARCH.replace('{"lenta": tuning_problems.SLOW}', '{"lenta": tuning_problems.POISONED}')
    order = [sys.executable, "-c", script, "--sampler", "random", "--seed", "6", "--trials", "4", "--grace", "2"]
    again = functools.partial(subprocess.run, env=LOCAL, capture_output=True, text=True, timeout=300)
    deaths, most = 0, 4 * budget.DEATHS
    while (end := again([*order, "--storage", tmp_path / "s.sqlite"])).returncode == 9 and deaths < most:
        deaths += 1
    assert (end.returncode, end.stderr) == (0, "")
    assert "3 procesos se cerraron con el intento" in end.stdout
    trials = tuning.load(tmp_path / "s.sqlite", "envenenada").trials
    given_up = budget.deadly(trials, 4)
    assert deaths == budget.DEATHS * len(given_up) > 0
    assert len([trial for trial in trials if budget.ended(trial)]) == 4 - len(given_up) > 0


def test_when_all_processes_die_it_is_told(tmp_path):
    with pytest.raises(CourseError, match=r"se cerraron antes de terminar.*repite la misma orden"):
        search(DIES, trials=3, storage=tmp_path / "s.sqlite", workers=2, grace=2)


def test_what_a_process_cannot_read_is_told(tmp_path):
    with pytest.raises(CourseError, match=r"no pudo seguir \(OSError: datos\.csv: permiso denegado\)"):
        search(UNREADABLE, trials=3, storage=tmp_path / "s.sqlite", workers=2)


@posix
def test_processes_stop_when_their_parent_is_killed(tmp_path, log):
    place = tmp_path / "s.sqlite"
    order = [sys.executable, "-c", SEARCH, "--workers", "2", "--trials", "500", "--storage", place]
    with running(order, env=LOCAL, stdout=subprocess.DEVNULL) as command:
        wait_until(lambda: ended(place) >= 2)
        children = psutil.Process(command.pid).children(recursive=True)
        command.kill()
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert (len(gone) >= 2, alive) == (True, [])


@posix
def test_a_full_disk_is_told_and_what_ended_is_kept(tmp_path, log):
    """No file may grow beyond the limit, which fails each write as a full disk does."""
    import resource

    place = tmp_path / "s.sqlite"
    search(SLOW, trials=2, storage=place)
    limit = place.stat().st_size + 20_000
    order = [sys.executable, "-c", SEARCH, "--trials", str(ASKED), "--storage", place, "--pruner", "none"]
    done = subprocess.run(
        order,
        env=LOCAL,
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"✘ No se pudo usar el registro de la búsqueda {place}")
    assert "¿Está lleno el disco" in done.stderr
    assert done.stderr.count("\n") == 1, "no traceback, from no thread"
    before = ended(place)
    assert before >= 2
    expect_whole(search(SLOW, trials=ASKED, storage=place, grace=2), log(), killed=0)


def test_a_database_is_shared_by_two_commands(postgres, tmp_path, log):
    place = postgres
    order = [sys.executable, "-c", SEARCH, "--trials", str(ASKED), "--storage", place, "--pruner", "none"]
    pair = [subprocess.Popen([*order, "--name", "dos"], env=LOCAL, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [command.communicate(timeout=300)[0] for command in pair]
    assert [command.returncode for command in pair] == [0, 0]
    assert all(f"✔ dos: {ASKED} completos" in text for text in said)
    expect_whole(tuning.load(place, "dos"), log(), killed=0)
    assert len({process for process, *_ in log()}) == 2


def test_a_cluster_runs_the_search_and_workers_may_be_more_than_trials(postgres, dask_cluster, log):
    client, _, _ = dask_cluster(3)
    study = search(SLOW, trials=2, storage=postgres, name="corta", client=client)
    assert [trial.state.name for trial in study.trials if budget.ended(trial)] == ["COMPLETE"] * 2
    assert search(PARABOLA, trials=5, storage=postgres, name="otra", client=client).best_value < 10


def test_a_worker_and_then_the_scheduler_are_killed_and_nothing_is_lost(postgres, dask_cluster, tmp_path, log):
    """The scheduler, three workers and the search are processes of their own; two are killed in mid-trial."""
    client, scheduler, workers = dask_cluster(3)
    order = ["--trials", MANY, "--storage", postgres, "--grace", 2, "--pruner", "none"]
    address = client.scheduler_info()["address"]
    command = subprocess.Popen(
        [sys.executable, "-c", SEARCH, *map(str, order), "--cluster", address],
        env=LOCAL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: ended(postgres) >= 2)
    busy = {int(process) for process, *_ in log()}
    victim = next(worker for worker in workers if worker.pid in busy)
    _kill_in_a_trial(victim, lambda: [note for note in log() if int(note[0]) == victim.pid])
    before = ended(postgres)
    wait_until(lambda: ended(postgres) >= before + 2)
    _kill_in_a_trial(scheduler, log)
    kept = {trial.number: trial.value for trial in trials_of(postgres) if budget.ended(trial)}
    assert len(kept) < MANY, "it was killed in the middle"
    said, errors = command.communicate(timeout=300)
    assert (command.returncode, errors) == (0, "")
    assert "El planificador de Dask ya no responde: la búsqueda sigue en este equipo." in said
    study = tuning.load(postgres, "lenta")
    expect_whole(study, log(), killed=1, asked=MANY)
    assert kept.items() <= {trial.number: trial.value for trial in study.trials}.items()


def _kill_in_a_trial(process, begun):
    """Kill a process as soon as one more of those trials begins."""
    before = len(begun())
    wait_until(lambda: len(begun()) > before)
    process.kill()
    process.wait()


def test_a_cluster_needs_a_database_and_the_same_version(postgres, dask_cluster, tmp_path, monkeypatch):
    client, _, _ = dask_cluster(1)
    with pytest.raises(CourseError, match=r"hace falta una base de datos.*postgresql://"):
        search(PARABOLA, trials=2, storage=tmp_path / "s.sqlite", client=client)
    monkeypatch.setattr(client, "run", lambda call, problem: {"uno": call(problem), "otro": "otra"})
    with pytest.raises(CourseError, match="otra versión del curso, o leen otros datos"):
        search(PARABOLA, trials=2, storage=postgres, name="versiones", client=client)
    with pytest.raises(CourseError, match="no los dos"):
        search(PARABOLA, trials=2, storage=postgres, client=client, workers=2)


def test_a_stopped_command_stops_its_tasks_and_no_others(postgres, log):
    study = search(PARABOLA, trials=1, storage=postgres, name="parada")
    study.set_user_attr("detenidas", ["aquella"])
    job = cluster_job(postgres)
    assert cluster.one_more(job, "aquella") is False
    assert budget.closed(study.trials, 3) == 1
    assert cluster.one_more(job, "esta") is False, "one remains"
    assert cluster.one_more(job, "esta") is True
    assert budget.closed(study.trials, 3) == 3


def cluster_job(place):
    from course.tuning.loop import Job
    from course.tuning.space import distributions

    return Job("parada", place, PARABOLA, distributions(PARABOLA.space), 3, pruner="none")
