"""A YAML text as plain values, with the line and column of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from comms.plan.problem import Problem

LIMIT = 256 * 1024
"""Bytes of a plan; a real one has a few thousand."""

DEEPEST = 20

Path = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, from 1."""

_CORE = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null")}


@dataclass
class Document:
    """`value` is made of dict, list, str, int, float, bool and None only.

    `values` and `keys` place the value and the key of each path; the root's path is ().
    """

    source: str
    value: object = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, message: str, place: Place = (0, 0), at: Path = ()) -> None:
        """Note one problem."""
        self.problems.append(
            Problem(
                source=self.source,
                line=place[0],
                column=place[1],
                field=dotted(at),
                message=message,
            )
        )


def dotted(path: Path) -> str:
    """Return a path as people write it: 'audiences.customers.sees[2]'."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read(content: bytes, source: str) -> Document:
    """Read YAML 1.2. What is wrong is in `problems`; with any, `value` may lack parts."""
    document = Document(source)
    if len(content) > LIMIT:
        document.problem(f"the file has more than {LIMIT // 1024} KiB; a plan is far shorter")
        return document
    text = _decoded(content, document)
    root = _composed(text, document) if text is not None else None
    if root is not None:
        document.value = _Walk(document).value(root, ())
    if document.value is None and not document.problems:
        document.problem("the file is empty")
    return document


def _decoded(content: bytes, document: Document) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        document.problem("the file is not UTF-8 text; save it as UTF-8", (line, column))
        return None


def _composed(text: str, document: Document) -> Node | None:
    try:
        events = _events(text, document)
        root = _Composed(events).get_single_node() if events else None
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        document.problem(f"the character U+{ord(text[error.position]):04X} is not allowed", place)
    except MarkedYAMLError as error:
        place = _place(error.problem_mark or error.context_mark)
        document.problem(_speaking(error, text), place)
    except YAMLError as error:
        document.problem(" ".join(str(error).split()))
    else:
        return root
    return None


def _events(text: str, document: Document) -> list[Event]:
    """Read the text; none of it, before anything is built, where it could grow: a few aliases can
    stand for a billion values or for themselves, and deep nesting exhausts the stack."""
    depth = 0
    events: list[Event] = []
    for event in YAML(typ="safe", pure=True).parse(text):
        events.append(event)
        place = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            document.problem(f"the alias *{event.anchor} is not read; write its value out", place)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            document.problem("values are nested too deeply", place)
            break
    return [] if document.problems else events


class _Composed(Composer):
    """Composes from events that were read already: to read them is most of the work."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__(loader=YAML(typ="safe", pure=True))
        self._read = _Read(events)

    @property
    def parser(self) -> _Read:
        """Where the events come from."""
        return self._read


class _Read:
    """Events in the way that a composer asks for them."""

    def __init__(self, events: list[Event]) -> None:
        self._left = deque(events)

    def check_event(self, *kinds: type[Event]) -> bool:
        return bool(self._left) and (not kinds or isinstance(self._left[0], kinds))

    def peek_event(self) -> Event:
        return self._left[0]

    def get_event(self) -> Event:
        return self._left.popleft()


def _speaking(error: MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return "a tab cannot indent YAML; use spaces"
    parts = (error.context, error.problem)
    return "not YAML: " + ", ".join(part for part in parts if part)


def _place(mark: StringMark | None) -> Place:
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


class _Walk:
    """Turns nodes into values and remembers where each stood."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._constructor = YAML(typ="safe", pure=True).constructor

    def value(self, node: Node, at: Path) -> object:
        self._document.values[at] = _place(node.start_mark)
        if isinstance(node, MappingNode):
            return dict(self._entries(node, at))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _entries(self, node: MappingNode, at: Path) -> Iterator[tuple[str, object]]:
        first: dict[str, Place] = {}
        for key, value in node.value:
            place = _place(key.start_mark)
            if not isinstance(key, ScalarNode):
                self._document.problem("a name must be plain text", place, at)
                continue
            name: str = key.value
            if name in first:
                self._document.problem(
                    f"{name!r} stands here a second time; the first is in line {first[name][0]}",
                    place,
                    (*at, name),
                )
                continue
            first[name] = place
            self._document.keys[(*at, name)] = place
            yield name, self.value(value, (*at, name))

    def _scalar(self, node: Node) -> object:
        if node.tag not in _CORE:
            return node.value
        try:
            return self._constructor.construct_object(node)
        except ValueError:  # Python reads no integer of more than 4,300 digits.
            return node.value
