"""English word lists behind the lexical terms: stop words, and the irregular forms that suffix rules get wrong."""

from __future__ import annotations

_STOP_WORDS = """
    a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few
    for from further had hadn't has hasn't have haven't having he he'd he'll her here hers herself him himself his how
    i i'd i'll i'm i've if in into is isn't it it'd it'll its itself just let's me more most my myself no nor not now
    of off on once only or other our ours ourselves out over own same shan't she she'd she'll should shouldn't so some
    such than that that's the their theirs them themselves then there these they they'd they'll they're they've this those
    through to too under until up us very was wasn't we we'd we'll we're we've were weren't what when where which
    while who whom why will with won't would wouldn't you you'd you'll you're you've your yours yourself yourselves
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that say nothing about a text's topic. Negations count among them: they matter to rules, not to search."""

IRREGULAR = {
    "used": "use",
    "using": "use",
    "goes": "go",
    "going": "go",
    "does": "do",
    "aged": "age",
    "aging": "age",
    "owed": "owe",
    "owing": "owe",
    "children": "child",
    "men": "man",
    "women": "woman",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "wives": "wife",
    "knives": "knife",
    "wolves": "wolf",
    "shelves": "shelf",
    "halves": "half",
    "analyses": "analysis",
    "crises": "crisis",
    "criteria": "criterion",
    "indices": "index",
    "buses": "bus",
    "gases": "gas",
    "lying": "lie",
    "dying": "die",
    "tying": "tie",
    "data": "data",
}
"""Forms whose base no suffix rule finds."""

_UNSTEMMED = """
    always across address anything bed ceiling during evening everything express focus hundred indeed kindred
    las less lens mathematics morning naked news nothing physics sacred series sibling something species
    stress thus unless used various was wedding wicked yes
"""

UNSTEMMED = frozenset(_UNSTEMMED.split())
"""Words that end like an inflected form and are none, or whose stem is another word."""
