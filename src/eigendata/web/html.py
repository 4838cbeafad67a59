"""Pages as values: what is put in is escaped, and there is no way to put in what is not.

    element("p", "a & b") -> Element -> render -> "<!doctype html><p>a &amp; b</p>"

Only the tags and attributes of these pages can be written. A script is one that is fetched from beside the page, there
is no style, and a link leads to a place beside its page or to a wallet, whatever a value holds. Texts come from
registers and from strangers: characters that are not to be seen, or that turn the direction of what follows, become
U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

from eigendata import texts
from eigendata.errors import Misuse

Node: TypeAlias = "Element | str"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a page. Made by `element`, which refuses tags and attributes that no page here needs."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Node, ...]


def element(tag: str, /, *children: Node, **attributes: str | bool) -> Element:
    """Make an element. `class_` and `for_` name attributes that are words of Python; `aria_current` is `aria-current`.

    Raises:
        Misuse: the tag, an attribute or the place that a link leads to is not among those that pages use here, or a
            script holds anything.
    """
    if tag not in _TAGS and tag not in _EMPTY_TAGS:
        raise Misuse(f"no page here has <{tag}>")
    if (tag in _EMPTY_TAGS or tag == "script") and children:
        raise Misuse(f"<{tag}> holds nothing")
    written: list[tuple[str, str]] = []
    for word, value in attributes.items():
        name = word.rstrip("_").replace("_", "-")
        if name not in _ATTRIBUTES:
            raise Misuse(f"no element here has `{name}`")
        if value is False:
            continue
        text = "" if value is True else value
        if name in _LINKS and _LINKS[name].fullmatch(text) is None:
            raise Misuse(f"`{name}` leads to a place beside the page, or to a wallet")
        written.append((name, text))
    return Element(tag, tuple(written), children)


def render(page: Element) -> str:
    """Write a page as HTML."""
    return "<!doctype html>\n" + "".join(_written(page))


def visible(text: str) -> str:
    """Give a text without characters that cannot be seen or that turn the direction of what follows."""
    return texts.visible(text, spaces=_SPACES)


# fmt: off
_TAGS: Final = frozenset((
    "a", "body", "button", "code", "dd", "details", "div", "dl", "dt", "form", "h1", "h2", "h3", "head",
    "header", "html", "label", "li", "main", "nav", "noscript", "ol", "p", "path", "script", "section", "span",
    "strong", "summary", "svg", "textarea", "title", "ul",
))
_EMPTY_TAGS: Final = frozenset(("link", "meta"))
_ATTRIBUTES: Final = frozenset((
    "action", "aria-current", "aria-describedby", "aria-label", "aria-live", "charset", "class", "content", "d",
    "data-page", "data-state", "defer", "dir", "for", "href", "hreflang", "id", "lang", "method", "name", "readonly",
    "rel", "role", "rows", "spellcheck", "src", "viewBox", "xmlns",
))
# fmt: on
_BESIDE: Final = r"(\.{1,2}/)*[A-Za-z0-9._~-]*(/[A-Za-z0-9._~-]+)*(\?[A-Za-z0-9._~%&=+-]*)?"
_LINKS: Final = {
    "action": re.compile(_BESIDE, re.ASCII),
    "href": re.compile(rf"#[a-z]+|openid4vp://\?[A-Za-z0-9._~%&=+-]+|{_BESIDE}", re.ASCII),
    "src": re.compile(r"(\.{1,2}/)*[a-z]+\.js", re.ASCII),
}
_SPACES: Final = "\n\N{NO-BREAK SPACE}"


def _written(node: Node) -> Iterator[str]:
    if isinstance(node, str):
        yield escape(visible(node))
        return
    attributes = "".join(f' {name}="{escape(visible(value))}"' for name, value in node.attributes)
    yield f"<{node.tag}{attributes}>"
    if node.tag in _EMPTY_TAGS:
        return
    for child in node.children:
        yield from _written(child)
    yield f"</{node.tag}>"
