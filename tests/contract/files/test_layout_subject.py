"""A layout is checked on two small generated domains, or on a folder."""

from typing import Any

from translate.contract.files.layout_subject import make_subject, open_problem


def test_a_layout_gets_one_or_two_generated_domains_as_it_needs() -> None:
    with make_subject("images", {}, None) as subject:
        assert subject.data.domains == ("a",)
        assert (len(subject.layout), subject.indices) == (5, [0, 1, 2, 3, 4])
    with make_subject("unpaired", {}, None) as subject:
        assert subject.data.domains == ("a", "b")
        assert len(subject.layout.files) == 10


def test_a_layout_that_cannot_read_generated_domains_gives_the_reason() -> None:
    with make_subject("labelled", {}, None) as subject:
        assert "'labelled'" in open_problem(subject.data)


def test_a_layout_can_be_checked_on_a_folder(image_folder: Any, tmp_path: Any) -> None:
    image_folder("own", 3)
    folder = {"root": str(tmp_path), "domains": ["own"]}
    with make_subject("images", {}, folder) as subject:
        assert len(subject.layout) == 3
        assert open_problem(subject.data) == ""
        assert len(subject.make(leave_out=(subject.layout.files[0],))) == 2
