"""The page of configuration keys."""

from documentation import settings

from translate.engine.config.layers import SECTIONS


def test_every_key_has_a_row_with_type_default_and_text() -> None:
    (text,) = settings.write().values()
    for section, model in SECTIONS.items():
        for key in model.model_fields:
            assert f'<span id="{section}.{key}"></span>`{section}.{key}` |' in text
    assert "`data.size` | integer or list | `256` | training crop in pixels" in text
    assert "`train.warmup` | integer | `0` | steps over which" in text
    assert "`train.clip_norm` | number or mapping |  | largest gradient norm" in text
    assert "`train.deterministic` | true or false | `false` | repeat" in text
