from datetime import UTC, datetime

import pytest

from synap.domain.documents import DocumentType
from synap.domain.memories import MemoryType, Precision, Statement
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.foreign_dates import foreign_date
from synap.ingestion.prepare import prepare

SAID = datetime(2026, 3, 11, 10, tzinfo=UTC)


def _day(text: str, language: str, *, past: bool = False) -> str | None:
    found = foreign_date(text, language, SAID, past=past)
    return None if found is None else found.start.date().isoformat()


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Am 3. Mai 2026 ziehe ich um.", "de", "2026-05-03"),
        ("Unsere Hochzeit ist am 14. Jänner 2027.", "de", "2027-01-14"),
        ("Ich fliege am 03.05.2026.", "de", "2026-05-03"),
        ("Mi vuelo sale el 3 de mayo de 2026.", "es", "2026-05-03"),
        ("Mi examen es el 1º de junio del 2026.", "es", "2026-06-01"),
        ("Je pars le 1er août 2026.", "fr", "2026-08-01"),
        ("Mon rendez-vous est le 3 mai 2026.", "fr", "2026-05-03"),
        ("A minha consulta é no dia 3 de maio de 2026.", "pt", "2026-05-03"),
        ("Parto il 3 maggio 2026.", "it", "2026-05-03"),
        ("我2026年5月3日去东京。", "zh", "2026-05-03"),
        ("私は2026年5月3日に引っ越します。", "ja", "2026-05-03"),
    ],
)
def test_a_day_with_its_year_is_that_day(text: str, language: str, day: str) -> None:
    assert _day(text, language) == day


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Am 3. Mai habe ich eine Prüfung.", "de", "2026-05-03"),
        ("Am 3. Mai bin ich nach Bern gezogen.", "de", "2025-05-03"),
        ("El 3 de mayo viajo a Lima.", "es", "2026-05-03"),
        ("El 3 de mayo perdí mi tren.", "es", "2025-05-03"),
        ("Le 2 février, j'ai vendu ma voiture.", "fr", "2026-02-02"),
        ("Il 3 maggio ho venduto la mia barca.", "it", "2025-05-03"),
        ("我5月3日搬家了。", "zh", "2025-05-03"),
    ],
)
def test_a_day_without_a_year_is_the_nearest_that_the_sentence_can_mean(text: str, language: str, day: str) -> None:
    assert _day(text, language) == day


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Gestern habe ich meinen Schlüssel verloren.", "de", "2026-03-10"),
        ("Morgen habe ich Chorprobe.", "de", None),
        ("Ich gehe morgen zum Zahnarzt.", "de", "2026-03-12"),
        ("Por la mañana bebo té.", "es", None),
        ("Mañana voy a Sevilla.", "es", "2026-03-12"),
        ("Hier j'ai mangé une tarte.", "fr", "2026-03-10"),
        ("L'altro ieri ho visto un lupo.", "it", "2026-03-09"),
        ("我昨天买了一辆自行车。", "zh", "2026-03-10"),
        ("昨日、犬を飼いました。", "ja", "2026-03-10"),
    ],
)
def test_a_day_near_today_counts_from_the_day_of_speaking(text: str, language: str, day: str | None) -> None:
    assert _day(text, language) == day


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Mein Netz hat die Version 3.5.2026.1.", "de"),
        ("Ich wohne im dritten Stock.", "de"),
        ("El 31 de febrero de 2026 no existe.", "es"),
        ("Je mange 3 pommes.", "fr"),
    ],
)
def test_what_is_no_day_gives_none(text: str, language: str) -> None:
    assert _day(text, language) is None


def test_months_and_years_keep_their_precision() -> None:
    month = foreign_date("En mayo de 2026 me mudo.", "es", SAID, past=False)
    year = foreign_date("Im Jahr 2019 war ich in Peru.", "de", SAID, past=True)

    assert month is not None
    assert month.precision is Precision.MONTH
    assert year is not None
    assert year.precision is Precision.YEAR
    assert year.start.year == 2019


def _heard(text: str) -> list[Statement]:
    prepared = prepare(f"User: {text}", document_type=DocumentType.AI_CHAT, created_at=SAID, pii=PiiHandling.OFF)
    return [draft.statement for draft in extract(prepared, Source(document_id="d", created_at=SAID)).drafts]


def test_a_memory_keeps_its_words_and_gets_its_day() -> None:
    (coming,) = _heard("Am 3. Mai 2026 habe ich einen Termin beim Notar.")
    (gone,) = _heard("Gestern habe ich meinen Schlüssel verloren.")

    assert coming.type is MemoryType.TEMPORAL_EVENT
    assert coming.when is not None
    assert coming.when.start.date().isoformat() == "2026-05-03"
    assert coming.content == "Am 3. Mai 2026 habe ich einen Termin beim Notar"
    assert gone.type is MemoryType.EPISODE
    assert gone.content == "Gestern habe ich meinen Schlüssel verloren"
    assert gone.when is not None
    assert gone.when.start.date().isoformat() == "2026-03-10"


@pytest.mark.parametrize(
    ("text", "language", "start", "precision"),
    [
        ("Letzte Woche habe ich den Ofen repariert.", "de", "2026-03-02", Precision.WEEK),
        ("Nächsten Monat ziehe ich um.", "de", "2026-04-01", Precision.MONTH),
        ("Vor drei Tagen kam der Klempner.", "de", "2026-03-08", Precision.DAY),
        ("In zwei Wochen habe ich Prüfung.", "de", "2026-03-25", Precision.DAY),
        ("Letzten Montag war ich beim Zahnarzt.", "de", "2026-03-09", Precision.DAY),
        ("El año pasado vendí mi tractor.", "es", "2025-01-01", Precision.YEAR),
        ("El lunes pasado perdí mi gorra.", "es", "2026-03-09", Precision.DAY),
        ("Hace cinco días llegó mi hermana.", "es", "2026-03-06", Precision.DAY),
        ("Je pars la semaine prochaine.", "fr", "2026-03-16", Precision.WEEK),
        ("J'ai acheté ce piano il y a deux ans.", "fr", "2024-01-01", Precision.YEAR),
        ("J'ai un examen vendredi prochain.", "fr", "2026-03-13", Precision.DAY),
        ("No mês passado comprei uma bicicleta.", "pt", "2026-02-01", Precision.MONTH),
        ("Daqui a 10 dias começo o curso.", "pt", "2026-03-21", Precision.DAY),
        ("Mi sono trasferito tre mesi fa.", "it", "2025-12-01", Precision.MONTH),
        ("Martedì prossimo ho una visita.", "it", "2026-03-17", Precision.DAY),
        ("\u6211\u53bb\u5e74\u642c\u5bb6\u4e86\u3002", "zh", "2025-01-01", Precision.YEAR),
        ("\u4e09\u5929\u524d\u6211\u4e22\u4e86\u94b1\u5305\u3002", "zh", "2026-03-08", Precision.DAY),
        ("\u6765\u6708\u5f15\u3063\u8d8a\u3057\u307e\u3059\u3002", "ja", "2026-04-01", Precision.MONTH),
        (
            "3\u65e5\u524d\u306b\u8ca1\u5e03\u3092\u306a\u304f\u3057\u307e\u3057\u305f\u3002",
            "ja",
            "2026-03-08",
            Precision.DAY,
        ),
    ],
)
def test_a_date_is_told_by_its_distance_from_today(text: str, language: str, start: str, precision: Precision) -> None:
    found = foreign_date(text, language, SAID, past=False)

    assert found is not None
    assert found.start.date().isoformat() == start
    assert found.precision is precision


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich wohne vor einem Park.", "de"),
        ("Hace calor en mi cocina.", "es"),
        ("Il y a deux chats chez moi.", "fr"),
        ("Ich habe das Gerüst in zwei Wochen gebaut.", "de"),
        ("Construí la valla en tres días.", "es"),
        ("Vor drei Tagen Arbeit habe ich keine Angst, vor tausend Tagen schon.", "fr"),
    ],
)
def test_other_words_are_no_distance(text: str, language: str) -> None:
    assert foreign_date(text, language, SAID, past=False) is None


@pytest.mark.parametrize(
    ("told", "said_at"),
    [
        *((told, datetime(1, 1, 2, tzinfo=UTC)) for told in ("vor drei Tagen", "vor drei Monaten", "letztes Jahr")),
        *((told, datetime(9999, 12, 31, tzinfo=UTC)) for told in ("in drei Jahren", "nächste Woche", "morgen")),
    ],
)
def test_a_moment_outside_the_years_that_are_counted_is_none(told: str, said_at: datetime) -> None:
    assert foreign_date(told, "de", said_at, past=False) is None
