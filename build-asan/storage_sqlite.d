build-asan/storage_sqlite.o: src/storage_sqlite.c src/storage_sqlite.h \
 src/storage.h src/error.h src/mailbox.h src/message.h src/storage_job.h \
 src/buffer.h src/text.h src/clock.h src/sqlite_failure.h \
 src/sqlite_queries.h
src/storage_sqlite.h:
src/storage.h:
src/error.h:
src/mailbox.h:
src/message.h:
src/storage_job.h:
src/buffer.h:
src/text.h:
src/clock.h:
src/sqlite_failure.h:
src/sqlite_queries.h:
