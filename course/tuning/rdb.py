"""Optuna's storage in a database, with fewer exchanges: a search of short trials waits for little else."""

import math
import time
from contextlib import suppress
from datetime import datetime

from optuna.distributions import distribution_to_json
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialModel
from optuna.trial import TrialState
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError, IntegrityError, SQLAlchemyError

_REST = 1  # seconds: a connection that nobody used for longer is asked whether it still lives
_FIRST_BEATS = text("""
    INSERT INTO trial_heartbeats (trial_id, heartbeat)
    SELECT trials.trial_id, CURRENT_TIMESTAMP
    FROM trials LEFT JOIN trial_heartbeats ON trial_heartbeats.trial_id = trials.trial_id
    WHERE trials.study_id = :study_id AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL
""")
_TRIED = text("""
    INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
    SELECT trial_id, :name, :value, :kind FROM trials WHERE trial_id = :trial_id AND state = 'RUNNING'
""")
_REPORTED = text("""
    INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)
    SELECT trial_id, :step, :value, 'FINITE' FROM trials WHERE trial_id = :trial_id AND state = 'RUNNING'
""")


class Database(RDBStorage):
    """Optuna's storage; a heartbeat that could not be written is skipped, and does not stop the heart.

    A trial whose process died before the first beat has none, and Optuna would take it for running for ever. So whoever
    looks for the dead writes it down: if it lives it goes on beating, and if not its grace ends as that of any other.
    That is why a trial need not beat as it begins, as Optuna's do: those that are over within a second never do. Optuna
    also looks before each trial, and here only once in the time of a beat: beats and looks are exchanges with a server.

    What a trial tries and what it reports, most of what it writes, are a statement each, where Optuna reads what it is
    about to write. Whatever such a statement refuses is left to Optuna, which then writes it or says what is wrong.
    And a new trial's number follows the last one's, where Optuna counts those before it.

    SQLite cannot lock rows, which is how Optuna makes sure that two processes never take the same trial, nor change
    its end. So there each transaction takes the whole file from its start; they last for milliseconds.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._begun, self._looked = set(), {}
        if self.engine.dialect.name == "sqlite":
            self._single = self.engine
            event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        else:
            self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            _ask_after_a_rest(self.engine)

    def record_heartbeat(self, trial_id):
        """As Optuna's, from the second time on that a trial is to beat."""
        if trial_id not in self._begun:
            self._begun.add(trial_id)
            return
        with suppress(StorageInternalError, SQLAlchemyError):
            super().record_heartbeat(trial_id)

    def set_trial_intermediate_value(self, trial_id, step, intermediate_value):
        """As Optuna's."""
        row = {"trial_id": trial_id, "step": step, "value": intermediate_value}
        if not (math.isfinite(intermediate_value) and self._insert(_REPORTED, row)):
            super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def _get_prepared_new_trial(self, study_id, template_trial, session):
        # Whoever makes one holds a lock on the study, so the last one has its number.
        if template_trial is not None:
            return super()._get_prepared_new_trial(study_id, template_trial, session)
        past = session.query(TrialModel.number).filter_by(study_id=study_id).order_by(TrialModel.trial_id.desc())
        last = past.limit(1).scalar()
        trial = TrialModel(
            study_id=study_id,
            number=0 if last is None else last + 1,
            state=TrialState.RUNNING,
            datetime_start=datetime.now(),
        )
        session.add(trial)
        session.flush()  # gives it its id
        return trial

    def _set_trial_param(self, trial_id, param_name, param_value_internal, distribution, previous_distribution):
        # Optuna's cache calls this one. If the study never had the hyperparameter, or had another, Optuna has a say.
        row = {"trial_id": trial_id, "name": param_name, "value": param_value_internal}
        row["kind"] = distribution_to_json(distribution)
        if not (distribution == previous_distribution and self._insert(_TRIED, row)):
            super()._set_trial_param(trial_id, param_name, param_value_internal, distribution, previous_distribution)

    def _insert(self, order, row):
        """Write one row of a running trial; return whether it was."""
        try:
            with self._single.begin() as connection:
                return connection.execute(order, row).rowcount == 1
        except SQLAlchemyError:
            return False

    def _get_stale_trial_ids(self, study_id):
        now = time.monotonic()
        if now < self._looked.get(study_id, -math.inf) + self.get_heartbeat_interval():
            return []
        self._looked[study_id] = now
        with suppress(IntegrityError), self.engine.begin() as connection:  # its own process wrote it meanwhile
            connection.execute(_FIRST_BEATS, {"study_id": study_id})
        return super()._get_stale_trial_ids(study_id)


def _ask_after_a_rest(engine):
    """Have a connection asked whether it still lives before it is used again, if it has rested.

    SQLAlchemy's `pool_pre_ping` asks before each transaction, however quickly it follows the last one.
    """

    def rests(connection, record):
        record.info["rests since"] = time.monotonic()

    def wakes(connection, record, proxy):
        if time.monotonic() > record.info.get("rests since", math.inf) + _REST:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:  # SQLAlchemy then takes a new one
                raise DisconnectionError from error

    event.listen(engine, "checkin", rests)
    event.listen(engine, "checkout", wakes)
