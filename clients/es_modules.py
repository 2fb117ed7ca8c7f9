"""Packages of clients/npm for a page in a browser, module by module as they were published: nothing is bundled or changed, but
that each import names a file."""

import http.server
import json
import pathlib
import re
import threading

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

        page.route(
            f"{self.address}**",
            lambda route: route.fulfill(body=self.at(route.request.url), content_type="text/javascript"),
        )

    def at(self, url):
        """The module at an address."""
        return self._text(self.folder / url.removeprefix(self.address))

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


class Site:
    """A site with one empty page, which may import modules. Nothing between a browser and the network is touched: where
    requests are intercepted, a browser asks nobody whether a page may send them."""

    def __init__(self, folder):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = self.path == "/"
                body = "<!DOCTYPE html><title>An app</title>" if page else site.modules.at(f"{site.url}{self.path[1:]}")
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if page else "text/javascript")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.modules = Modules(folder, self.url)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
