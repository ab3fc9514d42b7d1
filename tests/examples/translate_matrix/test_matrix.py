import torch

from translate.testing import check_importer


def test_the_importer_keeps_the_rules(tmp_path):
    torch.save({"matrix": torch.eye(3), "offset": torch.zeros(3)}, tmp_path / "warm.pth")
    check_importer("matrix", files=[tmp_path / "warm.pth"])
