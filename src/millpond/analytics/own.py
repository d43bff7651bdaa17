"""A project's own views: what they are made from, and what is wrong with them.

They are SQL of a user, so the guard of queries holds for them too, and the locked
process parses and runs them. A view that is wrong is wrong alone: questions that do
not need it are answered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from millpond.analytics.guard import refuse_volatile, views_used
from millpond.analytics.separable import KEY, check_separable
from millpond.analytics.view import View
from millpond.errors import Invalid


def definitions(views: Mapping[str, View]) -> dict[str, str]:
    """The SQL that is to be parsed before the views can be used."""
    return {
        name: view.sql
        for name, view in views.items()
        if view.origin == "own" and view.problem is None
    }


def resolved(
    views: Mapping[str, View], trees: Mapping[str, str], hidden: Collection[str]
) -> dict[str, View]:
    """The views, with what each is made from or what is wrong with it.

    Args:
        trees: what the parser says of each of `definitions`.
        hidden: names that no SQL may give to anything of its own.
    """
    found = {
        name: _resolved(view, trees[name], views, hidden) if name in trees else view
        for name, view in views.items()
    }
    return {name: _checked(view, found, trees) for name, view in found.items()}


def check_usable(views: Mapping[str, View], names: Iterable[str]) -> None:
    """Refuse a question whose views, or those that they are made from, are wrong.

    Raises:
        Invalid: the message names the file, and says what is wrong with it.
    """
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            path = " from ".join([*above[above.index(name) :], name])
            raise Invalid(f"{views[name].path}: the view is made from itself: {path}")
        if name in done or name not in views:
            return
        view = views[name]
        if view.problem is not None:
            raise Invalid(f"{view.path}: {view.problem}")
        for needed in view.needs:
            visit(needed, (*above, name))
        done.add(name)

    for name in names:
        visit(name, ())


def _resolved(view: View, tree: str, views: Mapping[str, View], hidden: Collection[str]) -> View:
    try:
        needs = views_used(tree, views, {*hidden, *views})
        refuse_volatile(tree)
    except Invalid as error:
        return replace(view, problem=_with_line(view, tree, str(error)), needs=())
    return replace(view, needs=tuple(needs))


def _checked(view: View, views: Mapping[str, View], trees: Mapping[str, str]) -> View:
    """The view, with what stands against its being incremental, if it is to be so."""
    if view.origin != "own" or view.problem or not (view.refresh and view.refresh.incremental):
        return view
    try:
        if view.key[0] != KEY:
            raise Invalid(f"an incremental view has {KEY} as the first column of its key")
        check_usable(views, [view.name])
        check_separable(view.name, trees, views)
    except Invalid as error:
        return replace(view, problem=str(error))
    return view


def _with_line(view: View, tree: str, message: str) -> str:
    """The message, with the line of the file where the parser tells one."""
    try:
        position = int(json.loads(tree)["position"])
    except (KeyError, ValueError, RecursionError):
        return message
    line = view.sql.encode()[:position].count(b"\n") + 1
    return f"line {line}: {message}"
