"""The page where anyone crosses an indicator, a breakdown and an edition, and its data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape

from reports.addresses import indicator_page
from reports.edition import Edition
from reports.explorer import FOLDER, all_files
from reports.pages.page import Page, document, escaped
from survey.french import typography

ADDRESS = "explorer"
SCRIPTS = [f"explorer{part}.js" for part in ("-format", "-model", "-chart", "-view", "")]
DESCRIPTION = (
    "Choisir une population, un indicateur, un détail et une édition ; voir le graphique et le "
    "tableau, les télécharger, en copier le lien."
)
BODY = """\
::: {{.chapo}}
Croisez un indicateur et un détail, comparez deux éditions. L’adresse garde votre choix.
:::

```{{=html}}
<div id="explorateur" data-scripts="{folder}/" data-populations="{populations}">
<p>{without}</p>
</div>
```

## Tous les indicateurs, page par page

Ces pages disent aussi la définition, les questions posées et les comparaisons. Ici comme là, seuls
des résultats publiés : ni réponse individuelle, ni chiffre non diffusé.

{lists}
"""
WITHOUT_SCRIPTS = typography(
    "Les choix demandent JavaScript, qui n’a pas fonctionné dans votre navigateur. Rien ne manque "
    "pour autant : chaque indicateur a sa page, avec ses graphiques, ses tableaux et ses données ; "
    "la liste suit."
)


def pages(editions: Mapping[str, Edition]) -> Iterator[Page]:
    """The explorer of an edition; none when no population is estimated."""
    if not editions:
        return
    names = [[code, edition.file.name] for code, edition in editions.items()]
    body = BODY.format(
        folder=FOLDER,
        without=WITHOUT_SCRIPTS,
        populations=escape(json.dumps(names, ensure_ascii=False)),
        lists="\n".join(indicator_list(edition) for edition in editions.values()),
    )
    text = document(
        "Explorer les résultats", DESCRIPTION, body, scripts=SCRIPTS, styles=["explorer.css"]
    )
    yield Page(ADDRESS, text, dict(all_files(editions)))


def indicator_list(edition: Edition) -> str:
    """Links to the pages of a population's indicators, by theme, as Markdown."""
    rows = edition.cells.select("family", "theme").unique(maintain_order=True).iter_rows()
    theme_of = dict(reversed(list(rows)))
    themes: dict[str, list[str]] = {}
    for code, definition in edition.definitions.items():
        page = indicator_page(edition.campaign.population, code)
        themes.setdefault(theme_of[code], []).append(
            f"- [{escaped(definition.title)}]({page}.html)"
        )
    parts = [f"### {escaped(edition.file.name)}"]
    parts += ["\n".join([f"#### {escaped(theme)}", "", *links]) for theme, links in themes.items()]
    return "\n\n".join(parts) + "\n"
