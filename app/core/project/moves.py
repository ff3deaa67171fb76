"""Photos that got other names: what is known of them goes with them."""

from __future__ import annotations

from app.core.errors import ProjectError
from app.core.project.parts import StorePart, name_key, name_of_key
from app.core.project.records import FileIdentity, identify

_NO_WORK = "last = 0 AND note = '' AND status NOT IN ('done', 'skipped')"  # only what the network can say again


class Moves(StorePart):
    """A photo is known again by its content, whatever it is called now."""

    def rename(self, old: str, new: str) -> None:
        """The photo `old` goes by the name `new` now, with all that is known of it.

        ProjectError, and nothing changed, where work was done under the new name already.
        """
        with self._writing():
            self._connection.execute(f"DELETE FROM picture WHERE name = ? AND {_NO_WORK}", (name_key(new),))
            if self._connection.execute("SELECT 1 FROM picture WHERE name = ?", (name_key(new),)).fetchone():
                raise ProjectError(f"{old} cannot become {new}: there is work under that name already.")
            self._name(old, new)

    def swap(self, name: str, other: str) -> None:
        """Each of two photos goes by the name of the other now."""
        with self._writing():
            aside = ""  # no file has this name
            for old, new in ((name, aside), (other, name), (aside, other)):
                self._name(old, new)

    def follow(self, name: str, identity: FileIdentity) -> str:
        """Bring what is known of the photo `identity` to `name`, where its file is now; the name it had until now.

        Empty, and nothing changed, where it had none or may as well be another photo: where nothing was done with it,
        where it is still there under the name it had, or where two of that name were worked on.
        """
        query = f"SELECT name, size, mtime_ns, header FROM picture WHERE header = ? AND size = ? AND NOT ({_NO_WORK})"
        with self._reading():
            rows = self._connection.execute(query, (identity.header, identity.size)).fetchall()
            own = self._connection.execute(
                f"SELECT 1 FROM picture WHERE name = ? AND NOT ({_NO_WORK})", (name_key(name),)
            ).fetchone()
        if any(key == name_key(name) for key, *_ in rows):
            return ""  # it is this one
        left = [name_of_key(key) for key, *known in rows if not self._is_there(name_of_key(key), FileIdentity(*known))]
        if len(left) != 1:
            return ""
        if own is None:
            self.rename(left[0], name)
        else:
            self.swap(left[0], name)
        return left[0]

    def _is_there(self, name: str, known: FileIdentity) -> bool:
        """Whether the file of a picture still is the photo that is `known`; so it is where nobody can tell."""
        try:
            return identify(self.path_of(name)).is_same(known)
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def _name(self, old: str, new: str) -> None:
        self._connection.execute("UPDATE picture SET name = ?, gone = 0 WHERE name = ?", (name_key(new), name_key(old)))
