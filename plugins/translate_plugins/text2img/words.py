"""A sentence as a code: a sum of what its words, and its pairs of neighbouring words, say."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PRIME = 2**31 - 1
BASE = 257


class Words(nn.Module):
    """Text (N, L), bytes of UTF-8 with zeros behind, to codes (N, channels, 1, 1) of any value.

    The hashed bag of words and pairs of fastText (Joulin et al., 2017, section 2.1), which needs
    no list of words: "two firs and a fir" is two, firs, and, a, fir, "two firs", "firs and" and so
    on. Capitals and punctuation say nothing, nor do words that were never trained on.
    """

    def __init__(self, channels: int, buckets: int = 8192, scale: float = 10.0) -> None:
        super().__init__()
        self.table = nn.Embedding(buckets, channels)
        nn.init.zeros_(self.table.weight)
        self.scale = scale  # a bag has dozens of entries, which Adam moves by its rate a step

    def forward(self, text: Tensor) -> Tensor:
        hashes, present = hashed(text)
        said = self.table(hashes % self.table.num_embeddings) * present[..., None]
        return self.scale * said.sum(1)[:, :, None, None]


def hashed(text: Tensor) -> tuple[Tensor, Tensor]:
    """Return hashes (N, 2L) of the words of `text` and of the pairs, and which of them there are.

    The hash of a word is a polynomial in its bytes, so equal words are equal wherever they stand.
    """
    byte = text.long()
    byte = byte + 32 * _between(byte, "A", "Z")
    letter = _between(byte, "a", "z") | _between(byte, "0", "9") | (byte >= 128)
    begins = letter & ~F.pad(letter, (1, 0))[:, :-1]

    place = torch.arange(text.shape[1], device=text.device)
    start = torch.where(begins, place, 0).cummax(1).values
    power = torch.tensor([pow(BASE, i, PRIME) for i in range(len(place))], device=text.device)
    share = byte * power[place - start] % PRIME * letter
    number = (begins.cumsum(1) - 1).clamp(min=0)
    word = torch.zeros_like(byte).scatter_add_(1, number, share) % PRIME
    pair = (word * BASE + F.pad(word, (0, 1))[:, 1:] + 1) % PRIME

    words = begins.sum(1, keepdim=True)
    return torch.cat([word, pair], 1), torch.cat([place < words, place < words - 1], 1)


def _between(byte: Tensor, first: str, last: str) -> Tensor:
    return (byte >= ord(first)) & (byte <= ord(last))
