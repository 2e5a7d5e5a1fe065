"""Where likes come from, when their total is told before their source is known."""

from likelight_cloud.kitchens.sources import Sources


def test_the_source_of_a_kitchen_s_first_likes_may_follow_in_the_next_reply() -> None:
    sources = Sources({})
    assert sources.split(10, 10, {}) == {}
    assert sources.split(10, 13, {}) == {"page": 3}
    sources.add(3)
    assert sources.split(13, 13, {}) == {}
    assert sources.split(13, 15, {}) == {"here": 2}
    assert sources.split(13, 15, {}) == {"here": 2}, "that reply was lost"
    assert sources.split(15, 17, {}) == {"page": 1, "here": 1}
    assert sources.split(10, 17, {}) == {"page": 4, "here": 3}, "from before anybody was here"


def test_likes_from_here_before_the_device_s_first_reply_are_not_told_as_new() -> None:
    sources = Sources({})
    sources.add(3)
    assert sources.split(10, 10, {}) == {}
    assert sources.split(10, 15, {}) == {"page": 5}


def test_likes_of_webhooks_are_told_as_theirs_and_those_from_before_the_start_as_the_page_s() -> (
    None
):
    sources = Sources({"till": 5})
    assert sources.split(10, 10, {"till": 5}) == {}
    assert sources.split(10, 14, {"till": 8}) == {"page": 1, "webhook:till": 3}
    assert sources.split(10, 14, {"till": 8}) == {"page": 1, "webhook:till": 3}, "lost"
    sources.add(2)
    assert sources.split(14, 20, {"shop": 3, "till": 9}) == {
        "here": 2,
        "webhook:shop": 3,
        "webhook:till": 1,
    }
    assert sources.split(20, 21, {"shop": 3}) == {"page": 1}, "one was removed"
