"""What user SQL may say: one SELECT over the views, and nothing that reaches further.

The check goes by the syntax tree of DuckDB's own parser, so that there is no
statement that the check reads in one way and the engine in another. It gives clear
messages; the engine is locked besides (`worker`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from millpond.errors import Invalid

#: Functions that make rows from their arguments alone.
_TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
#: Functions that tell of the engine and not of the data, write to its log, or only wait.
_REFUSED = frozenset(
    {
        "current_query",
        "current_setting",
        "currval",
        "format_pg_type",
        "getenv",
        "getvariable",
        "in_search_path",
        "json_execute_serialized_sql",
        "json_serialize_plan",
        "map_to_pg_oid",
        "nextval",
        "parse_duckdb_log_message",
        "setseed",
        "sleep_ms",
        "txid_current",
        "write_log",
    }
)
#: Functions whose answer is not decided by their arguments.
_VOLATILE = frozenset(
    {
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_time",
        "current_timestamp",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "localtime",
        "localtimestamp",
        "now",
        "random",
        "today",
        "transaction_timestamp",
        "uuid",
        "uuidv4",
        "uuidv7",
    }
)
_REFUSED_PREFIXES = ("duckdb_", "has_", "pg_", "pragma_")
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})


def views_used(tree: str, views: Collection[str], hidden: Collection[str]) -> list[str]:
    """The views that a statement reads, sorted.

    Args:
        tree: what ``json_serialize_sql`` says of the statement.
        views: those that may be read.
        hidden: names that the statement may not give to anything of its own.

    Raises:
        Invalid: it is not one SELECT over the views; the message says what to change.
    """
    try:
        parsed = json.loads(tree)
    except RecursionError:
        raise Invalid("the SQL is nested too deeply; write it in steps, using WITH") from None
    if parsed["error"]:
        raise Invalid(_parser_message(parsed))
    if len(parsed["statements"]) != 1:
        raise Invalid(f"the SQL is one SELECT statement, not {len(parsed['statements'])}")
    nodes = list(walk(parsed["statements"]))
    own = {name for node in nodes for name in _own_names(node)}
    if taken := sorted(own & set(hidden)):
        raise Invalid(f"name {taken[0]!r} is taken; call that part of the SQL something else")
    used = {name for node in nodes if (name := _table(node, views, own)) is not None}
    for node in nodes:
        _check(node)
    return sorted(used)


def refuse_volatile(tree: str) -> None:
    """Refuse what a view may not say though a query may: it tells of the facts alone.

    Raises:
        Invalid: it asks for the time of the day, for chance, or for a sample.
    """
    for node in walk(json.loads(tree)["statements"]):
        name = _volatile_name(node)
        if name in _VOLATILE:
            raise Invalid(
                f"function {name!r} is not allowed in a view: its rows are a function of the facts"
            )
        if node.get("sample") is not None:
            raise Invalid("a sample is not allowed in a view: its rows would change by chance")


def tables_named(tree: str) -> set[str]:
    """The names that a statement of our own gives for tables, those of its WITH among them."""
    nodes = walk(json.loads(tree).get("statements", []))
    return {node["table_name"].lower() for node in nodes if _is_table(node)}


def walk(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a syntax tree, or of a part of one."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _is_table(node: dict[str, Any]) -> bool:
    return node.get("type") == "BASE_TABLE" and "class" not in node


def _own_names(node: dict[str, Any]) -> Iterator[str]:
    """The names that WITH gives in this node."""
    entries = node.get("cte_map", {}).get("map", [])
    for entry in entries:
        yield entry["key"].lower()


def _table(node: dict[str, Any], views: Collection[str], own: Collection[str]) -> str | None:
    """The view that a node reads, if it reads one."""
    if not _is_table(node):
        return None
    name: str = node["table_name"].lower()
    qualified = node.get("schema_name") or node.get("catalog_name")
    if not qualified and name in own:
        return None
    if qualified or name not in views:
        shown = ".".join(node["qualified_name"]["path"])
        raise Invalid(f"view {shown!r} is not found; existing views: {', '.join(sorted(views))}")
    return name


def _check(node: dict[str, Any]) -> None:
    kind = node.get("type", "")
    if "class" in node:
        if node["class"] in ("FUNCTION", "WINDOW"):
            _check_function(node)
    elif kind == "TABLE_FUNCTION":
        name = node["function"]["function_name"].lower()
        if name not in _TABLE_FUNCTIONS:
            raise Invalid(
                f"table function {name!r} is not allowed; allowed: "
                f"{', '.join(sorted(_TABLE_FUNCTIONS))}, and the views"
            )
    elif kind == "SHOW_REF":
        raise Invalid(
            "only SELECT is allowed; `select * from images limit 0` shows the columns of a view"
        )
    elif isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise Invalid("the SQL is one SELECT statement: it may read, not write")


def _check_function(node: dict[str, Any]) -> None:
    name = node["function_name"].lower()
    if name in _TABLE_FUNCTIONS:
        return
    if name in _REFUSED or name.startswith(_REFUSED_PREFIXES):
        raise Invalid(f"function {name!r} is not allowed; a query is about the data in the views")


def _volatile_name(node: dict[str, Any]) -> str:
    """The function that a node calls; ``current_date`` and its like need no brackets."""
    if node.get("class") == "FUNCTION":
        return str(node["function_name"]).lower()
    names = node.get("column_names", ())
    bare = names[0].lower() if node.get("class") == "COLUMN_REF" and len(names) == 1 else ""
    return bare if bare.startswith(("current_", "localtime")) else ""


def _parser_message(parsed: dict[str, Any]) -> str:
    if parsed.get("error_type") == "not implemented":
        return "the SQL is one SELECT statement: it may read the views, and nothing else"
    return f"the SQL cannot be read: {parsed.get('error_message')}"
