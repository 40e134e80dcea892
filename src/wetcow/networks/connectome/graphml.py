"""GraphML of the Connectome Mapper, as braingraph.org publishes it, of networkx and igraph."""

from __future__ import annotations

import pathlib
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np

from wetcow.networks.connectome.cells import as_number
from wetcow.networks.connectome.preparation import MOST_LINKED, ConnectomeError

NODE_NAMES = (
    "dn_name",
    "dn_fsname",
    "name",
    "label",
)  # the first that all nodes have


def read_graphml(
    path: pathlib.Path, content: bytes, weight: str, length: str
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...], np.ndarray | None]:
    """Weights, lengths, names and positions of a graph."""
    graph, keys = _graph(path, content)
    number = sum(1 for _ in graph.iterfind(".//{*}node"))
    if number > MOST_LINKED:
        raise ConnectomeError(
            f"{path} has {number} regions; {MOST_LINKED} is the limit: save larger ones as .npy"
        )
    if number and graph.find(".//{*}edge") is None:
        raise ConnectomeError(f"{path} has no edges, so it links none of its {number} nodes")
    nodes = [
        (node.get("id"), _attributes(keys, node, "node")) for node in graph.findall(".//{*}node")
    ]
    if not nodes:
        raise ConnectomeError(f"{path} has no nodes")
    index = {identity: position for position, (identity, _) in enumerate(nodes)}
    if len(index) < len(nodes) or None in index:
        raise ConnectomeError(f"{path} has nodes without an id, or with the same")
    weights = np.zeros((len(nodes), len(nodes)))
    products = np.zeros_like(weights)
    directed = graph.get("edgedefault") == "directed"
    measured = False
    for edge in graph.findall(".//{*}edge"):
        ends = edge.get("source"), edge.get("target")
        if ends[0] not in index or ends[1] not in index:
            raise ConnectomeError(f"{path}: the edge {ends[0]}-{ends[1]} joins an unknown node")
        values = _attributes(keys, edge, "edge")
        one, how_long = _weight_and_length(path, ends, values, weight=weight, length=length)
        measured |= length in values
        source, target = index[ends[0]], index[ends[1]]
        both = [(target, source)]
        if {"true": False, "false": True}.get(edge.get("directed", ""), not directed):
            both.append((source, target))
        for pair in both[: 1 if source == target else 2]:
            weights[pair] += one
            if one:  # what is said of no link does not matter
                products[pair] += one * how_long
    lengths = np.divide(products, weights, out=np.zeros_like(weights), where=weights > 0)
    return weights, lengths if measured else None, _names(nodes), _positions(nodes)


def _graph(path: pathlib.Path, content: bytes) -> tuple[ElementTree.Element, dict[Any, Any]]:
    """The graph of a file, and what declares its attributes, by id."""
    # A document type is not part of GraphML, and its entities can expand without end.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ConnectomeError(f"{path} has a document type, which GraphML has none of")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    graph = root.find("{*}graph")
    if graph is None:
        raise ConnectomeError(f"{path} has no <graph>, so it is no GraphML file")
    return graph, {key.get("id"): key for key in root.findall("{*}key")}


def _attributes(keys: dict[Any, Any], element: ElementTree.Element, kind: str) -> dict[str, str]:
    """Attributes of a node or edge by name, with the defaults of those not given."""
    found = {}
    for identity, key in keys.items():
        default = key.find("{*}default")
        if key.get("for") in (kind, "all") and default is not None:
            found[key.get("attr.name", identity)] = (default.text or "").strip()
    for one in element.findall("{*}data"):
        key = keys.get(one.get("key"))
        if key is not None:
            found[key.get("attr.name", one.get("key"))] = (one.text or "").strip()
    return found


def _weight_and_length(
    path: pathlib.Path, ends: tuple[Any, Any], values: dict[str, str], *, weight: str, length: str
) -> tuple[float, float]:
    """Weight of an edge, and its length, NaN where it has none."""
    if weight not in values:
        raise ConnectomeError(
            f"{path}: the edge {ends[0]}-{ends[1]} has no {weight!r}; it has "
            f"{sorted(values)}: choose one as weight="
        )
    one = as_number(values[weight])
    how_long = as_number(values.get(length, "nan"))
    if one is None or how_long is None or not np.isfinite(one) or one < 0:
        raise ConnectomeError(
            f"{path}: the edge {ends[0]}-{ends[1]} has values {values}; its weight must be a "
            "number that is not negative"
        )
    return one, how_long


def _names(nodes: list[tuple[str | None, dict[str, str]]]) -> tuple[str, ...]:
    """Names of nodes: of the first attribute that tells them apart, else their ids."""
    for attribute in NODE_NAMES:
        names = [attributes.get(attribute, "") for _, attributes in nodes]
        if all(names) and len(set(names)) == len(names):
            return tuple(names)
    return tuple(str(identity) for identity, _ in nodes)


def _positions(nodes: list[tuple[str | None, dict[str, str]]]) -> Any:
    axes = [[values.get(f"dn_position_{axis}") for axis in "xyz"] for _, values in nodes]
    if any(value is None for row in axes for value in row):
        return None
    numbers = [[as_number(str(value)) for value in row] for row in axes]
    return np.array(numbers, dtype=float)  # None becomes NaN, which is refused
