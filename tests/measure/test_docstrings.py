"""Every public function says what it takes, gives, rests on, and shows an example."""

from __future__ import annotations

import inspect
import re

import pytest

from erroranalysis import measure

FUNCTIONS = {
    name: getattr(measure, name)
    for name in measure.__all__
    if inspect.isfunction(getattr(measure, name))
}
SECTIONS = ("Parameters", "Returns", "Notes", "References", "Examples")


def sections(function: object) -> set[str]:
    return set(re.findall(r"^(\w+)\n-+$", inspect.getdoc(function) or "", re.MULTILINE))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_has_every_section(name: str) -> None:
    assert set(SECTIONS) <= sections(FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_names_a_source_with_its_year_and_a_neighbour(name: str) -> None:
    said = inspect.getdoc(FUNCTIONS[name]) or ""
    source = said.split("References\n---", 1)[1].split("Examples\n---", 1)[0]
    neighbours = set(re.findall(r"`(\w+)`", said)) & set(FUNCTIONS) - {name}
    assert re.search(r"\(\d{4}\)", source) or neighbours & set(
        re.findall(r"`(\w+)`", source)
    )
    assert neighbours, "say when to take which other function instead"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_says_what_it_raises_and_shows_a_call(name: str) -> None:
    function = FUNCTIONS[name]
    raises = re.search(r"\n    +raise \w+", inspect.getsource(function))
    assert not raises or "Raises" in sections(function)
    assert re.search(rf">>> .*\b{name}\(", inspect.getdoc(function) or "") or (
        f"{name}(" in (inspect.getdoc(function) or "").split("Examples\n---", 1)[1]
    )


def test_every_parameter_is_described() -> None:
    lacking = [
        f"{name}: {parameter}"
        for name, function in FUNCTIONS.items()
        for parameter in inspect.signature(function).parameters
        if not re.search(
            rf"^(\w+, )*{parameter}(, \w+)* : ",
            inspect.getdoc(function) or "",
            re.MULTILINE,
        )
    ]
    assert lacking == []
