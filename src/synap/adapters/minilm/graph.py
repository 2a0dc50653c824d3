"""A small pen for ONNX graphs: nodes and constants are added one by one, names are made on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 18
_IR_VERSION = 9
CONTRIB = "com.microsoft"
"""The operator set that onnxruntime adds to the standard one."""


class Graph:
    """An ONNX graph under construction; every method that adds a node gives the name of its (first) output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: NDArray[Any]) -> str:
        """Add a tensor."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """Add a node; a further output has the first one's name with `.1`, `.2` … behind it."""
        name = f"n{len(self._nodes)}"
        names = [name, *(f"{name}.{position}" for position in range(1, outputs))]
        self._nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return name

    def serialize(self, *, inputs: Mapping[str, list[str]], output: str, shape: list[str | int]) -> bytes:
        """Return the finished model as bytes, the same for the same graph; inputs are int64, the output float32."""
        self._nodes.append(helper.make_node("Identity", [output], ["vectors"]))
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name, axes in inputs.items()],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, shape)],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="synap")
        onnx.checker.check_model(model)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
