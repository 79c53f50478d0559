"""Lists are paged by key: no row twice, none left out, also while rows are added."""

from paas.identity import services


def test_every_row_once_while_others_are_added(api, admin):
    names = [f"team-{number:02}" for number in range(7)]
    for name in names:
        services.create_team(name=name, actor=admin)
    client = api(admin)
    seen, address = [], "/api/v1/teams/?limit=3"
    while address:
        page = client.get(address).json()
        seen += [entry["name"] for entry in page["results"]]
        address = page["next"]
        if len(seen) == 3:
            services.create_team(name="aaa", actor=admin)
    assert seen == names


def test_a_page_is_bounded(api, admin):
    assert api(admin).get("/api/v1/teams/?limit=100000").status_code == 200
