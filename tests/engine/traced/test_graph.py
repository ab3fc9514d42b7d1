"""A graph lists the operators of a traced function, and the statistics that they need."""

import pytest
import torch.nn.functional as F
from tiled import trace_function

from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.statistics import Norm


def test_a_graph_lists_the_inputs_of_norms_and_reductions() -> None:
    graph = trace_function(lambda x: F.instance_norm(x.relu()) - x.mean(), 1, 2, 40, 50)
    (norm,) = [each for each in graph.operators.values() if isinstance(each, Norm)]
    assert graph.measured == {norm.inputs[0], graph.sources[0]}
    assert [*graph.reductions.values()] == [graph.sources[0]]


def test_an_output_that_is_not_one_image_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="is not an image"):
        trace_function(lambda x: x.mean(), 1, 2, 40, 50)
    with pytest.raises(UnsupportedError, match="is not one image"):
        trace_function(lambda x: x.repeat(2, 1, 1, 1), 1, 2, 4000, 5000)
