"""Live objects with the fields that each manager owns, as an API server keeps them."""

import copy


def entry(manager, fields, operation="Apply", time="2026-03-01T10:00:00Z", **more):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def live(body, *entries):
    body = copy.deepcopy(body)
    body.setdefault("metadata", {})["managedFields"] = list(entries)
    return body


DEPLOYMENT = live(
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "5b1c",
            "resourceVersion": "1042",
            "generation": 3,
            "labels": {"app.kubernetes.io/name": "web", "foreign": "1"},
            "annotations": {
                "deployment.kubernetes.io/revision": "2",
                "dougong.dev/claim": "c1",
                "dougong.dev/epoch": "7",
                "team": "red",
            },
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "replicas": 4,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {"name": "injected", "image": "mesh:1"},
                        {
                            "name": "web",
                            "image": "shop/web@sha256:aa",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [{"name": "A", "value": "1"}, {"name": "FOREIGN", "value": "x"}],
                            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                            "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                        },
                    ],
                    "restartPolicy": "Always",
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            },
        },
        "status": {"replicas": 4},
    },
    entry(
        "dougong",
        {
            "f:metadata": {
                "f:annotations": {"f:dougong.dev/claim": {}, "f:dougong.dev/epoch": {}, "f:team": {}},
                "f:labels": {"f:app.kubernetes.io/name": {}},
            },
            "f:spec": {
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                                        ".": {},
                                        "f:containerPort": {},
                                        "f:name": {},
                                    }
                                },
                                "f:resources": {"f:limits": {"f:cpu": {}, "f:memory": {}}},
                            }
                        },
                        "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:emptyDir": {}, "f:name": {}}},
                    },
                },
            },
        },
    ),
    entry("dougong-handover", {"f:spec": {"f:replicas": {}}}, time="2026-03-01T10:01:00Z"),
    entry(
        "kubectl-edit",
        {
            "f:metadata": {"f:labels": {"f:foreign": {}}},
            "f:spec": {
                "f:template": {
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"injected"}': {".": {}, "f:name": {}, "f:image": {}},
                            'k:{"name":"web"}': {
                                "f:env": {'k:{"name":"FOREIGN"}': {".": {}, "f:name": {}, "f:value": {}}}
                            },
                        },
                        "f:volumes": {'k:{"name":"tmp"}': {"f:emptyDir": {"f:sizeLimit": {}}}},
                    }
                }
            },
        },
        "Update",
        "2026-03-01T11:00:00Z",
    ),
    entry("horizontal", {"f:spec": {"f:replicas": {}}}, "Update", "2026-03-01T12:00:00Z", subresource="scale"),
    entry(
        "kube-controller-manager",
        {
            "f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}},
            "f:status": {"f:replicas": {}},
        },
        "Update",
        "2026-03-01T12:00:00Z",
        subresource="status",
    ),
)

SERVICE = live(
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "clusterIP": "10.0.0.9",
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 5353, "nodePort": 30053},
            ],
            "selector": {"app": "web"},
            "type": "ClusterIP",
        },
    },
    entry(
        "dougong",
        {
            "f:spec": {
                "f:ports": {
                    'k:{"port":53,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}, "f:targetPort": {}},
                    'k:{"port":53,"protocol":"UDP"}': {
                        ".": {},
                        "f:name": {},
                        "f:port": {},
                        "f:protocol": {},
                        "f:targetPort": {},
                    },
                },
                "f:selector": {},
            }
        },
    ),
)

CONFIG_MAP = live(
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "finalizers": ["keep/ours", "keep/theirs"]},
        "data": {"app.conf": "a=1", "theirs": "x"},
        "immutable": True,
    },
    entry(
        "dougong",
        {"f:data": {"f:app.conf": {}}, "f:immutable": {}, "f:metadata": {"f:finalizers": {'v:"keep/ours"': {}}}},
    ),
    entry("other", {"f:data": {"f:theirs": {}}, "f:metadata": {"f:finalizers": {'v:"keep/theirs"': {}}}}),
)

RULES = [{"backendRefs": [{"name": "web", "port": 80, "weight": 1}], "matches": [{"path": {"value": "/"}}]}]
HTTP_ROUTE = live(
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"hostnames": ["shop.example"], "parentRefs": [{"name": "public"}], "rules": RULES},
        "status": {"parents": []},
    },
    entry("dougong", {"f:spec": {"f:hostnames": {}, "f:parentRefs": {}, "f:rules": {}}}),
    entry("traefik", {"f:status": {"f:parents": {}}}, "Update", subresource="status"),
)
