"""Count the floating-point operations of a computation."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode


class FlopCounter(TorchDispatchMode):
    """Counts the operations of matrix products and convolutions, forward and backward, in a block.

    A multiplication and an addition count as two; element-wise operations are not counted.
    `torch.utils.flop_counter.FlopCounterMode` cannot be used: its hooks on modules fail if a step
    calls `torch.autograd.grad`, as gradient penalties do.
    """

    def __init__(self) -> None:
        from torch.utils.flop_counter import flop_registry  # imports triton: a tenth of a second

        super().__init__()
        self.flops, self._count = 0, flop_registry.get

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        count = self._count(func._overloadpacket)
        if count:
            self.flops += int(count(*args, **(kwargs or {}), out_val=result))
        return result
