"""Data that is added after somebody has looked keeps the promised level if every look is counted."""

from __future__ import annotations

from vits.common.errors import InputError

FIRST = 0.75  # of all that may be spent: who looks once pays 4 % of an interval's width for the right to look again


def spent_at(look: int, alpha: float = 0.05) -> float:
    """The chance of error that the n-th look (from 1) may take, if all looks together may take `alpha`.

    Three quarters for the first look, and 1 / (m (m + 1)) of the rest for the m-th look after it: the shares add up
    to 1 over any number of looks, planned or not. So no statement of any look is false with more than `alpha`,
    whatever made somebody look again, and whatever was added: sentences, seeds or voices. It is alpha spending
    (Lan and DeMets 1983, "Discrete sequential boundaries for clinical trials", Biometrika 70) by number of looks,
    with Bonferroni's inequality instead of the looks' correlation, which is not known before the data is.

    Raises:
        InputError: `look` is below 1, or `alpha` not between 0 and 1.
    """
    if look < 1 or not 0 < alpha < 1:
        raise InputError(f"look={look} must be 1 or more, and alpha={alpha} between 0 and 1, such as 0.05")
    return alpha * (FIRST if look == 1 else (1 - FIRST) / ((look - 1) * look))
