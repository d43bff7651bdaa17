"""Feeds: folders of pictures with the labels that people gave them, read one at a time."""

from millpond.raw.feeds.detect import FORMATS, open_feed
from millpond.raw.feeds.item import Feed, FeedItem, FeedLabel
from millpond.raw.feeds.split import Split, find_split, read_split

__all__ = [
    "FORMATS",
    "Feed",
    "FeedItem",
    "FeedLabel",
    "Split",
    "find_split",
    "open_feed",
    "read_split",
]
