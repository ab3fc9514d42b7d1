"""Text encoder: the sum of embeddings of words and of pairs of words."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HASH_MODULUS, HASH_BASE = 2**31 - 1, 257
"""of the polynomial hash of a word: a prime, and a base above every byte"""


class TextEncoder(nn.Module):
    """Text (N, L), zero-padded bytes of UTF-8, to unbounded codes (N, channels, 1, 1).

    A hashed bag of words and bigrams as in fastText (Joulin et al., 2017, section 2.1), without a
    vocabulary: "two firs and a fir" has the features two, firs, and, a, fir, "two firs", "firs and"
    and so on. Case and punctuation are ignored. A word that is not in the training texts adds 0,
    unless its hash equals that of a training word.
    """

    def __init__(self, channels: int, buckets: int = 8192, scale: float = 10.0) -> None:
        super().__init__()
        self.table = nn.Embedding(buckets, channels)
        nn.init.zeros_(self.table.weight)
        # embeddings start at 0, and Adam changes each by about the learning rate, in few steps
        self.scale = scale

    def forward(self, text: Tensor) -> Tensor:
        hashes, is_present = hash_words(text)
        embeddings = self.table(hashes % self.table.num_embeddings) * is_present[..., None]
        return self.scale * embeddings.sum(1)[:, :, None, None]


def hash_words(text: Tensor) -> tuple[Tensor, Tensor]:
    """Return hashes of the words and bigrams of `text`, and which entries are present.

    Both are (N, 2L): L entries for words, then L for bigrams, in the order of the text; as a text
    of L bytes has fewer words, the last entries are not present. The hash of a word is a polynomial
    in its bytes, so it does not depend on the word's position.
    """
    byte_values = text.long()
    byte_values = byte_values + 32 * _is_between(byte_values, "A", "Z")  # lower case
    is_letter = (
        _is_between(byte_values, "a", "z")
        | _is_between(byte_values, "0", "9")
        | (byte_values >= 128)
    )
    is_word_start = is_letter & ~F.pad(is_letter, (1, 0))[:, :-1]

    position = torch.arange(text.shape[1], device=text.device)
    # (N, L, L), the starts up to each position, as ONNX has no cummax
    starts_up_to = is_word_start[:, None] & (position <= position[:, None])
    word_start = torch.where(starts_up_to, position, 0).amax(2)
    powers = torch.tensor(
        [pow(HASH_BASE, i, HASH_MODULUS) for i in range(len(position))], device=text.device
    )
    terms = byte_values * powers[position - word_start] % HASH_MODULUS * is_letter
    word_index = (is_word_start.cumsum(1) - 1).clamp(min=0)
    words = torch.zeros_like(byte_values).scatter_add_(1, word_index, terms) % HASH_MODULUS
    bigrams = (words * HASH_BASE + F.pad(words, (0, 1))[:, 1:] + 1) % HASH_MODULUS

    count = is_word_start.sum(1, keepdim=True)
    is_present = torch.cat([position < count, position < count - 1], 1)
    return torch.cat([words, bigrams], 1), is_present


def _is_between(byte_values: Tensor, first: str, last: str) -> Tensor:
    return (byte_values >= ord(first)) & (byte_values <= ord(last))
