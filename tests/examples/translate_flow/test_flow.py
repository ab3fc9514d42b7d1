from translate.testing import check_recipe


def test_the_recipe_keeps_the_rules():
    check_recipe("flow", width=4)
