"""The values of a traced function."""

import pytest
import torch.nn.functional as F
from tiled import traced

from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.statistics import Norm


def test_a_graph_lists_the_statistics_that_are_needed() -> None:
    graph = traced(lambda x: F.instance_norm(x.relu()) - x.mean(), 1, 2, 40, 50)
    (norm,) = [each for each in graph.operators.values() if isinstance(each, Norm)]
    assert graph.measured == {norm.inputs[0], graph.sources[0]}
    assert [*graph.reductions.values()] == [graph.sources[0]]


def test_a_result_that_is_no_image_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="is not an image"):
        traced(lambda x: x.mean(), 1, 2, 40, 50)
    with pytest.raises(UnsupportedError, match="is not one image"):
        traced(lambda x: x.repeat(2, 1, 1, 1), 1, 2, 4000, 5000)
