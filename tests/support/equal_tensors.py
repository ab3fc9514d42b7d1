"""Assert that two tensors, or lists or dicts of tensors, have equal values, shapes and dtypes.

The comparison is that of numbers without a tolerance: -0.0 equals 0.0, and NaN differs from NaN.
"""

from functools import partial

from torch.testing import assert_close

assert_equal_tensors = partial(assert_close, rtol=0, atol=0)
