"""What the command line shows: French help, French errors, and progress that moves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from survey.errors import SurveyError
from survey.french import NNBSP, decimal, typography

_MESSAGES = (
    (r"the following arguments are required: (.*)", r"il manque : \1."),
    (
        r"argument (--.*): invalid choice: '?(.*?)'? \(choose from (.*)\)",
        r"« \2 » ne se donne pas à \1. Valeurs possibles : \3.",
    ),
    (
        r"argument (.*): invalid choice: '?(.*?)'? \(choose from (.*)\)",
        r"« \2 » n’est pas une commande. Commandes : \3.",
    ),
    (r"unrecognized arguments: (.*)", r"argument inconnu : \1."),
    (r"argument (.*): invalid int value: '(.*)'", r"\1 attend un nombre entier, et non « \2 »."),
    (r"argument (.*?): (.* n’est pas une année.*)", r"\1 : \2"),
    (r"argument (.*): expected one argument", r"\1 attend une valeur."),
)


class FrenchParser(argparse.ArgumentParser):
    """An argument parser whose help and errors are French; an error raises `SurveyError`."""

    def __init__(self, **options) -> None:
        options.setdefault("formatter_class", _FrenchFormatter)
        super().__init__(**options, add_help=False)
        self._positionals.title = f"arguments{NNBSP}"
        self._optionals.title = f"options{NNBSP}"
        self.add_argument("-h", "--help", action="help", help="afficher cette aide")

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found wrong, in French, with the way to the help."""
        for pattern, french in _MESSAGES:
            if re.fullmatch(pattern, message):
                message = re.sub(pattern, french, message).replace("'", "")
        raise SurveyError(typography(f"{message} Aide : {self.prog} --help"))


class _FrenchFormatter(argparse.RawDescriptionHelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None) -> None:
        prefix = typography("utilisation : ") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)


class ProgressLine:
    """The steps of a run: one line each, with a bar that moves while it lasts."""

    def __init__(self, progress: Progress, console: Console) -> None:
        self._progress, self._console = progress, console
        self._task, self._label, self._since = None, "", 0.0

    def start(self, label: str) -> None:
        """Begin a step; the former one, if any, is closed."""
        self._close()
        self._label, self._since = label, perf_counter()
        self._task = self._progress.add_task(label, total=None)

    def advance(self, done: int, total: int, what: str = "") -> None:
        """Say how far the current step is, and on what."""
        self._progress.update(
            self._task, completed=done, total=total, description=f"{self._label} {what}"
        )

    def done(self, *, ran: bool = True) -> None:
        """Close the step and say how long it took, or that nothing had to be done."""
        seconds = perf_counter() - self._since
        self._close()
        state = f"{decimal(seconds)} s" if ran else "déjà à jour"
        self._console.print(f"{self._label} : {state}", highlight=False)

    def note(self, text: str) -> None:
        """Say something beside the steps."""
        self._console.print(text, highlight=False)

    def _close(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


@contextmanager
def progress() -> Iterator[ProgressLine]:
    """A progress display on the terminal, silent where there is none."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield ProgressLine(bars, console)


def say(text: str, write: Callable[[str], None] = print) -> None:
    """Print a French text with its typography."""
    write(typography(text) if "://" not in text else text)
