"""The figures of a card as a table."""

from __future__ import annotations

from inference.figures import Figures, read_figures, remarks_on, table_of

OURS = [
    {
        "split": "val",
        "photos": "indoor photos",
        "pictures": 190,
        "against": "the labels of another network",
        "view": "semantic",
        "pixel_accuracy": 68.53,
        "mean_iou": 12.0,
        "classes": 144,
    },
    {"split": "street", "pictures": 2, "view": "segments", "pixel_accuracy": 61.26, "unlabelled": 17.3},
]


def plain(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows]


def test_a_list_of_tables_becomes_one_table_with_dashes_where_nothing_was_measured() -> None:
    assert plain(table_of(read_figures(OURS))) == [
        ["Checked on", "View", "Pixels right", "Left unlabelled", "Mean IoU"],
        ["190 indoor photos", "semantic", "68.5 %", "–", "12.0 % (144 classes)"],
        ["2 street", "segments, threshold 0.5", "61.3 %", "17.3 %", "–"],
    ]


def test_published_figures_are_one_row_with_their_source() -> None:
    figures = read_figures({"data": "ADE20K", "miou": 43.4309, "pacc": 80.3415, "source": "its registry"})
    assert plain(table_of(figures)) == [["Checked on", "Pixels right", "Mean IoU"], ["ADE20K", "80.3 %", "43.4 %"]]
    assert remarks_on(figures)[-1] == "Source: its registry."


def test_unknown_entries_of_a_brought_card_are_shown_as_they_are() -> None:
    figures = read_figures({"speed_fps": 31, "miou": "about 40", "classes": 150})
    assert plain(table_of(figures)) == [
        ["Checked on", "Mean IoU", "Speed fps"],
        ["not stated", "about 40 (150 classes)", "31"],
    ]
    assert plain(table_of(read_figures([{"split": "x", "classes": 3}]))) == [["Checked on", "Classes"], ["x", "3"]]


def test_no_figures_are_no_rows() -> None:
    for nothing in ({}, [], [{}]):
        assert read_figures(nothing) == ()
    assert remarks_on(()) == []


def test_the_remarks_say_whose_labels_count_as_right_and_only_what_the_table_has() -> None:
    remarks = remarks_on(read_figures(OURS))
    assert "On the 190 indoor photos, right means: as in the labels of another network." in remarks
    assert "counts as wrong" in remarks[0]
    (remark,) = remarks_on(read_figures({"photos": "picture of a project", "pictures": 1, "against": "its labels"}))
    assert remark == "On the picture of a project, right means: as in its labels."
    assert remarks_on([Figures(checked_on="x", measures={"speed": "3"})]) == []
