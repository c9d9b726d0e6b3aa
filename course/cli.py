"""The command line: `course …`, or `python -m course …`. Each command imports what it needs only when it runs."""

import argparse
import difflib
import re
import sys
from contextlib import nullcontext

from course.errors import CourseError


def main(arguments=None):
    """Run a command and return its exit status: 0, 1 (told on stderr) or 130 (Ctrl-C).

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``course``; those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not so where another program has put its own
            stream.reconfigure(errors="replace")  # a console without ✔ shows "?" instead of failing
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except CourseError as error:
        print(f"✘ {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"✘ A este Python le falta {error.name}. Activa el entorno (source .venv/bin/activate; en Windows, "
            ".venv\\Scripts\\activate), o instala la clase otra vez: python -m pip install -e .",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nInterrumpido con Ctrl-C.", file=sys.stderr)
        return 130


def _run(options):
    from course import runner

    return runner.run_class(options.names, options.cell_timeout, options.notebook_timeout)


def _doctor(options):
    from course import doctor

    return doctor.report()


def _simulator(options):
    from course.simulator import page

    page.serve(options.port, options.link, not options.no_browser)


def _build(options):
    from course import notebooks

    changed = notebooks.build()
    print("\n".join(f"✔ {path.name}" for path in changed) or "✔ Las copias de los estudiantes ya estaban al día.")


def _copy(options):
    from course import notebooks

    written = notebooks.copy(options.folder)
    print(f"✔ {options.folder}: cuadernos copiados: {len(written)}; los que ya estaban quedan como están.")
    print(f'  Para abrirlos: python -m jupyter lab "{options.folder}"')


def _check(options):
    from course import guards

    return guards.report()


def _execute(options):
    from course import runner

    return runner.execute_in_place(options.names, options.cell_timeout, options.notebook_timeout)


def _update(options):
    from course import outputs

    return outputs.update(options.names, options.accept, options.cell_timeout, options.notebook_timeout)


def _challenge(options):
    from course import challenge

    made = challenge.build(options.out, options.labels, baseline=options.baseline, reference=options.reference)
    rows = made["rows"]
    print(f"✔ {options.out}: train.csv ({rows['train']} reservas) y test.csv ({rows['test']}), para los estudiantes.")
    print(f"✔ {made['labels']}: las etiquetas, SHA-256 {made['sha256']['etiquetas.csv'][:12]}…: no las compartas.")


def _submit(options):
    from course import submissions

    made = submissions.build(options.predictions, options.id, options.test, options.notebook, options.out)
    print(f"✔ {made}: cumple todas las reglas. Es lo que entregas.")
    read = submissions.read(made, made.stem, submissions.test_ids(options.test))
    if doubt := submissions.doubt(read.probabilities):
        print(f"⚠ {doubt}")


def _grade(options):
    from course import grading
    from course.grading.policy import Policy, parse_deadline

    deadline = parse_deadline(options.deadline) if options.deadline is not None else None
    policy = Policy(deadline, options.late_penalty, options.attempts, options.final)
    places = (options.entries, options.labels, options.out)
    with grading.cluster.connect(options.cluster) if options.cluster else nullcontext() as client:
        done = grading.grade(*places, policy, options.roster, options.store, client)
    print(
        f"✔ Entregas calificadas: {done.graded} ahora, {done.known} de antes o repetidas. Estudiantes: {done.students}."
    )
    print(f"  Estudiantes sin una válida: {done.rejected}. Archivos que no son de nadie: {len(done.strays)}.")
    if done.rejected or done.strays:
        print(f"  Cuáles, y por qué: {done.pages / 'estadisticas.html'}")
    print(f"  Notas {'definitivas' if options.final else 'provisionales (parte pública)'} en {done.pages}")
    if done.stale:  # told and not deleted: a page may be the teacher's own
        print(f"⚠ Retroalimentación de antes, de quien ya no se califica: {', '.join(done.stale)}.")
        print("  Si esas páginas no las pusiste tú, quítalas antes de publicar.")


def _tune(options):
    from course.tuning import report

    if options.dashboard:
        from course.tuning import dashboard

        return dashboard.serve(options.storage, options.port, not options.no_browser)
    return report.tune(options)


class _Parser(argparse.ArgumentParser):
    """An argument parser that speaks Spanish, also when it does not understand."""

    def __init__(self, **options):
        super().__init__(**options, add_help=False, formatter_class=_Help)
        self.add_argument("-h", "--help", action="help", help="muestra esta ayuda")

    def parse_known_args(self, args=None, namespace=None):
        """Refuse what an order does not know where the order itself is known: its help is the one that helps."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(f"No conozco {' '.join(unknown)}.")
        return options, unknown

    def error(self, message):
        self._refuse(_in_spanish(message))

    def _refuse(self, told):
        self.exit(2, f"✘ {told} Mira cómo se escribe con: {self.prog} --help\n")


def _in_spanish(message):
    """Return what argparse found wrong, told in Spanish."""
    if missing := re.search(r"arguments are required: (.*)", message):
        return f"Falta{'n' if ',' in missing[1] else ''} {missing[1]}."
    if number := re.match(r"argument (.*): invalid (\w+) value: '(.*)'", message):
        return f"{number[1]} es un número{_NUMBERS[number[2]]}, no «{number[3]}»."
    if few := re.match(r"argument (.*): expected (\d+) arguments", message):
        return f"{few[1]} lleva {few[2]} números, {' y '.join(_ANCHOR)}, separados por un espacio."
    if empty := re.match(r"argument (.*): expected", message):
        return f"A {empty[1]} le falta su valor."
    if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
        near = difflib.get_close_matches(choice[1], re.findall(r"[\w-]+", choice[2]), 1)
        return f"No existe «{choice[1]}»." + (f" ¿Querías «{near[0]}»?" if near else "")
    return "No entiendo la orden."


def _port(text):
    if not 0 <= (port := int(text)) < 2**16:  # the system would take another one, without saying so
        raise ValueError
    return port


def _seconds(text):
    if (seconds := int(text)) < 1:  # no cell would have the time to run
        raise ValueError
    return seconds


_ANCHOR = ("AUC", "ENTROPÍA_CRUZADA")  # the numbers of the one kind of option that takes several

# What each type of number admits.
_NUMBERS = {"int": " entero", "float": "", "_port": " de 0 a 65535", "_seconds": " entero de segundos, desde 1"}


class _Help(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, "uso: " if prefix is None else prefix)

    def start_section(self, heading):
        super().start_section({"options": "opciones", "positional arguments": "argumentos"}.get(heading, heading))


def _parser():
    parser = _Parser(prog="course", description="Redes Neuronales, Parte II: toda la clase, desde la terminal.")
    commands = parser.add_subparsers(title="órdenes", metavar="orden", required=True)

    run = _command(commands, "run", "ejecuta los cuadernos de la clase y dice qué reproduce cada uno", _run)
    _add_execution(run)
    _command(commands, "doctor", "revisa si este equipo tiene todo lo que la clase necesita", _doctor)

    simulator = _command(
        commands, "simulator", "abre el simulador en el navegador, sin cuaderno ni conexión", _simulator
    )
    simulator.add_argument("link", nargs="?", metavar="enlace", help="de un experimento, entre comillas")
    simulator.add_argument("--port", type=_port, default=0, metavar="N", help="puerto de 127.0.0.1 (uno libre)")
    simulator.add_argument("--no-browser", action="store_true", help="no abre el navegador")

    _add_challenge(commands)
    _add_tune(commands)

    notebooks = commands.add_parser("notebooks", help="copia los cuadernos; y para quien edita la clase, sus copias")
    parts = notebooks.add_subparsers(title="órdenes", metavar="orden", required=True)
    copy = _command(parts, "copy", "copia los cuadernos a una carpeta tuya, para trabajar en ella", _copy)
    copy.add_argument("folder", metavar="carpeta", help="dónde; lo que ya tiene no se toca")
    _command(parts, "build", "escribe las copias de los estudiantes a partir de notebooks/soluciones", _build)
    _command(parts, "check", "comprueba que las copias están al día y que los cuadernos cumplen las reglas", _check)
    _add_execution(_command(parts, "execute", "ejecuta notebooks/soluciones y guarda sus salidas", _execute))
    update = _command(parts, "update", "los ejecuta, muestra qué cambió y se detiene si un número se movió", _update)
    update.add_argument("--accept", action="store_true", help="acepta los números nuevos")
    _add_execution(update)
    return parser


def _add_challenge(commands):
    challenge = commands.add_parser("challenge", help="para quien enseña: los archivos del desafío")
    parts = challenge.add_subparsers(title="órdenes", metavar="orden", required=True)
    build = _command(parts, "build", "escribe el desafío y, aparte, sus etiquetas", _challenge)
    build.add_argument("--out", required=True, metavar="CARPETA", help="la de los estudiantes")
    build.add_argument("--labels", metavar="CARPETA", help="la de las etiquetas (la otra, con «-profesor» al final)")
    for name, told in {"baseline": "0 puntos", "reference": "10 puntos"}.items():
        build.add_argument(f"--{name}", nargs=2, type=float, metavar=_ANCHOR, help=f"lo que vale {told}")

    submit = _command(commands, "submit", "comprueba tus predicciones del desafío y hace el zip que entregas", _submit)
    submit.add_argument("predictions", metavar="predicciones", help="CSV con las columnas id,prob_cancelacion")
    submit.add_argument("--id", required=True, help="tu identificador, el que te dio tu docente")
    submit.add_argument("--notebook", metavar="CUADERNO", help="tu cuaderno, para entregarlo también")
    submit.add_argument("--test", default="reto/test.csv", metavar="CSV", help="el del desafío (reto/test.csv)")
    submit.add_argument("--out", default=".", metavar="CARPETA", help="dónde dejar el zip (aquí)")

    grade = _command(commands, "grade", "califica una carpeta de entregas del desafío", _grade)
    grade.add_argument("entries", metavar="entregas", help="carpeta con <id>.zip, <id>.csv o carpetas <id>")
    grade.add_argument("--labels", required=True, metavar="CARPETA", help="la de las etiquetas")
    grade.add_argument("--out", default="notas", metavar="CARPETA", help="dónde dejar las notas (notas)")
    grade.add_argument("--roster", metavar="CSV", help="lista de la clase: id,nombre,apellidos,correo")
    grade.add_argument("--deadline", metavar="FECHA", help="cierre, que se compara con la de cada archivo")
    grade.add_argument("--late-penalty", type=float, default=1.0, metavar="P", help="puntos por día de retraso (1)")
    grade.add_argument("--attempts", choices=("best", "last"), default="best", help="el mejor o el último (best)")
    grade.add_argument("--store", metavar="LUGAR", help="registro: un archivo o postgresql://… (en la de las notas)")
    grade.add_argument("--cluster", metavar="TCP", help="planificador de Dask que reparte el trabajo: tcp://…")
    grade.add_argument("--final", action="store_true", help="nota definitiva, con la parte privada")


def _add_tune(commands):
    tune = _command(commands, "tune", "busca los hiperparámetros de una red, y sigue donde quedó", _tune)
    tune.add_argument("problem", nargs="?", metavar="problema", help="bookings, mnist, mnist-clase, spiral…")
    tune.add_argument("--trials", type=int, default=40, metavar="N", help="intentos en total (40)")
    tune.add_argument("--workers", type=int, default=1, metavar="N", help="procesos de este equipo (1)")
    tune.add_argument("--storage", default="busquedas.sqlite", metavar="LUGAR", help="un archivo o postgresql://…")
    tune.add_argument("--name", metavar="NOMBRE", help="de la búsqueda (el del problema)")
    tune.add_argument("--sampler", choices=("tpe", "random"), default="tpe", help="cómo elige (tpe)")
    tune.add_argument("--pruner", choices=("median", "hyperband", "none"), default="median", help="cómo poda (median)")
    tune.add_argument("--seed", type=int, default=0, metavar="N", help="semilla (0)")
    tune.add_argument("--cluster", metavar="TCP", help="planificador de Dask que reparte los intentos: tcp://…")
    tune.add_argument("--grace", type=int, default=60, metavar="S", help="sin señales, un intento se repite (60)")
    tune.add_argument("--test", action="store_true", help="al final, mide el mejor en prueba: una sola vez")
    tune.add_argument("--summary", metavar="JSON", help="dónde dejar el resumen de la búsqueda")
    tune.add_argument("--dashboard", action="store_true", help="abre el tablero de Optuna, sin buscar")
    tune.add_argument("--port", type=_port, default=0, metavar="N", help="puerto de 127.0.0.1 del tablero (uno libre)")
    tune.add_argument("--no-browser", action="store_true", help="con --dashboard, no abre el navegador")


def _command(commands, name, description, run):
    """Add a command; `run` takes the parsed options and returns an exit status."""
    parser = commands.add_parser(name, help=description, description=description.capitalize() + ".")
    parser.set_defaults(run=run)
    return parser


def _add_execution(parser):
    parser.add_argument(
        "names", nargs="*", metavar="cuaderno", help="cuáles, por el principio del nombre: 01 02 (todos)"
    )
    parser.add_argument("--cell-timeout", type=_seconds, default=300, metavar="S", help="segundos por celda (300)")
    parser.add_argument(
        "--notebook-timeout", type=_seconds, default=900, metavar="S", help="segundos por cuaderno (900)"
    )
