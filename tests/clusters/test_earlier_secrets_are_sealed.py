"""Values of earlier versions, Fernet tokens, are sealed by the migrations and read as before."""

from cryptography.fernet import Fernet
from django.apps import apps
from django.db import connection

from clusters.models import Cluster, ClusterCredential
from paas.core.from_fernet import reseal


def test_a_fernet_token_is_sealed(db, settings):
    identifier, _, key = settings.DOUGONG.encryption_keys[0].get_secret_value().partition(":")
    cluster = Cluster.objects.create(name="east", server="https://192.0.2.1")
    ClusterCredential.objects.create(cluster=cluster)
    with connection.cursor() as cursor:
        stored = [f"{identifier}:{Fernet(key).encrypt(text).decode()}" for text in (b"open sesame", b"")]
        cursor.execute("UPDATE clusters_clustercredential SET token = %s, client_key = %s", stored)
        with connection.schema_editor() as editor:
            reseal(("clusters", "ClusterCredential"), ("token", "client_key"))(apps, editor)
    credential = ClusterCredential.objects.get()
    assert (credential.token, credential.client_key) == ("open sesame", "")
