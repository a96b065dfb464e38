"""A Corefile as server blocks and their directives.

Knows the grammar that all plugins share; knows nothing of `rewrite` or `hosts`.
Source: coredns/caddy 1.1.4, `caddyfile/parse.go` and `dispenser.go`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kurrent_conn.core.overrides.corefile_tokens import (
    Token,
    environment_reference,
    tokens_of,
)
from kurrent_conn.errors import InvalidOverride

_DIRECTIVES: Final = frozenset(
    """
    acl any auto autopath azure bind bufsize cache cancel chaos clouddns debug dns64
    dnssec dnstap erratic errors etcd file forward geoip grpc grpc_server header health
    hosts https https3 k8s_external kubernetes loadbalance local log loop metadata
    minimal multisocket nomad nsid on pprof prometheus proxyproto quic ready reload
    rewrite root route53 secondary shed sign template timeouts tls trace transfer tsig
    view whoami import
    """.split()  # noqa: SIM905 - a table reads better than quoted words
)
"""Source: CoreDNS 4b26cced, `plugin.cfg`."""

_MAX_EXPANSIONS: Final = 10_000


@dataclass(slots=True)
class Directive:
    """A directive's name and the tokens after it, a block's braces included."""

    name: Token
    rest: list[Token] = field(default_factory=list)

    def split(self) -> tuple[list[Token], list[list[Token]], list[Token]]:
        """Part the tokens into arguments, the lines of the block, and what follows.

        What follows a block, or a brace on the next line, is a mistake that CoreDNS
        refuses; it is handed back so that the plugin can say so.
        """
        for place, token in enumerate(self.rest):
            if token.first:
                return self.rest[:place], [], self.rest[place:]
            if token.text == "{":
                return self.rest[:place], *_block_lines(self.rest[place + 1 :])
        return self.rest, [], []


@dataclass(slots=True)
class ServerBlock:
    """The keys of a server block (none for bare directives) and its directives."""

    keys: list[Token] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)


def read_blocks(text: str) -> tuple[list[ServerBlock], list[str]]:
    """Read a whole Corefile, or directives without a server block.

    Args:
        text: The text.

    Returns:
        The blocks in their order, and notes on what could not be followed.

    Raises:
        InvalidOverride: A brace is not closed, or a snippet is wrong; the rule says
            on which line.
    """
    reader = _Reader(list(tokens_of(text.removeprefix("\ufeff"))))
    return reader.blocks(), reader.notes


def _block_lines(tokens: list[Token]) -> tuple[list[list[Token]], list[Token]]:
    lines: list[list[Token]] = []
    for place, token in enumerate(tokens):
        if token.text == "}":
            return lines, tokens[place + 1 :]
        if token.first or not lines:
            lines.append([])
        lines[-1].append(token)
    return lines, []


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.notes: list[str] = []
        self._tokens = tokens
        self._at = 0
        self._snippets: dict[str, list[Token]] = {}
        self._expansions = 0

    def blocks(self) -> list[ServerBlock]:
        if self._is_bare():
            return [ServerBlock([], self._directives(bare=True))]
        blocks: list[ServerBlock] = []
        while self._at < len(self._tokens):
            block = self._block()
            if block is not None:
                blocks.append(block)
        return blocks

    def _is_bare(self) -> bool:
        if not self._tokens or self._tokens[0].text not in _DIRECTIVES:
            return False
        # `file {` could be a zone of that name; `rewrite {` and `hosts {` are blocks
        # of the directives that we are after.
        opens = len(self._tokens) > 1 and self._tokens[1].text == "{"
        return not opens or self._tokens[0].text in {"rewrite", "hosts", "errors"}

    def _block(self) -> ServerBlock | None:
        keys = self._keys()
        opened = self._at < len(self._tokens) and self._tokens[self._at].text == "{"
        if opened:
            self._at += 1
        if len(keys) == 1 and keys[0].text[0] + keys[0].text[-1] == "()":
            if not opened:
                raise _mistake(keys[0], "a snippet needs braces")
            self._snippet(keys[0])
            return None
        opener = self._tokens[self._at - 1] if opened else None
        directives = self._directives(opener=opener)
        return ServerBlock(keys, directives) if keys else None

    def _keys(self) -> list[Token]:
        keys: list[Token] = []
        more = False
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == "{":
                if more:
                    raise _mistake(token, "a zone is missing after the comma")
                break
            if keys and not more and token.first:
                break
            more = token.text.endswith(",")
            key = token.text.removesuffix(",")
            if key:
                keys.append(token._replace(text=key))
            self._at += 1
        return keys

    def _directives(
        self, *, bare: bool = False, opener: Token | None = None
    ) -> list[Directive]:
        found: list[Directive] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == "}" and bare:
                raise _mistake(token, "this brace closes nothing")
            if token.text == "}":
                self._at += 1
                return found
            if token.text == "import":
                self._import()
                continue
            found.append(self._directive())
        # At the end CoreDNS only looks whether the last token is a brace, be it that of
        # a directive.
        if opener is not None and self._tokens[-1].text != "}":
            raise _mistake(opener, "the brace of this server block is not closed")
        return found

    def _directive(self) -> Directive:
        directive = Directive(self._tokens[self._at])
        depth = 0
        self._at += 1
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == "{":
                depth += 1
            elif token.first and depth == 0:
                return directive
            elif token.text == "}" and depth == 0:
                # `{ rewrite name a b }` on one line: CoreDNS refuses that too.
                raise _mistake(token, "this brace closes nothing; put it on a new line")
            elif token.text == "}":
                depth -= 1
            elif token.text == "import" and token.first:
                self._import()
                continue
            directive.rest.append(token)
            self._at += 1
        if depth:
            raise _mistake(directive.name, "its brace is not closed")
        return directive

    def _snippet(self, key: Token) -> None:
        body: list[Token] = []
        depth = 1
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                break
            body.append(token)
        else:
            raise _mistake(key, "the brace of this snippet is not closed")
        name = key.text[1:-1]
        if name in self._snippets:
            raise _mistake(key, "this snippet is defined twice")
        self._snippets[name] = body

    def _import(self) -> None:
        keyword = self._tokens[self._at]
        end = self._at + 1
        while end < len(self._tokens) and not self._tokens[end].first:
            end += 1
        arguments = self._tokens[self._at + 1 : end]
        if len(arguments) != 1 or not arguments[0].text:
            raise _mistake(keyword, "import takes one snippet or file")
        name = arguments[0].text
        body = self._snippets.get(name)
        if body is None:
            self.notes.append(
                f"line {keyword.line}: import {name}: the file is not read; import its "
                "rules on their own"
            )
            body = []
        self._expansions += 1
        if self._expansions > _MAX_EXPANSIONS:
            raise _mistake(keyword, "the snippets import each other without end")
        # `{ rewrite ...` may stand on one line: in its new place it starts a line.
        head = [token._replace(first=True) for token in body[:1]]
        self._tokens[self._at : end] = head + body[1:]


def _mistake(token: Token, problem: str) -> InvalidOverride:
    return InvalidOverride(problem, rule=f"line {token.line} ({token.text})")


def refuse_environment(directive: Directive) -> None:
    """Refuse a directive with `{$NAME}` in it: its value is not in the file.

    Args:
        directive: The directive.

    Raises:
        InvalidOverride: There is a reference.
    """
    for token in directive.rest:
        reference = environment_reference(token.text)
        if reference:
            raise InvalidOverride(
                f"{reference} is a variable of the server's environment, which is not "
                "known here; write the value. A group is {1}, without $"
            )
