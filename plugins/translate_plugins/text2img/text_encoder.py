"""Text encoder: the sum of embeddings of words and of pairs of words."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PRIME = 2**31 - 1
BASE = 257


class TextEncoder(nn.Module):
    """Text (N, L), zero-padded bytes of UTF-8, to unbounded codes (N, channels, 1, 1).

    A hashed bag of words and bigrams as in fastText (Joulin et al., 2017, section 2.1), without a
    vocabulary: "two firs and a fir" has the features two, firs, and, a, fir, "two firs", "firs and"
    and so on. Case and punctuation are ignored; words that are not in training are zero.
    """

    def __init__(self, channels: int, buckets: int = 8192, scale: float = 10.0) -> None:
        super().__init__()
        self.table = nn.Embedding(buckets, channels)
        nn.init.zeros_(self.table.weight)
        self.scale = scale  # embeddings are sparse and start at 0; Adam moves each by lr a step

    def forward(self, text: Tensor) -> Tensor:
        hashes, present = hash_words(text)
        embeddings = self.table(hashes % self.table.num_embeddings) * present[..., None]
        return self.scale * embeddings.sum(1)[:, :, None, None]


def hash_words(text: Tensor) -> tuple[Tensor, Tensor]:
    """Return hashes (N, 2L) of the words and bigrams of `text`, and which of them are present.

    The hash of a word is a polynomial in its bytes, and so independent of its position.
    """
    byte = text.long()
    byte = byte + 32 * _between(byte, "A", "Z")
    letter = _between(byte, "a", "z") | _between(byte, "0", "9") | (byte >= 128)
    begins = letter & ~F.pad(letter, (1, 0))[:, :-1]

    place = torch.arange(text.shape[1], device=text.device)
    earlier = begins[:, None] & (place <= place[:, None])  # (N, L, L); ONNX has no cummax
    start = torch.where(earlier, place, 0).amax(2)
    power = torch.tensor([pow(BASE, i, PRIME) for i in range(len(place))], device=text.device)
    share = byte * power[place - start] % PRIME * letter
    number = (begins.cumsum(1) - 1).clamp(min=0)
    word = torch.zeros_like(byte).scatter_add_(1, number, share) % PRIME
    pair = (word * BASE + F.pad(word, (0, 1))[:, 1:] + 1) % PRIME

    words = begins.sum(1, keepdim=True)
    return torch.cat([word, pair], 1), torch.cat([place < words, place < words - 1], 1)


def _between(byte: Tensor, first: str, last: str) -> Tensor:
    return (byte >= ord(first)) & (byte <= ord(last))
