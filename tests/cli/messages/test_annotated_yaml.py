"""Settings as YAML: each line has a comment with its meaning and choices."""

import re
from collections.abc import Callable
from typing import Any

from translate.cli.messages.annotated_yaml import add_choices
from translate.engine.config.layers import KEYS, SECTIONS

Run = Callable[..., Any]


def test_every_setting_has_its_meaning_as_a_comment(run_command: Run) -> None:
    text = run_command("show", "cyclegan").out
    assert text.splitlines()[0] == "recipe: cyclegan"
    for section in SECTIONS:
        for key in KEYS[section]:
            line = next(ln for ln in text.splitlines() if ln.startswith(f"  {key}: "))
            meaning = SECTIONS[section].model_fields[key].description
            assert meaning and f"# {meaning}" in line
    assert re.search(
        r"^  cycle_weight: 10\.0 +# weight of the cycle-consistency loss \(L1\)$", text, re.M
    )
    assert re.search(r"^  epochs: 200 +# passes over", text, re.M)
    assert re.search(r"^  steps: null +# ", text, re.M)


def test_options_of_parts_are_shown_with_their_purpose(run_command: Run) -> None:
    text = run_command("show", "pix2pix").out
    assert re.search(r"^  # Options of adversarial: \{name: vanilla\}$", text, re.M)
    assert re.search(
        r"^  #   label_smoothing: 0\.0 +# .*against an overconfident discriminator$", text, re.M
    )
    assert re.search(r"^  # \{name: noisy, of: patch\} +# Instance noise .*: against ", text, re.M)
    assert re.search(r"^  #   until: 0\.5 +# fraction of training", text, re.M)
    assert "size_average" not in text  # an option of torch's L1 loss, without a description


def test_a_text_is_followed_by_its_values_unless_it_lists_them() -> None:
    assert add_choices("kind of norm", "batch, instance") == "kind of norm (batch, instance)"
    assert add_choices("batch or instance", "batch, instance") == "batch or instance"
    assert add_choices("use a bias", "true, false") == "use a bias"
    assert add_choices("", "a, b") == "a, b"
