"""Assert that two tensors, or lists or dicts of tensors, are equal in every bit and type."""

from functools import partial

from torch.testing import assert_close

assert_equal_tensors = partial(assert_close, rtol=0, atol=0)
