"""Sphinx. The pages are in docs/, so the Makefile calls `sphinx-build -c . docs build/html`."""

import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

gc.set_threshold(20_000)  # pages make many objects and little garbage: to look for it takes a tenth of the time

project = "Learn OpenStack in 4 Hours"
author = "the oslearn authors"
copyright = author
release = version = "0.1"
language = "en"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_tabs.tabs", "sphinx_copybutton"]
OURS = (
    "style", "diagrams", "flow_pages", "lesson", "exchange", "course", "day", "poster", "question", "exercise", "front",
    "identity", "indexes", "troubles", "layout", "core_map", "terminal", "head", "labelled", "runnable", "offline",
)  # fmt: skip
extensions += [name for name in OURS if find_spec(name)]
oslearn_dot = "wasm"  # or the path of a system `dot`
oslearn_flows = {"classic": "oslearn.course.reference:classic_run", "current": "oslearn.course.reference:current_run"}
_made = ROOT / "build" / "tab"  # by docs/_tab/assets.py
oslearn_tab = str(_made) if (_made / "now.json").is_file() and os.environ.get("TAB") != "0" else ""

nitpicky = True
# What is documented elsewhere: in other projects, in Python itself, and short names of both in annotations.
nitpick_ignore_regex = [
    (r"py:.*", r"(falcon|sqlalchemy|keystoneauth1|jwt|click|jsonschema|requests)\..*"),
    (r"py:.*", r"(collections\.abc|contextlib|datetime|pathlib|typing|wsgiref|ks_session)\..*"),
    (r"py:class", r"oslearn\.trace\.probe\.Driver"),  # a type variable
    (r"py:class", r"(Session|Engine|Path|Fault|Rule|Surroundings|Bus|Door|Driver|Check|(.*\.)?TokenInfo)"),
]
exclude_patterns = ["_*", "**/_*", "**/sw.js"]  # the last belongs at the root
autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_baseurl = os.environ.get("SITE_URL", "")  # where the site will be: makes the addresses in its previews whole
html_title = project
html_static_path = ["docs/_static"]
html_favicon = "docs/_static/icon.svg"
html_css_files = ["oslearn.css"]
html_js_files = [("course.js", {"defer": "defer"}), ("player.js", {"defer": "defer"})]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_domain_indices = False  # the reference has the modules, in an order to read them in
html_show_sourcelink = False
html_last_updated_fmt = None  # a date would make every build different
# In both styles every token has a contrast of at least 7 to 1 (WCAG AAA).
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    # The reader's own fonts: the site asks no other host for anything.
    "light_css_variables": {
        "font-stack": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
        "font-stack--monospace": "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    },
}

sphinx_tabs_disable_tab_closing = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"

epub_basename = "learn-openstack-in-4-hours"
epub_show_urls = "no"  # a reader follows the link
epub_exclude_files = ["404.xhtml", "_static/card.png"]
epub_use_index = False
