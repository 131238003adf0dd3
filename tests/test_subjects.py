"""What a text is about, told by key words."""

from types import SimpleNamespace

from course.corpora import subjects


def test_a_subject_is_told_by_a_whole_word():
    [name, *_] = subjects.key_words()
    word = min(subjects.key_words()[name])
    assert name in subjects.subjects_of(f"Oh, {word.upper()}!")
    assert name not in subjects.subjects_of(f"Oh, {word}xyz!")


def test_a_reply_is_on_subject_if_it_shares_one_with_the_reference():
    words = next(iter(subjects.key_words().values()))
    wanted = SimpleNamespace(reply=f"That is about {min(words)}.")
    replies = [f"So is this: {max(words)}.", "This is about nothing."]
    assert subjects.on_subject(replies, [wanted, wanted]) == 0.5
