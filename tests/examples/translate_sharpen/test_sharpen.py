from translate.testing import check_generator, check_loss, check_recipe


def test_the_recipe_keeps_the_rules():
    check_recipe("sharpen", generator={"name": "shallow", "width": 4})


def test_the_generator_and_the_loss_keep_the_rules():
    check_generator("shallow", width=4)
    check_loss("sobel-edge")
