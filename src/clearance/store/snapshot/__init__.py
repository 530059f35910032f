"""Estates in files: our own single file, or a folder of what AWS itself answers.

**One file** is the estate as JSON, fields named as in `clearance.model.estate`::

    {"clearance": 1, "estate": {"accounts": {"123456789012": {"id": "123456789012", ...}}}}

The answer of ``aws iam get-account-authorization-details`` alone is read as well.

**A folder** holds the outputs of AWS CLI commands, unchanged::

    accounts/123456789012/
      account-authorization-details.json  aws iam get-account-authorization-details
      instance-profiles.json              aws iam list-instance-profiles
      account-aliases.json                aws iam list-account-aliases
      account-password-policy.json        aws iam get-account-password-policy
      virtual-mfa-devices.json            aws iam list-virtual-mfa-devices
      open-id-connect-providers.json      {ARN: aws iam get-open-id-connect-provider, ...}
      saml-providers.json                 {ARN: aws iam get-saml-provider, ...}
      account-information.json            aws account get-account-information
      list-buckets.json                   aws s3api list-buckets, for the owner's canonical ID
      principal-ids.json                  the unique IDs that policies remember; ours, AWS hides it
      vpc-endpoints.json                  aws ec2 describe-vpc-endpoints; for several Regions also
                                          vpc-endpoints.<region>.json
      functions/*.json                    a function or an array of them, see below
      resource-policies/*.json            a resource or an array of them, see below
    organizations/                        or organizations/<organization id>/
      describe-organization.json          aws organizations describe-organization
      list-roots.json                     ... list-roots
      list-organizational-units-for-parent/<parent id>.json
      list-accounts-for-parent/<parent id>.json
      describe-policy/<policy id>.json
      list-targets-for-policy/<policy id>.json
      list-tags-for-resource/<id>.json
      list-delegated-services-for-account/<account id>.json
      list-aws-service-access-for-organization.json
    managed-policies.json                 AWS managed policies that no account's details show
    missing.json                          what else the folder does not tell: an array of texts

A function is the output of ``aws lambda get-function``, or an object with the outputs of
``get-function``, ``list-versions-by-function``, ``list-aliases``, ``list-function-url-configs``,
``list-function-event-invoke-configs`` and ``get-policy`` (or an object with one of those for each
qualifier) under these names. A resource is ``{"arn": ..., "policy": ..., "tags": ...,
"attributes": ..., "grants": ...}`` with the policy as an object or as its text, and the grants of
a KMS key as ``list-grants`` shows them.

For one account the files may lie in the folder itself. Each part may be absent; `Estate.missing`
then names it, so that answers can say what they rest on. A part that is there must be whole: pages
that are cut off and policies whose text is not there are errors. Access keys, passwords and
everything else that AWS does not show are not in a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from clearance.model.errors import EstateError, StoreError
from clearance.model.estate import Estate
from clearance.store.codec import PLAIN, WITHHELD, Codec, problem
from clearance.store.snapshot.folder import estate_of_details, load_folder, save_folder
from clearance.store.snapshot.node import read_json, write_json

__all__ = ["FORMAT", "load_estate", "save_file", "save_folder"]

FORMAT: Final = 1


def load_estate(path: Path | str) -> Estate:
    """The estate in a file or a folder."""
    path = Path(path)
    if path.is_dir():
        return load_folder(path)
    node = read_json(path)
    if node.has("UserDetailList") or node.has("RoleDetailList"):
        return estate_of_details(node)
    return _read_file(path)


def save_file(estate: Estate, path: Path | str, *, secrets: bool = False) -> None:
    """Write an estate to one file; secrets are left empty unless they are asked for.

    A file with secrets can be read by its owner only.
    """
    text = Codec(PLAIN if secrets else WITHHELD).encode(estate, Estate)
    content = {"clearance": FORMAT, "estate": msgspec.json.decode(text)}
    write_json(Path(path), content, mode=0o600 if secrets else 0o666)


def _read_file(path: Path) -> Estate:
    node = read_json(path)
    body = node.at("estate") if node.has("clearance") else node
    version = node.number("clearance", FORMAT)
    if version > FORMAT:
        raise node.fail(f"the file has format {version}, this Clearance reads up to {FORMAT}")
    if not any(True for _ in body.members()):
        raise node.fail('expected an estate: {"accounts": {...}}')
    found = problem(body.value, Estate, body.path)
    if found:
        raise EstateError(f"`{path}`: {found}")
    try:
        return Codec().decode(msgspec.json.encode(body.value), Estate)
    except StoreError as error:
        raise EstateError(f"`{path}`: {error}") from error
