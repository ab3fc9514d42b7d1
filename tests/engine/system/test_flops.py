"""Operations of matrix products and convolutions are counted, forward and backward."""

import torch

from translate.engine.system.flops import FlopCounter


def test_a_product_of_matrices_has_two_operations_for_each_number() -> None:
    with FlopCounter() as counter:
        torch.ones(3, 5) @ torch.ones(5, 7) + 1
    assert counter.flops == 2 * 3 * 5 * 7


def test_a_convolution_is_counted_forward_and_backward() -> None:
    images, weight = torch.ones(2, 3, 8, 8), torch.ones(4, 3, 3, 3, requires_grad=True)
    forward = 2 * (2 * 4 * 6 * 6) * (3 * 3 * 3)
    with FlopCounter() as counter:
        torch.conv2d(images, weight).sum().backward()
    assert counter.flops == 2 * forward, "images need no gradient"


def test_the_gradient_of_a_gradient_is_counted_as_in_a_gradient_penalty() -> None:
    layer, inputs = torch.nn.Linear(5, 7), torch.ones(3, 5, requires_grad=True)
    with FlopCounter() as counter:
        (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
        gradient.square().sum().backward()
    assert counter.flops == 3 * (2 * 3 * 5 * 7), "output, gradient of the inputs and of the weight"
