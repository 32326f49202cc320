"""The report of the year as one accessible PDF, from the very pages of the site.

The pages are read as the renderer reads them, turned into Typst by pandoc, and set by
`rapport.typ`. The PDF follows PDF/UA-1: every chart carries its text alternative.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from reports.printing.facts import HERE, SAFETY, TYPOGRAPHY, Facts
from reports.printing.setting import compile_pdf
from reports.rendering.pandoc import READER, pandoc_program
from reports.rendering.source import Source
from survey.errors import SurveyError

FILTERS = (SAFETY, TYPOGRAPHY, HERE / "typst.lua")
TEMPLATE = HERE / "rapport.typ"
TERMS = ("glossaire",)  # pages whose headings are words explained
SHOWN = re.compile(r'^#chart\("([\w-]+)"', re.MULTILINE)


def report_pdf(chapters: Sequence[Source], figures: Mapping[str, object], facts: Facts) -> bytes:
    """The report, its chapters in order.

    Parameters
    ----------
    chapters : pages of the site without cells; the title of each heads a chapter
    figures : every figure that the chapters show, by its identifier (see `setting.printed`)

    Raises
    ------
    SurveyError : a page has cells to run, or shows a figure that is not given
    """
    shown: dict[str, object] = {}
    parts = []
    for chapter in chapters:
        text = chapter_typst(chapter)
        for name in SHOWN.findall(text):
            if name not in figures:
                raise SurveyError(
                    f"{chapter.path} : la figure « {name} » n’est pas parmi celles des pages "
                    "engendrées. Relancez observatoire publier, ou retirez la page du rapport."
                )
            shown[name] = figures[name]
        parts.append(text)
    names = [chapter_name(chapter.path) for chapter in chapters]
    return compile_pdf(TEMPLATE, "\n\n".join(parts), facts, figures=shown, chapters=names)


def chapter_name(path: str) -> str:
    """How other chapters name the one made of the page at `path`."""
    return PurePosixPath(path).stem


def chapter_typst(chapter: Source) -> str:
    """A page in Typst, on a page of its own, under its title."""
    if chapter.needs_kernel:
        raise SurveyError(
            f"{chapter.path} : une page du rapport ne contient pas de cellule à exécuter. "
            "Mettez son calcul dans une page engendrée, ou retirez-la du rapport."
        )
    text = "\n".join(line.text for line in chapter.lines)
    if title := chapter.front_matter.get("title"):
        text = f"# {title}\n\n{text}"
    body, name = to_typst(text, chapter.path), chapter_name(chapter.path)
    if name in TERMS:
        heading, _, terms = body.partition("\n\n")
        body = f"{heading}\n\n#glossary[\n{terms}\n]"
    return f'#chapter("{name}")\n\n{body}'


def to_typst(text: str, what: str = "Synthèse") -> str:
    """Markdown of a page of the site in Typst; `what` names it in an error."""
    command = [pandoc_program(), f"--from={READER}", "--to=typst-smart", "--wrap=none"]
    command += [f"--lua-filter={path}" for path in FILTERS]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        raise SurveyError(f"{what} : {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
