"""Markup as text: everything that was seen is escaped, nothing is ever trusted."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def element(name: str, *children: str, **attributes: object) -> str:
    """Write an element.

    Args:
        name: Its name.
        children: Markup, written before; escape text with `text`.
        attributes: Their values are escaped; `class_` stands for `class`, an
            underscore for a hyphen. None leaves one out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>"


def text(words: object) -> str:
    """Escape text.

    Args:
        words: What is to be read as it is.
    """
    return escape(str(words), quote=False)


def listed(items: Iterable[str], **attributes: object) -> str:
    """Write a list.

    Args:
        items: Markup, one entry each.
        attributes: As in `element`.
    """
    return element("ul", *(element("li", each) for each in items), **attributes)
