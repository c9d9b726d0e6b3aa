"""A notebook of the class, open in JupyterLab, and what its student does with it."""

import ast
import re
from contextlib import suppress

from playwright.sync_api import TimeoutError, expect
from widgets import DRAWN, KEPT, watch

from course import notebooks, regions

DONE = re.compile(r"^\[\d+\]:$")
RED = ["application/vnd.jupyter.stderr", "application/vnd.jupyter.error"]
WINDOW = {"width": 1280, "height": 900}
MISSING = """() => {
  const panel = document.querySelector(".jp-WindowedPanel-outer");
  const last = [...panel.querySelectorAll(".jp-Cell")].at(-1);
  return Math.round(last.getBoundingClientRect().bottom + panel.scrollTop - panel.getBoundingClientRect().bottom);
}"""  # pixels of the notebook that the window has no room for


def spaced(text):
    """Return a text without its line breaks, which are where the line was full."""
    return " ".join(text.split())


class Exercise:
    """Where an exercise is in its notebook: the cell to fill in, the cell with its check, and the names it checks."""

    def __init__(self, cells, name, check, solved):
        self.name, self.check, self.solved = name, check, solved
        source = cells[check].source
        call = next(node for node in ast.walk(ast.parse(source)) if self._checks(node))
        self.begin, self.end = call.lineno - 1, call.end_lineno
        self.answers = ", ".join(argument.id for argument in call.args)
        self.module = call.func.value.value.id

    def _checks(self, node):
        return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(f".{self.name}.check")


class Student:
    """One notebook from its opening to its last exercise.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    lab : servers.Lab
    path : pathlib.Path
        The student copy; what is opened, run and saved is the copy of it that `lab` has.
    """

    def __init__(self, browser, lab, path):
        self.stem, self.lab, self.name = path.stem, lab, f"clase/{path.name}"
        self.cells = notebooks.read(path).cells
        solution = notebooks.read(path.parent / "soluciones" / path.name)
        self.solved = {cell.id: _without_marks(cell.source) for cell in solution.cells}
        places = {cell.id: position for position, cell in enumerate(self.cells)}
        self.exercises = [
            Exercise(self.cells, name, *(places[solution.cells[position].id] for position in found))
            for name, found in notebooks.exercises(solution).items()
        ]
        self.last = max(position for position, cell in enumerate(self.cells) if cell.cell_type == "code")
        self.problems = []
        self.page = watch(browser.new_page(viewport=WINDOW), self.problems)
        lab.open(self.page, self.name)
        expect(self.page.locator(".jp-Cell")).to_have_count(len(self.cells), timeout=180_000)
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=180_000)

    def cell(self, position):
        return self.page.locator(".jp-Cell").nth(position)

    def told(self, position):
        """Return what a cell printed."""
        return spaced(" ".join(self.cell(position).locator(".jp-OutputArea-output").all_text_contents()))

    def red(self):
        """Return the text of every output that JupyterLab shows on a red ground."""
        return self.page.locator(", ".join(f"[data-mime-type='{kind}']" for kind in RED)).all_text_contents()

    def run_all(self):
        """Run the notebook from top to bottom."""
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        for _ in range(3):
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_text("Run All Cells", exact=True).click()
            with suppress(TimeoutError):  # JupyterLab loses what is run while it is still connecting to the kernel
                prompts.filter(has_text=re.compile(r"[*\d]")).first.wait_for(state="attached", timeout=20_000)
                break
        count = sum(cell.cell_type == "code" for cell in self.cells)
        expect(prompts).to_have_text([DONE] * count, timeout=600_000)

    def run(self, position):
        """Run one cell; return what it printed."""
        prompt = self.cell(position).locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.cell(position).locator(".cm-content").press("Control+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(DONE, timeout=120_000)
        return self.told(position)

    def write(self, position, source):
        """Write a cell anew."""
        self.cell(position).locator(".cm-content").click(position={"x": 4, "y": 4})
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def answer_wrongly(self, exercise):
        """Give an exercise the first of its typical wrong answers; return what its check says, and the hint due."""
        lines = self.cells[exercise.check].source.splitlines()[: exercise.end]
        lines[exercise.begin : exercise.begin] = [
            f"from checks_cases.{exercise.module} import {exercise.name} as cases",
            f"({exercise.answers}), hint = cases.wrong[0]",
        ]
        self.write(exercise.check, "\n".join(lines))
        return self.run(exercise.check), spaced(self.lab.ask("hint", self.name))

    def solve(self, exercise):
        """Write an exercise's solution where the student would; return what its check says."""
        for position in dict.fromkeys([exercise.solved, exercise.check]):
            self.write(position, self.solved[self.cells[position].id])
            self.run(position)
        return self.told(exercise.check)

    def screenshot(self, name):
        """Keep the whole notebook as one picture: for it, the window grows to the notebook's height."""
        self.cell(0).scroll_into_view_if_needed()
        while (missing := self.page.evaluate(MISSING)) > 0:  # a cell never seen before has its height only now
            height = self.page.viewport_size["height"] + missing
            self.page.set_viewport_size({**WINDOW, "height": height})
            self.page.evaluate(DRAWN)
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=KEPT / f"{self.stem}-{name}.png")
        self.page.set_viewport_size(WINDOW)

    def close(self):
        self.page.close()
        self.lab.shut(self.name)


def _without_marks(source):
    return "\n".join(line for line in source.splitlines() if line.strip() not in (regions.BEGIN, regions.END))
