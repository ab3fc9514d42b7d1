"""The page of configuration keys."""

from documentation import markup, settings

from translate.engine.config.layers import SECTIONS


def test_every_key_has_a_row_with_type_default_and_text() -> None:
    (text,) = settings.write().values()
    for section, model in SECTIONS.items():
        for key, field in model.model_fields.items():
            assert f'<span id="{section}.{key}"></span>`{section}.{key}` |' in text
            assert markup.cell(markup.escape(field.description or "")) in text
    assert "`data.size` | integer or list | `256` |" in text
    assert "`train.warmup` | integer | `0` |" in text
    assert "`train.clip_norm` | number or mapping |  |" in text
    assert "`train.deterministic` | true or false | `false` |" in text
