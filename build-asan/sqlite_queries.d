build-asan/sqlite_queries.o: src/sqlite_queries.c src/sqlite_queries.h \
 src/storage_job.h src/buffer.h src/message.h src/text.h
src/sqlite_queries.h:
src/storage_job.h:
src/buffer.h:
src/message.h:
src/text.h:
