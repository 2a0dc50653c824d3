"""Tables of words that the rules of ingestion read: verbs, feelings, cues, calendar names, foreign function words."""
