"""What different words are about: topics with the words that name them, and families of alternatives.

A topic lets statements meet that share no word (`throttling` and `rate limit`). A family holds words that exclude each
other as an answer to one question (`dark` or `light`), synonyms joined by `=`. General English, to be
extended freely; nothing else depends on which topics there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synap.domain.slot_table import LANGUAGES
from synap.domain.terms import stem
from synap.domain.wordlists import listed

_TOPICS = {
    "support": "support|helpdesk|help desk|service desk|support desk|assistance|hotline|customer service|customer care",
    "rate": "rate limit|rate limiting|throttling|throttle|throttled|quota|requests per|calls per|api calls",
    "remote work": "remote|remotely|home office|work from home|working from home|telecommute|telework|hybrid|"
    "distributed|on-site|onsite|"
    "in the office|to the office|to an office|office days|office presence",
    "contact": "contact|question|questions|enquiry|enquiries|inquiry|inquiries|ask|point of contact|success manager|"
    "account manager|reach us|"
    "escalate|escalation|write to",
    "notification": "alert|alerts|notification|notifications|notify|notified|reminder|reminders|remind|ping|digest",
    "food": "lunch|dinner|breakfast|meal|meals|food|catering|snack|snacks|pizza|buffet|menu|eat|eats|restaurant|"
    "vegan|vegetarian|gluten|wheat|"
    "dairy|lactose|meat|pork|beef|fish|nuts|peanut|peanuts|coeliac|celiac|halal|kosher|allergic|allergy|cook|recipe|"
    "recipes",
    "on-call": "on-call|on call|pager|pagerduty|rota|rotation|standby",
    "budget": "budget|allowance|spending limit|spend|expense limit",
    "reporting line": "report to|reports to|manager|boss|supervisor|line manager",
    "visibility": "directory|listed|listing|published|public profile|phone book|org chart|staff page|website listing|"
    "visible to",
    "approval": "approval|approvals|approve|approved|approver|reviewer|reviewers|sign-off",
    "signature": "sign|signs|signed|signature|regards|sign off|closing line|closes with",
    "storage": "storage|store|stores|stored|disk space|capacity",
    "opening": "opens|opening|closes|open from|opening hours|business hours",
    "duration limit": "timeout|time limit|time out|times out|run for|run longer|maximum duration|job",
    "payment": "invoice|invoices|billing|billed|bill|payment|payments|pay|pays|paid|payable|net terms",
    "price": "pay|pays|paid|price|prices|pricing|cost|costs|fee|fees|charge|charged|rate card|tariff",
    "discount": "discount|discounts|rebate|reduction|markdown",
    "file format": "format|export|exports|exported|pdf|csv|docx|xlsx|excel|word document|spreadsheet|attachment "
    "format|file type",
    "attachment": "attachment|attachments|upload|uploads|file size",
    "deployment": "deploy|deploys|deployed|deployment|deployments|release|releases|rollout|ship|pipeline|pipelines|"
    "ci|continuous integration",
    "meeting": "meeting|meetings|stand-up|standup|sync|retro|retrospective|one-on-one|check-in",
    "leave": "vacation|holiday|holidays|annual leave|paid leave|pto|days off|time off|leave days",
    "dress": "dress code|dress|suit|suits|tie|business attire|casual clothes|jeans|uniform",
    "data location": "data residency|region|data centre|data center|datacenter|hosted|stored in|servers in|kept in",
    "retention": "retention|retained|retain|kept for|deleted after|purged|archived|keep logs|backup|backups",
    "sign-in": "sign-on|sso|login|log in|sign in|password|passwords|two-factor|2fa|mfa|authentication|passkey|single "
    "sign-on",
    "travel": "flight|flights|fly|flies|by train|train tickets|train ride|business class|economy|first class|hotel|"
    "hotels|travel|trip|trips|per diem",
    "delivery": "delivery|deliveries|deliver|delivered|shipping|shipped|ships|courier|parcel|dispatch",
    "refund": "refund|refunds|refunded|money back|return policy|returns",
    "training": "training|onboarding|course|courses|workshop|workshops",
    "equipment": "laptop|laptops|macbook|notebook|workstation|monitor|desktop computer|hardware",
    "language": "language|languages|in english|in german|in french|in spanish|translate|translated|"
    + "|".join(LANGUAGES),
    "theme": "theme|dark mode|light mode|colour scheme|color scheme|appearance|dark|light mode",
    "units": "units|metric|imperial|celsius|fahrenheit|kilometres|kilometers|miles|kilograms|pounds|centimetres|inches",
    "currency": "currency|currencies|in euros|in dollars|in pounds",
    "length": "short|brief|concise|long|detailed|length|lengthy|in-depth|verbose|terse|thorough|bullet points|"
    "paragraphs",
    "tone": "formal|informal|casual|friendly|polite|tone|humour|humor|jokes|emoji|emojis|first name|first names|last "
    "name|mr|ms",
    "contract": "contract|contracts|agreement|renewal|renews|term of the contract|notice period",
    "uptime": "uptime|availability target|sla|service level",
    "response": "response time|answer within|respond within|reply within|first response|reaction time",
    "parking": "parking|car park|garage",
    "tracking": "tracking|analytics|cookies|telemetry|usage data",
    "marketing": "newsletter|marketing|promotional|promotions|advertising|ads",
    "calendar": "week starts|first day of the week|calendar|24-hour|12-hour|date format",
    "music": "music|playlist|songs|radio",
    "drinks": "coffee|tea|espresso|decaf|drink|drinks|beverage",
    "temperature": "temperature|heating|thermostat|degrees",
    "call": "phone call|phone calls|call me|called by phone|by phone|calls",
    "plan": "plan|tier|subscription|package",
    "age limit": "minimum age|adults|children under|years or older",
    "working time": "hours a week|hours per week|hours weekly|working day|works from|work from|working from|working hours|work hours|core hours|work week|working week|"
    "overtime|shift|shifts",
    "browser": "browser|chrome|firefox|safari|edge",
    "chat tool": "slack|microsoft teams|ms teams|discord|mattermost|chat tool|messenger",
    "editor": "editor|ide|vim|emacs|vs code|intellij",
}

_FAMILIES = {
    "theme": "dark|light|sepia|high-contrast",
    "language": "|".join(LANGUAGES),
    "file format": "pdf|csv|word=docx=word document|excel=xlsx=spreadsheet|markdown|html|json|xml|yaml|plain text|"
    "powerpoint=slides",
    "channel": "email=e-mail=mail|sms=text message=text messages|phone=phone call|slack|discord|whatsapp|letter=post|"
    "fax|push|pager|channel|dashboard|telegram|signal",
    "units": "metric|imperial",
    "degrees": "celsius|fahrenheit",
    "distance": "kilometres=kilometers=km|miles",
    "formality": "formal=surname=last name=last names|informal=casual=first name=first names",
    "length": "short=brief=concise=terse|long=detailed=in-depth=verbose=thorough=lengthy",
    "layout": "bullet points=bullets|prose=paragraphs|table|kanban|list|numbered list|timeline|gantt|calendar view",
    "cabin": "economy|business class|first class|premium economy",
    "vehicle": "by train|by plane=flight=fly|car=rental car|bus|taxi|bike=bicycle",
    "drink": "coffee|tea|decaf|water|juice|espresso|cocoa",
    "diet": "meat|vegetarian|vegan|fish|pork|beef|chicken|pizza|gluten=coeliac=celiac|wheat|dairy=lactose|nuts|halal|"
    "kosher",
    "operating system": "windows|macos=mac=macbook|linux|ubuntu|thinkpad",
    "region": "us region=us-east=us-west=in the us=usa|frankfurt|dublin|virginia|oregon|eu=europe|ireland|germany|"
    "switzerland|canada|singapore|asia|uk",
    "payment": "card=credit card|invoice|bank transfer=wire|paypal|direct debit|cash|cheque=check",
    "period": "hourly=every hour=once an hour|daily=every day=each day=once a day=nightly=every night|"
    "weekly=every week=once a week=each week|biweekly=fortnightly=every two weeks=every other week|"
    "monthly=every month=once a month=each month|quarterly=every quarter|yearly=annually=annual=every year=once a year|"
    "twice a year=half-yearly|twice a week|twice a month|twice a day",
    "time of day": "morning|afternoon|evening|night",
    "charge": "free=free of charge|pay=paid=chargeable=charged",
    "seat": "window|aisle",
    "place": "home=remote=remotely=distributed=online=virtual|office=on-site=in person",
    "clock": "24-hour|12-hour",
    "currency": "euro|dollar|pound|yen|franc|kroner=krone=krona=kronor|zloty|rupee|peso|lira|dirham|forint|koruna",
    "dress": "suit|jeans|casual=smart casual|uniform|tie",
    "browser": "chrome|firefox|safari|edge",
    "chat": "slack|microsoft teams=ms teams|discord|mattermost|zulip",
    "video": "zoom|google meet|webex|skype",
    "editor": "vim|emacs|vs code|intellij|sublime",
    "ci": "jenkins|github actions|gitlab|circleci|teamcity",
    "effort": "manual=manually|automatic=automatically",
    "speed": "express|standard|overnight|same-day",
}

TIERS = frozenset(
    listed(
        """
    free basic starter standard plus pro professional premium team business growth enterprise trial hobby
    personal gold silver bronze platinum advanced essential essentials scale ultimate small medium large
    unlimited
    """
    )
)
"""Names of plans: a limit of one plan says nothing about another."""

PLACES = frozenset(
    listed(
        """
    staging production prod dev development testing test sandbox preview qa preprod canary local
    """
    )
)
"""Names of environments."""


_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of `text` in lower case, in order; a hyphen joins."""
    words = _WORD.findall(text.casefold())
    return tuple(words) if "-" not in text else tuple(word.replace("-", "") for word in words)


def word_stems(text: str) -> tuple[str, ...]:
    """Return the stems of all words of `text` in order, stop words included."""
    return tuple(map(stem, plain_words(text)))


_Index = dict[tuple[str, ...], tuple[tuple[str, str], ...]]


def _indexed(table: dict[str, str]) -> _Index:
    """Return, by the stems of every entry, the names it stands for, each with the first of its synonyms."""
    index: _Index = {}
    for name, entries in table.items():
        for synonyms in entries.split("|"):
            first, *others = synonyms.split("=")
            for entry in (first, *others):
                stems = word_stems(entry)
                index[stems] = (*index.get(stems, ()), (name, first))
    return index


_BY_TOPIC = _indexed(_TOPICS)
_BY_FAMILY = _indexed(_FAMILIES)
_LONGEST = {
    start: max(len(stems) for stems in (*_BY_TOPIC, *_BY_FAMILY) if stems[0] == start)
    for start in {stems[0] for stems in (*_BY_TOPIC, *_BY_FAMILY)}
}


def topics_in(stems: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return the topics that a sequence of stems names, each with the stems that named it."""
    topics: dict[str, frozenset[str]] = {}
    for run in _runs(stems):
        for name, _ in _BY_TOPIC.get(run, ()):
            topics[name] = topics.get(name, frozenset()) | set(run)
    return topics


def choices_in(stems: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Return the alternatives that a sequence of stems names, as (family, first of the synonyms)."""
    return frozenset(choice for run in _runs(stems) for choice in _BY_FAMILY.get(run, ()))


def _runs(stems: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the runs of stems that some entry could consist of."""
    if _LONGEST.keys().isdisjoint(stems):
        return
    for position, root in enumerate(stems):
        for length in range(1, _LONGEST.get(root, 0) + 1):
            yield stems[position : position + length]
