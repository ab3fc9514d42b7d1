"""A layout is tried on two small domains that are drawn, or on a folder that is given."""

from typing import Any

from translate.contract import layout_subject


def test_a_layout_of_one_domain_is_tried_on_the_first_of_two_that_are_drawn() -> None:
    with layout_subject.subject("images", {}, None) as tested:
        assert tested.asked.domains == ("a",)
        assert (len(tested.layout), tested.indices) == (5, [0, 1, 2, 3, 4])
    with layout_subject.subject("unpaired", {}, None) as tested:
        assert tested.asked.domains == ("a", "b")
        assert len(tested.layout.files) == 10


def test_a_layout_that_cannot_read_them_says_why() -> None:
    with layout_subject.subject("labelled", {}, None) as tested:
        assert "'labelled'" in layout_subject.why_not(tested.asked)


def test_a_folder_may_be_given(image_folder: Any, tmp_path: Any) -> None:
    image_folder("own", 3)
    folder = {"root": str(tmp_path), "domains": ["own"]}
    with layout_subject.subject("images", {}, folder) as tested:
        assert len(tested.layout) == 3 and layout_subject.why_not(tested.asked) == ""
        assert len(tested.make(leave_out=(tested.layout.files[0],))) == 2
