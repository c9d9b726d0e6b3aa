"""How each exercise must answer: one module per notebook (`nb01.py`), one `Cases` per exercise, of the same name.

The exercise's own solution and its stub come from the notebooks (`test_notebooks.py` runs both); here stand the other
right answers and the typical wrong ones. `test_checks.py` finds the exercises by itself and misses none.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cases:
    """Answers to one exercise; where its check takes several, an answer is a tuple of them.

    Parameters
    ----------
    right : list
        At least two right answers that differ from the notebook's solution.
    wrong : list of (answer, str)
        At least four typical wrong answers, each with words of the hint that it must draw.
    """

    right: list
    wrong: list
