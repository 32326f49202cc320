"""Hadamard matrices, which balance half-samples and successive differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard as sylvester


def hadamard(order: int) -> NDArray[np.int8] | None:
    """A Hadamard matrix whose first row is 1, None when neither construction gives one.

    Sylvester's doubling of 1, 2, or of Paley's (1933) two matrices, of order q + 1 for a prime
    q = 3 mod 4 and 2 (q + 1) for a prime q = 1 mod 4.
    """
    if order == 1 or (order % 4 and order != 2):
        return np.ones((1, 1), np.int8) if order == 1 else None
    if order.bit_count() == 1:
        return sylvester(order, np.int8)
    matrix = None
    if (order - 1) % 4 == 3 and is_prime(order - 1):
        matrix = conference(order - 1, -1) + np.eye(order, dtype=np.int8)
    elif (order // 2 - 1) % 4 == 1 and is_prime(order // 2 - 1):
        core, one = conference(order // 2 - 1, 1), np.eye(order // 2, dtype=np.int8)
        matrix = np.block([[core + one, core - one], [core - one, -core - one]])
    elif (half := hadamard(order // 2)) is not None:
        matrix = np.kron(np.array([[1, 1], [1, -1]], np.int8), half)
    return None if matrix is None else matrix * matrix[0]


def is_prime(number: int) -> bool:
    """Whether `number` is prime."""
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def conference(prime: int, sign: int) -> NDArray[np.int8]:
    """Quadratic residues of i - j bordered by 1 and `sign`; C C' = `prime` I."""
    square = np.full(prime, -1, np.int8)
    square[np.arange(1, prime) ** 2 % prime] = 1
    square[0] = 0
    numbers = np.arange(prime)
    matrix = np.ones((prime + 1, prime + 1), np.int8)
    matrix[1:, 1:] = square[(numbers[:, None] - numbers) % prime]
    matrix[1:, 0], matrix[0, 0] = sign, 0
    return matrix
