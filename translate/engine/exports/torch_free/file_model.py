"""Models in exported files, which translate without PyTorch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.batches import ImageSpec
from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.exports.torch_free import files
from translate.engine.exports.torch_free.file_tiles import FileTiler
from translate.engine.exports.torch_free.record import ExportRecord, parse_record
from translate.engine.models.image_model import ImageModel
from translate.engine.models.tile_options import TileOptions
from translate.engine.processes.cores import thread_limit
from translate.engine.processes.signals import reraise_interruption
from translate.engine.system.memory import is_out_of_memory
from translate.errors import ConfigError, TranslateError, describe_error, short_repr
from translate.exporters import Content, Exporter, Network
from translate.images.domains import levels
from translate.images.domains.levels import ClippedNumbers
from translate.images.layers import Pixels
from translate.nn.geometry import Geometry


@dataclass(frozen=True, kw_only=True)
class FileModel(ImageModel):
    """An exported translation to one domain."""

    record: ExportRecord
    network: Network

    @property
    def geometry(self) -> Geometry:
        return self.record.geometry

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.record.target.name,)

    @property
    def takes_mask(self) -> bool:
        return self.record.takes_mask

    @property
    def keeps_gray(self) -> bool:
        return self.record.keeps_gray

    @property
    def batch_size(self) -> int:
        return 1

    @property
    def supports_tiles(self) -> bool:
        return self.geometry.halo is not None

    @property
    def device_name(self) -> str:
        return "cpu"

    def complete_options(
        self,
        options: Mapping[str, Any],
        other_names: Sequence[str] = (),  # noqa: ARG002
    ) -> dict[str, Any]:
        fixed = self.record.options
        for name, value in options.items():
            if name not in fixed or to_yaml_types(value) != fixed[name]:
                text = ", ".join(f"{key}={value!r}" for key, value in fixed.items()) or "none"
                raise ConfigError(
                    f"{self.name} has its options fixed ({text}), got {name}={short_repr(value)}: "
                    "leave --set out, or export the run again with it."
                )
        return dict(fixed)

    def choose_seed(self, seed: int | None) -> None:
        if seed is not None:
            raise ConfigError(
                f"seed: {self.name} uses no random numbers, got {seed}: leave --seed out."
            )

    def tiler(
        self,
        to: str,
        options: Mapping[str, Any],  # noqa: ARG002 - they are fixed in the file
        seed: int | None,  # noqa: ARG002
        limits: TileOptions,
    ) -> FileTiler | None:
        if self.supports_tiles:
            return FileTiler(self, to, limits)
        for option, value in {"tile": limits.tile, "memory": limits.memory}.items():
            if value is not None:
                reason = self.record.whole_image
                raise ConfigError(
                    f"{option}: {self.name} translates images whole, as {reason}: leave "
                    f"--{option} out, or translate with the run, which has tiles."
                )
        return None

    def translate(
        self,
        images: Sequence[Pixels],
        to: str,
        *,
        dtypes: Sequence[str] = (),
        options: Mapping[str, Any] = {},  # noqa: ARG002 - they are fixed in the file
        seed: int | None = None,  # noqa: ARG002
        clipped: Sequence[ClippedNumbers] = (),
    ) -> list[NDArray[Any] | None]:
        source, target = self.source_and_target(to)
        batch = np.concatenate([levels.network_input_array(pixels, source) for pixels in images])
        output = self.run_network(batch)
        for image, count in zip(output, clipped, strict=False):
            count.add(image)
        dtypes = dtypes or [target.dtype] * len(images)
        return [
            levels.network_output_pixels(image[None], target, dtype)[0]
            if np.isfinite(image).all()
            else None
            for image, dtype in zip(output, dtypes, strict=True)
        ]

    def run_network(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the translation of (N, C, H, W), padded to sides that the network takes."""
        height, width = batch.shape[-2:]
        rows = np.arange(self.geometry.fit(height)).clip(max=height - 1)  # the edge is repeated
        columns = np.arange(self.geometry.fit(width)).clip(max=width - 1)
        padded = batch[:, :, rows[:, None], columns]
        try:
            with self.lock:  # not every inference engine is thread-safe
                output = self.network(np.ascontiguousarray(padded))
        except Exception as error:  # inference engines may raise anything
            if is_out_of_memory(error):
                raise
            raise TranslateError(f"{self.name}: {describe_error(error):.300}") from error
        scale = self.geometry.scale
        expected = (len(batch), self.record.target.channels, *(scale * s for s in padded.shape[2:]))
        if output.shape != expected:
            raise TranslateError(
                f"{self.name} returned {output.shape} for {padded.shape}: expected {expected}. "
                "Export the run again."
            )
        return output[..., : scale * height, : scale * width]


def load_file(path: str | Path, *, device: str = "auto") -> FileModel:
    """Return the model in an exported file or folder; raises `ConfigError`."""
    exporter, content = files.open_exported(Path(path), device)
    return file_model(str(path), exporter, content, digest=files.digest_of(content))


def file_model(name: str, exporter: Exporter, content: Content, *, digest: str) -> FileModel:
    """Return the model in the `content` of an exported file, which messages call `name`.

    Raises `ConfigError` if `exporter` cannot load the file, or it does not translate images.
    """
    network, record = load_network(name, exporter, content)
    if record.generation is not None:
        raise ConfigError(
            f"{name} generates images from latents, and does not translate: expected an exported "
            f"translation. To generate images: translate sample {name} OUT"
        )
    source, target = record.source, record.target
    domains = (target,) if source == target else (source, target)
    return FileModel(
        name,
        digest,
        ImageSpec(record.size, domains, sides=record.sides),
        unscaled=record.unscaled,
        recipe_name=record.recipe,
        step=record.step,
        record=record,
        network=network,
    )


def load_network(name: str, exporter: Exporter, content: Content) -> tuple[Network, ExportRecord]:
    """Return the network in the `content` of an exported file, and its record.

    Raises `ConfigError` if `exporter` cannot load the file, which messages call `name`.
    """
    try:
        network, metadata = exporter.load(content, threads=thread_limit())
        return network, parse_record(metadata)
    except Exception as error:  # parsers of inference engines may raise anything
        reraise_interruption(error)
        if isinstance(error, TranslateError):
            raise
        reason = str(error) if isinstance(error, ValueError) else f"{describe_error(error):.300}"
        raise ConfigError(
            f"{name} cannot be used: {reason.removesuffix('.')}. Expected a file that `translate "
            "export` has written."
        ) from error
