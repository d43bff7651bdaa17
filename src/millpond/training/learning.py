"""The loop that every trainer shares: batches in, a learned network out.

AdamW on a one-cycle schedule (Smith, 2018) that fits the steps given, and a
moving average of the weights (Polyak and Juditsky, 1992), which is what is kept.
Where the processor computes in bfloat16, the convolutions do.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from millpond.training.trainer import Plan, Progress

Network = TypeVar("Network", bound=nn.Module)

#: Share of the steps over which the learning rate rises.
_RISE = 0.1
#: Longest memory of the average of the weights, in steps.
_MEMORY = 200
#: Steps from one report of progress to the next.
_REPORT = 10
_CLIP = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to learn: the highest learning rate, and the decay of the weights."""

    rate: float = 2e-3
    decay: float = 0.02


@contextmanager
def computing(plan: Plan) -> Iterator[None]:
    """Use the plan's seed and threads, and leave both as they were found."""
    before = torch.get_num_threads()
    torch.set_num_threads(plan.cores())
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            yield
    finally:
        torch.set_num_threads(before)


def learn(
    network: Network,
    step_loss: Callable[[Network, int], Tensor],
    *,
    steps: int,
    plan: Plan,
    pace: Pace,
) -> Network:
    """Train a network.

    Args:
        network: changed in place.
        step_loss: the loss of a fresh batch, given the network and the step.
        steps: how many.

    Returns:
        The average of the network over its last steps, ready to answer.
    """
    network = network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    average = copy.deepcopy(network).eval()
    optimiser = _optimiser(network, pace)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, pace.rate, steps + 1, pct_start=_RISE, div_factor=20, final_div_factor=50
    )
    for step in range(steps):
        loss = step_loss(network, step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimiser.step()
        schedule.step()
        _blend(average, network, 1 - min(1 - 1 / _MEMORY, (1 + step) / (10 + step)))
        if step % _REPORT == _REPORT - 1 or step == steps - 1:
            plan.on_progress(Progress(step + 1, steps, float(loss.detach())))
    return average


def fast() -> torch.autocast:
    """The context in which a network computes in bfloat16, where that is faster."""
    supported = torch.cpu._is_avx512_bf16_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=supported)


def _optimiser(network: nn.Module, pace: Pace) -> torch.optim.Optimizer:
    """AdamW that lets biases and normalisations be."""
    parameters = list(network.parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": pace.decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=pace.rate,
        betas=(0.9, 0.99),
    )


@torch.no_grad()
def _blend(average: nn.Module, network: nn.Module, weight: float) -> None:
    """Move the average towards the network, statistics of the normalisations included."""
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    floating = [(old, new) for old, new in pairs if old.is_floating_point()]
    torch._foreach_lerp_([old for old, _ in floating], [new for _, new in floating], weight)
