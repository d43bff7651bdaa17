"""The classifier: a small residual network with one answer for the whole picture."""

from __future__ import annotations

from torch import Tensor, nn

from millpond.training.layers import Backbone

#: Both sides of the tensor are a multiple of it.
MULTIPLE = 16

_WIDTHS = (24, 48, 96, 160)
_DEPTHS = (1, 1, 1)
_DROPOUT = 0.2


class Classifier(nn.Module):
    """The network, from a tensor to logits.

    Args:
        channels: of the tensor.
        labels: how many there are.
    """

    def __init__(self, channels: int, labels: int) -> None:
        super().__init__()
        self.backbone = Backbone(channels, _WIDTHS, _DEPTHS)
        self.drop = nn.Dropout(_DROPOUT)
        self.out = nn.Linear(_WIDTHS[-1], labels)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, labels]``, from the mean of the last features."""
        features = self.backbone(x)[-1]
        logits: Tensor = self.out(self.drop(features.mean((2, 3)))).float()
        return logits
