"""Text computed by a page, written in its sentences as it is."""

from __future__ import annotations


def strings_as_markdown() -> None:
    r"""Let inline code such as `{python} percent(share)` write the text itself, in both renderers.

    Jupyter shows a string through `repr`, which turns a narrow no-break space into the six
    characters of its escape, and Quarto prints these. To be called in the first cell of a page.
    """
    from IPython import get_ipython

    get_ipython().display_formatter.formatters["text/markdown"].for_type(str, str)
