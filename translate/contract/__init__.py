"""The rules that plugins must follow, a function each; `translate.testing` is the interface.

A *subject* is the plugin under test. The docstring of a rule says what the plugin must do; its
first line is what `translate plugins check` prints. A rule returns None, or the reason why it does
not apply; it raises an `AssertionError` if the plugin breaks it.
"""
