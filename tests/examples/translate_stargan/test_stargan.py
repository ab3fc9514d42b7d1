from translate.batches import Domain, ImageSpec
from translate.testing import check_recipe

SEASONS = ("summer", "autumn", "winter")


def test_the_recipe_keeps_the_rules():
    spec = ImageSpec((32, 32), tuple(map(Domain, SEASONS)), classes=SEASONS)
    small = {"name": "resnet", "width": 4, "blocks": 1}
    check_recipe("stargan", spec=spec, generator=small, width=4, layers=2, critic_steps=1)
