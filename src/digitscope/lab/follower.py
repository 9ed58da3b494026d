"""A follower: what one page has been told of a story, and so what to tell it next."""

from __future__ import annotations

from digitscope.lab.message import Message
from digitscope.lab.story import Row, Story, condensed, merged_each

MOST = 100  # rows at a time, of several seconds: a curve that grows is as fine as one found later


class Follower:
    """A page that is slow is asked about less often, and gets the same story in fewer words: of
    many groups of batches neighbours are merged, of weights and confusion only the newest are told.
    """

    def __init__(self) -> None:
        self._story: Story | None = None
        self._chapter: tuple[str, int] = ("", 0)
        self._rows = 0
        self._latest: dict[str, Message] = {}

    def messages(self, story: Story) -> list[Message]:
        """What is new since the last time; all of it where the story is another one."""
        chapter = (story.run, story.edition)
        if story is not self._story or chapter != self._chapter:
            self._story, self._chapter, self._latest = story, chapter, {"status": story.news()}
            self._rows = len(story.rows)
            told = [story.message()]
        else:
            fresh = _in_few_words(story.rows[self._rows :])
            self._rows = len(story.rows)
            told = [Message({"said": "event", **row}) for row in fresh]
            told += self._if_new("status", story.news())
        for kind, message in (("weights", story.weights), ("confusion", story.confusion)):
            if message is not None:
                told += self._if_new(kind, message)
        return told

    def _if_new(self, kind: str, message: Message) -> list[Message]:
        """The message, unless the page was told so already."""
        last = self._latest.get(kind)
        if message is last or message == last:
            return []
        self._latest[kind] = message
        return [message]


def _in_few_words(rows: list[Row]) -> list[Row]:
    """The rows, halved until there are few; what ends an epoch stays."""
    while len(rows) > MOST and len(shorter := condensed(rows)) < len(rows):
        rows = shorter
    return merged_each(rows)
