import json
from pathlib import Path

import pytest
from tests.cli.run import clearance

from clearance.store.snapshot import load_estate

TEMPLATE = """\
Parameters: {Who: {Type: String}}
Resources:
  Ana:
    Type: AWS::IAM::User
    Properties:
      UserName: !Ref Who
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: 2012-10-17
            Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_a_template_becomes_a_folder_that_decides(template: Path, tmp_path: Path) -> None:
    where = ("--account", "111122223333", "--region", "eu-west-1", "--parameter", "Who=ana")
    ran = clearance("estate", template, *where, "--out", tmp_path / "after")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "account 111122223333: 1 user\n"
    user = "arn:aws:iam::111122223333:user/ana"
    ran = clearance("check", user, "s3:ListAllMyBuckets", "--estate", tmp_path / "after")
    assert ran.code == 0
    clearance("estate", template, *where, "--out", tmp_path / "after.json")
    assert load_estate(tmp_path / "after.json").accounts["111122223333"].users.keys() == {"ana"}


def test_a_template_on_an_estate_is_both(template: Path, tmp_path: Path) -> None:
    first = (template, "--account", "111122223333", "--region", "eu-west-1")
    clearance("estate", *first, "--parameter", "Who=ana", "--out", tmp_path / "one")
    on = ("--on", tmp_path / "one", "--region", "eu-west-1")
    ran = clearance("estate", template, *on, "--parameter", "Who=bob", "--json")
    assert json.loads(ran.out)["accounts"]["111122223333"]["users"] == 2


def test_a_template_decides_at_once(template: Path) -> None:
    template.write_text(TEMPLATE.replace("!Ref Who", "ana"))
    user = "arn:aws:iam::123456789012:user/ana"
    ran = clearance("check", user, "s3:ListAllMyBuckets", "--estate", template, "-v")
    assert ran.code == 0
    assert "which account it is for" in " ".join(ran.out.split())


def test_aws_managed_policies_have_their_texts(template: Path) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    template.write_text(
        "Resources: {Ana: {Type: AWS::IAM::User, Properties: {UserName: ana, "
        f"ManagedPolicyArns: ['{arn}', 'arn:aws:iam::aws:policy/NoSuchPolicy']}}}}}}"
    )
    ran = clearance("estate", template, "--json")
    missing = " ".join(json.loads(ran.out)["missing"])
    assert "NoSuchPolicy" in missing
    assert "AdministratorAccess" not in missing


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--parameter", "Who"), "`Who` is not a parameter; write `Name=value`"),
        (("--parameter", "Whom=ana"), "has no parameter `Whom`; it has `Who`"),
        (("--account", "12"), "`12` is not an account ID"),
        (("--on", "nowhere"), "`nowhere` does not exist"),
    ],
)
def test_what_cannot_work_is_an_error(template: Path, words: tuple[str, ...], message: str) -> None:
    ran = clearance("estate", template, *words)
    assert (ran.code, message in ran.err) == (2, True)
