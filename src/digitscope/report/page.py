"""A page: a template of this folder, filled, with the style inside, needing no other file."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from digitscope.figures.style import percent


def render(template: str, said: dict[str, Any]) -> str:
    """The page. Whatever is put into it is escaped; a name that the template misses is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    home = files("digitscope.report")

    def read(name: str) -> str:
        return (home / name).read_text("utf-8")

    environment = Environment(
        loader=FunctionLoader(read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    css = Markup(read("report.css"))
    return environment.get_template(template).render(said, css=css)
