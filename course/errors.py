"""The one exception family of the project."""


class CourseError(Exception):
    """Something the user can mend: the message says what is wrong, where, and what to do next (in Spanish)."""

    def _render_traceback_(self):
        """Return what a notebook shows (IPython asks by this name): the message, without the way that led to it."""
        return [f"✘ {self}"]
