"""Every setting of a memory architecture configuration, with its default and its meaning.

The dataclasses are the schema: loading, checking, dumping and the table of the reference all read it off their fields.
A field is either a group (another dataclass) or a setting, annotated with its meaning and what bounds it; its dotted
key is the path to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple

from synap.domain.contexts import RetrievalMode
from synap.domain.memories import MemoryType
from synap.domain.own_slots import OwnSlot
from synap.domain.privacy import PiiHandling


class Limits(NamedTuple):
    """The smallest and the largest number that a setting takes."""

    least: float
    most: float


class PrimaryScope(StrEnum):
    """The rung an instance is mostly about."""

    USER = "user"
    CUSTOMER = "customer"
    INSTANCE = "instance"


class IsolationLevel(StrEnum):
    """How far a read may look; siblings are never seen at either level."""

    STRICT = "strict"
    SHARED = "shared"


class ClientScope(StrEnum):
    """Who shares CLIENT memories."""

    INSTANCE = "instance"
    CLIENT = "client"


class ClientWrites(StrEnum):
    """Which keys may write CLIENT memories."""

    ALLOW = "allow"
    MANAGEMENT_KEY = "management_key"


class CompactionPolicy(StrEnum):
    """What becomes of memories past their age."""

    AUTO = "auto"
    ARCHIVE = "archive"
    DELETE = "delete"


class ExtractionMode(StrEnum):
    """How much extraction tries to find."""

    STANDARD = "standard"
    ENHANCED = "enhanced"


class ChunkingStrategy(StrEnum):
    """How documents are cut into segments."""

    SEMANTIC = "semantic"


_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_SEMVER = re.compile(
    r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?"
)
_SHARE = Limits(0, 1)
_WEIGHT = Limits(0, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Which vectors the instance expects."""

    model: Annotated[str, "Embedding model, as a label: vectors are those of the one that the server runs.", _WORD] = (
        "default"
    )
    dimension: Annotated[
        int, "Length of its vectors, checked for known models; 0 is the model's own.", Limits(0, 16384)
    ] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStorage:
    """Search by meaning."""

    namespace: Annotated[str, "A label; nothing is divided by it.", _WORD] = "default"
    enabled: Annotated[
        bool, "Whether vectors are searched; without, words alone answer. What is stored stays either way."
    ] = True
    embedding: Embedding = field(default_factory=Embedding)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStorage:
    """Entities and what ties them."""

    namespace: Annotated[str, "A label; nothing is divided by it.", _WORD] = "default"
    enabled: Annotated[
        bool,
        "Whether memories are tied to the entities that they name, and questions joined by the other names of whom they name."
        " What is written while it is off is never tied; what was tied before stays.",
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoping:
    """Whose memories matter most, and who may write for all."""

    primary_scope: Annotated[
        PrimaryScope,
        "The rung kept warm, cached, and favoured in answers without a query. Never overrides the ids of a call.",
    ] = PrimaryScope.USER
    isolation_level: Annotated[
        IsolationLevel,
        "`strict`: a scope is read only when its id is given, the broader ones always. `shared` is reserved and, for"
        " now, the same.",
    ] = IsolationLevel.STRICT
    client_scope: Annotated[ClientScope, "`client` shares CLIENT memories among all instances of the client."] = (
        ClientScope.INSTANCE
    )
    client_writes: Annotated[ClientWrites, "`management_key` refuses CLIENT writes made with an application key."] = (
        ClientWrites.ALLOW
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long memories stay."""

    max_memory_age_days: Annotated[
        int,
        "Age in days, counted from the recording, at which memories and passages expire; 0 is never. No answer holds"
        " what has expired; what becomes of it is settled once an hour.",
        Limits(0, 36500),
    ] = 0
    compaction_policy: Annotated[
        CompactionPolicy,
        "What becomes of what has expired: `delete` erases it with its documents and messages, `archive` keeps it out of"
        " every answer, readable by id; `auto` is `delete`.",
    ] = CompactionPolicy.AUTO

    def kept_from(self, now: datetime) -> datetime | None:
        """Return the moment before which everything recorded has expired at `now`, or None where nothing expires."""
        return now - timedelta(days=self.max_memory_age_days) if self.max_memory_age_days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where memories lie and how long."""

    vector: VectorStorage = field(default_factory=VectorStorage)
    graph: GraphStorage = field(default_factory=GraphStorage)
    scoping: Scoping = field(default_factory=Scoping)
    retention: Retention = field(default_factory=Retention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """What is kept; a category switched off is not extracted from then on."""

    facts: Annotated[bool, "Statements that can be checked."] = True
    preferences: Annotated[bool, "Likes, dislikes and choices."] = True
    episodes: Annotated[bool, "What happened, with whom, and how it ended."] = True
    emotions: Annotated[bool, "States of mind and what caused them."] = True
    temporal_events: Annotated[bool, "What is tied to a date, once or again and again."] = True
    relationships: Annotated[bool, "Reserved: how entities are tied to each other is not extracted yet."] = True
    procedures: Annotated[bool, "Reserved: how something is done, step by step, is not extracted yet."] = False

    @property
    def types(self) -> frozenset[MemoryType]:
        """The types of memory that are kept."""
        return frozenset(kind for kind in MemoryType if getattr(self, f"{kind.value}s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBudget:
    """What a language model may cost for one document."""

    max_calls: Annotated[int, "Requests to the language model for one document, retries included.", Limits(0, 1000)] = (
        12
    )
    max_tokens: Annotated[int, "Tokens sent and received for one document.", Limits(0, 10_000_000)] = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionRules:
    """How memories are found.

    The threshold defaults to 0.5, where the wording of the public pages is 0.7: they also promise a band from 0.5 to
    0.7 ("may need verification"), which could never be stored if everything below 0.7 were thrown away. A memory that
    is kept can still be ranked low or filtered by its reader; one that was discarded cannot come back.
    """

    mode: Annotated[
        ExtractionMode,
        "`enhanced` lets a language model propose memories beside the rules (`SYNAP_LLM_URL`, `SYNAP_LLM_MODEL`); without"
        " one, or where it fails, the rules' result stands and the ingestion says so. `fast` documents never wait for it.",
    ] = ExtractionMode.STANDARD
    budget: ModelBudget = field(default_factory=ModelBudget)
    confidence_threshold: Annotated[
        float, "Memories less sure than this are not kept. Excerpts of the source are not affected.", _SHARE
    ] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How documents are cut."""

    strategy: Annotated[ChunkingStrategy, "Cut at turns, headings, paragraphs and sentences."] = (
        ChunkingStrategy.SEMANTIC
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pii:
    """Personal data and secrets."""

    handling: Annotated[
        PiiHandling,
        "`redact` replaces addresses, phone, card and account numbers and secrets by labels, `mask` leaves a few of"
        " their characters; both before anything is stored.",
    ] = PiiHandling.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """From documents to memories."""

    categories: Categories = field(default_factory=Categories)
    extraction: ExtractionRules = field(default_factory=ExtractionRules)
    chunking: Chunking = field(default_factory=Chunking)
    pii: Pii = field(default_factory=Pii)
    slots: Annotated[
        tuple[OwnSlot, ...],
        "Attributes of your own beside the shipped ones: `name`, `aliases`, `cues`, `cardinality` (`one` or `many`: whether a"
        " newer value takes the older one's place) and `values` (what fills it). What is ingested from then on is read with them.",
    ] = ()
    agent_hints: Annotated[
        tuple[str, ...],
        "Directives in plain words, told to the language model of `enhanced` extraction; the built-in rules do not read them.",
    ] = ()

    @property
    def confidence_threshold(self) -> float:
        """Confidence below which a memory is not kept, 0..1."""
        return self.extraction.confidence_threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much an answer may hold."""

    max_tokens: Annotated[int, "Tokens of the formatted context where a call does not say.", Limits(1, 10_000_000)] = (
        4096
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeWeights:
    """How much each type of memory counts; a score is multiplied by its type's weight."""

    fact: Annotated[float, "Weight of facts.", _WEIGHT] = 1.0
    preference: Annotated[float, "Weight of preferences.", _WEIGHT] = 1.0
    episode: Annotated[float, "Weight of episodes.", _WEIGHT] = 1.0
    emotion: Annotated[float, "Weight of emotions.", _WEIGHT] = 1.0
    temporal_event: Annotated[float, "Weight of temporal events.", _WEIGHT] = 1.0

    def items(self) -> tuple[tuple[MemoryType, float], ...]:
        """Return each type with its weight."""
        return tuple((kind, getattr(self, kind.value)) for kind in MemoryType)

    def by_type(self) -> Mapping[MemoryType, float]:
        """Return the weight of every type."""
        return dict(self.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How much each signal counts, as a multiple of the engine's own balance."""

    similarity: Annotated[float, "Likeness in meaning and in words.", _WEIGHT] = 1.0
    meaning: Annotated[float, "Likeness in meaning, beside that in words.", _WEIGHT] = 1.0
    words: Annotated[float, "Words shared, beside likeness in meaning.", _WEIGHT] = 1.0
    recency: Annotated[float, "How lately it was said.", _WEIGHT] = 1.0
    centrality: Annotated[float, "Entities that the query and the memory share.", _WEIGHT] = 1.0
    time: Annotated[float, "The time that the query names, against when a memory happened.", _WEIGHT] = 1.0
    neighbours: Annotated[float, "What stands beside a memory in its conversation or document.", _WEIGHT] = 1.0
    confidence: Annotated[float, "How sure the memory is.", _WEIGHT] = 1.0
    governing: Annotated[float, "Standing requests that govern the task asked for, whatever its words.", _WEIGHT] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What listeners are sent before they ask."""

    enabled: Annotated[bool, "Whether bundles are made for the next turn of a conversation that is listened to."] = True
    max_tokens: Annotated[int, "Tokens of the memories in one bundle.", Limits(1, 10_000)] = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """From a question to a context."""

    default_mode: Annotated[RetrievalMode, "Mode of a fetch that names none."] = RetrievalMode.FAST
    budget: Budget = field(default_factory=Budget)
    type_weights: TypeWeights = field(default_factory=TypeWeights)
    ranking: Ranking = field(default_factory=Ranking)
    floor: Annotated[float, "Score below which nothing is served for a question.", Limits(0, 1)] = 0.0
    profiles: Annotated[
        bool,
        "Whether users have a profile, made of their memories. Published clients answer a fetch without a question from"
        " the profile alone once there is one.",
    ] = False
    anticipation: Foresight = field(default_factory=Foresight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maca:
    """The memory architecture configuration of one instance. `Maca()` holds every default."""

    version: Annotated[
        str,
        "Version of this configuration (semver): where it is named, above that of the configuration in force.",
        _SEMVER,
    ] = "1.0.0"
    storage: Storage = field(default_factory=Storage)
    ingestion: Ingestion = field(default_factory=Ingestion)
    retrieval: Retrieval = field(default_factory=Retrieval)
