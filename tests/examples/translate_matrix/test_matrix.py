import torch

from translate.testing import check_importer, check_recipe


def test_the_importer_and_its_recipe_keep_the_rules(tmp_path):
    matrix = {"matrix": torch.eye(3), "offset": torch.zeros(3)}
    torch.save(matrix, tmp_path / "warm.pth")
    check_importer("matrix", files=[tmp_path / "warm.pth"])
    check_recipe("colour-matrix")
