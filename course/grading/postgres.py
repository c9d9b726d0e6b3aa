"""The store in PostgreSQL, for graders on several machines (extra ``[cluster]``)."""

import functools

from course.errors import CourseError
from course.grading.store import SCHEMA, Store

_LOCK = 0x6E6F746173  # "notas": any number, the same for all graders


class PostgresStore(Store):
    """As `course.grading.store.Store`, in the database of an address like ``postgresql://user@host/name``."""

    name = "la base de datos PostgreSQL"  # not its address, which may hold a password

    def _open(self):
        try:
            import psycopg
        except ImportError as error:
            raise CourseError(
                'Para usar PostgreSQL falta psycopg. Instálalo con: pip install -e ".[cluster]"'
            ) from error
        self._errors, self._connect = psycopg.Error, functools.partial(psycopg.connect, self._place)
        with self._told():
            self._database = self._connect(autocommit=True)
            with self._database.transaction():  # two graders that make the tables at once would collide
                self._database.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                for order in SCHEMA:
                    self._database.execute(order.replace("TEXT", 'TEXT COLLATE "C"'))  # the order that SQLite has

    def _run(self, order, values):
        return self._database.execute(order.replace("?", "%s"), values)

    def _stream(self, order, values):
        # Rows come a hundred at a time, on a connection of their own: what is kept meanwhile stands by itself.
        with self._connect() as reader, reader.cursor("attempts") as cursor:
            yield from cursor.execute(order.replace("?", "%s"), values)
