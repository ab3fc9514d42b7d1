"""Replay the calls of a recipe's networks in a training step as CUDA graphs.

With small batches a GPU waits for Python to launch kernels. A CUDA graph launches all kernels of a
network at once. Each call of a network in a step gets a graph of its own, for the forward and the
backward pass, with inputs, activations and outputs at fixed addresses. So a second call does not
overwrite the activations of the first. A call is captured after `OBSERVED_STEPS` eager steps with
an equal call. A network that cannot be captured stays eager.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from types import MethodType
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config.schema import Train
from translate.engine.optimization.graphs.observation import (
    Call,
    Observation,
    lasting_obstacle,
    plain_attributes,
)
from translate.engine.optimization.networks.sharding import trained_networks
from translate.engine.processes import distributed
from translate.engine.system import randomness
from translate.errors import TrainingError, describe_error
from translate.nn.modes import unchanged_buffers
from translate.recipe import Recipe

OBSERVED_STEPS = 3
"""number of eager steps with an equal call before it is captured"""
MAX_GRAPHS = 16
"""largest number of graphs of a network; more calls mean that the sizes of its inputs change"""
OTHERS_MAY_USE_CUDA = (
    "capture_error_mode" in signature(torch.cuda.make_graphed_callables).parameters
)
"""whether other threads may use CUDA during a capture, which older versions of PyTorch forbid"""
Capture: TypeAlias = Callable[[nn.Module, tuple[Tensor, ...]], Callable[..., Any]]
"""function that captures a module with sample inputs, and returns a function of such inputs"""

logger = logging.getLogger(__name__)


def graphed_networks(training: TrainingState) -> "GraphedNetworks":
    """Return the networks with calls that become graphs; none without ``train.cuda_graphs``."""
    train, device = training.config.train, training.device
    if not train.cuda_graphs:
        return GraphedNetworks()
    if reason := why_eager(train, device):
        logger.warning(f"train.cuda_graphs has no effect: {reason}")
        return GraphedNetworks()
    return GraphedNetworks(training.recipe)


def why_eager(train: Train, device: torch.device) -> str:
    """Return why no network can be graphed with these settings; else ""."""
    if device.type != "cuda":
        return f"training is on a {device.type}, and graphs need CUDA"
    if distributed.world_size() > 1:
        return "it was not tested with several processes"
    if train.accumulate > 1:
        return "with train.accumulate a graph would overwrite the gradients of a microbatch"
    return ""


def capture_cuda_graphs(module: nn.Module, samples: tuple[Tensor, ...]) -> Callable[..., Any]:
    """Capture the forward and the backward pass of `module`."""
    options: dict[str, Any] = {"capture_error_mode": "thread_local"} if OTHERS_MAY_USE_CUDA else {}
    return torch.cuda.make_graphed_callables(module, samples, allow_unused_input=True, **options)


def allows_pinning(train: Train) -> bool:
    """Return whether another thread may pin memory: in older PyTorch, this would end a capture."""
    return OTHERS_MAY_USE_CUDA or not train.cuda_graphs


class GraphedNetworks:
    """The networks of a recipe; their calls are observed, captured and replayed. None: none."""

    def __init__(
        self, recipe: Recipe | None = None, capture: Capture = capture_cuda_graphs
    ) -> None:
        named_networks = trained_networks(recipe) if recipe else ()
        self.networks = [GraphedNetwork(name, network, capture) for name, network in named_networks]

    @contextmanager
    def step(self) -> Iterator[None]:
        """Enclose a training step: calls are counted from its start, and captured after its end."""
        for network in self.networks:
            network.begin_step()
        yield
        for network in self.networks:
            network.end_step()

    def close(self) -> None:
        """Free the graphs, and give the networks their own forward passes back."""
        for network in self.networks:
            network.close()
        self.networks = []


class GraphedNetwork:
    """The calls of one network: eager at first, and replayed once they are captured."""

    def __init__(self, name: str, network: nn.Module, capture: Capture) -> None:
        self.name, self.network, self.capture = name, network, capture
        self.graphs: dict[Call, Callable[..., Any]] = {}
        self.obstacle = ""
        """why the network stays eager, or empty"""
        self._observed: Counter[Call] = Counter()
        self._observations: dict[Call, Observation] = {}
        self._attributes = plain_attributes(network)
        self._ordinal = 0
        if reason := lasting_obstacle(network):
            self._stay_eager(reason)
            return
        # bound: a deep copy of the network has a forward pass of its own, which is eager
        network.forward = MethodType(self._forward, network)

    def begin_step(self) -> None:
        """Begin to count the calls of a step."""
        self._ordinal = 0

    def end_step(self) -> None:
        """Capture the calls that were observed in enough steps.

        If a call cannot be captured, the network stays eager.
        """
        observations, self._observations = self._observations, {}
        if not observations or self.obstacle:
            return
        if reason := self._obstacle_in(observations):
            self._stay_eager(reason)
            return
        self._observed.update(list(observations))
        for call in observations:
            if self._observed[call] >= OBSERVED_STEPS and not self.obstacle:
                self._capture(call)

    def close(self) -> None:
        """Free the graphs, and restore the network's own forward pass."""
        self.graphs.clear()
        forward = vars(self.network).get("forward")
        if isinstance(forward, MethodType) and forward.__func__ == self._forward:
            del self.network.forward

    def _forward(self, module: nn.Module, *inputs: Any, **keywords: Any) -> Any:
        """Replay the call, or run it and observe it."""
        forward = type(module).forward
        if module is not self.network or self.obstacle:
            return forward(module, *inputs, **keywords)
        if not (module.training and torch.is_grad_enabled()):
            return forward(module, *inputs, **keywords)  # a preview, or images without gradients
        if keywords or not inputs or not all(isinstance(each, Tensor) for each in inputs):
            self._stay_eager("it is called with arguments that are not tensors")
            return forward(module, *inputs, **keywords)
        call = Call.of(self._ordinal, inputs)
        self._ordinal += 1
        if graph := self.graphs.get(call):
            output = graph(*inputs)
            for tensor in tree_leaves(output):
                if tensor.requires_grad:
                    tensor.register_hook(self._refuse_penalty)
            return output
        with Observation(module) as observation:
            output = forward(module, *inputs)
        observation.watch(output)
        self._observations[call] = observation
        return output

    def _refuse_penalty(self, gradient: Tensor) -> None:  # noqa: ARG002
        """Raise `TrainingError` if gradients are differentiated: those of a graph are constants."""
        if torch.is_grad_enabled():
            raise TrainingError(
                f"train.cuda_graphs: the gradient of {self.name} is differentiated now, and was "
                "not in the first steps, which a graph forbids: --set train.cuda_graphs=false"
            )

    def _obstacle_in(self, observations: dict[Call, Observation]) -> str:
        """Return why the calls of a step cannot be captured; else ""."""
        attributes = plain_attributes(self.network)
        for name, value in attributes.items():
            if self._attributes.get(name) != value:
                return f"its attribute {name} changes"
        if len({*self._observed, *observations}) > MAX_GRAPHS:
            return "the sizes of its inputs change"
        reasons = (observation.obstacle() for observation in observations.values())
        return next(filter(None, reasons), "")

    def _capture(self, call: Call) -> None:
        """Make a graph of `call`; buffers and random numbers stay as they were."""
        state, dtype = randomness.random_state(), call.autocast
        device = call.inputs[0].device.type
        module = _Eager(self.network)
        try:
            with (
                unchanged_buffers(self.network),
                torch.autocast(device, dtype, enabled=bool(dtype), cache_enabled=False),
            ):
                self.graphs[call] = self.capture(module, call.samples())
        except Exception as error:  # CUDA or the network's code may raise anything
            self._stay_eager(f"it cannot be captured: {describe_error(error)}")
        finally:
            randomness.restore_random_state(state)

    def _stay_eager(self, reason: str) -> None:
        self.obstacle = reason
        self.graphs.clear()
        logger.warning(f"train.cuda_graphs: {self.name} runs without: {reason}")


class _Eager(nn.Module):
    """A network with its own forward pass, neither observed nor replayed, and its parameters."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Any:
        """Return the output of the network."""
        return type(self.network).forward(self.network, *inputs)
