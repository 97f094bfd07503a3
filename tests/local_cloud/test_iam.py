"""Decisions by the documented roles, the grants of the mesh, and the token of the caller."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tipoff_local import mesh as meshes
from tipoff_local.errors import ApiError
from tipoff_local.iam.access import Caller, Enforced, PolicyFile, PolicyFolder
from tipoff_local.iam.grants import AUTHORISED_VIEWS, Grant, People, grants_of
from tipoff_local.iam.policy import KINDS, Policy, methods, roles
from tipoff_local.identity import Identity

PROJECT, NUMBER = "p", "123"
TRAIN = "fn-train@p.iam.gserviceaccount.com"
PAGE = re.compile(r"https://cloud\.google\.com/[a-z-]+/docs/[\w/.#-]+")


@pytest.fixture(scope="module")
def grants(repository_root: Path) -> frozenset[Grant]:
    mesh = meshes.load(repository_root / "terraform" / "mesh.yaml")
    names = meshes.resolve(mesh, PROJECT, NUMBER, "dev")
    return grants_of(mesh, names, People(invokers=("user:operator@example.com",)))


@pytest.fixture(scope="module")
def repository_root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(identity: Identity, grants: frozenset[Grant]) -> PolicyFolder:
    found = PolicyFolder(identity.folder)
    found.write(PolicyFile(PROJECT, NUMBER, "user:operator@example.com", tuple(sorted(grants))))
    return found


@pytest.fixture
def access(folder: PolicyFolder, identity: Identity) -> Enforced:
    return Enforced(identity)


def test_every_entry_names_the_page_that_it_was_read_from(repository_root: Path) -> None:
    iam = repository_root / "shared_lib" / "src" / "tipoff_local" / "iam"
    documents = {name: msgspec.yaml.decode((iam / name).read_bytes()) for name in ("roles.yaml", "methods.yaml")}
    pages = documents["methods.yaml"]["pages"]
    cited = [role["page"] for role in documents["roles.yaml"]["roles"].values()] + list(pages.values())
    assert [page for page in cited if not PAGE.fullmatch(page)] == []
    assert {method.page for method in methods().values()} == set(pages)
    assert {need.resource for method in methods().values() for need in method.needs} <= KINDS.keys()
    assert all(need.permission for method in methods().values() for need in method.needs)


def test_each_granted_role_is_documented_and_no_other(grants: frozenset[Grant]) -> None:
    granted = {grant.role for grant in grants} - {AUTHORISED_VIEWS}
    assert granted == set(roles())


def _decisions() -> Iterator[tuple[str, str, str, bool]]:
    train, ingest, publish = (
        f"serviceAccount:fn-{name}@p.iam.gserviceaccount.com" for name in ("train", "ingest", "publish")
    )
    yield train, "bigquery.readsessions.create", "project:p", True
    yield publish, "bigquery.readsessions.create", "project:p", False
    yield train, "bigquery.tables.getData", "dataset:nba_landing", False
    yield ingest, "bigquery.tables.updateData", "dataset:nba_landing", True
    yield ingest, "bigquery.tables.updateData", "dataset:nba_raw", False
    # It appends only, and appending needs no job.
    yield ingest, "bigquery.jobs.create", "project:p", False
    yield ingest, "storage.objects.get", "storage_bucket:p-landing", True
    yield ingest, "storage.objects.create", "storage_bucket:p-landing", False
    yield (
        "serviceAccount:fn-collect@p.iam.gserviceaccount.com",
        "storage.objects.delete",
        "storage_bucket:p-landing",
        False,
    )
    yield (
        "serviceAccount:fn-ingest@other.iam.gserviceaccount.com",
        "storage.objects.get",
        "storage_bucket:p-landing",
        False,
    )
    yield "projectOwners", "bigquery.datasets.delete", "dataset:nba_raw", True
    # The only grant with a condition: it must not allow reading the project's other buckets.
    yield "serviceAccount:builder@p.iam.gserviceaccount.com", "storage.objects.get", "storage_bucket:p-models", False


@pytest.mark.parametrize(("member", "permission", "resource", "allowed"), list(_decisions()))
def test_a_permission_comes_from_a_grant_on_the_resource_or_the_project(
    grants: frozenset[Grant], member: str, permission: str, resource: str, allowed: bool
) -> None:
    found = Policy(PROJECT, grants, roles()).allowing([member], permission, resource)
    assert (found is not None) is allowed, found


def test_a_token_names_its_account_and_a_request_without_one_is_the_operators(
    access: Enforced, identity: Identity
) -> None:
    assert access.caller(None) == Caller("user:operator@example.com", is_owner=True)
    assert access.caller(f"Bearer {identity.access_token(TRAIN)}") == Caller(f"serviceAccount:{TRAIN}")
    for token in ("local", identity.sign("https://service.run.app", TRAIN), identity.access_token(TRAIN) + "x"):
        with pytest.raises(ApiError, match="invalid authentication credentials") as refused:
            access.caller(f"Bearer {token}")
        assert refused.value.status == 401


def test_a_method_outside_the_table_is_the_owners_alone(access: Enforced) -> None:
    access.check(access.caller(None), "bigquery.datasets.delete", {"dataset": "nba_raw"})
    with pytest.raises(ApiError, match="not in the table") as refused:
        access.check(Caller(f"serviceAccount:{TRAIN}"), "bigquery.datasets.delete", {"dataset": "nba_raw"})
    assert refused.value.status == 403


def test_a_refusal_has_the_status_and_the_words_of_the_service(access: Enforced) -> None:
    train = Caller(f"serviceAccount:{TRAIN}")
    with pytest.raises(ApiError, match="does not have storage.objects.get access") as bucket:
        access.check(train, "storage.objects.get", {"bucket": "p-landing"})
    with pytest.raises(ApiError, match="^Access Denied: Dataset nba_landing") as dataset:
        access.check(train, "bigquery.statement.read", {"dataset": "nba_landing"})
    assert (bucket.value.status, bucket.value.reason) == (403, "forbidden")
    assert dataset.value.body()["error"]["status"] == "PERMISSION_DENIED"  # type: ignore[index]
    assert dataset.value.reason == "accessDenied"


def test_used_grants_are_recorded_and_a_removed_one_allows_nothing_from_then_on(
    access: Enforced, folder: PolicyFolder
) -> None:
    train = Caller(f"serviceAccount:{TRAIN}")
    access.check(train, "bigquerystorage.ReadRows")
    access.check(train, "bigquerystorage.ReadRows")
    grant = Grant("project:p", "roles/bigquery.readSessionUser", train.member)
    assert folder.used() == {grant}
    policy = folder.read()
    folder.write(msgspec.structs.replace(policy, grants=tuple(g for g in policy.grants if g != grant)))
    with pytest.raises(ApiError, match="bigquery.readsessions.getData"):
        access.check(train, "bigquerystorage.ReadRows")


def test_a_replaced_object_needs_the_right_to_delete(access: Enforced) -> None:
    collect = Caller("serviceAccount:fn-collect@p.iam.gserviceaccount.com")
    access.check(collect, "storage.objects.insert", {"bucket": "p-landing"})
    with pytest.raises(ApiError, match="storage.objects.delete"):
        access.check(collect, "storage.objects.insert", {"bucket": "p-landing"}, exists=True)


def test_views_read_the_dataset_that_authorises_theirs(access: Enforced) -> None:
    assert access.authorised("nba_raw", "nba_landing")
    assert not access.authorised("nba_analytics", "nba_landing")
