"""The app file that a demo deploys: a copy of the sample's, to be edited by whoever tries the demo. Pure."""

import re
from collections.abc import Sequence

IMAGE = re.compile(r"^image:.*$", re.MULTILINE)
PLACES = re.compile(r"clusters: \[[^\]]*\]")
COMMENT = re.compile(r"\A(#.*\n)+")
HOST = "hello.example"
HEAD = "# Edit me, then: dougong deploy -f {file} --watch\n"


def written(sample: str, *, image: str, clusters: Sequence[str], hosts: Sequence[str] = (), file: str = "") -> str:
    """The sample with this image, on these clusters, and a route more for each host."""
    text = COMMENT.sub(HEAD.format(file=file), sample)
    text = PLACES.sub(f"clusters: [{', '.join(clusters)}]", text)
    text += "".join(f"  - route: {{process: web, host: {host}}}\n" for host in hosts)
    return with_image(text, image)


def with_image(text: str, image: str) -> str:
    """The same file with another image; what somebody edited stays."""
    return IMAGE.sub(lambda _: f"image: {image}", text, count=1)
