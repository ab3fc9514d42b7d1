"""A layout is checked on two small generated domains, or on a folder."""

from typing import Any

from translate.contract.files import layout_subject


def test_a_layout_of_one_domain_is_checked_on_the_first_of_two_generated_domains() -> None:
    with layout_subject.make_subject("images", {}, None) as layout_under_test:
        assert layout_under_test.data.domains == ("a",)
        assert (len(layout_under_test.layout), layout_under_test.indices) == (5, [0, 1, 2, 3, 4])
    with layout_subject.make_subject("unpaired", {}, None) as layout_under_test:
        assert layout_under_test.data.domains == ("a", "b")
        assert len(layout_under_test.layout.files) == 10


def test_a_layout_that_cannot_read_generated_domains_gives_the_reason() -> None:
    with layout_subject.make_subject("labelled", {}, None) as layout_under_test:
        assert "'labelled'" in layout_subject.open_problem(layout_under_test.data)


def test_a_layout_can_be_checked_on_a_folder(image_folder: Any, tmp_path: Any) -> None:
    image_folder("own", 3)
    folder = {"root": str(tmp_path), "domains": ["own"]}
    with layout_subject.make_subject("images", {}, folder) as layout_under_test:
        assert (
            len(layout_under_test.layout) == 3
            and layout_subject.open_problem(layout_under_test.data) == ""
        )
        assert len(layout_under_test.make(leave_out=(layout_under_test.layout.files[0],))) == 2
