"""Words for weeks, months and years before and after this one, for weekdays, and for counts of them: de, es, fr, pt, it, zh, ja."""

from __future__ import annotations

BESIDE = {
    "de": {
        ("week", -1): r"(?:letzte|vorige|vergangene)[nr]? woche",
        ("week", 1): r"(?:nächste|kommende)[nr]? woche",
        ("month", -1): r"(?:letzte|vorige|vergangene)[nm] monat",
        ("month", 1): r"(?:nächste|kommende)[nm] monat",
        ("year", -1): r"(?:letzte|vorige|vergangene)[sn] jahr",
        ("year", 1): r"(?:nächste|kommende)[sn] jahr",
    },
    "es": {
        ("week", -1): r"semana pasada",
        ("week", 1): r"próxima semana|semana que viene|semana próxima",
        ("month", -1): r"mes pasado",
        ("month", 1): r"próximo mes|mes que viene|mes próximo",
        ("year", -1): r"año pasado",
        ("year", 1): r"próximo año|año que viene|año próximo",
    },
    "fr": {
        ("week", -1): r"semaine (?:dernière|passée)",
        ("week", 1): r"semaine prochaine",
        ("month", -1): r"mois (?:dernier|passé)",
        ("month", 1): r"mois prochain",
        ("year", -1): r"année dernière|an dernier|an passé",
        ("year", 1): r"année prochaine|an prochain",
    },
    "pt": {
        ("week", -1): r"semana passada",
        ("week", 1): r"próxima semana|semana que vem|semana seguinte",
        ("month", -1): r"mês passado",
        ("month", 1): r"próximo mês|mês que vem",
        ("year", -1): r"ano passado",
        ("year", 1): r"próximo ano|ano que vem",
    },
    "it": {
        ("week", -1): r"settimana scorsa|scorsa settimana",
        ("week", 1): r"settimana prossima|prossima settimana",
        ("month", -1): r"mese scorso|scorso mese",
        ("month", 1): r"mese prossimo|prossimo mese",
        ("year", -1): r"anno scorso|scorso anno",
        ("year", 1): r"anno prossimo|prossimo anno",
    },
    "zh": {
        ("week", -1): r"上(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天])",
        ("week", 1): r"下(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天])",
        ("month", -1): r"上个?月",
        ("month", 1): r"下个?月",
        ("year", -1): r"去年",
        ("year", 1): r"明年",
    },
    "ja": {
        ("week", -1): r"先週(?!の?[月火水木金土日]曜)",
        ("week", 1): r"来週(?!の?[月火水木金土日]曜)",
        ("month", -1): r"先月",
        ("month", 1): r"来月",
        ("year", -1): r"去年|昨年",
        ("year", 1): r"来年",
    },
}
"""ISO code to words for the period before (-1) and after (1) this one."""

WEEKDAYS = {
    "de": "montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "pt": "segunda(?:-feira)? terça(?:-feira)? quarta(?:-feira)? quinta(?:-feira)? sexta(?:-feira)? sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
"""ISO code to the days of the week, Monday first."""

WEEKDAY_BESIDE = {
    "de": (r"(?:letzten|vergangenen|vorigen) {day}", r"(?:nächsten|kommenden) {day}"),
    "es": (r"{day} pasado", r"próximo {day}|{day} que viene"),
    "fr": (r"{day} dernier", r"{day} prochain"),
    "pt": (r"{day} passad[oa]|últim[oa] {day}", r"próxim[oa] {day}|{day} que vem"),
    "it": (r"{day} scors[oa]|scors[oa] {day}", r"{day} prossim[oa]|prossim[oa] {day}"),
}
"""ISO code to how the last such day and the next one are told; `{day}` stands for the weekday."""

UNITS = {
    "de": {"day": r"tag(?:en)?", "week": r"wochen?", "month": r"monat(?:en)?", "year": r"jahr(?:en)?"},
    "es": {"day": r"días?", "week": r"semanas?", "month": r"mes(?:es)?", "year": r"años?"},
    "fr": {"day": r"jours?", "week": r"semaines?", "month": r"mois", "year": r"ans?|années?"},
    "pt": {"day": r"dias?", "week": r"semanas?", "month": r"m[êe]s(?:es)?", "year": r"anos?"},
    "it": {"day": r"giorn[oi]", "week": r"settiman[ae]", "month": r"mes[ei]", "year": r"ann[oi]"},
    "zh": {"day": r"天", "week": r"个?(?:周|星期|礼拜)", "month": r"个月", "year": r"年"},
    "ja": {"day": r"日", "week": r"週間", "month": r"[かヶケカ]月", "year": r"年"},
}
"""ISO code to words for a number of days, weeks, months, years."""

AGO_AHEAD = {
    "de": (r"vor {count}", r"in {count}"),
    "es": (r"hace {count}", r"dentro de {count}"),
    "fr": (r"il y a {count}", r"dans {count}"),
    "pt": (r"há {count}(?! que)|{count} atrás", r"(?:daqui a|dentro de) {count}"),
    "it": (r"{count} fa", r"(?:tra|fra) {count}"),
    "zh": (r"{count}(?:之|以)?前", r"{count}(?:之|以)?后"),
    "ja": (r"{count}前", r"{count}後"),
}
"""ISO code to how a moment so long ago and so long ahead is told; `{count}` stands for number and unit."""

NUMBERS = {
    "de": "ein|einem|einer|eine zwei drei vier fünf sechs sieben acht neun zehn",
    "es": "un|una|uno dos tres cuatro cinco seis siete ocho nueve diez",
    "fr": "un|une deux trois quatre cinq six sept huit neuf dix",
    "pt": "um|uma dois|duas três quatro cinco seis sete oito nove dez",
    "it": "un|una|uno due tre quattro cinque sei sette otto nove dieci",
    "zh": "一 两|二 三 四 五 六 七 八 九 十",
    "ja": "一 二 三 四 五 六 七 八 九 十",
}
"""ISO code to the numbers from one to ten."""
