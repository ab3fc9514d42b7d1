import numpy as np

from translate.images.resize import resize_pixels


def test_scaling_down_averages_and_scaling_up_keeps_flat_areas_flat() -> None:
    checks = np.indices((8, 8)).sum(0, dtype=np.uint8)[..., None] % 2 * 255
    assert np.abs(resize_pixels(checks, (4, 4)).astype(int) - 127.5).max() < 1
    flat = np.full((3, 5, 3), 77, np.uint8)
    for size in ((1, 1), (9, 2), (2, 9), (12, 20), (3, 5)):
        assert (resize_pixels(flat, size) == 77).all()
        assert resize_pixels(flat, size).shape == (*size, 3)
        assert resize_pixels(flat.astype(np.uint16), size).dtype == np.uint16
