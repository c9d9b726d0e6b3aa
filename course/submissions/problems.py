"""What is wrong with a submission: told all at once, each kind counted and with its first cases."""

SHOWN = 5


class Problems:
    """Problems by kind; of each kind the first `SHOWN` cases are kept and the rest only counted, so memory is flat."""

    def __init__(self):
        self._kinds = {}

    def add(self, kind, case=None):
        """Note a problem.

        Parameters
        ----------
        kind : str
            What is wrong and what to do, in Spanish.
        case : str, optional
            Where, and what was found there.
        """
        cases, count = self._kinds.get(kind, ([], 0))
        if case is not None and len(cases) < SHOWN:
            cases.append(case)
        self._kinds[kind] = cases, count + 1

    def __len__(self):
        """Return how many problems there are, of all kinds."""
        return sum(count for _, count in self._kinds.values())

    def lines(self):
        """Return one str per kind of problem: what is wrong, the first cases, and how many more there are."""
        return [_line(kind, cases, count) for kind, (cases, count) in self._kinds.items()]


def _line(kind, cases, count):
    if not cases:
        return f"{kind}."
    more = count - len(cases)
    return f"{kind} ({'; '.join(cases)}{f'; y {more} más' if more else ''})."
