"""The closed set of reason codes and outcomes of the intake; the quarantine holds no other code."""

from enum import StrEnum


class DocumentOutcome(StrEnum):
    """The outcome of one object: rows were written, there was nothing to read, or it was quarantined."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """The reason for an outcome of a document or a row."""

    # the object's name
    UNKNOWN_SOURCE = "unknown_source"
    BAD_NAME = "bad_name"
    FOLDER_MARKER = "folder_marker"  # or a temporary upload: not a document
    # the bytes
    EMPTY_DOCUMENT = "empty_document"
    TOO_LARGE = "too_large"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_JSON = "invalid_json"
    DUPLICATE_KEY = "duplicate_key"  # a repeated JSON key, or a repeated key of the table (a game listed twice)
    NON_FINITE = "non_finite"
    TOO_DEEP = "too_deep"
    # the shape
    SCHEMA = "schema"
    WRONG_TYPE = "wrong_type"
    # the facts
    ID_MISMATCH = "id_mismatch"
    DATE_MISMATCH = "date_mismatch"
    DATE_OUT_OF_RANGE = "date_out_of_range"  # BigQuery would refuse rows of that date
    UNKNOWN_TEAM = "unknown_team"
    UNKNOWN_GAME = "unknown_game"
    DUPLICATE_PLAYER = "duplicate_player"
    BAD_MINUTES = "bad_minutes"
    STAT_IDENTITY = "stat_identity"
    SUM_MISMATCH = "sum_mismatch"
    BAD_LINE = "bad_line"  # an impossible line or price
    MIXED_PRICES = "mixed_prices"
    EMPTY_SCHEDULE = "empty_schedule"
    NOT_FINAL = "not_final"
    COUNTS_ONLY = "counts_only"  # the original's counts beside a schedule: nothing to read
    OTHER_GAME = "other_game"  # with a team outside the league: preseason clubs, all-star teams
    # notes of accepted documents
    EMPTY_LIST = "empty_list"
    OTHER_MARKET_SKIPPED = "other_market_skipped"  # kept in landing, kept out of every points view
    IN_PLAY = "in_play"
    PLAYER_RESOLVED = "player_resolved"
    PLAYER_UNRESOLVED = "player_unresolved"
    DUPLICATE_DELIVERY = "duplicate_delivery"
