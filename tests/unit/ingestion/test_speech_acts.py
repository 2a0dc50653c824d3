from __future__ import annotations

import pytest

from synap.ingestion.acts import Act
from synap.ingestion.speech_acts import read


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("Where do penguins live?", Act.QUESTION),
        ("how does this work", Act.QUESTION),
        ("Write a toast saying I'm moving to Oslo.", Act.TASK),
        ("Could you debug this loop?", Act.TASK),
        ("I'd like a summary of the chapter.", Act.TASK),
        ("Please shorten the following text:", Act.PAYLOAD),
        ("Could you list items alphabetically by default?", Act.STANDING),
        ("Never use exclamation marks.", Act.STANDING),
        ("From now on, answer in Danish.", Act.STANDING),
        ("Metric units only, please.", Act.STANDING),
        ("Light theme by default please", Act.STANDING),
        ("No emojis please", Act.STANDING),
        ("Call me Ace", Act.STANDING),
        ("Keep replies brief.", Act.STANDING),
        ("Write in simple words.", Act.STANDING),
        ("I'd like brief explanations please.", Act.STANDING),
        ("Would you mind using miles?", Act.STANDING),
        ("I'd appreciate it if you spoke Danish.", Act.STANDING),
        ("Write a story in simple words.", Act.TASK),
        ("Never mind.", Act.SOCIAL),
        ("Don't worry about it.", Act.SOCIAL),
        ("I'm an astronaut, lol just kidding", Act.SOCIAL),
        ("My uncle is always joking.", Act.STATEMENT),
        ("keep bees in Devon", Act.STATEMENT),
        ("If I owned a boat I would sail to Malta.", Act.HYPOTHESIS),
        ("I wish I lived by the sea", Act.HYPOTHESIS),
        ("Remind me to water the ferns tomorrow.", Act.REMINDER),
        ("Disregard what I told you about the loan.", Act.RETRACTION),
        ("Forget my shoe size.", Act.RETRACTION),
        ("drop my font preference", Act.RETRACTION),
        ("Please don't store this: I failed the test.", Act.OPT_OUT),
        ("This is off the record.", Act.OPT_OUT),
        ("I restore pianos.", Act.STATEMENT),
        ("live in Turin", Act.STATEMENT),
        ("When I moved here I knew nobody.", Act.STATEMENT),
    ],
)
def test_what_a_sentence_does(sentence: str, act: Act) -> None:
    assert read(sentence, to_machine=True).act is act


@pytest.mark.parametrize(
    ("sentence", "topic"),
    [
        ("Ignore everything I said about the merger.", "the merger"),
        ("please forget that I mentioned my rash", "I mentioned my rash"),
        ("never mind what I said earlier about Lisbon", "Lisbon"),
    ],
)
def test_a_retraction_names_its_topic(sentence: str, topic: str) -> None:
    assert read(sentence, to_machine=True).text == topic


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Hey Kim! I bought a tent", "I bought a tent"),
        ("Well, honestly, I prefer rain", "I prefer rain"),
        ("I keep bees, do you know a good hive?", "I keep bees"),
        ("Since I'm diabetic, what can I eat?", "I'm diabetic"),
    ],
)
def test_the_statement_inside_is_found(sentence: str, text: str) -> None:
    reading = read(sentence, to_machine=True)

    assert reading.act is Act.STATEMENT
    assert sentence[reading.start :].startswith(reading.text)
    assert reading.text == text


@pytest.mark.parametrize("sentence", ["Actually, I live in Bern.", "Sorry, I meant June.", "No, it costs 9, not 7."])
def test_a_correction_announces_itself(sentence: str) -> None:
    assert read(sentence, to_machine=True).correction


def test_people_do_not_give_each_other_standing_orders() -> None:
    assert read("Always remember the milk.", to_machine=False).act is Act.STATEMENT


def test_what_follows_a_joke_is_meant() -> None:
    reading = read("Just kidding, I'm a plumber.", to_machine=True)

    assert (reading.act, reading.text, reading.backwards) == (Act.STATEMENT, "I'm a plumber.", True)


def test_only_a_request_that_says_so_outlasts_a_task() -> None:
    assert read("Always keep replies brief.", to_machine=True).lasting
    assert not read("Keep replies brief.", to_machine=True).lasting


@pytest.mark.parametrize(
    ("sentence", "wish"),
    [
        ("Whenever you show me a map, mark the north.", "mark the north whenever you show me a map"),
        ("When you quote a law, never shorten it.", "never shorten it when you quote a law"),
    ],
)
def test_a_rule_for_whatever_the_assistant_does_again_and_again_lasts(sentence: str, wish: str) -> None:
    reading = read(sentence, to_machine=True)

    assert (reading.act, reading.text, reading.lasting) == (Act.STANDING, wish, True)


def test_a_moment_that_comes_once_is_no_rule() -> None:
    assert read("When you are done, send me the file.", to_machine=True).act is not Act.STANDING
