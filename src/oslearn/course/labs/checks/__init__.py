"""What each exercise's check looks at, a module a day.

Interface: `CHECKS`, a function for each exercise, by the lesson's id and the exercise's number.
Invariants: a check only looks; whatever it finds instead of what is right, it says, with the way from there.
"""

from oslearn.course.labs.checks import day1, day2, day3, day4
from oslearn.course.labs.checks.registry import CHECKS

__all__ = ["CHECKS", "day1", "day2", "day3", "day4"]
