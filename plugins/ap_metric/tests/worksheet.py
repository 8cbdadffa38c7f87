"""A ranking worked out by hand."""

from __future__ import annotations

from fractions import Fraction

EXACT = {
    "11_point": Fraction(58, 77),
    "every_point": Fraction(51, 70),
    "step": Fraction(5, 7),
    "101_point": Fraction(517, 707),
}
