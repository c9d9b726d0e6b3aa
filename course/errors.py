"""The one exception family of the project."""


class CourseError(Exception):
    """Something the user can mend: the message says what is wrong, where, and what to do next (in Spanish)."""
