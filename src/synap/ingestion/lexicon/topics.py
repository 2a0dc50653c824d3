"""Words by which a preference finds its category."""

from __future__ import annotations

_TABLE = {
    "communication": "answer answers reply replies response responses tone language concise brief formal informal emoji emojis bullet bullets summary summaries explanation explanations message messages call email emails english spanish german french italian portuguese japanese chinese address jargon",
    "interface": "dark light mode theme view kanban board layout dashboard font screen keyboard shortcut notification notifications editor ide tab tabs list gantt widget",
    "food": "food eat eating meal meals breakfast lunch dinner cook cooking pizza pasta sushi vegan vegetarian spicy sweet dessert chocolate cheese meat fish fruit vegetable vegetables bread salad soup cuisine restaurant restaurants baking snack snacks cake icecream",
    "drink": "coffee tea wine beer juice water drink drinks cocktail latte espresso cocktails soda",
    "music": "music song songs band bands album concert jazz rock pop guitar piano violin singing playlist opera classical metal",
    "reading": "book books novel novels read reading author authors poetry fiction nonfiction",
    "film": "film films movie movies series show shows anime documentary documentaries cinema tv",
    "sport": "sport sports run running hike hiking swim swimming yoga gym cycling tennis football soccer basketball climbing skiing surfing workout dance dancing",
    "travel": "travel traveling travelling trip trips fly flight flights hotel hotels seat beach mountains vacation train city cities",
    "work": "work working meeting meetings remote office team report reports schedule deadline deadlines standup",
    "technology": "python java javascript typescript rust linux code coding programming software framework database postgres api cloud docker laptop phone app apps metric units celsius kilometers",
    "animals": "dog dogs cat cats pet pets horse horses animal animals bird birds",
}

TOPICS = {word: topic for topic, words in _TABLE.items() for word in words.split()}
"""Lower-case word to category."""
