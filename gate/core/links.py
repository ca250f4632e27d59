"""Where the things a verdict speaks of are to be seen: at GitHub, and on Gate's own pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """The places of one run. An empty part gives empty links, which texts then leave out."""

    web_url: str
    """Of the repository, without a slash at the end: `https://github.com/owner/name`."""
    head_sha: str
    base_sha: str
    pages_url: str
    """Of this service, without a slash at the end."""
    run_id: str

    def blob(self, path: str, line: int = 0, end_line: int = 0) -> str:
        """The file at the head; the lines highlighted when there are any (from 1, end included)."""
        return self._blob(self.head_sha, path, line, end_line)

    def base_blob(self, path: str, line: int = 0, end_line: int = 0) -> str:
        """The file at the base."""
        return self._blob(self.base_sha, path, line, end_line)

    def commit(self, sha: str) -> str:
        """The commit's page at GitHub."""
        return f"{self.web_url}/commit/{sha}" if self.web_url and sha else ""

    def run(self, anchor: str = "") -> str:
        """The page of this run; the anchor is a check's name."""
        if not (self.pages_url and self.run_id):
            return ""
        return f"{self.pages_url}/runs/{quote(self.run_id, safe='')}" + (f"#{anchor}" if anchor else "")

    def _blob(self, sha: str, path: str, line: int, end_line: int) -> str:
        if not (self.web_url and sha and path):
            return ""
        # Undecodable bytes of a path come as surrogate escapes and go back to what they were.
        place = quote(path.encode("utf-8", "surrogateescape"), safe="/")
        lines = f"#L{line}" + (f"-L{end_line}" if end_line > line else "") if line else ""
        return f"{self.web_url}/blob/{sha}/{place}{lines}"
