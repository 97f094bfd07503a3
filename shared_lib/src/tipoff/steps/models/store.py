"""Finds the trained bundle that is active for a date, and loads it by its digest."""

from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.storage import ObjectStore
from tipoff.forecast.bundle import UNTRAINED, ModelBundle
from tipoff.runtime.settings import ModelSettings
from tipoff.steps.queries import load
from tipoff.steps.wiring import Wiring, client


class _Active(msgspec.Struct, frozen=True):
    model_id: str
    artefact_uri: str
    artefact_digest: str


class ModelStore:
    """The bundles of one bucket. Loaded bundles stay in memory: the bytes of a digest never change."""

    def __init__(self, warehouse: Warehouse, store: ObjectStore, bucket: str) -> None:
        self._warehouse = warehouse
        self._store = store
        self._bucket = bucket
        self._loaded: dict[str, ModelBundle] = {}

    def bundle_for(self, game_date: date, as_of: datetime) -> ModelBundle:
        """The active bundle of a date. Before the first training it is UNTRAINED: only untrained systems predict.

        Raises:
            ContractViolation: the bytes have another digest, or were trained with other libraries or features.
            NotReady: the bucket has no object of the registered name.
        """
        parameters = {"game_date": game_date, "as_of": as_of}
        found = self._warehouse.rows(load("models/active_model"), parameters, _Active)
        return self.load(found[0].artefact_uri, found[0].artefact_digest) if found else UNTRAINED

    def load(self, artefact_uri: str, digest: str) -> ModelBundle:
        """The bundle in this object. It is read once. Raises the errors of `bundle_for`."""
        if digest not in self._loaded:
            from tipoff.forecast.bundle import load as load_bundle
            from tipoff.forecast.versions import FEATURE_NAMES, library_versions

            data = self._store.read(self._bucket, artefact_uri).data
            self._loaded[digest] = load_bundle(data, digest, FEATURE_NAMES, library_versions())
        return self._loaded[digest]


class ModelWiring[S: ModelSettings](Wiring[S]):
    """The clients of a function that reads trained models."""

    @client
    def models(self) -> ModelStore:
        """The bundles of the models bucket."""
        return ModelStore(self.warehouse, self.store, self.settings.bucket_models)
