"""How the site is built: ``make docs`` (Sphinx, MyST-NB, the theme of NumPy and SciPy). The build needs no network.

What is generated from the code stands in ``_extensions``: tables of commands and parameters, formulas, links to the
pages of the method. ``STAMPS_DOCS_INTERSPHINX=1`` links names of NumPy and SciPy to their sites, which takes a network.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent)]
# the tutorial runs the commands of this environment, on pictures rather than windows
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))
os.environ.setdefault("MPLBACKEND", "agg")

import stamps  # noqa: E402

project = "stamps-insar"
author = "the authors of stamps-insar"
copyright = "the authors of stamps-insar; GPL-3.0-or-later"
version = release = stamps.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "formulas",
    "generated_tables",
    "method_links",
    "shared_pages",
]
root_doc = "index"
exclude_patterns = ["_build", "_extensions", "_templates"]
templates_path = ["_templates"]
nitpicky = True
# names of this package's functions and modules must be there; what the prose of types says ("shape (n, m)") is no name, and
# attributes and tables of modules have no pages
nitpick_ignore_regex = [
    (r"py:(class|obj|attr|data|exc)", r".*"),
    (r"py:mod", r"(?!stamps\b).*"),
    (r"py:(func|meth)", r"(logging|os|pathlib|Workspace)\..*"),
]
default_role = "code"
pygments_style = "tango"

# ---------------------------------------------------------------------- Markdown and notebooks

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_dmath_double_inline = True
myst_heading_anchors = 5
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # pages load nothing from elsewhere, and need no widgets

# ---------------------------------------------------------------------- names of the package

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
if os.environ.get("STAMPS_DOCS_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
    }

# ---------------------------------------------------------------------- pages

html_theme = "pydata_sphinx_theme"
html_title = f"stamps-insar {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "stamps-insar"},
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
}
_ALONE = (
    "index",
    "install",
    "tutorial",
    "commands",
    "parameters",
    "performance",
    "verification",
    "changelog",
    "contributing",
)
html_sidebars: dict[str, list[str]] = dict.fromkeys(_ALONE, [])  # pages without others below them
