"""Runs the model's graph as a list of calls: dask, made for training in parallel, plans it anew for every message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphNode, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage


class StraightRunner(GraphRunner):
    """Computes what the targets need, each node after those that it reads."""

    def __init__(self, schema: GraphSchema, nodes: dict[str, GraphNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._plans: dict[tuple[str, ...], list[tuple[str, GraphNode, list[str]]]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Any = None,
    ) -> StraightRunner:
        nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }
        return cls(graph_schema, nodes)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of *targets*.

        Raises:
            GraphComponentException: a component failed.
        """
        given = inputs or {}
        wanted = tuple(targets or self._schema.target_names)
        outputs: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in given.items()}
        for name, node, needs in self._plan(wanted, frozenset(given)):
            outputs[name] = node(*(outputs[need] for need in needs))
        return {name: outputs[name][1] for name in wanted}

    def _plan(self, targets: tuple[str, ...], given: frozenset[str]) -> list[tuple[str, GraphNode, list[str]]]:
        key = (*targets, "", *sorted(given))
        if key not in self._plans:
            plan: list[tuple[str, GraphNode, list[str]]] = []
            self._add(targets, given, plan)
            self._plans[key] = plan
        return self._plans[key]

    def _add(self, names: tuple[str, ...], given: frozenset[str], plan: list[tuple[str, GraphNode, list[str]]]) -> None:
        for name in names:
            if name in given or any(name == planned for planned, _, _ in plan):
                continue
            needs = tuple(self._schema.nodes[name].needs.values())
            self._add(needs, given, plan)
            plan.append((name, self._nodes[name], list(needs)))
