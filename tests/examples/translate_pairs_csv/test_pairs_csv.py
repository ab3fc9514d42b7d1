from PIL import Image

from translate.testing import check_layout


def write_images(folder, *names):
    folder.mkdir()
    for index, name in enumerate(names):
        Image.new("RGB", (32, 32), (60 * index, 0, 0)).save(folder / name)


def test_the_layout_keeps_the_rules(tmp_path):
    names = ("0_source.png", "0_target.png", "1_source.png", "1_target.png")
    write_images(tmp_path / "named", *names)
    write_images(tmp_path / "listed", "0.png", "1.png", "2.png", "3.png")
    (tmp_path / "listed/pairs.csv").write_text("0.png,1.png\n2.png,3.png\n")
    check_layout("pairs-csv", data={"root": str(tmp_path), "domains": ["named"]})
    check_layout("pairs-csv", data={"root": str(tmp_path), "domains": ["listed"]})
