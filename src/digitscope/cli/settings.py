"""The settings of a recipe as options of a command: one option each, made from the table of
settings.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import typer

from digitscope.training.recipe import SETTINGS
from digitscope.training.setting import yes_or_no

HIDDEN = ("name", "description", "source")  # set in a recipe's file, not on the command line


def with_settings(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command, which takes **settings, an option for every setting of a recipe.

    What the user did not set is left out of **settings.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind != inspect.Parameter.VAR_KEYWORD]
    options = [_option(name) for name in SETTINGS if name not in HIDDEN]

    def wrapped(**given: Any) -> int:
        settings = {o.name: given.pop(o.name) for o in options}
        return command(**given, **{k: v for k, v in settings.items() if v is not None})

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *options)]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapped.__doc__ = command.__doc__
    return wrapped


def _option(name: str) -> inspect.Parameter:
    setting = SETTINGS[name]
    choices = setting.read.__doc__ or ""
    help_text = f"{setting.help}; {choices}" if choices.startswith("one of ") else setting.help
    flag = f"--{name.replace('_', '-')}"
    panel = f"Settings: {setting.group}"
    if setting.read is yes_or_no:
        kind: Any = bool | None
        option = typer.Option(
            None, f"{flag}/--no-{flag[2:]}", help=help_text, rich_help_panel=panel
        )
    else:
        kind = str | None
        option = typer.Option(None, flag, help=help_text, rich_help_panel=panel, metavar="VALUE")
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)
