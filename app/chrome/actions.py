"""One table of actions: text, shortcut, icon, tip. Menus, toolbars, tooltips and the list of keys are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from app.core.palettes import Palette
from app.panels.icons import icon


class Group(Enum):
    """The menus, in order; the value is the menu's title."""

    FILE = "&File"
    EDIT = "&Edit"
    TOOLS = "&Tools"
    VIEW = "&View"
    PICTURE = "&Picture"
    HELP = "&Help"


class Act(StrEnum):
    """Every action of the window."""

    OPEN = "open"
    OPEN_FOLDER = "open_folder"
    OPEN_WITH_BELOW = "open_with_below"
    OPEN_SAMPLES = "open_samples"
    IMPORT = "import"
    EXPORT = "export"
    EXPORT_ALL = "export_all"
    QUIT = "quit"
    UNDO = "undo"
    REDO = "redo"
    HISTORY = "history"
    CHOOSE_CLASS = "choose_class"
    CLASS_UNLABELLED = "class_unlabelled"
    BRUSH_SMALLER = "brush_smaller"
    BRUSH_LARGER = "brush_larger"
    NEXT_RULE = "next_rule"
    NEXT_BEST = "next_best"
    PREVIOUS_BEST = "previous_best"
    TOOL_BRUSH = "brush"
    TOOL_ERASER = "eraser"
    TOOL_RELABEL = "relabel"
    TOOL_RESTORE = "restore"
    TOOL_FILL = "fill"
    TOOL_POLYGON = "polygon"
    TOOL_LASSO = "lasso"
    TOOL_RECTANGLE = "rectangle"
    TOOL_ELLIPSE = "ellipse"
    TOOL_WAND = "wand"
    TOOL_SUPERPIXELS = "superpixels"
    TOOL_REFINE = "refine"
    TOOL_ASK = "ask"
    TOOL_CLEANUP = "cleanup"
    TOOL_COPY = "copy"
    TOOL_PICK = "pick"
    TOOL_PAN = "pan"
    TOOL_ZOOM = "zoom"
    ZOOM_FIT = "zoom_fit"
    ZOOM_100 = "zoom_100"
    ZOOM_IN = "zoom_in"
    ZOOM_OUT = "zoom_out"
    OUTLINE = "outline"
    DECIDERS = "deciders"
    PALETTE_ADE = "palette_ade"
    PALETTE_DISTINCT = "palette_distinct"
    PALETTE_COLOUR_BLIND = "palette_colour_blind"
    PATTERNS = "patterns"
    NAMES = "names"
    BARE = "bare"
    NETWORK_ONLY = "network_only"
    LESS_OPAQUE = "less_opaque"
    MORE_OPAQUE = "more_opaque"
    MODE = "mode"
    THRESHOLD_DOWN = "threshold_down"
    THRESHOLD_UP = "threshold_up"
    SHOW_ALL = "show_all"
    SEARCH_LEGEND = "search_legend"
    FILTER_PICTURES = "filter_pictures"
    FULL_SCREEN = "full_screen"
    NEXT = "next"
    PREVIOUS = "previous"
    NEXT_UNFINISHED = "next_unfinished"
    DONE = "done"
    SKIP = "skip"
    BACK_TO_WORK = "back_to_work"
    NOTE = "note"
    SHOW_FILE = "show_file"
    PICTURE_GRID = "picture_grid"
    PREDICT_AGAIN = "predict_again"
    PREDICT_ALL = "predict_all"
    PREDICT_SHOWN = "predict_shown"
    PREDICT_SELECTED = "predict_selected"
    CANCEL = "cancel"
    SHORTCUTS = "shortcuts"
    LEARN = "learn"
    MODELS = "models"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Spec:
    """One row of the table. `keys` are portable key sequences, the first is the one shown."""

    group: Group
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    checkable: bool = False
    held: bool = False  # works while the key is held, so it has no QAction shortcut of its own
    everywhere: bool = False  # also while a dialog beside the work has the keyboard


_F, _E, _T, _V, _P, _H = Group


def _tool(text: str, tip: str, key: str, icon: str) -> Spec:
    return Spec(_T, text, tip, (key,), icon, checkable=True)


ACTIONS: dict[Act, Spec] = {
    Act.OPEN: Spec(_F, "Open photos…", "Open one or more photos", ("Ctrl+O",), "open"),
    Act.OPEN_FOLDER: Spec(_F, "Open folder…", "Open every photo of a folder", ("Ctrl+Shift+O",), "open-folder"),
    Act.OPEN_WITH_BELOW: Spec(
        _F, "Open folder with sub-folders…", "Open every photo of a folder and of all folders in it", ("Ctrl+Alt+O",)
    ),
    Act.OPEN_SAMPLES: Spec(_F, "Open sample photos", "Try everything on the photos that come with the application"),
    Act.IMPORT: Spec(
        _F, "Import labels…", "Bring in labels from PNG files, one for each picture of the list", ("Ctrl+I",), "import"
    ),
    Act.EXPORT: Spec(_F, "Export this picture…", "Write this picture's labels as an ADE PNG", ("Ctrl+E",), "export"),
    Act.EXPORT_ALL: Spec(_F, "Export all…", "Write the labels of every picture", ("Ctrl+Shift+E",), "export-all"),
    Act.QUIT: Spec(_F, "Quit", "Close the window", ("Ctrl+Q",), everywhere=True),
    Act.UNDO: Spec(_E, "Undo", "Take the last correction back", ("Ctrl+Z",), "undo"),
    Act.REDO: Spec(_E, "Redo", "Do it again", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
    Act.HISTORY: Spec(
        _E, "History", "List the steps of this picture; click one to go there", ("Ctrl+H",), "history", checkable=True
    ),
    Act.CHOOSE_CLASS: Spec(_E, "Choose class…", "Search the class to paint with", ("C",), "search"),
    Act.CLASS_UNLABELLED: Spec(_E, "Paint unlabelled", "Make 'unlabelled' the class to paint with", ("0",)),
    Act.BRUSH_SMALLER: Spec(_E, "Smaller brush", "Make the brush, or what the tool has instead, smaller", ("[",)),
    Act.BRUSH_LARGER: Spec(_E, "Larger brush", "Make the brush, or what the tool has instead, larger", ("]",)),
    Act.NEXT_BEST: Spec(
        _E,
        "Next best answer",
        "With any tool: go through the five most probable classes of the segment under the pointer",
        ("J",),
    ),
    Act.PREVIOUS_BEST: Spec(
        _E, "Previous best answer", "Back to the class that the network finds more probable", ("Shift+J",)
    ),
    Act.NEXT_RULE: Spec(_E, "Where paint may go", "Go through anywhere, unlabelled and one class only", ("Shift+R",)),
    Act.TOOL_RELABEL: Spec(
        _T,
        "Relabel segment",
        "Click a segment to give it the current class; right click accepts it as it is",
        ("R",),
        "relabel",
        checkable=True,
    ),
    Act.TOOL_BRUSH: Spec(_T, "Brush", "Paint the current class; right button erases", ("B",), "brush", checkable=True),
    Act.TOOL_ERASER: Spec(_T, "Eraser", "Paint pixels unlabelled", ("E",), "eraser", checkable=True),
    Act.TOOL_RESTORE: _tool("Back to the network", "Take corrections away where you paint", "U", "restore"),
    Act.TOOL_FILL: Spec(
        _T, "Fill region", "Fill the connected region with the current class", ("G",), "fill", checkable=True
    ),
    Act.TOOL_POLYGON: _tool("Polygon", "Click the corners of an area: it becomes the current class", "D", "polygon"),
    Act.TOOL_LASSO: _tool("Lasso", "Draw around an area: it becomes the current class", "L", "lasso"),
    Act.TOOL_RECTANGLE: _tool("Rectangle", "Drag a rectangle: it becomes the current class", "T", "rectangle"),
    Act.TOOL_ELLIPSE: _tool("Ellipse", "Drag an ellipse: it becomes the current class", "Shift+T", "ellipse"),
    Act.TOOL_WAND: _tool("Wand", "Press on a colour and drag: connected pixels of similar colour", "W", "wand"),
    Act.TOOL_SUPERPIXELS: _tool("Superpixels", "Drag: pieces that follow the picture's edges", "S", "superpixels"),
    Act.TOOL_REFINE: _tool("Refine edges", "Drag around a boundary: it moves to the edge in the photo", "K", "refine"),
    Act.TOOL_ASK: _tool("Ask the network", "Click: its answers here, also those that lost or are hidden", "Q", "ask"),
    Act.TOOL_CLEANUP: _tool("Clean up", "Fill gaps and holes, remove specks, smooth boundaries", "X", "cleanup"),
    Act.TOOL_COPY: _tool(
        "Copy from previous picture", "Drag around an area: its corrections there come here", "Shift+U", "copy"
    ),
    Act.TOOL_PICK: Spec(
        _T, "Pick class", "Make the class under the cursor the current one", ("I",), "pick", checkable=True
    ),
    Act.TOOL_PAN: Spec(
        _T, "Pan", "Move the picture; Space or the middle button pans with any tool", ("H",), "pan", checkable=True
    ),
    Act.TOOL_ZOOM: _tool("Zoom", "Click to come closer, right click to step back, drag to show a part", "Z", "zoom"),
    Act.ZOOM_FIT: Spec(_V, "Fit", "Show the whole picture", ("F", "Ctrl+0"), "zoom-fit"),
    Act.ZOOM_100: Spec(_V, "100 %", "One picture pixel is one screen pixel", ("Ctrl+1",), "zoom-100"),
    Act.ZOOM_IN: Spec(_V, "Zoom in", "Look closer", ("+", "=", "Ctrl++", "Ctrl+="), "zoom-in"),
    Act.ZOOM_OUT: Spec(_V, "Zoom out", "Step back", ("-", "Ctrl+-"), "zoom-out"),
    Act.OUTLINE: Spec(
        _V, "Outlines only", "Draw the borders of the labels instead of filling them", ("O",), "outline", checkable=True
    ),
    Act.PALETTE_ADE: Spec(
        _V, "Usual ADE20K colours", "Colour the classes as ADE20K does", (), "palette", checkable=True
    ),
    Act.PALETTE_DISTINCT: Spec(
        _V, "Colours far apart", "Colour the classes of the picture as differently as can be", (), checkable=True
    ),
    Act.PALETTE_COLOUR_BLIND: Spec(
        _V,
        "Colours for colour-blind eyes",
        "Colours that stay apart for every kind of colour vision",
        (),
        checkable=True,
    ),
    Act.PATTERNS: Spec(
        _V,
        "Patterns",
        "Lay a pattern over every class, for classes of similar colour",
        ("Shift+H",),
        "patterns",
        checkable=True,
    ),
    Act.NAMES: Spec(_V, "Class names", "Write the names into large regions", ("Shift+N",), "names", checkable=True),
    Act.DECIDERS: Spec(
        _V, "Who decided", "Colour what the network, you and nobody decided", ("Shift+M",), "deciders", checkable=True
    ),
    Act.BARE: Spec(
        _V, "Bare photo (hold)", "Show the photo without labels while the key is held", ("V",), "eye", held=True
    ),
    Act.NETWORK_ONLY: Spec(
        _V,
        "Network only (hold)",
        "Show the network's own result, without corrections, while the key is held",
        ("Y",),
        held=True,
    ),
    Act.LESS_OPAQUE: Spec(_V, "Labels fainter", "Let more of the photo through", ("Shift+O",)),
    Act.MORE_OPAQUE: Spec(_V, "Labels stronger", "Let less of the photo through", ("Shift+P",)),
    Act.MODE: Spec(
        _V,
        "Semantic view",
        "Show each pixel's likeliest class, whatever the scores",
        ("M",),
        "semantic",
        checkable=True,
    ),
    Act.THRESHOLD_DOWN: Spec(_V, "Threshold down", "Show segments the network is less sure of", (",",)),
    Act.THRESHOLD_UP: Spec(_V, "Threshold up", "Hide segments the network is less sure of", (".",)),
    Act.SHOW_ALL: Spec(_V, "Show all classes", "End solo and show hidden classes", ("A",), "eye"),
    Act.SEARCH_LEGEND: Spec(_V, "Search legend", "Search the 150 classes in the legend", ("Ctrl+F",), "legend"),
    Act.FILTER_PICTURES: Spec(_P, "Filter pictures", "Search the list of pictures by name", ("Ctrl+Shift+F",)),
    Act.FULL_SCREEN: Spec(_V, "Full screen", "Fill the screen with the window", ("F11",), checkable=True),
    Act.NEXT: Spec(_P, "Next picture", "Go to the next picture", ("PgDown", "N"), "next"),
    Act.PREVIOUS: Spec(_P, "Previous picture", "Go to the previous picture", ("PgUp", "P"), "previous"),
    Act.NEXT_UNFINISHED: Spec(
        _P, "Next unfinished", "Go to the next picture that is neither done nor skipped", ("F3",), "next-unfinished"
    ),
    Act.DONE: Spec(_P, "Done, go on", "This picture is done: go to the next unfinished one", ("F4",), "done"),
    Act.SKIP: Spec(_P, "Skip, go on", "Set this picture aside: go to the next unfinished one", ("Shift+F4",), "skip"),
    Act.BACK_TO_WORK: Spec(
        _P, "Back to work", "This picture is neither done nor set aside after all", ("Shift+F3",), "back"
    ),
    Act.NOTE: Spec(_P, "Note…", "Write something about this picture", ("F2",), "note"),
    Act.SHOW_FILE: Spec(_P, "Show in file manager", "Open the folder that this picture lies in", (), "open-folder"),
    Act.PICTURE_GRID: Spec(
        _P, "Pictures as a grid", "Larger thumbnails beside each other", ("Ctrl+G",), "grid", checkable=True
    ),
    Act.PREDICT_AGAIN: Spec(
        _P, "Predict again", "Run the network on this picture again; corrections stay", ("F5",), "refresh"
    ),
    Act.PREDICT_ALL: Spec(
        _P, "Predict all pictures", "Run the network on every picture that has no answer yet", ("Ctrl+F5",)
    ),
    Act.PREDICT_SHOWN: Spec(
        _P, "Predict pictures shown", "Run the network on the pictures that the list shows as it is filtered"
    ),
    Act.PREDICT_SELECTED: Spec(
        _P, "Predict selected", "Run the network on the pictures that are selected in the list", ("Shift+F5",)
    ),
    Act.CANCEL: Spec(_P, "Cancel", "Cancel what is under way: a stroke, else the prediction", ("Esc",), "cancel"),
    Act.SHORTCUTS: Spec(_H, "Keyboard and mouse", "List every shortcut", ("F1",), "help"),
    Act.LEARN: Spec(
        _P,
        "Learn from my corrections…",
        "Let the network learn from the pictures marked done, and see whether that helps",
        ("Ctrl+L",),
    ),
    Act.MODELS: Spec(
        _P, "Models and devices", "Which models there are, what is known of them, and what runs them here", (), "info"
    ),
    Act.ABOUT: Spec(_H, "About ADE Mask Studio", "Version and licence", ()),
}

PALETTE_ACTIONS: dict[Palette, Act] = {
    Palette.ADE: Act.PALETTE_ADE,
    Palette.DISTINCT: Act.PALETTE_DISTINCT,
    Palette.COLOUR_BLIND: Act.PALETTE_COLOUR_BLIND,
}
TOOL_ACTIONS: dict[str, Act] = {
    act.value: act
    for act in (
        Act.TOOL_RELABEL,
        Act.TOOL_BRUSH,
        Act.TOOL_ERASER,
        Act.TOOL_RESTORE,
        Act.TOOL_FILL,
        Act.TOOL_POLYGON,
        Act.TOOL_LASSO,
        Act.TOOL_RECTANGLE,
        Act.TOOL_ELLIPSE,
        Act.TOOL_WAND,
        Act.TOOL_SUPERPIXELS,
        Act.TOOL_REFINE,
        Act.TOOL_ASK,
        Act.TOOL_CLEANUP,
        Act.TOOL_COPY,
        Act.TOOL_PICK,
        Act.TOOL_PAN,
        Act.TOOL_ZOOM,
    )
}


def make_actions(parent: QObject, handlers: dict[Act, Callable[..., object]]) -> dict[Act, QAction]:
    """One QAction per row, connected to its handler (checkable ones pass their new state)."""
    actions: dict[Act, QAction] = {}
    for act, spec in ACTIONS.items():
        action = QAction(spec.text, parent)
        action.setObjectName(act.value)
        if spec.icon is not None:
            action.setIcon(icon(spec.icon))
        if spec.keys and not spec.held:
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            context = Qt.ShortcutContext
            action.setShortcutContext(context.ApplicationShortcut if spec.everywhere else context.WindowShortcut)
        action.setCheckable(spec.checkable)
        action.setToolTip(tooltip(spec))
        handler = handlers[act]
        if spec.checkable:
            action.toggled.connect(handler)
        else:
            action.triggered.connect(lambda _checked=False, handler=handler: handler())
        actions[act] = action
    return actions


def tooltip(spec: Spec) -> str:
    """The name, the tip and the shortcut, as tooltips show them."""
    name = spec.text.rstrip("…")
    return f"{name}: {spec.tip} ({native(spec.keys[0])})" if spec.keys else f"{name}: {spec.tip}"


def native(key: str) -> str:
    """A portable key sequence as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
