"""Names of value types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError, StampsError
from stamps.products.quantities import _READERS
from stamps.products.recipes import RECIPES
from stamps.products.titles import describe, sign_of
from stamps.products.value_types import ValueType, known_names


@pytest.mark.parametrize("small_baselines", [True, False])
def test_every_name_is_understood_and_described(small_baselines):
    names = known_names(small_baselines)
    assert len(names) == len(set(names)) > 60
    for name in names:
        kind = ValueType.named(name, small_baselines)
        assert kind.name == name and describe(kind) and isinstance(sign_of(kind), str)


@pytest.mark.parametrize(
    ("name", "small_baselines", "group", "pairs"),
    [
        ("v-do", False, "v", False), ("V-DO", False, "v", False), ("v-do", True, "vsb", True),
        ("V-do", True, "v", False), ("vs-d", True, "vs", True), ("VS-D", True, "vs", False), ("Vs", False, "vs", False),
        ("d", True, "d", True), ("D", True, "d", False), ("dsb", True, "d", True), ("dsb", False, "d", False),
        ("v-s", False, "v", False), ("vdrop-dos", False, "v", False), ("usb-d", True, "pairs", True),
        ("u-dm", True, "series", False), ("w", True, "wrapped", True), ("hgt", True, "hgt", False),
    ],
)  # fmt: skip
def test_groups(name, small_baselines, group, pairs):
    kind = ValueType.named(name, small_baselines)
    assert (kind.group, kind.pairs) == (group, pairs)
    assert kind.file_name == name.lower()


def test_switches_of_deviations_follow_the_third_character():
    for name, switches, recipe in (("vs-dao", "dao", "U -S D -T"), ("vs", "", "U"), ("Vs-DAT", "dat", "U -S -T -E")):
        found = ValueType.named(name, False)
        assert (found.switches, found.recipe) == (switches, recipe)


def test_recipes_are_made_of_what_can_be_read():
    for group, recipes in RECIPES.items():
        for name, recipe in recipes.items():
            words = recipe.split()
            first, others = words[:1], words[1:]
            quantities = words if group == "wrapped" else [*first, *(word[1:] for word in others if word[0] == "-")]
            letters = {part for word in quantities for part in word.removesuffix("?").split("+")}
            assert letters <= _READERS.keys(), name
            assert group == "wrapped" or all(word[0] == "-" or word in ("D", "M0") for word in others), name


@pytest.mark.parametrize(
    ("name", "small_baselines", "hint"),
    [
        ("v-dso", True, "v-do"), ("u-dx", False, "u-d"), ("U-d", False, "u-d"), ("usb", False, "types u, a, i, t here"),
        ("u-dma", False, "twice"), ("vs-x", False, "vs"), ("vsd", False, "vs-d"), ("dx", False, "did you mean"),
        ("W", False, "did you mean"), ("", False, "did you mean"), ("zzzzzz", False, "v-d or u-dm"),
    ],
)  # fmt: skip
def test_unknown_names_suggest_the_nearest(name, small_baselines, hint):
    with pytest.raises(InputError, match=hint):
        ValueType.named(name, small_baselines)


@given(st.text(max_size=8), st.booleans())
def test_any_text_is_understood_or_refused_in_one_sentence(name, small_baselines):
    try:
        assert ValueType.named(name, small_baselines).name == name
    except StampsError as error:
        assert str(error).rstrip("?.")
