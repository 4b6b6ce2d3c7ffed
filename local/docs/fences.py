"""A Markdown extension for the builder of the documentation: what a fence says beside its language becomes its title.

The pages mark commands that a test does not run, as in "```sh needs-aws". GitHub takes the first word for the language
and leaves the rest alone; the builder knows only titles.
"""

import re

from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

TITLES = {"needs-aws": "needs an AWS account", "local-stack": "on this machine"}
FENCE = re.compile(r"^(\s*```+\s*sh) ([a-z-]+)\s*$")


class Titles(Preprocessor):
    def run(self, lines):
        return [FENCE.sub(lambda m: f'{m[1]} title="{TITLES.get(m[2], m[2])}"', line) for line in lines]


class Fences(Extension):
    def extendMarkdown(self, md):
        md.preprocessors.register(Titles(md), "slipway-fences", 100)  # before fences are read


def makeExtension(**options):
    return Fences(**options)
