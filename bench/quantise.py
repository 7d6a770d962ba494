#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""8-bit trials of an ONNX model, to be measured; pagemill itself uses none of them (docs/engines.md).

  quantise.py dynamic MODEL OUT         scales found in each run: ConvInteger, MatMulInteger
  quantise.py static MODEL RANGES OUT   scales fixed: QuantizeLinear/DequantizeLinear around Conv
                                        and MatMul, weights by channel
  quantise.py names MODEL               the tensors that RANGES (JSON: name -> [least, greatest])
                                        must cover; measure them on real lines or pages

MODEL is float32 with BatchNormalization folded (save it once through ONNX Runtime at optimisation
level 1). Needs python3-onnx and python3-numpy.
"""
import json
import sys

import numpy
import onnx
from onnx import helper, numpy_helper


class Graph:
    def __init__(self, path):
        self.model = onnx.load(path)
        graph = self.model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.nodes = []

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name, values):
        if name not in self.constants:
            self.constants[name] = values
            self.model.graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def layers(self):
        """Nodes with constant weights: the ones worth quantising."""
        return [n for n in self.model.graph.node if n.op_type in ("Conv", "MatMul")
                and n.input[1] in self.constants]

    def weights(self, node):
        """int8 values and the scale of each output channel."""
        w = self.constants[node.input[1]]
        axes = tuple(range(1, w.ndim)) if node.op_type == "Conv" else (0,)
        scale = numpy.maximum(abs(w).max(axis=axes), 1e-8).astype(numpy.float32) / 127
        spread = scale.reshape((-1,) + (1,) * (w.ndim - 1)) if node.op_type == "Conv" else scale
        values = numpy.clip(numpy.rint(w / spread), -127, 127).astype(numpy.int8)
        return self.constant(node.input[1] + "_q", values), scale

    def save(self, path):
        graph = self.model.graph
        del graph.node[:]
        graph.node.extend(self.nodes)
        del graph.value_info[:]
        used = {i for n in graph.node for i in n.input}
        kept = [t for t in graph.initializer if t.name in used]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        for opset in self.model.opset_import:
            if opset.domain == "" and opset.version < 13:
                raise SystemExit("opset 13 or later is needed: quantisation by channel")
        onnx.save(self.model, path)


def dynamic(source, target):
    g = Graph(source)
    layers = {n.output[0] for n in g.layers()}
    done = set()
    for n in g.model.graph.node:
        if n.output[0] not in layers:
            g.nodes.append(n)
            continue
        x, y = n.input[0], n.output[0]
        if x not in done:
            g.nodes.append(helper.make_node("DynamicQuantizeLinear", [x],
                                            [x + "_q", x + "_s", x + "_z"]))
            done.add(x)
        weights, scale = g.weights(n)
        op = "ConvInteger" if n.op_type == "Conv" else "MatMulInteger"
        inner = helper.make_node(op, [x + "_q", weights, x + "_z"], [y + "_i"])
        inner.attribute.extend(n.attribute)
        g.nodes.append(inner)
        shape = (1, -1, 1, 1) if n.op_type == "Conv" else (-1,)
        g.add("Cast", [y + "_i"], y + "_f", to=1)
        g.add("Mul", [x + "_s", g.constant(y + "_ws", scale.reshape(shape))], y + "_ms")
        biased = len(n.input) == 3
        g.add("Mul", [y + "_f", y + "_ms"], y + "_m" if biased else y)
        if biased:
            bias = g.constant(y + "_b", g.constants[n.input[2]].reshape(shape))
            g.add("Add", [y + "_m", bias], y)
    g.save(target)


def names(source):
    found = []
    for n in Graph(source).layers():
        found += [n.input[0], n.output[0]]
    return sorted(set(found))


class Static(Graph):
    def __init__(self, path, ranges):
        super().__init__(path)
        self.ranges = ranges

    def scale(self, name):
        least, greatest = self.ranges[name]
        least, greatest = min(least, 0.0), max(greatest, 1e-6)
        scale = numpy.float32((greatest - least) / 255)
        zero = numpy.uint8(min(255, round(-least / scale)))
        return [self.constant(name + "_s", numpy.array(scale)),
                self.constant(name + "_z", numpy.array(zero))]

    def through(self, name, output):
        """name, quantised and back."""
        q = self.add("QuantizeLinear", [name] + self.scale(name), output + "_q")
        return self.add("DequantizeLinear", [q] + self.scale(name), output)


def static(source, ranges, target):
    g = Static(source, json.load(open(ranges)))
    layers = {n.output[0] for n in g.layers()}
    done = set()
    for n in g.model.graph.node:
        if n.output[0] not in layers:
            g.nodes.append(n)
            continue
        x, y = n.input[0], n.output[0]
        quantised = x + "_dq"
        if x not in done:
            g.through(x, quantised)
            done.add(x)
        weights, scale = g.weights(n)
        axis = 0 if n.op_type == "Conv" else 1
        zeros = g.constant(y + "_wz", numpy.zeros(len(scale), numpy.int8))
        g.add("DequantizeLinear", [weights, g.constant(y + "_ws", scale), zeros], y + "_w", axis=axis)
        inputs = [quantised, y + "_w"]
        if len(n.input) == 3:
            by = scale * g.constants[g.scale(x)[0]]
            bias = numpy.rint(g.constants[n.input[2]] / by).astype(numpy.int32)
            g.add("DequantizeLinear", [g.constant(y + "_bq", bias), g.constant(y + "_bs", by),
                                       g.constant(y + "_bz", numpy.zeros(len(by), numpy.int32))],
                  y + "_b", axis=0)
            inputs.append(y + "_b")
        inner = helper.make_node(n.op_type, inputs, [y + "_raw"])
        inner.attribute.extend(n.attribute)
        g.nodes.append(inner)
        g.ranges[y + "_raw"] = g.ranges[y]
        g.through(y + "_raw", y)
    g.save(target)


if __name__ == "__main__":
    kind, *paths = sys.argv[1:] if len(sys.argv) > 2 else ["help"]
    if kind == "dynamic" and len(paths) == 2:
        dynamic(*paths)
    elif kind == "static" and len(paths) == 3:
        static(*paths)
    elif kind == "names" and len(paths) == 1:
        print("\n".join(names(*paths)))
    else:
        raise SystemExit(__doc__)
