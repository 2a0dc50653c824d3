"""The slots we ship: which attributes exist, what they are called, and the English phrases that fill them.

A slot that people hold one of at a time is `single`. `NOUNS` maps the words for an attribute to its slot, so that
`the user's boss is Ana` and `the user reports to Ana` meet. `RULES` are read in order, each on one clause; their named
groups are `s` (whose attribute, the statement's subject when absent), `v` (the value), `q` (what it is restricted to),
`old` (a value that ended). To extend: add a `SlotSpec`, and rules where sentences put it in other ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synap.domain.slot_values import Takes
from synap.domain.wordlists import listed

ADVERBS = (
    r"(?:now|currently|also|still|just|recently|actually|already|finally|officially|mostly|usually|always|directly|"
    r"only|permanently|presently|today|then|since)"
)
_ADVERB = rf"(?:\s{ADVERBS})*"
WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_AUX = r"(?:\s(?:have|has|had|'ve|'s|was|were|is|are|am|got|been|will be|be))*"
_STOP = (
    r"(?=$|[,;.!?](?:\s|$)|\s[(\[\u2013—-]|\s(?:since|as of|until|till|because|which|who|whom|where|whose|when|while|"
    r"but|so|with|"
    r"although|though|these days|nowadays|now|last|this|next|ago|instead|again|directly|too|as well|anymore|any more|"
    r"any longer|after|"
    r"before|from|in\s(?:19|20)\d\d|and\s(?:i|he|she|they|we|is|has|have|the|my|am|are|was|works?|lives?|uses?))\b)"
)
_STOP_FOR = _STOP.replace(r"so|with|", r"so|with|for|at|as|in|on|to|")
_VERB_FOR_PLACE = r"(?:lives?|resides?|living|residing|is based|are based|am based|stays permanently|is settled)"
_KIN = r"(?:wife|husband|spouse|partner|girlfriend|boyfriend|fianc[ée]e?)"
_PERSON = (
    r"i|we|the user|(?-i:[A-Z])[\w.-]+(?: (?-i:[A-Z])[\w.-]+){0,2}|(?:my|our|the user's|his|her|(?-i:[A-Z])\w+'s) "
    r"(?:\w+[ -])?(?:wife|husband|spouse|partner|girlfriend|boyfriend|son|daughter|child|kid|baby|sister|brother|"
    r"mother|mom|mum|"
    r"father|dad|grandmother|grandma|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|friend|boss|manager|colleague|"
    r"neighbou?r|roommate|flatmate|dog|cat|puppy|kitten|horse|teacher|assistant|parents|family|in-laws|grandparents|twins|"
    r"kids|children|sons|daughters|ex)"
)
_PETS = (
    r"(?:dog|cat|puppy|kitten|rabbit|bunny|hamster|parrot|budgie|horse|pony|tortoise|turtle|snake|goldfish|guinea pig|"
    r"ferret)"
)
_CHILD = r"(?:son|daughter|child|kid|baby|toddler|stepson|stepdaughter)"
_COUNT = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_GROWN = (
    r"(?:grew|grown|rose|risen|climbed|shrank|shrunk|dropped|fell|fallen|went up|went down|increased|decreased|is up|are up|"
    r"is down|are down|is back|are back|is now|are now|is|are)(?: from [\d.,]+)? (?:to|at)|(?:now )?(?:reached|hit|passed|counts?|numbers?)"
)
"""What tells how many there are by now (`grew to`, `are at`)."""
_MANY = r"\d{1,3}(?:[.,]\d{3})+|\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MEASURES = (
    r"(?:[ap]\.?m|o'clock|hours?|minutes?|seconds?|days?|weeks?|months?|years?|percent|per cent|degrees?|points?|euros?|"
    r"dollars?|pounds?|francs?|kilos?|kilograms?|kg|km|kilomet\w+|met\w+|miles?|feet|inches|lit\w+|[kmgt]b|stone)"
)
_SUM = r"(?:[$€£]\s?)?\d[\d.,]*(?:\s?(?:k|€|£|euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf))?"
LANGUAGES = listed(
    """
    english spanish german french italian portuguese dutch polish swedish norwegian danish finnish czech slovak
    hungarian romanian bulgarian greek turkish russian ukrainian arabic hebrew hindi bengali urdu tamil chinese
    mandarin cantonese japanese korean vietnamese thai indonesian malay swahili catalan basque irish welsh
    croatian serbian slovenian estonian latvian lithuanian icelandic persian farsi
    """
)
_LANGUAGE = rf"(?:{'|'.join(LANGUAGES)})"
_PAPERS = (
    r"reports?|e-?mails?|documentation|docs|letters?|summaries|minutes|notes|invoices?|contracts?|comments?|tickets?|"
    r"presentations?|slides|newsletters?"
)
"""What may be wanted in a language of its own, whatever the language of the conversation."""
_DIETS = (
    r"vegan|vegetarian|pescatarian|flexitarian|lactose[- ]intolerant|gluten[- ]intolerant|c(?:o|oe)eliac|kosher|halal|"
    r"keto|paleo|fruitarian|low[- ]carb|gluten[- ]free|dairy[- ]free|plant[- ]based"
)
_PROFESSION = (
    r"(?:[\w-]+\s){0,3}?(?:[a-z]+(?:eer|ologist|ician|grapher|wright|therapist|analyst|smith)|engineer|developer|"
    r"programmer|designer|manager|director|teacher|professor|lecturer|nurse|doctor|surgeon|dentist|pharmacist|vet|"
    r"lawyer|"
    r"attorney|paralegal|accountant|auditor|consultant|architect|carpenter|plumber|electrician|mechanic|chef|cook|"
    r"baker|"
    r"waiter|waitress|barista|bartender|driver|pilot|scientist|researcher|student|writer|author|editor|journalist|"
    r"reporter|translator|librarian|artist|musician|painter|actor|actress|singer|farmer|gardener|salesperson|"
    r"representative|recruiter|administrator|assistant|secretary|officer|coordinator|specialist|strategist|founder|"
    r"co-?founder|owner|ceo|cto|cfo|coo|vp|president|head of [\w ]+|lead|intern|freelancer|economist|banker|trader|"
    r"firefighter|soldier|judge|clerk|cashier|tutor|coach|trainer|therapist|stylist|tailor|mason|welder|builder|"
    r"contractor|producer|composer|sysadmin|tester|instructor|principal|postdoc|midwife|paramedic|sculptor|retiree)"
)
_PLAN = r"(?:plan|tier|subscription|package|edition|licen[cs]e)"
KIN_AND_PEOPLE = frozenset(
    listed(
        """
    wife husband spouse partner girlfriend boyfriend son daughter child kid baby sister brother mother mom mum
    father dad grandmother grandma grandfather grandpa aunt uncle cousin niece nephew friend boss manager
    colleague neighbour neighbor roommate flatmate dog cat puppy kitten horse teacher team company client
    customer parents family in-laws
    """
    )
)
"""Nouns that own attributes of their own: `my sister's birthday` is the sister's."""
_CARS = listed(
    """
    audi bmw byd cadillac chevrolet chevy chrysler citroen citroën cupra dacia dodge ferrari fiat ford genesis
    golf gmc honda hyundai infiniti jaguar jeep kia lamborghini lexus lincoln lotus maserati mazda mercedes mini
    mitsubishi nissan opel passat peugeot polestar polo porsche prius renault rivian rover saab seat skoda škoda
    smart subaru suzuki tesla toyota vauxhall volkswagen volvo vw car suv van truck pickup estate hatchback
    sedan convertible minivan coupe
    """
)
_CAR = rf"(?:[\w-]+\s){{0,3}}?(?:{'|'.join(_CARS)})\b[\w -]*?"
MEETINGS = frozenset(
    listed(
        """
    meeting review stand-up standup retro retrospective planning sync call demo workshop class lesson training
    appointment rehearsal practice session checkup check-up lunch dinner breakfast interview flight train
    """
    )
)
"""Nouns of what takes place at a time, so that a bare number beside them is one (`moved the rehearsal to 3`)."""


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """A shipped slot.

    Attributes:
        name: Its stable name.
        single: Whether a subject has one value of it at a time (per qualifier, where qualified).
        nouns: What people call it, lower case, singular; the first is the plainest.
        qualified: Whether a restricting noun makes it another slot (`kitchen budget`, `travel budget`).
        takes: What its values look like; other ones do not fill it.
        kinds: Pattern of plain words that name a kind of it (`suv`), where it takes things or roles.
        otherwise: Slot that a value belongs to which does not look like one of this; empty for none.
    """

    name: str
    single: bool = True
    nouns: tuple[str, ...] = ()
    qualified: bool = False
    takes: Takes = Takes.ANY
    kinds: str = ""
    otherwise: str = ""


SPECS = (
    SlotSpec(
        "residence",
        nouns=("home city", "place of residence", "residence", "home town now", "city of residence"),
        takes=Takes.PLACE,
    ),
    SlotSpec("hometown", nouns=("hometown", "home town", "birthplace", "place of birth"), takes=Takes.PLACE),
    SlotSpec("employer", nouns=("employer", "company", "workplace", "place of work"), takes=Takes.THING),
    SlotSpec(
        "role",
        nouns=("role", "job", "job title", "position", "occupation", "profession", "title"),
        takes=Takes.ROLE,
        kinds=_PROFESSION,
    ),
    SlotSpec("manager", nouns=("manager", "boss", "supervisor", "line manager"), takes=Takes.NAME),
    SlotSpec("name", nouns=("name", "first name", "full name"), takes=Takes.NAME),
    SlotSpec("surname", nouns=("surname", "last name", "family name"), takes=Takes.NAME),
    SlotSpec("nickname", nouns=("nickname",)),
    SlotSpec("pronouns", nouns=("pronoun",)),
    SlotSpec("age", nouns=("age",), takes=Takes.MEASURE),
    SlotSpec("birthday", nouns=("birthday", "date of birth", "birth date"), takes=Takes.TIME),
    SlotSpec("diet", nouns=("diet",)),
    SlotSpec("allergy", single=False, nouns=("allergy",)),
    SlotSpec("marital_status", nouns=("marital status", "relationship status")),
    SlotSpec(
        "partner",
        nouns=("partner", "wife", "husband", "spouse", "girlfriend", "boyfriend", "fiancé", "fiancée"),
        takes=Takes.NAME,
    ),
    SlotSpec("child", single=False, nouns=("son", "daughter", "child", "kid", "baby"), takes=Takes.NAME),
    SlotSpec("sibling", single=False, nouns=("sister", "brother", "sibling"), takes=Takes.NAME),
    SlotSpec("children_count", nouns=("number of children", "number of kids"), takes=Takes.MEASURE),
    SlotSpec(
        "pet",
        single=False,
        nouns=("pet", "dog", "cat", "puppy", "kitten", "hamster", "parrot", "rabbit"),
        takes=Takes.NAME,
    ),
    SlotSpec("hobby", single=False, nouns=("hobby", "pastime", "interest")),
    SlotSpec("reply_language", nouns=("language", "reply language", "language of replies", "language of answers")),
    SlotSpec("spoken_language", single=False, nouns=("mother tongue", "native language")),
    SlotSpec("timezone", nouns=("timezone", "time zone")),
    SlotSpec("theme", nouns=("theme", "colour scheme", "color scheme", "colour theme", "color theme")),
    SlotSpec("answer_length", nouns=("answer length", "response length", "reply length", "length of answer")),
    SlotSpec("tone", nouns=("tone", "tone of voice", "writing style", "answer style", "response style")),
    SlotSpec("budget", nouns=("budget",), qualified=True, takes=Takes.MEASURE),
    SlotSpec("salary", nouns=("salary", "pay", "income"), takes=Takes.MEASURE),
    SlotSpec(
        "deadline", nouns=("deadline", "due date", "launch date", "release date"), qualified=True, takes=Takes.TIME
    ),
    SlotSpec(
        "support_hours",
        nouns=(
            "support hour",
            "support desk hour",
            "help desk hour",
            "helpdesk hour",
            "support time",
            "service desk hour",
            "customer support hour",
        ),
        takes=Takes.TIME,
    ),
    SlotSpec(
        "opening_hours",
        nouns=("opening hour", "business hour", "office hour", "working hour"),
        qualified=True,
        takes=Takes.TIME,
    ),
    SlotSpec(
        "plan", nouns=("plan", "tier", "subscription", "package", "subscription plan", "pricing plan"), takes=Takes.TIER
    ),
    SlotSpec("version", nouns=("version",), qualified=True),
    SlotSpec(
        "rate_limit",
        nouns=("rate limit", "request limit", "api rate limit", "api limit", "request quota"),
        qualified=True,
        takes=Takes.MEASURE,
    ),
    SlotSpec(
        "limit",
        nouns=("limit", "quota", "maximum", "cap", "maximum size", "size limit"),
        qualified=True,
        takes=Takes.MEASURE,
    ),
    SlotSpec(
        "retention",
        nouns=("retention", "retention period", "data retention", "data retention period"),
        qualified=True,
        takes=Takes.MEASURE,
    ),
    SlotSpec(
        "fiscal_year",
        nouns=("fiscal year", "financial year", "fiscal year start", "start of the fiscal year"),
        takes=Takes.TIME,
    ),
    SlotSpec(
        "phone",
        nouns=("phone", "phone number", "telephone", "telephone number", "mobile number", "cell number", "mobile"),
        takes=Takes.DIGITS,
        otherwise="phone_model",
    ),
    SlotSpec("phone_model", nouns=("smartphone", "cell phone"), takes=Takes.THING),
    SlotSpec("email", nouns=("email", "e-mail", "email address", "e-mail address", "mail address")),
    SlotSpec("address", nouns=("address", "home address", "postal address", "mailing address")),
    SlotSpec(
        "office_location",
        nouns=("office location", "headquarter", "head office", "headquarters", "office address"),
        takes=Takes.THING,
    ),
    SlotSpec("car", nouns=("car", "vehicle"), takes=Takes.THING, kinds="|".join(_CARS)),
    SlotSpec(
        "editor",
        nouns=("editor", "text editor", "code editor", "ide"),
        takes=Takes.THING,
        kinds="vim|emacs|nano|helix|vscode|zed|cursor|atom",
    ),
    SlotSpec("favourite", nouns=("favourite", "favorite"), qualified=True),
    SlotSpec(
        "lead", nouns=("lead", "team lead", "leader", "team leader", "head", "owner"), qualified=True, takes=Takes.NAME
    ),
    SlotSpec("price", nouns=("price", "cost"), qualified=True, takes=Takes.MEASURE),
    SlotSpec("rent", nouns=("rent",), takes=Takes.MEASURE),
    SlotSpec("fee", nouns=("fee", "charge"), qualified=True, takes=Takes.MEASURE),
    SlotSpec("signature", nouns=("signature", "sign-off", "signoff", "closing line")),
    SlotSpec(
        "approvals",
        nouns=("number of approvals", "required approval", "number of reviewers"),
        qualified=True,
        takes=Takes.MEASURE,
    ),
    SlotSpec(
        "contact",
        nouns=("contact", "point of contact", "contact person", "account manager", "success manager"),
        qualified=True,
    ),
    SlotSpec(
        "uptime",
        nouns=("uptime", "uptime commitment", "uptime guarantee", "uptime sla", "availability target"),
        takes=Takes.MEASURE,
    ),
    SlotSpec(
        "response_time",
        nouns=("response time", "reaction time", "first response time"),
        qualified=True,
        takes=Takes.MEASURE,
    ),
    SlotSpec("payment_terms", nouns=("payment term", "payment deadline", "payment period")),
    SlotSpec("currency", nouns=("currency", "billing currency")),
    SlotSpec("unit_system", nouns=("unit system", "measurement system", "units of measurement")),
    SlotSpec("channel", nouns=("notification channel", "preferred channel", "contact channel"), qualified=True),
    SlotSpec("timeout", nouns=("timeout", "time limit"), qualified=True, takes=Takes.MEASURE),
    SlotSpec(
        "code", nouns=("code", "pin", "pin code", "door code", "access code", "password", "passcode"), qualified=True
    ),
    SlotSpec("size", nouns=("size",), qualified=True),
    SlotSpec("colour", nouns=("colour", "color"), qualified=True),
    SlotSpec("status", nouns=("status", "state", "phase", "stage", "priority"), qualified=True),
    SlotSpec("blood_type", nouns=("blood type", "blood group")),
    SlotSpec("weight", nouns=("weight",), takes=Takes.MEASURE),
    SlotSpec("height", nouns=("height",), takes=Takes.MEASURE),
    SlotSpec("school", nouns=("school", "university", "college"), takes=Takes.THING),
    SlotSpec("major", nouns=("major", "field of study", "degree")),
    SlotSpec("doctor", nouns=("doctor", "gp", "family doctor", "physician"), takes=Takes.NAME),
    SlotSpec("dentist", nouns=("dentist",), takes=Takes.NAME),
    SlotSpec("therapist", nouns=("therapist", "psychologist"), takes=Takes.NAME),
    SlotSpec("physiotherapist", nouns=("physiotherapist", "physio"), takes=Takes.NAME),
)

NOUNS = {noun: spec for spec in SPECS for noun in spec.nouns}
BY_NAME = {spec.name: spec for spec in SPECS}

TOOL_CLASSES = {
    tool: kind
    for kind, tools in {
        "editor": "vim|neovim|emacs|nano|helix|vscode|vs code|visual studio code|sublime text|intellij|pycharm|"
        "webstorm|zed|cursor|atom|notepad++|eclipse|xcode|android studio",
        "browser": "firefox|chrome|safari|edge|brave|opera|vivaldi|arc",
        "chat_tool": "slack|teams|microsoft teams|discord|mattermost|zulip|rocket.chat|google chat|telegram|signal|"
        "whatsapp",
        "issue_tracker": "jira|linear|trello|asana|github issues|redmine|youtrack|basecamp|clickup|monday.com",
        "ci": "jenkins|github actions|gitlab ci|circleci|travis|travis ci|teamcity|buildkite|drone|azure pipelines|"
        "bamboo",
        "database": "postgres|postgresql|mysql|mariadb|sqlite|mongodb|oracle|sql server|cassandra|dynamodb|cockroachdb",
        "cloud": "aws|azure|gcp|google cloud|hetzner|digitalocean|heroku|ovh|linode",
        "operating_system": "windows|macos|linux|ubuntu|debian|fedora|arch linux|nixos",
        "shell": "bash|zsh|fish|powershell|nushell",
        "phone_model": "iphone|android|pixel|fairphone|galaxy",
        "notes_tool": "notion|obsidian|evernote|onenote|logseq|roam|bear|confluence",
        "crm": "salesforce|hubspot|pipedrive|zoho crm|zoho",
        "video_tool": "zoom|google meet|webex|jitsi|skype",
        "music_service": "spotify|apple music|tidal|deezer|youtube music",
        "mail_provider": "gmail|outlook|protonmail|proton mail|fastmail",
        "version_control": "git|subversion|svn|mercurial|perforce",
        "bank": "revolut|n26|monzo|wise",
    }.items()
    for tool in tools.split("|")
}
"""Tools of which one at a time is in use once somebody says that they switched to it."""

ACQUAINTANCES = frozenset(
    listed(
        """
        friend cousin colleague coworker co-worker neighbour neighbor aunt uncle niece nephew classmate teammate student
        acquaintance mate buddy pal friends cousins colleagues neighbours neighbors classmates teammates students
        """
    )
)
"""Nouns that leave open which one is meant: what is said of two of them never excludes each other."""

COUNTABLE_NAMES = frozenset(
    listed(
        """
    son daughter child kid brother sister sibling friend colleague cousin aunt uncle nephew niece dog cat pet
    neighbour neighbor roommate flatmate teammate student client customer teacher project product plant
    """
    )
)
"""Nouns of which a person may have several: their names add up instead of replacing each other."""

GENERIC_MODIFIERS = frozenset(
    listed(
        """
    default current new own preferred usual main official standard personal normal total overall actual present
    latest primary regular general basic typical my our your their his her its the a an this that old previous
    former monthly yearly annual weekly daily
    """
    )
) - {"monthly", "yearly", "annual", "weekly", "daily"}
"""Words in front of an attribute that do not make it another one."""

LEGAL_SUFFIXES = frozenset(
    listed(
        """
    inc incorporated corp corporation co company ltd limited llc llp lp plc gmbh mbh ag kg kgaa ug se sa sas
    sarl srl spa bv nv ab as oy oyj aps a/s pty pte kk
    """
    )
)

STATES = {
    word: (state, positive)
    for state, positive, words in (
        (
            "available",
            True,
            "available enabled supported included allowed permitted active activated offered provided accessible",
        ),
        (
            "available",
            False,
            (
                "unavailable disabled unsupported excluded forbidden prohibited banned inactive deactivated "
                "blocked discontinued suspended"
            ),
        ),
        ("required", True, "required mandatory compulsory needed obligatory necessary"),
        ("required", False, "optional unnecessary voluntary waived"),
    )
    for word in words.split()
}
"""Adjectives that settle yes or no of something, with the question they answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase that fills a slot; see the module's docstring for the groups of `pattern`.

    Attributes:
        slot: Name of the slot.
        pattern: Searched in one clause.
        value: The value where the phrase itself is one (`is married`), else None.
        negative: The phrase says that the value does not (or no longer) hold.
        single: Overrides the slot's own cardinality, where not None.
    """

    slot: str
    pattern: re.Pattern[str]
    value: str | None = None
    negative: bool = False
    single: bool | None = None


def _rule(
    slot: str, phrase: str, *, value: str | None = None, negative: bool = False, single: bool | None = None
) -> Rule:
    """Compile a phrase with its placeholders.

    `<S>` subject, `<P>` subject that is a person, `<V>` value, `<W>` value that ends at a preposition, `<N>` value that
    is a capitalised name, `<OLD>` name that ended, `<AUX>` auxiliaries, `<ADV>` adverbs.
    """
    name = r"(?-i:(?:the\s)?[A-Z0-9][\w.&'\u2019+-]*(?:\s(?:of\s|the\s|de\s|&\s|and\s)?[A-Z0-9][\w.&'\u2019+-]*)*)"
    pattern = (
        phrase.replace("[A-Z]", "(?-i:[A-Z])")
        .replace("<P>", rf"^(?:(?P<s>{_PERSON})\s)?(?:{ADVERBS}\s)*")
        .replace("<S>", rf"^(?:(?P<s>[^,;:]{{1,60}}?)(?:\s|(?='))){{0,1}}(?:{ADVERBS}\s)*")
        .replace("<V>", rf"(?P<v>[^,;!?()]+?){_STOP}")
        .replace("<W>", rf"(?P<v>[^,;!?()]+?){_STOP_FOR}")
        .replace("<N>", rf"(?P<v>{name})")
        .replace("<OLD>", rf"(?P<old>{name})")
        .replace("<ADV>", _ADVERB)
        .replace("<AUX>", _AUX)
    )
    return Rule(slot, re.compile(pattern, re.IGNORECASE), value, negative, single)


RULES = (
    # Where someone lives.
    _rule("residence", rf"<S>(?:no longer {_VERB_FOR_PLACE}|(?:does not|do not) live) in <W>", negative=True),
    _rule("residence", r"<S>used to (?:live|reside|be based) in <W>", negative=True),
    _rule("residence", rf"<S>(?:is |are |am )?{_VERB_FOR_PLACE}<ADV> in <W>"),
    _rule(
        "residence",
        r"<P>(?:have |has )?(?:just |recently |finally )?(?:moved|relocated|emigrated|settled)(?: back| permanently)?"
        r"(?: from <OLD>)? (?:to|in) <N>(?!\s(?:plan|tier|team|project|role|edition|subscription|account|office))",
    ),
    _rule("residence", r"<P>(?:am|is|are)<ADV> (?:moving|relocating) to <N>", value=None),
    # Work.
    _rule(
        "employer",
        r"<S>(?:no longer works?|(?:does|do) not work|used to work|stopped working) (?:at|for|with) <W>",
        negative=True,
    ),
    _rule(
        "employer",
        r"<S>(?:works?|working|is employed|am employed|are employed)(?: full-time| part-time)?<ADV>"
        r"(?: as [^,]+?)? (?:at|for|by) <N>",
    ),
    _rule(
        "employer",
        r"<S>(?:have |has )?(?:started(?: working| work| a (?:new )?(?:job|position|role))?|took a (?:new )?"
        r"(?:job|position|role)|got (?:a|the) (?:new )?(?:job|position|role)|got hired|was hired|began working)"
        r"(?: as [^,]+?)? (?:at|with|by|for) <N>",
    ),
    _rule("employer", r"<S>(?:have |has )?joined (?!the\b|a\b|an\b)<N>(?! (?:team|club|gym|group|class|choir))"),
    _rule(
        "employer",
        r"<S>(?:have |has )?(?:left|quit|resigned from|was laid off (?:from|by)|was let go (?:from|by)|"
        r"got fired from|departed from) (?:(?:his|her|their|my|the) job at )?<N>",
        negative=True,
    ),
    _rule(
        "employer",
        r"<S>(?:have |has )?(?:switched|changed|moved) (?:jobs|job|employers|companies) (?:from <OLD> )?to <N>",
    ),
    _rule("role", r"<S>(?:was|got|has been|have been|were) promoted to (?:the position of )?<W>"),
    _rule("role", r"<S>(?:works?|working|serves?|is employed)<ADV> as (?:an? |the )?<W>"),
    _rule("role", rf"<P>(?:am|is|became|has become|have become)<ADV> (?:an? |the )?(?P<v>{_PROFESSION}){_STOP_FOR}"),
    _rule("role", rf"<P>(?:am|is) (?:no longer|not) (?:an? |the )?(?P<v>{_PROFESSION}){_STOP_FOR}", negative=True),
    _rule("manager", r"<S>(?:report|reports|reporting)<ADV>(?: directly)? to <W>"),
    _rule(
        "manager",
        r"^(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)?) (?:is|became)<ADV> "
        r"(?P<s>my|(?:the user|[A-Z]\w+)'s|our)(?: new| direct)? (?:manager|boss|supervisor)\b",
    ),
    *(
        _rule(
            slot,
            rf"^(?P<v>[A-Z][\w.&'-]+(?: [A-Z][\w.&'-]+){{0,2}}) (?:is|became|has become)<ADV> "
            rf"(?P<s>my|our|(?:the user|[A-Z]\w+)'s)(?: new| current)? (?:{nouns})(?: now| these days)?$",
        )
        for slot, nouns in (
            ("bank", "bank"),
            ("employer", "employer|company"),
            ("school", "school|university|college"),
            ("doctor", "doctor|gp|physician"),
            ("dentist", "dentist"),
            ("therapist", "therapist|psychologist"),
            ("landlord", "landlord|landlady"),
            ("lawyer", "lawyer|solicitor"),
            ("accountant", "accountant|tax adviser|tax advisor"),
            ("coach", "coach|trainer"),
            ("editor", "editor"),
        )
    ),
    # Who someone is.
    _rule("hometown", r"<P>(?:am|is|come|comes)<ADV>(?: originally)? from <N>"),
    _rule(
        "nickname",
        r"<S>(?:goes? by|likes? to be called|prefers? to be called|wants? to be called) (?P<v>[\w '-]+?)" + _STOP,
    ),
    _rule("name", r"<S>(?:am|is|are) (?:called|named) <V>"),
    _rule(
        "age",
        r"<P>(?:am|is|turned|just turned|has turned)<ADV> (?P<v>\d{1,3}|[a-z]+(?:-[a-z]+)?)(?: years old| years of "
        r"age)",
    ),
    _rule("age", r"<P>(?:am|is|turned|just turned|has turned)<ADV> (?P<v>\d{1,3})(?: now)?(?:$|[.,;!](?!\d))"),
    _rule(
        "age",
        r"<P>(?:just |has just |has )?turned(?: just)? (?P<v>\d{1,3})(?=\s(?:on(?: the)? \d|in the week|in "
        rf"{MONTHS}|today|yesterday|this \w+|last \w+))",
    ),
    _rule("birthday", r"<P>(?:was|were) born on <W>"),
    _rule("birthday", r"<P>(?:was|were) born (?:in|at) (?P<v>(?:19|20)\d\d)\b"),
    _rule("diet", rf"<P>(?:am|is|are)<ADV> (?:not|no longer) (?:an? )?(?P<v>{_DIETS})", negative=True),
    _rule(
        "diet",
        rf"<P>(?:am|is|are|became|went|go|has become|have become|turned|has gone|have gone|eats?|follows?)<ADV> "
        rf"(?:an? |all |\w+ly )?"
        rf"(?P<v>{_DIETS})\b",
    ),
    _rule("food_avoided", r"<S>(?:do not|does not|never|no longer) eats?<ADV> <W>", single=False),
    _rule("allergy", r"<S>(?:is|am|are)<ADV> (?:not|no longer) allergic to <V>", negative=True),
    _rule("allergy", r"<S>(?:is|am|are)<ADV> (?:\w+ly )?allergic to <V>"),
    _rule("allergy", r"<S>(?:has|have|suffers? from)(?: an?)? (?P<v>[\w ]+?) (?:allergy|allergies)\b"),
    _rule(
        "marital_status",
        r"<P>(?:is|am|are|got|has been|have been|was)<ADV> (?P<v>married|divorced|engaged|widowed|separated)\b",
    ),
    _rule("marital_status", r"<P>(?:is|am)<ADV> (?P<v>single)(?:$|[.,;!])"),
    _rule("partner", rf"^(?P<s>my|(?:the user|[A-Z]\w+)'s) {_KIN}(?: is(?: called| named)?|'s name is|,)? <N>"),
    _rule(
        "children_count",
        rf"<S>(?:has|have)<ADV> (?P<v>\d+|one|two|three|four|five|six|seven|eight|no) "
        rf"(?:\w+ )?(?:kids|children|sons|daughters|{_CHILD})\b",
    ),
    _rule("child", rf"<S>(?:has|have)(?: an?)? {_CHILD} (?:called|named) <N>"),
    _rule("child", rf"^(?P<s>my|(?:the user|[A-Z]\w+)'s) {_CHILD}(?: is)?(?: called| named)? <N>"),
    _rule("pet", rf"<S>(?:has|have|got|adopted|owns?|bought)(?: an?)? (?:\w+ )?{_PETS} (?:called|named) <N>"),
    _rule("pet", rf"^(?P<s>my|our|(?:the user|[A-Z]\w+)'s) {_PETS}(?: is)?(?: called| named)? <N>"),
    _rule(
        "count",
        rf"<S>(?:has|have|owns?|keeps?)<ADV> (?P<v>{_COUNT}) (?:\w+ )?(?P<q>(?:{_PETS}|brother|sister|sibling|grandchild|"
        r"grandson|granddaughter|car|bike|bicycle|employee|house|flat|apartment)(?:s|es|ren)?)\b",
        single=True,
    ),
    _rule("count", rf"<S>now (?:has|have|owns?|keeps?) (?P<v>{_COUNT}) (?P<q>[\w-]+)\b", single=True),
    _rule(
        "count", rf"<S>(?:has|have|owns?|keeps?)<ADV> (?P<v>{_COUNT}) (?P<q>[\w-]+) (?:now|these days)\b", single=True
    ),
    _rule("count", rf"<S>(?:has|have|owns?|keeps?)<ADV> (?P<v>{_COUNT}) (?P<q>[\w-]+)(?:$|[.,;!])", single=False),
    _rule(
        "count",
        rf"<S>(?:has |have |had )?(?:{_GROWN}) (?P<v>{_MANY}) (?!{_MEASURES}\b)(?P<q>(?-i:[a-z])[\w-]+(?: (?-i:[a-z])[\w-]+)?){_STOP_FOR}",
        single=True,
    ),
    _rule(
        "weight",
        r"<P>(?:am|is|are|went|got|come|came|have come|has come)<ADV> (?:down to|up to|at|back to) (?:about |around )?"
        r"(?P<v>\d[\d.,]* ?(?:kg|kilos?|kilograms?|lbs?|pounds|stone))\b",
    ),
    _rule(
        "weight", r"<P>weighs?<ADV> (?:about |around )?(?P<v>\d[\d.,]* ?(?:kg|kilos?|kilograms?|lbs?|pounds|stone))\b"
    ),
    _rule(
        "weekly_hours",
        r"<P>works?<ADV> (?:about |around )?(?P<v>\d{1,2}(?:\.\d)?) hours?(?: a| per| each| every) week\b",
    ),
    _rule("rent", rf"<P>pays?<ADV> (?P<v>{_SUM}) (?:in |of |as )?(?:monthly )?rent\b"),
    _rule("rent", rf"<P>pays?<ADV> (?:a )?(?:monthly )?rent of (?P<v>{_SUM})"),
    _rule("preferred", r"<P>now prefers? (?P<v>[\w-]+) (?P<q>[\w-]+)(?:$|[.,;!]|\s(?:over|to|instead)\b)", single=True),
    _rule("preferred", r"<P>prefers? (?P<v>[\w-]+) (?P<q>[\w-]+) (?:now|these days|nowadays|instead)\b", single=True),
    _rule("preferred", r"<P>prefers? (?P<v>[\w-]+) (?P<q>[\w-]+)(?:$|[.,;!]|\s(?:over|to)\b)", single=False),
    _rule("spoken_language", rf"<S>speaks?<ADV> (?P<v>{_LANGUAGE})\b", single=False),
    _rule(
        "school",
        r"<S>(?:studies|study|is studying|attends?|goes to|is enrolled)(?: [\w ]+?)?(?: at| in)? "
        r"(?P<v>(?-i:(?:the )?(?:University|College|Institute) of [A-Z]\w+|[A-Z][\w ]*?(?:University|College|School)))",
    ),
    # How the assistant should behave.
    _rule("reply_language", rf"\b(?P<q>{_PAPERS})\b[^,;]{{0,40}}? in (?P<v>{_LANGUAGE})\b"),
    _rule(
        "reply_language",
        rf"\b(?:answers?|reply|replies|respond|responds|write|writes|written|speak|talk|communicate|"
        rf"converse|responses|messages)\b[^,;]{{0,40}}? in (?P<v>{_LANGUAGE})\b",
    ),
    _rule(
        "reply_language",
        rf"<S>(?:prefers?|wants?|would like|likes?) (?P<v>{_LANGUAGE})(?: answers| replies| responses)?"
        r"(?:$|[.,;]| over\b| as\b)",
    ),
    _rule(
        "theme",
        r"\b(?P<v>dark|light|high[- ]contrast|solarized|sepia|night) (?:mode|theme)\b"
        r"(?: (?:in|for|on) (?:the )?(?P<q>(?-i:[A-Z])[\w.]*(?: (?-i:[A-Z])[\w.]*)?))?",
    ),
    _rule("theme", r"\btheme (?:is|to|be)<ADV> (?P<v>dark|light|high[- ]contrast|solarized|sepia|system)\b"),
    _rule("unit_system", r"\b(?P<v>metric|imperial)(?: units?| system)?\b"),
    _rule(
        "timezone",
        r"\b(?:is|am|are|work|works|lives?) (?:in|on) (?P<v>(?-i:[A-Z]{2,4}T|UTC|GMT)(?:[+-]\d+)?"
        r"|(?:pacific|eastern|central|mountain|central european|greenwich) (?:standard |mean )?time)",
    ),
    _rule(
        "signature",
        r"\b(?:sign(?:s|ed)?(?: off)?|end|close|finish)\b [^'\"\u201c\u2018]{0,40}?\b(?:with|as|by|using) "
        r"['\"\u201c\u2018](?P<v>[^'\"\u201d\u2019]+)",
    ),
    # Plans, versions, limits.
    _rule(
        "plan",
        rf"<S>(?:(?:is|am|are|be|stays?)<ADV> on|<AUX>\s?(?:upgraded|downgraded|switched|moved|changed|migrated)"
        rf"(?: from (?:the )?(?P<old>[\w-]+)(?: {_PLAN})?)? to|subscribes? to|subscribed to|bought|purchased|chose|"
        rf"has|have|uses?|took|is using) (?:the |an? |our |my )?(?P<v>[\w-]+(?: [\w-]+)?) {_PLAN}\b",
    ),
    _rule(
        "version",
        r"<S>(?:is|are|am|runs?|uses?|is running|is using|upgraded|updated|migrated|moved)<ADV>(?: on| to)? "
        r"(?P<q>[A-Z][\w.+#-]*(?: [A-Z]\w+)?) (?:version )?(?P<v>v?\d+(?:\.\d+)*)(?![\w%]| \w+s\b)",
    ),
    _rule(
        "version",
        r"<S>(?:upgraded|updated|migrated|bumped) (?P<q>[A-Z][\w.+#-]*)(?: from [\w.]+)? to (?:version "
        r")?(?P<v>v?\d[\w.]*)",
    ),
    _rule(
        "retention",
        r"\b(?P<q>[\w -]{2,30}?) (?:is|are) (?:kept|retained|stored|deleted|purged|archived|preserved)(?: for| after)? "
        r"(?P<v>(?:\d+|an?|one|two|three|four|five|six|seven|ten|twelve|thirty|sixty|ninety) (?:days?|weeks?|months?|"
        r"years?))",
    ),
    _rule("fiscal_year", r"\b(?:fiscal|financial) year (?:starts|begins|runs from|is from)(?: in| on)? <W>"),
    # Things owned and used.
    _rule("car", rf"<S>(?:drives?|is driving|am driving)<ADV>(?: an?)? (?P<v>{_CAR}){_STOP_FOR}"),
    _rule(
        "car",
        rf"<S><AUX>\s?(?:sold|traded in|got rid of|scrapped) (?:the|my|his|her|their|our|an?) (?P<old>{_CAR}) "
        rf"(?:and|to|for)(?: \w+)?(?: (?:bought|got|purchased|leased|buy|get))?(?: myself)? (?:an?|the|another) "
        rf"(?P<v>[^,;.!?]+)",
    ),
    _rule("car", rf"<S><AUX>\s?(?:bought|purchased|leased)(?: myself)? an? (?P<v>{_CAR}){_STOP_FOR}"),
    _rule(
        "car",
        rf"<S><AUX>\s?(?:sold|scrapped|got rid of) (?:the|my|his|her|their|our) (?P<v>{_CAR}){_STOP_FOR}",
        negative=True,
    ),
    # Who leads, what it costs, where and when it is.
    _rule(
        "lead",
        r"^(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)?)<AUX><ADV> (?:taken over|took over|takes over|inherited) "
        r"(?:the )?(?P<s>[^,;]+?)(?: from (?P<old>[A-Z]\w+(?: [A-Z]\w+)?))?" + _STOP,
    ),
    _rule(
        "lead",
        r"^(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)?) (?:leads|heads|runs|manages|is leading|is the (?:new )?(?:lead|"
        r"head|leader|"
        r"owner|manager) (?:of|for)|is in charge of) (?:the )?(?P<s>[^,;]+?)" + _STOP,
    ),
    _rule("lead", r"^(?:the )?(?P<s>[^,;]+?) is<ADV> (?:led|headed|run|managed|owned) by <N>"),
    _rule(
        "lead",
        r"^(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)?)<AUX><ADV> (?:taken over|took over|takes over|succeeded|succeeds|replaced|"
        r"replaces)(?: from)?(?: (?P<old>[A-Z]\w+(?: [A-Z]\w+)?))? as (?:the )?(?:new )?(?:lead|leader|head|captain|chair|"
        r"chairperson|chairman|chairwoman|president|manager|director|coach|conductor|owner|editor|organi[sz]er|coordinator|"
        r"host) (?:of|for) (?:the )?(?P<s>[^,;]+?)" + _STOP,
    ),
    _rule(
        "lead",
        r"^(?P<v>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)?)(?: now)? (?:captains|chairs|coaches|directs|conducts|edits|hosts|organi[sz]es|"
        r"coordinates|supervises) (?:the |our )?(?P<s>[^,;]+?)" + _STOP,
    ),
    _rule(
        "price", r"^(?:the |an? )?(?P<q>[^,;]{2,50}?) (?:costs?|is priced at|sells? for|goes for)<ADV> (?P<v>[^,;!?]+)"
    ),
    _rule(
        "approvals",
        r"^(?:the |an? |all |every )?(?P<q>[^,;]{2,40}?) (?:needs?|requires?|takes?|wants?)<ADV>(?: at least)? "
        r"(?P<v>\d+|one|two|three|four|five|no) (?:approvals?|reviewers?|reviews?|sign-offs?|signatures?)",
    ),
    _rule(
        "contact",
        r"\b(?P<q>questions?|issues?|requests?|complaints?|tickets?|invoices?|incidents?|enquiries|"
        r"inquiries)\b[^,;]{0,30}? "
        r"(?:go|goes|are sent|should go|be sent|are addressed|are routed|are handled) (?:to|by) <W>",
    ),
    _rule(
        "channel",
        r"^(?:the |all |my |our )?(?P<q>[\w -]*?(?:alert|notification|reminder|report|update)s?) (?:are sent|is sent|"
        r"go|goes|"
        r"come|comes|arrive|are delivered|should go|should come|are posted)(?: to| by| via| through| over| on| in)+ "
        r"<V>",
    ),
    _rule(
        "payment_terms",
        r"\binvoices? (?:is|are|be|must be)<ADV> (?:due|paid|payable)(?: within| in| after)? "
        r"(?P<v>\w+ (?:business )?(?:days?|weeks?|months?))",
    ),
    _rule("deadline", r"^(?:the |my |our )?(?P<q>[^,;]{2,40}?) (?:is|are)<ADV> due (?:on|by|at) <V>"),
)
