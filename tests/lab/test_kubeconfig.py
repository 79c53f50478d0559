"""A kubeconfig stands by itself: no path of this machine in it."""

import base64
import json

from deploy.lab import kubeconfig


def test_everything_is_embedded() -> None:
    text = kubeconfig.render("east", "https://198.18.0.10:6443", "admin", authority=b"CA", certificate=b"C", key=b"K")
    config = json.loads(text)
    assert config["clusters"][0]["cluster"]["server"] == "https://198.18.0.10:6443"
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]) == b"CA"
    assert base64.b64decode(config["users"][0]["user"]["client-certificate-data"]) == b"C"
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]) == b"K"
    assert config["current-context"] == config["contexts"][0]["name"] == "east"
    assert "/" not in text.replace("https://", "")
