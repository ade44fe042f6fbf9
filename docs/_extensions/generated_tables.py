"""The directive ```` ```{generated} commands ```` : a table of :mod:`tables` in a page."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import TABLES

__all__ = ["setup"]


class _Generated(SphinxDirective):
    """``{generated} NAME``: the table of that name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        text = TABLES[self.arguments[0]]()
        node = nodes.Element()
        node.document = self.state.document
        self.state.nested_parse(
            StringList(text.splitlines(), "generated"), self.content_offset, node, match_titles=True
        )
        for made in node.findall(nodes.table):
            made["classes"].append("generated")  # wide ones: the page gets the room (site.css)
        return node.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx know the directive."""
    app.add_directive("generated", _Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
