"""Packages of clients/npm for a page in a browser, module by module as they were published: nothing is bundled or changed, but
that each import names a file."""

import json
import pathlib
import re

IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*)(['"])([^'"\n]+)\2""")
SUFFIXES = ("", ".js", ".mjs", "/index.js", "/index.mjs")


class Modules:
    """The modules below a folder of packages, served under an address."""

    def __init__(self, folder, address):
        self.folder, self.address = pathlib.Path(folder).resolve(), address

    def url(self, name):
        """Where the module is that an import by this name means."""
        return f"{self.address}{self._package(name).relative_to(self.folder)}"

    def serve(self, page):
        """Answers the page's requests for modules."""

        def answer(route):
            file = self.folder / route.request.url.removeprefix(self.address)
            route.fulfill(body=self._text(file), content_type="text/javascript")

        page.route(f"{self.address}**", answer)

    def _text(self, file):
        def named(found):
            before, quote, name = found.groups()
            target = self._file((file.parent / name).resolve()) if name.startswith(".") else self._package(name)
            # An import that leads nowhere stands in a comment.
            return f"{before}{quote}{self.address}{target.relative_to(self.folder)}{quote}" if target else found.group()

        return IMPORT.sub(named, file.read_text())

    def _file(self, path):
        found = next((file for end in SUFFIXES if (file := pathlib.Path(f"{path}{end}")).is_file()), None)
        return found and self._for_browsers(found)

    def _for_browsers(self, file):
        """The file that a package puts in the place of this one for browsers."""
        root = next(up for up in file.parents if (up / "package.json").is_file() and "version" in self._about(up))
        replaced = self._about(root).get("browser")
        if isinstance(replaced, dict):
            own = f"./{file.relative_to(root)}"
            other = replaced.get(own) or replaced.get(own.removesuffix(".js"))
            if isinstance(other, str) and f"./{other.removeprefix('./')}" not in (own, own.removesuffix(".js")):
                return self._file(root / other)
        return file

    def _package(self, name):
        words = name.split("/")
        size = 2 if name.startswith("@") else 1
        root, inside = self.folder.joinpath(*words[:size]), "/".join(words[size:])
        if not (root / "package.json").is_file():
            return None
        about = self._about(root)
        exported = about.get("exports")
        if exported:
            if isinstance(exported, str) or not any(key.startswith(".") for key in exported):
                exported = {".": exported}
            wanted = f"./{inside}" if inside else "."
            for key, value in exported.items():
                head, star, tail = key.partition("*")
                if key == wanted or (star and wanted.startswith(head) and wanted.endswith(tail)):
                    target = _for_imports(value)
                    return target and self._file(root / target.replace("*", wanted[len(head) : len(wanted) - len(tail)]))
        if inside:
            folder = root / inside
            if not (folder / "package.json").is_file():
                return self._file(folder)
            root, about = folder, self._about(folder)
        return self._file((root / (about.get("module") or about.get("main") or "index.js")).resolve())

    def _about(self, folder):
        return json.loads((folder / "package.json").read_text())


def _for_imports(value):
    """The target of an entry of `exports`, as a browser imports it."""
    if isinstance(value, dict):
        conditions = ("browser", "import", "module", "default")
        return next((found for name in conditions if (found := _for_imports(value.get(name)))), None)
    return value
