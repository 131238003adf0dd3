"""What a text is about, told by key words."""

from types import SimpleNamespace

from course.corpora import subjects


def test_a_subject_is_told_by_a_whole_word():
    subject = subjects.all_subjects()[0]
    word = min(subject.words)
    assert subjects.is_on(f"Oh, {word.upper()}!", subject)
    assert not subjects.is_on(f"Oh, {word}xyz!", subject)


def test_a_turn_tells_the_subject_that_it_stands_under():
    for subject in subjects.all_subjects():
        assert subject in subjects.subjects_of(min(subject.turns))
    assert subjects.subjects_of("Nobody ever says this here.") == []


def test_a_reply_is_on_subject_if_it_has_a_key_word_of_the_conversations_own():
    subject = subjects.all_subjects()[1]
    wanted = SimpleNamespace(reply=min(subject.turns))
    replies = [f"So is this: {max(subject.words)}.", "This is about nothing."]
    assert subjects.on_subject(replies, [wanted, wanted]) == 0.5
