"""Read commits, trees, files and diffs with the git program: from a bare mirror or from a person's own checkout.

The one door to git. It never checks a tree out and never runs anything a tree contains.
"""

from gate.git.checkout import Checkout
from gate.git.line import Commit, EntryChange
from gate.git.mirror import Mirror
from gate.git.mirrors import evict_mirrors, mirrors_in, remove_mirrors
from gate.git.repack import repack
from gate.git.repository import Repository

__all__ = [
    "Checkout",
    "Commit",
    "EntryChange",
    "Mirror",
    "Repository",
    "evict_mirrors",
    "mirrors_in",
    "remove_mirrors",
    "repack",
]
