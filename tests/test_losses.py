"""The adversarial loss of the generator, AUC, and the precision of losses."""

import pytest
import torch
from torch import Tensor

from translate.losses import Scores, at_least_float32, auc, generator_loss


class Plain:
    def for_discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        raise NotImplementedError

    def for_generator(self, fake: Scores, real: Scores | None = None) -> Tensor:
        assert isinstance(fake, Tensor)
        return -fake.mean() if real is None else (real - fake).mean()


class Relativistic(Plain):
    relativistic = True


@pytest.mark.parametrize(("loss", "passes"), [(Plain(), [3.0]), (Relativistic(), [3.0, 5.0])])
def test_only_a_relativistic_loss_has_real_images_scored(loss: Plain, passes: list[float]) -> None:
    fake, real = torch.tensor([3.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)
    scored = []

    def discriminator(images: Tensor) -> Tensor:
        scored.append(images.item())
        return 2 * images

    value = generator_loss(loss, discriminator, fake, real)
    assert scored == passes
    assert value.item() == (4 if len(passes) == 2 else -6)
    value.backward()
    assert fake.grad == -2 and real.grad is None


def test_auc_is_the_fraction_of_pairs_in_which_the_real_image_scores_higher() -> None:
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[2.0], [1.0]])
    assert auc(real, fake) == 0.625  # 3 > 2, 3 > 1, 1 = 1
    patches = torch.tensor([[[[0.0, 4.0]]]])
    assert auc(patches, torch.tensor([[[[1.0, 2.0]]]])) == 1
    assert auc([real, real], [fake, 9 + fake]) == 0
    assert auc(torch.tensor(1.0), torch.tensor(0.0)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_half_precision_becomes_single_precision_and_other_dtypes_stay(
    before: torch.dtype, after: torch.dtype
) -> None:
    assert at_least_float32(torch.ones(2, dtype=before)).dtype == after
