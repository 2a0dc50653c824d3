"""Names of the months and of the days around today in the other languages: de, es, fr, pt, it, zh, ja."""

from __future__ import annotations

FOREIGN_MONTHS = {
    "de": "januar|jänner jan, februar|feber feb, märz|maerz mär, april apr, mai, juni jun, juli jul, august aug, september sep sept, "
    "oktober okt, november nov, dezember dez",
    "es": "enero ene, febrero feb, marzo mar, abril abr, mayo, junio jun, julio jul, agosto ago, septiembre|setiembre sep sept, "
    "octubre oct, noviembre nov, diciembre dic",
    "fr": "janvier janv, février|fevrier févr, mars, avril avr, mai, juin, juillet juil, août|aout, septembre sept, octobre oct, "
    "novembre nov, décembre|decembre déc",
    "pt": "janeiro jan, fevereiro fev, março|marco mar, abril abr, maio, junho jun, julho jul, agosto ago, setembro set, outubro out, "
    "novembro nov, dezembro dez",
    "it": "gennaio gen, febbraio feb, marzo mar, aprile apr, maggio mag, giugno giu, luglio lug, agosto ago, settembre set, "
    "ottobre ott, novembre nov, dicembre dic",
}
"""ISO code to the twelve months, each with its other spellings and short forms."""

DAYS_AWAY = {
    "de": {r"vorgestern": -2, r"gestern": -1, r"heute": 0, r"übermorgen": 2, r"(?-i:(?<!jeden )(?<!am )morgen)": 1},
    "es": {r"anteayer": -2, r"ayer": -1, r"hoy": 0, r"pasado mañana": 2, r"(?<!la )(?<!esta )(?<!cada )mañana": 1},
    "fr": {r"avant-hier": -2, r"hier": -1, r"aujourd['\u2019]hui": 0, r"après-demain": 2, r"demain": 1},
    "pt": {r"anteontem": -2, r"ontem": -1, r"hoje": 0, r"depois de amanhã": 2, r"amanhã": 1},
    "it": {r"l['\u2019]altro ieri": -2, r"ieri": -1, r"oggi": 0, r"dopodomani": 2, r"domani": 1},
    "zh": {"前天": -2, "昨天": -1, "今天": 0, "后天": 2, "明天": 1},
    "ja": {"おととい|一昨日": -2, "昨日|きのう": -1, "今日|きょう": 0, "あさって|明後日": 2, "明日|あした": 1},
}
"""ISO code to words for a day near today, each with how many days it is away; longer ones first."""

PAST_CUES = {
    "de": r"\b(?:habe|haben|hat|bin|sind|ist|war|waren|hatte|hatten)\b.*\b(?:ge\w+(?:t|en)|\w+iert|\w+gangen)\b|\b(?:war|waren|hatte|hatten|ging|kam|wurde)\b",
    "es": r"\b(?:he|ha|hemos|han) \w+(?:ado|ido|to|cho)\b|\b(?!aqu|as[íi]|all|ah|caf)\w{3,}(?:é|ó|aron|ieron|imos|amos)\b|\b(?:fui|fue|fuimos|hice|hizo|tuve|tuvo|era|estuve|vi|di|perdí|salí|conocí|nací|viví|comí|recibí)\b",
    "fr": r"\b(?:ai|as|a|avons|avez|ont|suis|est|sommes|sont)\b(?: \w+)? \w+(?:é|ée|és|ées|i|ie|u|ue|is|it|rt)\b|\b(?:était|étais|avait|fus|fut)\b",
    "pt": r"\b(?!lei\b|rei\b)\w{2,}(?:ei|ou|aram|eram|iram|iu|eu|ámos)\b|\b(?:fui|foi|fomos|fiz|fez|tive|teve|estive|era|perdi|comi|vivi|nasci|parti|vendi|aprendi|recebi|corri|saí|vi)\b",
    "it": r"\b(?:ho|ha|abbiamo|hanno|sono|è|siamo)\b(?: \w+)? \w+(?:ato|uto|ito|ata|uta|ita|ati|ate|sto|tto|so|rso|nto)\b|\b(?:ero|era|fui|fu|avevo)\b",
    "zh": "了|过",
    "ja": "ました|でした|だった|った[。]?$|んだ[。]?$",
}
"""ISO code to what shows that a sentence with a date tells what happened."""
