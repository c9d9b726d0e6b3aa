"""Checks of notebook 07: from honest columns and splits to a decision, and to the file that is handed in."""

from course.checks import exercises
from course.checks.nb07 import data, decisions

globals().update(exercises(data) | exercises(decisions))  # each by its name, in the notebook's order
