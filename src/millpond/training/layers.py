"""The parts that the networks are made of."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.05),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions around which the input passes unchanged (He et al., 2015).

    The last normalisation begins at zero, so that at first the block changes
    nothing and the network learns as if it were shallow (Goyal et al., 2017).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(width, eps=1e-3, momentum=0.05)
        nn.init.zeros_(last.weight)
        self.first = conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), last)
        self.out = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as the input."""
        out: Tensor = self.out(x + self.second(self.first(x)))
        return out


class Backbone(nn.Module):
    """A small residual network; the features of each stage are half the size of the last.

    Args:
        channels: of the picture.
        widths: channels of the stem, at half of the picture's size, and of each stage.
        depths: residual blocks of each stage.
    """

    def __init__(self, channels: int, widths: Sequence[int], depths: Sequence[int]) -> None:
        super().__init__()
        self.stem = conv(channels, widths[0], 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, width, 3, 2), *(Residual(width) for _ in range(depth)))
            for before, width, depth in zip(widths, widths[1:], depths, strict=False)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """The features of each stage, of sizes 1/4, 1/8, ... of the picture."""
        x = self.stem(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features
