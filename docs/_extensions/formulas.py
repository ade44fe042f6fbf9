"""Formulas as pictures in the page (SVG), drawn by the library ziamath when the site is built.

The pages need no script and no network to show them, look the same in every browser, and follow the colours of the theme.
"""

from html import escape

import ziamath
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

__all__ = ["setup"]

#: Pixels; text of the theme is 16, the letters of the formulas are a little smaller.
_SIZE = 18
ziamath.config.svg2 = False  # outlines in place rather than references, whose names would clash between formulas


def _svg(source: str, inline: bool) -> str:
    # a negative space would pull brackets into the name of a function: the library leaves no space there to be taken away
    drawn = ziamath.Latex(source.replace(r"\!", ""), size=_SIZE, color="currentColor", inline=inline)
    shift = f"vertical-align:{drawn.getyofst():.2f}px" if inline else ""
    return drawn.svg().replace("<svg ", f'<svg role="img" aria-label="{escape(source)}" style="{shift}" ', 1)


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(f'<span class="formula">{_svg(node.astext(), True)}</span>')
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{_svg(node.astext(), False)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx draw formulas this way."""
    app.add_html_math_renderer("drawn", (_inline, None), (_block, None))
    app.config.html_math_renderer = "drawn"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
