"""The pages of the method (``docs/method``): numbered sections, links between them, and what the code cites of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "method"
NUMBERED = (
    "conventions", "parameters", "preparation", "loading", "coherence", "selection", "weeding", "merging", "unwrapping",
    "unwrapping_errors", "scla", "scn", "products", "linking", "jobs", "sentinel1", "snap", "isce", "service", "hyp3",
    "multilooked", "other_scripts", "series", "components", "areas", "decomposition", "dataset", "gnss", "egms", "cslc",
    "weather",
)  # fmt: skip
PAGES = ("index", *NUMBERED)

_HEADING = re.compile(r"^(#{1,6}) (.+)$")
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]+)\)")
_NUMBER = r"\d+(?:\.\d+)*"
_CITATION = re.compile(rf"docs/method/(\w+)\.md,? sections? ({_NUMBER}(?:(?:, and | and | to |, )(?:{_NUMBER}))*)")
_OUTSIDE = {"build", "dist", "demo"}
_CITING = {".py", ".csv", ".md"}


def lines_of(page):
    """Lines of a page without those of code and of displayed formulas."""
    kept, inside = [], False
    for line in (FOLDER / f"{page}.md").read_text(encoding="utf-8").splitlines():
        if line.strip().startswith(("```", "$$")):
            inside = not inside
        elif not inside:
            kept.append(line)
    assert not inside, f"{page}.md: a block of code or a formula has no end"
    return kept


def headings_of(page):
    """Level and text of the headings of a page."""
    found = map(_HEADING.match, lines_of(page))
    return [(len(match[1]), match[2]) for match in found if match]


def sections_of(page):
    """Numbers of the sections of a page, in order."""
    found = (re.match(rf"({_NUMBER}) \S", text) for level, text in headings_of(page) if level > 1)
    return [match[1] for match in found if match]


def anchor_of(text):
    """The anchor that GitHub and MyST make of a heading."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower().replace(" ", "-"))


def key_of(number):
    return tuple(map(int, number.split(".")))


def citations_in(text):
    """Pages and sections that a text cites, ranges by their ends.

    Parameters
    ----------
    text : str
        Source of a module; a citation may go on in the next line, in a comment too.

    Returns
    -------
    list of (str, str)
    """
    text = re.sub(r"\s+(?:#:?\s+)?", " ", text)
    return [(page, number) for page, numbers in _CITATION.findall(text) for number in re.findall(_NUMBER, numbers)]


def sources():
    """Files of the repository that may cite a page: programs, tables, texts."""
    places = [place for place in sorted(ROOT.iterdir()) if place.name[0] != "." and place.name not in _OUTSIDE]
    files = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*")))]
    own = Path(__file__).resolve()
    return [path for path in files if path.suffix in _CITING and path != own and FOLDER not in path.parents]


def test_there_are_exactly_these_pages():
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_title_first_and_no_anchor_twice(page):
    headings = headings_of(page)
    assert [level for level, _ in headings].count(1) == 1
    assert headings[0][0] == 1
    anchors = [anchor_of(text) for _, text in headings]
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("page", NUMBERED)
def test_sections_are_numbered_in_order_without_gaps(page):
    """So that a number says one place, and an added section cannot take the number of another."""
    sections = sections_of(page)
    below_title = [text for level, text in headings_of(page) if level > 1]
    assert len(sections) == len(below_title), "a heading has no number"
    assert sections[0] == "1"
    assert sections == sorted(set(sections), key=key_of)
    for number in sections:
        *parent, last = key_of(number)
        if last > 1:
            assert ".".join(map(str, (*parent, last - 1))) in sections, f"the section before {number} is missing"
        if parent:
            assert ".".join(map(str, parent)) in sections, f"the section around {number} is missing"


@pytest.mark.parametrize("page", NUMBERED)
def test_the_level_of_a_heading_is_that_of_its_number(page):
    for level, text in headings_of(page):
        if level > 1:
            assert level == 1 + len(key_of(re.match(_NUMBER, text)[0])), text


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_pages_and_sections(page):
    links = _LINK.findall("\n".join(lines_of(page)))
    assert links
    for text, target in links:
        path, _, anchor = target.partition("#")
        if path and not (FOLDER / path).is_file():
            pytest.fail(f"{page}.md links to {target}, which is not there")
        if not anchor:
            continue
        other = Path(path).stem if path else page
        headings = {anchor_of(heading): heading for _, heading in headings_of(other)}
        assert anchor in headings, f"{page}.md links to {target}: no such section"
        said = re.search(rf"section ({_NUMBER})$", text)
        assert said, f"{page}.md: the link '{text}' does not say its section"
        assert headings[anchor].startswith(f"{said[1]} "), f"{page}.md: '{text}' leads to '{headings[anchor]}'"


@pytest.mark.parametrize("page", NUMBERED)
def test_every_page_is_reached_from_the_introduction(page):
    targets = [target for _, target in _LINK.findall("\n".join(lines_of("index")))]
    assert f"{page}.md" in targets


@pytest.mark.parametrize("page", NUMBERED)
def test_names_and_years_of_papers_are_in_the_references(page):
    """A page ends with a line of references; each is spelled out in the introduction."""
    references = "\n".join(line for line in lines_of("index"))
    last = " ".join(lines_of(page)).rpartition("Reference")[2]
    for author, years in re.findall(r"([A-Z]\w+)(?:,? (?:and|et|[A-Z])[^;()]*)? \(((?:\d{4}(?:, )?)+)\)", last):
        for year in years.split(", "):
            assert re.search(rf"\* {author}\b[^*]*\({year}\)", references), f"{page}.md: {author} ({year})"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_read_as_it_is_meant(page):
    """No table row is lost, no link is left open, no emphasis runs on."""
    markdown_it = pytest.importorskip("markdown_it")
    text = "\n".join(lines_of(page))
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    rows = sum(token.type == "tr_open" for token in tokens)
    written = sum(bool(re.match(r"\s*\|(?!(?:-+\|)+$)", line)) for line in text.splitlines())
    assert rows == written
    inline = [child for token in tokens if token.type == "inline" for child in token.children]
    plain = " ".join(child.content for child in inline if child.type == "text")
    assert "**" not in plain
    assert not re.search(r"\]\(\S+\.md", plain)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Source: docs/method/loading.md, section 2.", [("loading", "2")]),
        (
            "docs/method/unwrapping.md,\n    sections 5.5.1 and 5.5.2)",
            [("unwrapping", "5.5.1"), ("unwrapping", "5.5.2")],
        ),
        ("docs/method/scn.md section 1.1, item 10", [("scn", "1.1")]),
        ("a.mat,relative,1e-5,sums in single (docs/method/merging.md section 2.4)", [("merging", "2.4")]),
        ("[docs/method/scla.md, section 1](../docs/method/scla.md#1-ps_calc_scla)", [("scla", "1")]),
        ("# see docs/method/scla.md, sections 1, 2 and\n#: 4; 7 years", [("scla", "1"), ("scla", "2"), ("scla", "4")]),
        ("docs/method/merging.md, sections 2.3 to 2.5", [("merging", "2.3"), ("merging", "2.5")]),
        ("docs/method/scla.md, section 1, docs/method/scn.md, section 2", [("scla", "1"), ("scn", "2")]),
        ("docs/method/index.md says", []),
    ],
)
def test_citations_are_found(text, found):
    assert citations_in(text) == found


def test_programs_tables_and_texts_cite_pages():
    citing = {path.suffix for path in sources() if citations_in(path.read_text(encoding="utf-8"))}
    assert citing == _CITING


def test_pages_are_cited_by_name():
    numbered = re.compile(r"\bspec(?:ification)?,? (?:sections?|\d\d)\b", re.IGNORECASE)
    texts = {path.name: re.sub(r"\s+(?:#:?\s+)?", " ", path.read_text(encoding="utf-8")) for path in sources()}
    assert not [name for name, text in texts.items() if numbered.search(text)]


def test_cited_sections_exist():
    wrong = []
    for path in sources():
        source = path.read_text(encoding="utf-8")
        wrong += [
            f"{path.name}: {page}.md" for page in re.findall(r"docs/method/(\w+)\.md", source) if page not in PAGES
        ]
        cited = [(page, number) for page, number in citations_in(source) if page in PAGES]
        wrong += [
            f"{path.name}: {page}.md, section {number}" for page, number in cited if number not in sections_of(page)
        ]
    assert not wrong, f"cited, but not there: {', '.join(wrong)}"
