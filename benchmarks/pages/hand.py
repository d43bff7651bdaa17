"""A hand on mouse and keyboard that counts what it does, and takes a person's time for it.

The times are the operators of the keystroke-level model (Card, Moran and Newell, "The
keystroke-level model for user performance time with interactive systems", Communications of
the ACM 23, 1980): a key of an average typist, pointing with a mouse, pressing or releasing its
button, moving a hand between mouse and keyboard, and the thought before an act.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from playwright.sync_api import Page

from benchmarks.pages.cells import Place

KEY, POINT, BUTTON, THINK = 0.28, 1.1, 0.1, 1.35


@dataclass
class Hand:
    """One person's: the right hand on the mouse, the left one on the keyboard.

    So no time goes by between the two. Every thing done to the picture begins with a thought;
    what belongs to the same thing goes on without one.

    Args:
        pace: of the pauses; 1 is a person's, 0 makes none.
    """

    page: Page
    pace: float = 1.0
    counts: Counter[str] = field(default_factory=Counter)
    #: What the operators add up to, and what was slept of it.
    seconds: float = 0.0
    paused: float = 0.0

    @property
    def actions(self) -> int:
        """Keys, clicks and drags; a chord is one key, and pointing alone is none."""
        return self.counts["key"] + self.counts["click"] + self.counts["drag"]

    def think(self) -> None:
        """See what is wrong, or that nothing is, and make up one's mind."""
        self._take(THINK)

    def key(self, name: str) -> None:
        """Press a key, or a chord such as ``Control+Enter``."""
        self.counts["key"] += 1
        self._take(KEY * (1 + name.count("+")))
        self.page.keyboard.press(name)

    def point(self, place: Place) -> None:
        """Move the mouse to a place."""
        self.counts["point"] += 1
        self._take(POINT)
        self.page.mouse.move(*place, steps=4)

    def click(self, place: Place) -> None:
        """Move the mouse to a place and click."""
        self.point(place)
        self.counts["click"] += 1
        self._take(2 * BUTTON)
        self.page.mouse.down()
        self.page.mouse.up()

    def drag(self, start: Place, end: Place) -> None:
        """Press at one place and release at another."""
        self.point(start)
        self.counts["drag"] += 1
        self._take(BUTTON)
        self.page.mouse.down()
        self._take(POINT)
        self.page.mouse.move(*end, steps=8)
        self._take(BUTTON)
        self.page.mouse.up()

    def _take(self, seconds: float) -> None:
        self.seconds += seconds
        self.paused += seconds * self.pace
        time.sleep(seconds * self.pace)
