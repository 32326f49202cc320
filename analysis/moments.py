"""Sums and central moments of groups, that add up group by group without losing digits."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from analysis.checks import Floats, Integers
from analysis.forms import summing


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Two variables x and z of the items of each group: groups x targets.

    count : items of the group. answered : those of them that answer the target.
    x, z : sums. xx, xz, zz : sums of products of the deviations from the mean of the group.
    """

    count: Floats
    answered: Floats
    x: Floats
    z: Floats
    xx: Floats
    xz: Floats
    zz: Floats


def single(x: Floats, z: Floats, answered: Floats) -> Moments:
    """Groups of one item each."""
    none = np.zeros_like(x)
    return Moments(np.ones_like(x), answered, x, z, none, none, none)


def stacked(parts: list[Moments]) -> Moments:
    """The groups of several parts, one below the other."""
    names = [field.name for field in fields(Moments)]
    return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def pooled(parts: Moments, group: Integers, n_groups: int) -> Moments:
    """Moments of groups from those of their parts (Chan, Golub and LeVeque, 1983).

    What lies between the parts is a sum of squares: no difference of large numbers is taken.
    """
    sums = summing(group, n_groups)
    count, x, z = sums @ parts.count, sums @ parts.x, sums @ parts.z
    apart_x = parts.x / parts.count - (x / count)[group]
    apart_z = parts.z / parts.count - (z / count)[group]
    return Moments(
        count=count,
        answered=sums @ parts.answered,
        x=x,
        z=z,
        xx=sums @ (parts.xx + parts.count * apart_x**2),
        xz=sums @ (parts.xz + parts.count * apart_x * apart_z),
        zz=sums @ (parts.zz + parts.count * apart_z**2),
    )


def added(parts: Moments, group: Integers, n_groups: int) -> Moments:
    """Groups of one item each, whose x and z are spread over several parts."""
    sums = summing(group, n_groups)
    return single(sums @ parts.x, sums @ parts.z, sums @ parts.answered)


def shifted(moments: Moments, shift: Floats) -> Moments:
    """Moments of x + shift z, and of z."""
    return replace(
        moments,
        x=moments.x + shift * moments.z,
        xx=moments.xx + shift * (2 * moments.xz + shift * moments.zz),
        xz=moments.xz + shift * moments.zz,
    )
