"""Whether the rows of a view can be computed for some objects alone.

They can where each row says by ``object_id`` whose it is, and is made from facts of
that object only: then a view is the union, over all objects, of the same SELECT over
the facts of each. It is shown by the syntax tree, and refused where the tree does not
show it: what is joined is joined by ``object_id``, what is grouped or put in a window
is grouped by it too, and nothing looks at all rows at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from millpond.analytics.guard import walk
from millpond.analytics.view import View
from millpond.errors import Invalid

KEY = "object_id"
#: The standard views that are so, as their own SQL says.
_STANDARD = frozenset(
    {
        "annotations",
        "documents",
        "ground_truth",
        "images",
        "inferences",
        "predictions",
        "reviews",
    }
)
_JOINS = ("INNER", "LEFT", "SEMI", "ANTI")

Node = Mapping[str, Any]


def is_of_objects(view: View) -> bool:
    """Whether the rows of a view are known to be made of the facts of one object each."""
    if view.origin == "standard":
        return view.name in _STANDARD
    return view.origin == "own" and view.refresh is not None and view.refresh.incremental


def check_separable(name: str, trees: Mapping[str, str], views: Mapping[str, View]) -> None:
    """Refuse a view whose rows cannot be computed for some objects alone.

    Args:
        trees: what the parser says of the project's own views.

    Raises:
        Invalid: the message says what stands against it.
    """
    [statement] = json.loads(trees[name])["statements"]
    _Check(trees, views, (name,)).query(statement["node"])


@dataclass(frozen=True)
class _Check:
    """The check of one SELECT, with the names that WITH gives around it."""

    trees: Mapping[str, str]
    views: Mapping[str, View]
    within: tuple[str, ...]
    ctes: Mapping[str, Node] = field(default_factory=dict)

    def query(self, node: Node) -> None:
        inner = self._with(node)
        if node["type"] == "SELECT_NODE":
            inner._select(node)
        elif node["type"] == "SET_OPERATION_NODE":
            for side in _sides(node):
                if not _leads(side):
                    raise _against(f"name {KEY} first in each SELECT that UNION puts together")
                inner.query(side)
        else:
            raise _against("WITH RECURSIVE looks at more than one object")
        for modifier in node.get("modifiers", ()):
            if modifier["type"] not in ("ORDER_MODIFIER", "DISTINCT_MODIFIER") or modifier.get(
                "distinct_on_targets"
            ):
                raise _against("LIMIT and DISTINCT ON look at all rows")

    def _with(self, node: Node) -> _Check:
        entries = node.get("cte_map", {}).get("map", [])
        named = {entry["key"].lower(): entry["value"] for entry in entries}
        if any(part["aliases"] for part in named.values()):
            raise _against("WITH gives columns other names")
        return _Check(self.trees, self.views, self.within, {**self.ctes, **named})

    def _select(self, node: Node) -> None:
        if node["from_table"]["type"] == "EMPTY":
            raise _against("it reads no view")
        self._source(node["from_table"])
        whose = _whose(node["from_table"])
        if not any(_gives_key(item, whose) for item in node["select_list"]):
            raise _against(f"its SELECT does not name {KEY}")
        if any(item.get("alias", "").lower() == KEY for item in node["select_list"]):
            raise _against(f"something else is called {KEY}")
        if node["group_expressions"]:
            if len(node["group_sets"]) > 1:
                raise _against("it has several grouping sets")
            if not any(_is_key(item, whose) for item in node["group_expressions"]):
                raise _against(f"its GROUP BY does not name {KEY}")
        rest = {name: part for name, part in node.items() if name not in ("from_table", "cte_map")}
        _check_expressions(rest, whose)

    def _source(self, source: Node) -> None:
        if source.get("column_name_alias"):
            raise _against("it gives columns other names in FROM")
        if source["type"] == "JOIN":
            self._join(source)
        elif source["type"] == "SUBQUERY":
            self.query(source["subquery"]["node"])
        elif source["type"] == "BASE_TABLE":
            self._table(source["table_name"].lower())
        else:
            raise _against("it reads something that is no view")

    def _join(self, source: Node) -> None:
        left, right, kind = source["left"], source["right"], source["join_type"]
        by_name = KEY in [column.lower() for column in source["using_columns"]]
        equal = kind == "INNER" and _equates(source["condition"], _names(left), _names(right))
        if source["ref_type"] != "REGULAR" or kind not in _JOINS or not (by_name or equal):
            raise _against(f"join by USING ({KEY}), or by an equal {KEY} of both sides")
        self._source(left)
        self._source(right)
        _check_expressions(source["condition"], _names(source))

    def _table(self, name: str) -> None:
        if name in self.ctes:
            # Inside of a part of WITH, its own name means what is outside.
            outside = {other: node for other, node in self.ctes.items() if other != name}
            _Check(self.trees, self.views, self.within, outside).query(_body(self.ctes[name]))
        elif name in self.trees and name not in self.within:
            refresh = self.views[name].refresh
            if refresh is not None and not refresh.incremental:
                raise _against(f"view {name} is as of its last refresh")
            [statement] = json.loads(self.trees[name])["statements"]
            _Check(self.trees, self.views, (*self.within, name)).query(statement["node"])
        elif name not in _STANDARD:
            raise _against(f"view {name} is not made from the facts of one object")


def _against(why: str) -> Invalid:
    return Invalid(f"it cannot be incremental: {why}; or give it another refresh, such as 1h")


def _body(part: Node) -> Node:
    """The SELECT of a part of WITH; releases of the parser differ in where it stands."""
    found: Node = part["query_node"] if "query_node" in part else part["query"]["node"]
    return found


def _sides(node: Node) -> list[Node]:
    """The SELECTs of a set operation."""
    return list(node["children"]) if "children" in node else [node["left"], node["right"]]


def _leads(node: Node) -> bool:
    """Whether the first column of a SELECT is the key."""
    if node["type"] == "SET_OPERATION_NODE":
        return all(_leads(side) for side in _sides(node))
    return node["type"] == "SELECT_NODE" and _is_key(
        node["select_list"][0], _whose(node["from_table"])
    )


def _whose(source: Node) -> set[str]:
    """The sources whose key is never null: all, or the leftmost where there is a left join."""
    if not any(each.get("join_type") == "LEFT" for each in _sources(source)):
        return _names(source)
    while source["type"] == "JOIN":
        source = source["left"]
    return {_name(source)}


def _is_key(item: Node, whose: set[str]) -> bool:
    """Whether an expression is the key of one of these sources, or the one that they share."""
    names = [name.lower() for name in item.get("column_names", ())]
    if item.get("class") != "COLUMN_REF" or names[-1:] != [KEY]:
        return False
    return len(names) == 1 or (len(names) == 2 and names[0] in whose)


def _gives_key(item: Node, whose: set[str]) -> bool:
    if item.get("class") != "STAR":
        return _is_key(item, whose) and item["alias"].lower() in ("", KEY)
    changed = any(item[part] for part in ("replace_list", "exclude_list", "rename_list"))
    named = item["relation_name"].lower()
    return (not named or named in whose) and not (changed or item["columns"] or item["expr"])


def _sources(source: Node) -> Iterator[Node]:
    yield source
    if source["type"] == "JOIN":
        yield from _sources(source["left"])
        yield from _sources(source["right"])


def _names(source: Node) -> set[str]:
    return {_name(each) for each in _sources(source)} - {""}


def _name(source: Node) -> str:
    return str(source.get("alias") or source.get("table_name", "")).lower()


def _equates(condition: Node | None, left: set[str], right: set[str]) -> bool:
    """Whether a condition says that the key of one side is that of the other."""
    if condition is None:
        return False
    if condition["type"] == "CONJUNCTION_AND":
        return any(_equates(child, left, right) for child in condition["children"])
    if condition["type"] != "COMPARE_EQUAL":
        return False
    sides = [condition["left"], condition["right"]]
    named = left | right
    if not all(_is_key(side, named) and len(side["column_names"]) == 2 for side in sides):
        return False
    one, other = (side["column_names"][0].lower() for side in sides)
    return (one in left and other in right) or (one in right and other in left)


def _check_expressions(tree: Any, whose: set[str]) -> None:
    for node in walk(tree):
        if node.get("class") == "SUBQUERY":
            raise _against("a SELECT within an expression may look at all rows")
        if node.get("class") == "WINDOW" and not any(
            _is_key(part, whose) for part in node["partitions"]
        ):
            raise _against(f"a window is not partitioned by {KEY}")
