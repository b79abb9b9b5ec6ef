"""Who may see what: every cell of contracts/authorization.yaml is asked for (docs/authorization.md)."""

from uuid import UUID

from harness.authorization import rules

# Who stands behind a relation to Ann; a mail belongs to its recipient, whatever project it is about.
PEOPLE = {"own": UUID(int=1), "colleague": UUID(int=2), "foreign": UUID(int=3)}


async def test_every_cell_of_the_matrix_is_answered_so(client, identity, apply, feed, mails):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2), feed.change("c", 3, user=3, project=2))
    mail_of = {mail["user_oid"]: str(mail["id"]) for mail in await mails()}
    expected, answered = {}, {}
    for rule in rules("notification"):
        path = rule.operation.removeprefix("GET ")
        for (role, relation), answer in rule.answers.items():
            mail = mail_of[PEOPLE[relation]]
            response = await client.get(
                path.format(notification_id=mail), headers=identity.headers(PEOPLE["own"], role)
            )
            found = response.status_code
            if isinstance(answer, str) and found == 200:
                found = "shown" if mail in response.text else "hidden"
            expected[rule.operation, role, relation] = answer
            answered[rule.operation, role, relation] = found
        nobody = await client.get(path.format(notification_id=mail), headers={"Authorization": ""})
        assert nobody.status_code == 401
    assert answered == expected
